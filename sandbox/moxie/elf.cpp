#include "sandbox/moxie/elf.h"

#include <elf.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <string>

namespace cosmoo::moxie {

namespace {

constexpr unsigned kOldMachine = 0xfeed;  ///< Before Moxie had an official number.
/// Each takes whole pages, whatever it holds: a file must not grow much by being loaded.
constexpr std::size_t kMostSegments = 64;

template <typename... Values>
tl::unexpected<LoadError> malformed(const char* format, Values... values) {
  char text[200];
  std::snprintf(text, sizeof text, format, values...);
  return tl::unexpected(LoadError{LoadError::Kind::malformed, text});
}

template <typename Header>
Header header_at(std::span<const std::uint8_t> bytes, std::size_t offset) {
  static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "headers are copied as they stand");
  Header header;
  std::memcpy(&header, bytes.data() + offset, sizeof header);
  return header;
}

tl::expected<Elf32_Ehdr, LoadError> checked_header(std::span<const std::uint8_t> bytes) {
  if (bytes.size() < sizeof(Elf32_Ehdr)) {
    return malformed("not an ELF file: %zu bytes are too few for its header", bytes.size());
  }
  const auto header = header_at<Elf32_Ehdr>(bytes, 0);
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) {
    return malformed("not an ELF file: it does not begin with 7f 45 4c 46");
  }
  if (header.e_ident[EI_CLASS] != ELFCLASS32) {
    return malformed("not a 32-bit ELF file: class %u", header.e_ident[EI_CLASS]);
  }
  if (header.e_ident[EI_DATA] != ELFDATA2LSB) {
    return malformed("not a little-endian ELF file: data encoding %u", header.e_ident[EI_DATA]);
  }
  if (header.e_ident[EI_VERSION] != EV_CURRENT || header.e_version != EV_CURRENT) {
    return malformed("unknown ELF version %u", header.e_version);
  }
  if (header.e_machine != EM_MOXIE && header.e_machine != kOldMachine) {
    return malformed("not for Moxie: machine %u instead of %u", header.e_machine, EM_MOXIE);
  }
  if (header.e_type != ET_EXEC) {
    return malformed("not an executable: ELF type %u instead of %u", header.e_type, ET_EXEC);
  }
  if (header.e_phnum == 0) return malformed("no program headers");
  if (header.e_phentsize != sizeof(Elf32_Phdr)) {
    return malformed("program headers of %u bytes instead of %zu", header.e_phentsize,
                     sizeof(Elf32_Phdr));
  }
  if (std::uint64_t{header.e_phoff} + header.e_phnum * sizeof(Elf32_Phdr) > bytes.size()) {
    return malformed("program headers reach beyond the file: %u from offset 0x%x of %zu bytes",
                     header.e_phnum, header.e_phoff, bytes.size());
  }
  return header;
}

tl::expected<Segment, LoadError> checked_segment(const Elf32_Phdr& row, unsigned number,
                                                 std::size_t file_size) {
  if (row.p_filesz > row.p_memsz) {
    return malformed("segment %u has more bytes in the file (0x%x) than in memory (0x%x)", number,
                     row.p_filesz, row.p_memsz);
  }
  if (std::uint64_t{row.p_offset} + row.p_filesz > file_size) {
    return malformed("segment %u reaches beyond the file: 0x%x bytes from offset 0x%x of %zu bytes",
                     number, row.p_filesz, row.p_offset, file_size);
  }
  if (std::uint64_t{row.p_vaddr} + row.p_memsz > kAddressSpace) {
    return malformed("segment %u wraps around: 0x%x bytes at 0x%08x", number, row.p_memsz,
                     row.p_vaddr);
  }
  return Segment{row.p_vaddr, row.p_memsz, row.p_offset, row.p_filesz,
                 (row.p_flags & PF_W) != 0 ? Access::read_write : Access::read_only};
}

}  // namespace

tl::expected<ElfFile, LoadError> parse_elf(std::span<const std::uint8_t> bytes) {
  const auto header = checked_header(bytes);
  if (!header) return tl::unexpected(header.error());
  ElfFile file{header->e_entry, {}};
  std::uint64_t from_file = 0;
  for (unsigned i = 0; i < header->e_phnum; ++i) {
    const auto row = header_at<Elf32_Phdr>(bytes, header->e_phoff + i * sizeof(Elf32_Phdr));
    if (row.p_type != PT_LOAD || row.p_memsz == 0) continue;
    const auto segment = checked_segment(row, i, bytes.size());
    if (!segment) return tl::unexpected(segment.error());
    file.segments.push_back(*segment);
    from_file += segment->file_length;
    if (file.segments.size() > kMostSegments) {
      return malformed("more than %zu segments", kMostSegments);
    }
  }
  if (file.segments.empty()) return malformed("nothing to load: no segment of type PT_LOAD");
  if (from_file > bytes.size()) return malformed("segments share bytes of the file");
  std::sort(file.segments.begin(), file.segments.end(),
            [](const Segment& a, const Segment& b) { return a.start < b.start; });
  for (std::size_t i = 1; i < file.segments.size(); ++i) {
    const Segment &low = file.segments[i - 1], &high = file.segments[i];
    if (low.end() > high.start) {
      return malformed("segments overlap: 0x%x bytes at 0x%08x and 0x%x bytes at 0x%08x",
                       low.length, low.start, high.length, high.start);
    }
  }
  for (const Segment& segment : file.segments) {
    if (file.entry >= segment.start && file.entry < segment.end()) return file;
  }
  return malformed("entry point 0x%08x lies outside all segments", file.entry);
}

}  // namespace cosmoo::moxie
