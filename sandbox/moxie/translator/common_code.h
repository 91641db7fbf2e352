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
  std::uint32_t return_miss = 0;  ///< The host's return went wrong; eax is where the guest goes.
};

/// A word of Home, as translated code names it.
asmjit::x86::Mem home_word(std::size_t offset, std::uint32_t size);

/// Jumps to the code of the guest's address in eax, or leaves with it.
void jump_by_table(asmjit::x86::Assembler& to, const Code& code, const CodeCache& cache);

/// The code that all units share, to be put at the beginning of an empty cache.
std::vector<std::uint8_t> common_code(const Code& code, const CodeCache& cache, CommonCode& common);

}  // namespace cosmoo::moxie::translator
