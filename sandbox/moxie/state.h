// What a Moxie processor holds.
#pragma once

#include <array>
#include <cstdint>

#include "sandbox/moxie/isa.h"

namespace cosmoo::moxie {

/// Numbers of the special registers that mean something.
namespace special {
inline constexpr unsigned kSystemCall = 3;    ///< The number of the last `swi`.
inline constexpr unsigned kException = 2;     ///< 3 after a `swi`.
inline constexpr unsigned kOutput = 6;        ///< In: the memory map. Out: the output's address.
inline constexpr unsigned kOutputLength = 7;  ///< In: the stack's end. Out: the output's length.
inline constexpr unsigned kState = 8;         ///< Out: the state buffer's address.
inline constexpr unsigned kStateLength = 9;   ///< Out: the state buffer's length.
}  // namespace special

struct State {
  std::array<std::uint32_t, 16> registers{};  ///< kRegisterNames.
  std::uint32_t pc = 0;
  /// What was compared last; above 32 bits while nothing was, and then no branch is taken.
  std::uint64_t compared_left = kNothingCompared;
  std::uint32_t compared_right = 0;
  std::uint64_t instructions = 0;  ///< Counted so far.
  std::array<std::uint32_t, 256> special{};
  /// Which of the special registers 6 to 9 the guest has set, as bits 6 to 9.
  std::uint32_t set_outputs = 0;

  static constexpr std::uint64_t kNothingCompared = ~std::uint64_t{0};

  bool operator==(const State&) const = default;
};

}  // namespace cosmoo::moxie
