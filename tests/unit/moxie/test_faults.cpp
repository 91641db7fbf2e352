// What a guest may not do: each fault is a result, changes nothing, and harms nobody.
#include <doctest/doctest.h>

#include "tests/unit/moxie/assemble.h"

using namespace cosmoo::moxie;
using namespace cosmoo::moxie::testing;
using Op = Operation;

namespace {

constexpr std::uint32_t kOnes = 0xffffffff;
constexpr std::uint32_t kMin = 0x80000000;

/// Executes one instruction both ways, with these registers; the fault, and that nothing changed.
Fault fault_of(const Bytes& instruction, std::uint32_t a, std::uint32_t b,
               std::vector<Piece> pieces = {}) {
  const auto fast = guest(instruction, pieces), slow = guest(instruction, pieces);
  for (Machine* machine : {fast.get(), slow.get()}) {
    machine->state().registers[r0] = a;
    machine->state().registers[r1] = b;
  }
  State expected = fast->state();
  expected.instructions = 1;
  const Stop stop = fast->run(10);
  CHECK(stop.why == Stop::Why::fault);
  CHECK(slow->step() == stop);
  CHECK(fast->state() == expected);
  CHECK(slow->state() == expected);
  CHECK(stop.fault.pc == kText);
  return stop.fault;
}

}  // namespace

TEST_CASE("divisions that have no result fault") {
  for (const Op operation : {Op::div, Op::udiv, Op::mod, Op::umod}) {
    CHECK(fault_of(encode(operation, r0, r1), 7, 0) == Fault{Signal::fpe, kText, kText});
  }
  for (const Op operation : {Op::div, Op::mod}) {
    CHECK(fault_of(encode(operation, r0, r1), kMin, kOnes) == Fault{Signal::fpe, kText, kText});
  }
}

TEST_CASE("brk traps and stays where it is") {
  const auto machine = guest(Assembly().add(Op::nop).add(Op::brk));
  const Stop expected{Stop::Why::fault, -1, {Signal::trap, kText + 2, kText + 2}};
  CHECK(machine->run(10) == expected);
  CHECK(machine->state().pc == kText + 2);
  CHECK(machine->run(10) == expected);
}

TEST_CASE("nothing is read or written where nothing is, the last addresses included") {
  const std::uint32_t nowhere[] = {0, 0xffc, 0x7fffffff, 0xfffff000, 0xfffffffc, kOnes};
  for (const std::uint32_t address : nowhere) {
    for (const Op operation : {Op::ld_l, Op::ld_s, Op::ld_b}) {
      const Fault fault = fault_of(encode(operation, r0, r1), 1, address);
      CHECK(fault == Fault{Signal::bus, address, kText});
    }
    for (const Op operation : {Op::st_l, Op::st_s, Op::st_b}) {
      const Fault fault = fault_of(encode(operation, r0, r1), address, 1);
      CHECK(fault == Fault{Signal::bus, address, kText});
    }
  }
}

TEST_CASE("an address that wraps around is not one") {
  // The last page is there, so that only the wrap is wrong.
  const std::vector<Piece> top = {{0xfffff000, {}, 0x1000, Access::read_write}};
  CHECK(guest(encode(Op::nop))->memory().unreadable(kOnes, 1) == kOnes);
  const auto elf = elf_file(kText, {{kText, encode(Op::nop)}, top[0]});
  auto loaded = program(elf);
  Setup setup;
  setup.programs = {loaded};
  const auto refused = Machine::create(setup);
  REQUIRE(!refused);  // no room for a stack behind it
  CHECK(refused.error().kind == LoadError::Kind::no_room);

  auto memory = Memory::reserve();
  REQUIRE(memory);
  REQUIRE((*memory)->map_zeros(0xfffff000, 0x1000, Access::read_write));
  std::uint32_t word = 0;
  CHECK((*memory)->read(0xfffffffc, &word, 4));
  CHECK(!(*memory)->read(0xfffffffd, &word, 4));
  CHECK((*memory)->unreadable(0xfffffffd, 4) == 0);
  CHECK((*memory)->unwritable(0xfffffffd, 4) == 0);
  CHECK((*memory)->unreadable(0xfffff000, std::uint64_t{1} << 32) == 0);
}

TEST_CASE("text and data files can't be written") {
  const Fault fault = fault_of(encode(Op::st_b, r0, r1), kText + 1, 1);
  CHECK(fault == Fault{Signal::bus, kText + 1, kText});

  Setup setup;
  const Bytes data(100, 7);
  setup.data.push_back(std::move(*SharedBytes::copy(data)));
  const auto machine = guest(Assembly().add(Op::ld_b, r2, r0).add(Op::st_b, r0, r1), {}, setup);
  const std::uint32_t address = machine->ranges()[1].start;
  machine->state().registers[r0] = address;
  const Stop stop = machine->run(10);
  CHECK(machine->state().registers[r2] == 7);
  CHECK(stop.fault == Fault{Signal::bus, address, kText + 2});
}

TEST_CASE("read-only bytes stay so on a page that they share with writable ones") {
  const std::uint32_t border = 0x5804;
  const std::vector<Piece> pieces = {{0x5000, Bytes(border - 0x5000, 1)},
                                     {border, {2, 2, 2, 2}, 16, Access::read_write}};
  CHECK(fault_of(encode(Op::st_l, r0, r1), border - 4, 9, pieces).address == border - 4);
  CHECK(fault_of(encode(Op::st_l, r0, r1), border - 1, 9, pieces).address == border - 1);
  CHECK(fault_of(encode(Op::st_l, r0, r1), 0x5000, 9, pieces).address == 0x5000);
  const auto machine = guest(Assembly().add(Op::st_l, r0, r1).add(Op::ld_l, r2, r0), pieces);
  machine->state().registers[r0] = border;
  machine->state().registers[r1] = 99;
  CHECK(machine->run(2) == Stop{});
  CHECK(machine->state().registers[r2] == 99);
}

