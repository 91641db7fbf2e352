// The code that all units share: the way in, and the ways out.
#pragma once

#include <asmjit/x86.h>

#include <cstdint>
#include <vector>

#include "sandbox/moxie/code.h"
#include "sandbox/moxie/translator/code_cache.h"
#include "sandbox/moxie/translator/registers.h"

namespace cosmoo::moxie::translator {

/// Offsets in the cache of the code that all units share.
struct CommonCode {
  std::uint32_t enter = 0;        ///< A function: see inside.h.
  std::uint32_t leave = 0;        ///< Called, where a unit is left for good.
  std::uint32_t refused = 0;      ///< Where the signal handler goes on.
  std::uint32_t return_miss = 0;  ///< `ret` with a wrong prediction; rax is the frame.
};

/// A word of Home, as translated code names it.
asmjit::x86::Mem home_word(std::size_t offset, std::uint32_t size);

/// The code that all units share, to be put at the beginning of an empty cache.
std::vector<std::uint8_t> common_code(const Code& code, const CodeCache& cache,
                                      const Mapping& mapping, CommonCode& common);

}  // namespace cosmoo::moxie::translator
