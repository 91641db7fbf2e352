// What translated code and those who enter it share: a page of each guest's reservation, below its
// window, which translated code reaches as it does the window itself.
#pragma once

#include <cstddef>
#include <cstdint>

namespace cosmoo::moxie::translator {

struct Home {
  std::uint32_t registers[16];  ///< The guest's, while the host's registers don't have them.
  std::uint64_t compared_left;  ///< As State's.
  std::uint32_t compared_right;
  std::uint32_t pc;                ///< Where it left, if leave_address is 0.
  std::uint64_t host_stack;        ///< The host's stack pointer outside.
  std::uint64_t prediction_stack;  ///< Where the stack pointer begins inside.
  std::uint64_t leave_address;     ///< Behind the call that left.
  std::uint64_t refused_address;   ///< The host's instruction that was refused memory; 0: none.
  std::uint64_t saved;             ///< A register of the host, over a division.
  std::uint32_t host[16];  ///< The host's registers, by number, where it was refused memory.
};

/// Address 0 of the guest less the address of its Home.
inline constexpr std::int32_t kHomeBelow = (1 << 20) + 4096;

}  // namespace cosmoo::moxie::translator
