#include "tests/unit/moxie/assemble.h"

#include <doctest/doctest.h>
#include <elf.h>

#include <cstring>

namespace cosmoo::moxie::testing {

namespace {

void put(Bytes& bytes, std::uint32_t value, unsigned count) {
  for (unsigned i = 0; i < count; ++i) bytes.push_back(static_cast<std::uint8_t>(value >> 8 * i));
}

}  // namespace

Bytes encode(Operation operation, unsigned a, unsigned b, std::uint32_t immediate) {
  const OperationInfo& row = info(operation);
  Bytes bytes;
  switch (row.shape) {
    case Shape::reg_small:
      put(bytes, 0x8000u | (row.code & 3u) << 12 | a << 8 | (immediate & 0xff), 2);
      break;
    case Shape::branch:
      put(bytes, 0xc000u | (row.code & 15u) << 10 | ((immediate - 2) / 2 & 0x3ff), 2);
      break;
    default:
      put(bytes, static_cast<std::uint32_t>(row.code) << 8 | a << 4 | b, 2);
      put(bytes, immediate, length(row.shape) - 2);
  }
  return bytes;
}

Assembly& Assembly::add(Operation operation, unsigned a, unsigned b, std::uint32_t immediate) {
  return raw(encode(operation, a, b, immediate));
}

Assembly& Assembly::raw(const Bytes& bytes) {
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  return *this;
}

Bytes elf_file(std::uint32_t entry, const std::vector<Piece>& pieces) {
  Elf32_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS32;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_EXEC;
  header.e_machine = EM_MOXIE;
  header.e_version = EV_CURRENT;
  header.e_entry = entry;
  header.e_phoff = sizeof header;
  header.e_ehsize = sizeof header;
  header.e_phentsize = sizeof(Elf32_Phdr);
  header.e_phnum = static_cast<Elf32_Half>(pieces.size());
  std::vector<Elf32_Phdr> rows;
  Bytes contents;
  const std::size_t headers = sizeof header + pieces.size() * sizeof(Elf32_Phdr);
  for (const Piece& piece : pieces) {
    Elf32_Phdr row{};
    row.p_type = PT_LOAD;
    row.p_offset = static_cast<Elf32_Off>(headers + contents.size());
    row.p_vaddr = row.p_paddr = piece.address;
    row.p_filesz = static_cast<Elf32_Word>(piece.bytes.size());
    row.p_memsz = row.p_filesz + piece.zeros;
    row.p_flags = PF_R | PF_X | (piece.access == Access::read_write ? PF_W : 0u);
    rows.push_back(row);
    contents.insert(contents.end(), piece.bytes.begin(), piece.bytes.end());
  }
  Bytes file(headers);
  std::memcpy(file.data(), &header, sizeof header);
  if (!rows.empty()) {
    std::memcpy(file.data() + sizeof header, rows.data(), rows.size() * sizeof rows[0]);
  }
  file.insert(file.end(), contents.begin(), contents.end());
  return file;
}

std::shared_ptr<const Program> program(const Bytes& elf) {
  auto loaded = Program::load(elf);
  if (!loaded) FAIL(loaded.error().message);
  return *loaded;
}

std::string refusal(const Bytes& elf) {
  const auto loaded = Program::load(elf);
  return loaded ? "not refused" : loaded.error().message;
}

std::unique_ptr<Machine> guest(const Bytes& code, std::vector<Piece> more, Setup setup) {
  more.insert(more.begin(), Piece{kText, code});
  setup.programs.push_back(program(elf_file(kText, more)));
  auto machine = Machine::create(setup);
  if (!machine) FAIL(machine.error().message);
  return std::move(*machine);
}

}  // namespace cosmoo::moxie::testing
