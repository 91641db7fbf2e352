// Which of the host's registers stand for which of the guest's.
//
// All code is entered and left with the common mapping, so that any of it can follow any other.
// Within a region, where it pays, a register that stands in Home changes places with one that the
// region seldom uses.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "sandbox/moxie/translator/blocks.h"

namespace cosmoo::moxie::translator {

/// The host's registers that stand for the guest's; kInHome for those without.
using Mapping = std::array<std::uint8_t, 16>;
inline constexpr std::uint8_t kInHome = 0xff;

/// Registers of the host that guests' registers may be in, those with short encodings first.
inline constexpr std::array<std::uint8_t, 13> kHostRegisters = {3, 1,  6,  7,  2,  5, 8,
                                                                9, 10, 11, 12, 13, 14};

/// The frame and stack pointers, and what the unit uses most where it may stay longest.
Mapping common_mapping(const Unit& unit);

/// Blocks that lead to each other without calls: a function, mostly.
struct Regions {
  std::vector<std::uint32_t> of_block;  ///< As Unit::blocks.
  std::vector<Mapping> mappings;        ///< Of each; frame and stack pointers as in the common one.
};
Regions regions_of(const Unit& unit, const Mapping& common);

}  // namespace cosmoo::moxie::translator
