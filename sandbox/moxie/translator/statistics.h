// How much machine code there is.
#pragma once

#include <cstdint>

namespace cosmoo::moxie::translator {

struct Statistics {
  std::uint64_t blocks = 0;
  std::uint64_t instructions = 0;  ///< Of the guest, in these blocks, ...
  std::uint64_t guest_bytes = 0;   ///< ... and their bytes.
  std::uint64_t bytes = 0;         ///< Of the host.

  void add(const Statistics& more) {
    blocks += more.blocks;
    instructions += more.instructions;
    guest_bytes += more.guest_bytes;
    bytes += more.bytes;
  }
};

}  // namespace cosmoo::moxie::translator
