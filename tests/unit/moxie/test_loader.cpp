// Which programs are let in, where things are put, and what is said of those that are refused.
#include <doctest/doctest.h>
#include <elf.h>

#include <cstring>

#include "tests/unit/moxie/assemble.h"

using namespace cosmoo::moxie;
using namespace cosmoo::moxie::testing;
using Op = Operation;

namespace {

Bytes good() { return elf_file(kText, {{kText, Assembly().exit().bytes()}}); }

/// good() with a header changed.
template <typename Change>
Bytes with_header(Change change) {
  Bytes file = good();
  Elf32_Ehdr header;
  std::memcpy(&header, file.data(), sizeof header);
  change(header);
  std::memcpy(file.data(), &header, sizeof header);
  return file;
}

template <typename Change>
Bytes with_segment(Change change) {
  Bytes file = good();
  Elf32_Phdr row;
  std::memcpy(&row, file.data() + sizeof(Elf32_Ehdr), sizeof row);
  change(row);
  std::memcpy(file.data() + sizeof(Elf32_Ehdr), &row, sizeof row);
  return file;
}

std::string refused(const Setup& setup) {
  const auto machine = Machine::create(setup);
  return machine ? "not refused" : machine.error().message;
}

struct Descriptor {
  std::uint32_t address, length;
  char tags[24];
};

std::vector<Descriptor> descriptors(const Machine& machine) {
  std::vector<Descriptor> list;
  std::uint32_t at = machine.state().special[6];
  for (;; at += sizeof(Descriptor)) {
    Descriptor descriptor;
    REQUIRE(machine.memory().read(at, &descriptor, sizeof descriptor));
    list.push_back(descriptor);
    if (descriptor.address == 0 && descriptor.length == 0) return list;
  }
}

}  // namespace

TEST_CASE("a file that is cut off anywhere is refused") {
  const Bytes whole = good();
  REQUIRE(Program::load(whole).has_value());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CHECK(!Program::load(std::span(whole).first(size)).has_value());
  }
  CHECK(refusal({}) == "not an ELF file: 0 bytes are too few for its header");
}

TEST_CASE("a header that is not Moxie's is refused with what it says") {
  CHECK(refusal(Bytes(100, 'x')) == "not an ELF file: it does not begin with 7f 45 4c 46");
  CHECK(refusal(with_header([](auto& h) { h.e_ident[EI_CLASS] = ELFCLASS64; })) ==
        "not a 32-bit ELF file: class 2");
  CHECK(refusal(with_header([](auto& h) { h.e_ident[EI_DATA] = ELFDATA2MSB; })) ==
        "not a little-endian ELF file: data encoding 2");
  CHECK(refusal(with_header([](auto& h) { h.e_version = 9; })) == "unknown ELF version 9");
  CHECK(refusal(with_header([](auto& h) { h.e_machine = EM_X86_64; })) ==
        "not for Moxie: machine 62 instead of 223");
  CHECK(refusal(with_header([](auto& h) { h.e_type = ET_REL; })) ==
        "not an executable: ELF type 1 instead of 2");
  CHECK(refusal(with_header([](auto& h) { h.e_phnum = 0; })) == "no program headers");
  CHECK(refusal(with_header([](auto& h) { h.e_phentsize = 56; })) ==
        "program headers of 56 bytes instead of 32");
  CHECK(refusal(with_header([](auto& h) { h.e_phnum = 60000; })) ==
        "program headers reach beyond the file: 60000 from offset 0x34 of 90 bytes");
  CHECK(refusal(with_header([](auto& h) { h.e_phoff = 0xfffffff0; })) ==
        "program headers reach beyond the file: 1 from offset 0xfffffff0 of 90 bytes");
  CHECK(refusal(with_header([](auto& h) { h.e_entry = 0x2000; })) ==
        "entry point 0x00002000 lies outside all segments");
}

TEST_CASE("the machine number from before Moxie had one is let in") {
  CHECK(refusal(with_header([](auto& h) { h.e_machine = 0xfeed; })) == "not refused");
}

TEST_CASE("a segment that contradicts itself or the file is refused") {
  CHECK(refusal(with_segment([](auto& s) { s.p_type = PT_NOTE; })) ==
        "nothing to load: no segment of type PT_LOAD");
  CHECK(refusal(with_segment([](auto& s) { s.p_memsz = 1; })) ==
        "segment 0 has more bytes in the file (0x6) than in memory (0x1)");
  CHECK(refusal(with_segment([](auto& s) { s.p_offset = 0xfffffffe; })) ==
        "segment 0 reaches beyond the file: 0x6 bytes from offset 0xfffffffe of 90 bytes");
  CHECK(refusal(with_segment([](auto& s) { s.p_vaddr = 0xfffffffe; })) ==
        "segment 0 wraps around: 0x6 bytes at 0xfffffffe");
  CHECK(refusal(with_segment([](auto& s) { s.p_memsz = 0xffffffff; })) ==
        "segment 0 wraps around: 0xffffffff bytes at 0x00001000");
}

