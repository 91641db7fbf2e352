// Reads what an ELF file says of a Moxie program; nothing in it is trusted.
#pragma once

#include <cstdint>
#include <span>
#include <tl/expected.hpp>
#include <vector>

#include "sandbox/moxie/fault.h"
#include "sandbox/moxie/program.h"

namespace cosmoo::moxie {

struct ElfFile {
  std::uint32_t entry = 0;        ///< Within a segment.
  std::vector<Segment> segments;  ///< Sorted; do not overlap; bytes lie within the file.
};

tl::expected<ElfFile, LoadError> parse_elf(std::span<const std::uint8_t> bytes);

}  // namespace cosmoo::moxie
