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

/// What compilers use most has short encodings. They turn to $r5 and $r11 last, and to $r5 where
/// nothing is called, so that its region can have it instead; $r12 is for ends of functions, $r13
/// for nothing. Division takes edx, which is $r11's. Regions share out the same ones.
inline constexpr Mapping kCommonMapping = {13, 14, 3,  1,  6,  7, 5,       kInHome,
                                           8,  9,  10, 11, 12, 2, kInHome, kInHome};

/// Blocks that lead to each other without calls: a function, mostly.
struct Regions {
  std::vector<std::uint32_t> of_block;  ///< As Unit::blocks.
  std::vector<Mapping> mappings;        ///< Of each; frame and stack pointers as in the common one.

  const Mapping& mapping(std::size_t block) const { return mappings[of_block[block]]; }
};
Regions regions_of(const Unit& unit);

}  // namespace cosmoo::moxie::translator
