// Values as text, binary strings, and time.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>

#include "builtins/common.h"
#include "builtins/families.h"
#include "vm/binary.h"

namespace cosmoo {
namespace {

Outcome tostr(Call& call) {
  std::string text;
  for (std::size_t i = 0; i < call.size(); ++i) text += to_text(call[i]);
  return Value(std::move(text));
}

Outcome toliteral(Call& call) { return Value(to_literal(call[0])); }

// A text of two bytes a part would grow fifty-fold.
constexpr std::size_t kMostParts = 100'000;

Error too_many_parts(const std::string& name) {
  return Error(ErrorCode::quota,
               name + "(): there are more than " + std::to_string(kMostParts) + " parts");
}

// explode(text [, separator]): what stands between the separators; empty parts are left out.
Outcome explode(Call& call) {
  const std::string separator = call.has(1) ? call[1].string() : " ";
  if (separator.empty()) return Error(ErrorCode::invarg, "explode(): the separator is empty");
  const std::string& text = call[0].string();
  List parts;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(separator, at), text.size());
    if (end > at) parts.emplace_back(text.substr(at, end - at));
    if (parts.size() > kMostParts) return too_many_parts("explode");
    at = end + separator.size();
  }
  return Value(std::move(parts));
}

Outcome words(Call& call) {
  if (call[0].string().size() > kMostParts)
    return Error(ErrorCode::quota, "words(): the line is too long");
  List parts;
  for (std::string& word : split_words(call[0].string())) parts.emplace_back(std::move(word));
  return Value(std::move(parts));
}

Outcome encode_binary_text(Call& call) { return Value(encode_binary(call[0].string())); }

Outcome decode_binary_text(Call& call) { return outcome(decode_binary(call[0].string())); }

double unix_seconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

Outcome ftime(Call&) { return Value(unix_seconds()); }

Outcome time(Call&) { return Value(static_cast<std::int64_t>(unix_seconds())); }

Outcome ctime(Call& call) {
  const auto seconds = static_cast<std::time_t>(
      call.has(0) ? call[0].integer() : static_cast<std::int64_t>(unix_seconds()));
  std::tm local{};
  if (::localtime_r(&seconds, &local) == nullptr) {
    return Error(ErrorCode::invarg, "ctime(): there is no such time");
  }
  return Value(fmt::format("{:%a %b %d %H:%M:%S %Y %Z}", local));
}

}  // namespace

std::span<const Builtin> text_builtins() {
  using namespace types;
  static const Builtin kRows[] = {
      {"tostr",
       {},
       0,
       Access::everyone,
       tostr,
       "string",
       "Its arguments as people read them, one behind the other.",
       true},
      {"toliteral",
       {{"value"}},
       1,
       Access::everyone,
       toliteral,
       "string",
       "A value as code that makes it again: \"text\" in quotes, {1, 2}, {name = \"x\"}, #4, "
       "E_PERM."},
      {"explode",
       {{"text", kString}, {"separator", kString}},
       1,
       Access::everyone,
       explode,
       "list of strings",
       "What stands between the separators (a space if none is given), without empty parts."},
      {"words",
       {{"text", kString}},
       1,
       Access::everyone,
       words,
       "list of strings",
       "A line in words, as a command's args are: \"...\" keeps spaces, a backslash a character."},
      {"encode_binary",
       {{"bytes", kString}},
       1,
       Access::everyone,
       encode_binary_text,
       "string",
       "Bytes as a binary string: what is not printable, and ~, becomes ~XX."},
      {"decode_binary",
       {{"text", kString}},
       1,
       Access::everyone,
       decode_binary_text,
       "string",
       "The bytes of a binary string. E_INVARG where a ~ is not followed by two hexadecimal "
       "digits."},
      {"time", {}, 0, Access::everyone, time, "integer", "Seconds since 1970, UTC."},
      {"ftime",
       {},
       0,
       Access::everyone,
       ftime,
       "float",
       "Seconds since 1970, UTC, with their fraction."},
      {"ctime",
       {{"time", kInteger}},
       0,
       Access::everyone,
       ctime,
       "string",
       "A time (now, if none is given) in words: \"Mon Jan 05 13:01:59 2026 UTC\"."},
  };
  return kRows;
}

}  // namespace cosmoo
