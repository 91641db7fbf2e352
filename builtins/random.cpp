// Chance, from the system's random source: nobody can tell what comes next, and there is no seed.
#include <sodium.h>

#include <cmath>
#include <limits>

#include "builtins/bounds.h"
#include "builtins/common.h"
#include "builtins/families.h"

namespace cosmoo {
namespace {

std::uint64_t random_bits() {
  std::uint64_t bits = 0;
  randombytes_buf(&bits, sizeof bits);
  return bits;
}

// Evenly from 0 up to `last`: what would favour small numbers is drawn again.
std::uint64_t random_up_to(std::uint64_t last) {
  if (last == std::numeric_limits<std::uint64_t>::max()) return random_bits();
  const std::uint64_t count = last + 1;
  const std::uint64_t favoured = (0 - count) % count;  // 2^64 mod count
  std::uint64_t bits = random_bits();
  while (bits < favoured) bits = random_bits();
  return bits % count;
}

// random([most]), random(least, most)
Outcome random(Call& call) {
  const std::int64_t least = call.has(1) ? call[0].integer() : 1;
  const std::int64_t most = call.has(1)   ? call[1].integer()
                            : call.has(0) ? call[0].integer()
                                          : std::numeric_limits<std::int64_t>::max();
  if (most < least) {
    return Error(ErrorCode::invarg, "random(): there is no number from " + std::to_string(least) +
                                        " to " + std::to_string(most));
  }
  const auto first = static_cast<std::uint64_t>(least);
  return Value(
      static_cast<std::int64_t>(first + random_up_to(static_cast<std::uint64_t>(most) - first)));
}

// frandom([most]), frandom(least, most)
Outcome frandom(Call& call) {
  const double least = call.has(1) ? call[0].number() : 0.0;
  const double most = call.has(1) ? call[1].number() : call.has(0) ? call[0].number() : 1.0;
  if (!std::isfinite(least) || !std::isfinite(most)) {
    return Error(ErrorCode::invarg, "frandom(): a limit is no finite number");
  }
  const double part = static_cast<double>(random_bits() >> 11) * 0x1.0p-53;
  return Value(least * (1 - part) + most * part);
}

Outcome random_bytes(Call& call) {
  constexpr std::int64_t kMost = 1 << 20;
  const std::int64_t count = call[0].integer();
  if (count < 0 || count > kMost) {
    return Error(ErrorCode::invarg, "random_bytes(): there can be 0 to " + std::to_string(kMost) +
                                        " bytes, not " + std::to_string(count));
  }
  if (!afford(call, ticks_for_bytes(static_cast<std::size_t>(count)))) return Value();
  std::string bytes(static_cast<std::size_t>(count), '\0');
  randombytes_buf(bytes.data(), bytes.size());
  return Value(std::move(bytes));
}

}  // namespace

std::span<const Builtin> random_builtins() {
  using namespace types;
  static const Builtin kRows[] = {
      {"random",
       {{"least_or_most", kInteger}, {"most", kInteger}},
       0,
       Access::everyone,
       random,
       "integer",
       "A number from 1 to `most`, from `least` to `most`, or from 1 to the largest integer, each "
       "as likely as the others. E_INVARG if there is none between them."},
      {"frandom",
       {{"least_or_most", kNumber}, {"most", kNumber}},
       0,
       Access::everyone,
       frandom,
       "float",
       "A float from 0.0 to `most`, from `least` to `most`, or from 0.0 to 1.0. E_INVARG if one of "
       "them is not finite."},
      {"random_bytes",
       {{"count", kInteger}},
       1,
       Access::everyone,
       random_bytes,
       "string",
       "So many random bytes, good enough for keys. E_INVARG for less than 0 and for more than "
       "1048576."},
  };
  return kRows;
}

}  // namespace cosmoo
