// The time of day, and times as text.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>
#include <ctime>

#include "builtins/common.h"
#include "builtins/families.h"

namespace cosmoo {
namespace {

double unix_seconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

Outcome ftime(Call& call) {
  if (!is_on(call[0])) return Value(unix_seconds());
  return Value(std::chrono::duration<double>(Clock::now().time_since_epoch()).count());
}

Outcome time(Call&) { return Value(static_cast<std::int64_t>(unix_seconds())); }

enum class Zone { local, utc };

// The argument, or now, taken apart.
Result<std::tm> broken_down(std::string_view builtin, const Value& time, Zone zone) {
  const auto seconds = static_cast<std::time_t>(
      time.is_nil() ? static_cast<std::int64_t>(unix_seconds()) : time.integer());
  std::tm parts{};
  const auto* done =
      zone == Zone::utc ? ::gmtime_r(&seconds, &parts) : ::localtime_r(&seconds, &parts);
  if (done == nullptr) {
    return fail(ErrorCode::invarg, std::string(builtin) + "(): there is no such time");
  }
  return parts;
}

Outcome ctime(Call& call) {
  const auto local = broken_down("ctime", call[0], Zone::local);
  if (!local) return local.error();
  return Value(fmt::format("{:%a %b %d %H:%M:%S %Y %Z}", *local));
}

// E_INVARG for what strftime() does not define, and for the widths that it takes beside.
Result<void> check_format(std::string_view format) {
  constexpr std::string_view kLetters = "aAbBcCdDeFgGhHIjmMnpPrRsStTuUVwWxXyYzZ%";
  constexpr std::size_t kLongest = 1000;
  if (format.size() > kLongest) {
    return fail(ErrorCode::invarg, "strftime(): the format is longer than 1000 bytes");
  }
  for (std::size_t at = format.find('%'); at != std::string_view::npos;
       at = format.find('%', at + 2)) {
    if (at + 1 < format.size() && kLetters.find(format[at + 1]) != std::string_view::npos) continue;
    return fail(ErrorCode::invarg,
                "strftime(): \"" + std::string(format.substr(at, 2)) + "\" is no part of a time");
  }
  if (format.find('\0') != std::string_view::npos) {
    return fail(ErrorCode::invarg, "strftime(): there is a NUL in the format");
  }
  return {};
}

// strftime(format [, time [, utc]])
Outcome strftime(Call& call) {
  const std::string& format = call[0].string();
  if (auto known = check_format(format); !known) return known.error();
  const auto parts = broken_down("strftime", call[1], is_on(call[2]) ? Zone::utc : Zone::local);
  if (!parts) return parts.error();
  constexpr std::size_t kMostOfAByte = 64;
  std::string text(format.size() * kMostOfAByte + 1, '\0');
  text.resize(std::strftime(text.data(), text.size(), format.c_str(), &*parts));
  return Value(std::move(text));
}

}  // namespace

std::span<const Builtin> time_builtins() {
  using namespace types;
  static const Builtin kRows[] = {
      {"time", {}, 0, Access::everyone, time, "integer", "Seconds since 1970, UTC."},
      {"ftime",
       {{"monotonic", kFlag}},
       0,
       Access::everyone,
       ftime,
       "float",
       "Seconds since 1970, UTC, with their fraction; or of a clock that nobody sets, for "
       "measuring how long something takes."},
      {"ctime",
       {{"time", kInteger}},
       0,
       Access::everyone,
       ctime,
       "string",
       "A time (now, if none is given) in words: \"Mon Jan 05 13:01:59 2026 UTC\". E_INVARG if "
       "there is no such time."},
      {"strftime",
       {{"format", kString}, {"time", kInteger}, {"utc", kFlag}},
       1,
       Access::everyone,
       strftime,
       "string",
       "A time (now, if none is given) as the format says: %Y-%m-%d %H:%M:%S and the other letters "
       "of C's strftime(). In the server's zone, or in UTC. E_INVARG for other letters, a format "
       "of more than 1000 bytes, or if there is no such time."},
  };
  return kRows;
}

}  // namespace cosmoo
