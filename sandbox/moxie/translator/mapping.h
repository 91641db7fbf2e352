// Which of the host's registers stand for which of the guest's.
#pragma once

#include <array>
#include <cstdint>

#include "sandbox/moxie/translator/blocks.h"

namespace cosmoo::moxie::translator {

/// The host's registers that stand for the guest's; kInHome for those without.
using Mapping = std::array<std::uint8_t, 16>;
inline constexpr std::uint8_t kInHome = 0xff;

/// Registers of the host that guests' registers may be in, those with short encodings first.
inline constexpr std::array<std::uint8_t, 12> kHostRegisters = {3, 6,  7,  2,  5,  8,
                                                                9, 10, 11, 12, 13, 14};

/// The frame and stack pointers, and what the unit uses most where it may stay longest.
Mapping mapping_for(const Unit& unit);

}  // namespace cosmoo::moxie::translator