TEST_CASE("a null pointer faults even where a program's headers share page 0") {
  const std::vector<Piece> headers = {{0xf80, Bytes(0x80, 3)}};
  CHECK(fault_of(encode(Op::ld_b, r0, r1), 0, 0, headers).address == 0);
  CHECK(fault_of(encode(Op::ld_b, r0, r1), 0, 0xf7f, headers).address == 0xf7f);
  CHECK(fault_of(encode(Op::st_b, r0, r1), 0xf80, 0, headers).address == 0xf80);
  const auto machine = guest(Assembly().add(Op::ld_b, r0, r1), headers);
  machine->state().registers[r1] = 0xf80;
  CHECK(machine->run(1) == Stop{});
  CHECK(machine->state().registers[r0] == 3);
}

TEST_CASE("an access may cross from page to page, and faults where the next is not there") {
  const std::vector<Piece> two = {{0x8000, {}, 0x2000, Access::read_write}};
  const auto machine = guest(Assembly().add(Op::st_l, r0, r1).add(Op::ld_l, r2, r0), two);
  machine->state().registers[r0] = 0x8ffe;
  machine->state().registers[r1] = 0x11223344;
  CHECK(machine->run(2) == Stop{});
  CHECK(machine->state().registers[r2] == 0x11223344);
  CHECK(fault_of(encode(Op::st_l, r0, r1), 0x9ffe, 1, two).address == 0xa000);
  CHECK(fault_of(encode(Op::ld_l, r0, r1), 1, 0x9ffd, two).address == 0xa000);
  CHECK(fault_of(encode(Op::ld_l, r0, r1), 1, 0x7ffe, two).address == 0x7ffe);
}

TEST_CASE("a stack that is full or empty faults before anything is changed") {
  CHECK(fault_of(encode(Op::push, r0, r1), 0x1000'0000, 1).address == 0x0fff'fffc);
  CHECK(fault_of(encode(Op::pop, r0, r1), 0x1000'0000, 1).address == 0x1000'0000);
  CHECK(fault_of(encode(Op::push, r0, r1), 0, 1).address == 0xfffffffc);
  CHECK(fault_of(encode(Op::jsra, 0, 0, kText), 0, 0).address == 0xfffffff4);  // $sp is 0
  CHECK(fault_of(encode(Op::jsr, r0), 0, 0).address == 0xfffffff4);
  CHECK(fault_of(encode(Op::ret), 0, 0).address == 0);  // $fp is 0
}

TEST_CASE("code that is not there, or goes on where nothing is, can't be fetched") {
  const auto jump = guest(Assembly().add(Op::jmpa, 0, 0, 0x70000000));
  const Stop gone = jump->run(10);
  CHECK(gone == Stop{Stop::Why::fault, -1, {Signal::bus, 0x70000000, 0x70000000}});
  CHECK(jump->state().instructions == 2);

  Bytes cut(0x1000, 0);
  for (std::size_t i = 0; i < cut.size(); i += 2) cut[i + 1] = 0x0f;  // nop
  cut[0xffd] = 0x0f, cut[0xffe] = 0x20, cut[0xfff] = 0x01;  // ldi.l $r0, and the page ends
  const auto fast = guest(cut), slow = guest(cut);
  const Stop stop = fast->run(5000);
  CHECK(stop == Stop{Stop::Why::fault, -1, {Signal::bus, 0x2000, 0x1ffe}});
  for (int i = 0; i < 0x7ff; ++i) slow->step();
  CHECK(slow->step() == stop);
  CHECK(fast->state() == slow->state());
}

TEST_CASE("a buffer must be there when it is named") {
  CHECK(fault_of(encode(Op::ssr, r0, 0, 6), 0x70000000, 0) ==
        Fault{Signal::bus, 0x70000000, kText});
  CHECK(fault_of(encode(Op::ssr, r0, 0, 8), 0, 0).address == 0);
  // Register 6 holds the memory map at first, one page.
  const auto probe = guest(Assembly().add(Op::nop));
  const std::uint32_t map = probe->state().special[6];
  CHECK(fault_of(encode(Op::ssr, r0, 0, 7), 0x1001, 0).address == map + 0x1000);
  CHECK(fault_of(encode(Op::ssr, r0, 0, 7), 0xfffff000, 0).address == map + 0x1000);
  CHECK(fault_of(encode(Op::ssr, r0, 0, 9), 1, 0).address == 0);
}

TEST_CASE("a fault in the middle of a block counts what was executed") {
  const auto machine = guest(Assembly()
                                 .add(Op::inc, r2, 0, 1)
                                 .add(Op::inc, r2, 0, 1)
                                 .add(Op::udiv, r0, r1)
                                 .add(Op::inc, r2, 0, 1)
                                 .add(Op::inc, r2, 0, 1)
                                 .exit());
  CHECK(machine->run(100).fault.pc == kText + 4);
  CHECK(machine->state().instructions == 3);
  CHECK(machine->state().registers[r2] == 2);
  // Whoever mends the reason can go on.
  machine->state().registers[r1] = 1;
  CHECK(machine->run(100).why == Stop::Why::exited);
  CHECK(machine->state().instructions == 3 + 4);
}