TEST_CASE("segments that overlap, in memory or in the file, are refused") {
  const Bytes exit = Assembly().exit().bytes();
  CHECK(refusal(elf_file(kText, {{kText, exit}, {kText + 2, exit}})) ==
        "segments overlap: 0x6 bytes at 0x00001000 and 0x6 bytes at 0x00001002");
  CHECK(refusal(elf_file(kText, {{kText, exit}, {kText + 6, exit}})) == "not refused");
  // A small file must not grow into a large program.
  Bytes twice = elf_file(kText, {{kText, Bytes(4000, 0)}, {0x9000, Bytes(4000, 0)}});
  Elf32_Phdr first;
  std::memcpy(&first, twice.data() + sizeof(Elf32_Ehdr), sizeof first);
  Elf32_Phdr second = first;
  second.p_vaddr = 0x9000;
  std::memcpy(twice.data() + sizeof(Elf32_Ehdr) + sizeof first, &second, sizeof second);
  twice.resize(twice.size() - 4000);
  CHECK(refusal(twice) == "segments share bytes of the file");
  std::vector<Piece> many;
  for (std::uint32_t i = 0; i < 65; ++i) many.push_back({kText + i * 0x10000, {0, 0}});
  CHECK(refusal(elf_file(kText, many)) == "more than 64 segments");
}

TEST_CASE("programs, data, stack and memory map stand one behind the other") {
  Setup setup;
  setup.data.push_back(std::move(*SharedBytes::copy(Bytes(5000, 'a'))));
  setup.data.push_back(std::move(*SharedBytes::copy(Bytes{})));
  setup.data.push_back(std::move(*SharedBytes::copy(Bytes(4096, 'b'))));
  const auto machine = guest(Assembly().exit(), {{0x3008, {1, 2}, 100, Access::read_write}}, setup);
  const std::vector<MemoryRange> expected = {
      {0x1000, 6, Access::read_only, "elf0"},      {0x3008, 102, Access::read_write, "elf1"},
      {0x5000, 5000, Access::read_only, "data0"},  {0x8000, 0, Access::read_only, "data1"},
      {0x9000, 4096, Access::read_only, "data2"},  {0xb000, 65536, Access::read_write, "stack"},
      {0x1c000, 256, Access::read_only, "mapdesc"}};
  CHECK(machine->ranges() == expected);
  CHECK(machine->state().special[6] == 0x1c000);
  CHECK(machine->state().special[7] == 0x1b000);
  CHECK(machine->state().pc == kText);
  const auto list = descriptors(*machine);
  REQUIRE(list.size() == 7);
  for (std::size_t i = 0; i < 6; ++i) {
    CHECK(list[i].address == expected[i].start);
    CHECK(list[i].length == expected[i].length);
    const char* access = expected[i].access == Access::read_only ? "ro," : "rw,";
    CHECK(std::string(list[i].tags) == access + expected[i].name + ",");
  }
  std::uint8_t byte = 0;
  CHECK(machine->memory().read(0x5000 + 4999, &byte, 1));
  CHECK(byte == 'a');
  CHECK(machine->memory().read(0x5000 + 5000, &byte, 1));  // up to the page's end, zeros
  CHECK(byte == 0);
  CHECK(!machine->memory().read(0x8000, &byte, 1));
}

TEST_CASE("several programs share an address space, and the last one's entry wins") {
  Setup setup;
  setup.programs.push_back(
      program(elf_file(0x20000, {{0x20000, Assembly().set(r0, 1).exit().bytes()}})));
  const auto machine = guest(Assembly().set(r0, 2).add(Op::jmpa, 0, 0, 0x20006), {}, setup);
  const Stop stop = machine->run(100);
  CHECK(stop.exit_code == 2);
  CHECK(machine->state().instructions == 3);

  setup.programs.push_back(setup.programs[0]);
  CHECK(refused(setup) == "programs 1 and 2 overlap: both need the page at 0x00020000");
}

TEST_CASE("limits on memory are kept from the start") {
  Setup setup;
  CHECK(refused(setup) == "no program to run");
  setup.programs = {program(elf_file(kText, {{kText, Assembly().exit().bytes(), 1 << 20}}))};
  setup.memory_bytes = 1 << 20;
  CHECK(refused(setup) == "programs of 1052672 bytes in memory: the limit is 1048576");
  setup.memory_bytes = 1200000;
  setup.stack_bytes = 1 << 20;
  CHECK(refused(setup) ==
        "no memory left for stack: 1048576 bytes besides 1052672, and the limit is 1200000");
  setup.memory_bytes = 1 << 22;
  CHECK(refused(setup) == "not refused");
  setup.programs = {program(elf_file(0xffffe000, {{0xffffe000, Assembly().exit().bytes()}}))};
  CHECK(refused(setup).starts_with("no addresses left for stack: "));
}

TEST_CASE("a program is shared by its guests, and none sees what another wrote") {
  const auto shared = program(elf_file(kText, {{kText, Assembly()
                                                           .add(Op::lda_l, r0, 0, 0x8000)
                                                           .add(Op::inc, r0, 0, 1)
                                                           .add(Op::sta_l, r0, 0, 0x8000)
                                                           .exit()
                                                           .bytes()},
                                               {0x8000, {5, 0, 0, 0}, 0, Access::read_write}}));
  Setup setup;
  setup.programs = {shared};
  for (int i = 0; i < 3; ++i) CHECK((*Machine::create(setup))->run(100).exit_code == 6);
}
