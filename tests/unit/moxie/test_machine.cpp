// A guest's run from outside: budget, slices, interruption, exit, system calls, outputs.
#include <doctest/doctest.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "tests/unit/moxie/assemble.h"

using namespace cosmoo::moxie;
using namespace cosmoo::moxie::testing;
using Op = Operation;

TEST_CASE("a guest exits with the low byte of r0") {
  const auto machine = guest(Assembly().set(r0, 0x1234).exit());
  const Stop stop = machine->run(100);
  CHECK(stop.why == Stop::Why::exited);
  CHECK(stop.exit_code == 0x34);
  CHECK(machine->state().instructions == 2);
}

TEST_CASE("a run within a budget executes exactly as many instructions") {
  // Counts r1 up to 1000 and exits.
  const auto loop = Assembly()
                        .set(r2, 1000)
                        .add(Op::inc, r1, 0, 1)
                        .add(Op::cmp, r1, r2)
                        .add(Op::bne, 0, 0, static_cast<std::uint32_t>(-4))
                        .exit();
  const auto whole = guest(loop);
  CHECK(whole->run(Machine::kUnlimited).why == Stop::Why::exited);
  const std::uint64_t all = whole->state().instructions;
  CHECK(all == 1 + 3 * 1000 + 1);
  for (std::uint64_t budget = 0; budget < 40; ++budget) {
    const auto some = guest(loop);
    CHECK(some->run(budget) == Stop{});
    CHECK(some->state().instructions == budget);
    const auto stepped = guest(loop);
    for (std::uint64_t i = 0; i < budget; ++i) CHECK(stepped->step() == Stop{});
    CHECK(stepped->state() == some->state());
    CHECK(some->run(Machine::kUnlimited).why == Stop::Why::exited);
    CHECK(some->state() == whole->state());
  }
  const auto short_by_one = guest(loop);
  CHECK(short_by_one->run(all - 1).why == Stop::Why::budget);
  const auto enough = guest(loop);
  CHECK(enough->run(all).why == Stop::Why::exited);
}

TEST_CASE("an interrupt from another thread stops an endless guest, and later runs at once") {
  const auto machine = guest(Assembly().add(Op::jmpa, 0, 0, kText));
  std::thread other([&machine] { machine->interrupt(); });
  CHECK(machine->run(Machine::kUnlimited).why == Stop::Why::interrupted);
  other.join();
  CHECK(machine->run(10).why == Stop::Why::interrupted);
  CHECK(machine->step().why == Stop::Why::interrupted);
  machine->clear_interrupt();
  const std::uint64_t before = machine->state().instructions;
  CHECK(machine->run(10) == Stop{});
  CHECK(machine->state().instructions == before + 10);
}

TEST_CASE("mmap gives zeroed memory behind all other, and refuses what it must") {
  constexpr std::uint32_t kInvalid = static_cast<std::uint32_t>(-22);
  constexpr std::uint32_t kNoMemory = static_cast<std::uint32_t>(-12);
  Setup setup;
  setup.heap_bytes = 0x5000;
  const auto machine =
      guest(Assembly().add(Op::swi, 0, 0, 90).add(Op::jmpa, 0, 0, kText), {}, setup);
  const auto map = [&machine](std::uint32_t address, std::uint32_t length, std::uint32_t protection,
                              std::uint32_t flags) {
    auto& registers = machine->state().registers;
    registers[r0] = address;
    registers[r1] = length;
    registers[r2] = protection;
    registers[r3] = flags;
    CHECK(machine->run(2) == Stop{});
    CHECK(registers[r1] == length);
    return registers[r0];
  };
  CHECK(map(0x10000, 4096, 7, 6) == kInvalid);
  CHECK(map(0, 0, 7, 6) == kInvalid);
  CHECK(map(0, 100, 7, 6) == kInvalid);
  CHECK(map(0, 4097, 7, 6) == kInvalid);
  CHECK(map(0, 4096, 6, 6) == kInvalid);
  CHECK(map(0, 4096, 7, 4) == kInvalid);
  CHECK(map(0, 0x6000, 7, 6) == kNoMemory);
  CHECK(map(0, 0xfffff000, 7, 6) == kNoMemory);

  const std::uint32_t end = machine->ranges().back().start + 4096;  // mapdesc has one page
  const std::uint32_t first = map(0, 8192, 7, 6);
  CHECK(first == end + 4096);
  CHECK(machine->memory().unwritable(first, 8192) == std::nullopt);
  CHECK(machine->memory().unreadable(first, 8193) == first + 8192);
  CHECK(map(0, 4096, 15, 0x22 | 4) == first + 8192 + 4096);
  CHECK(map(0, 0x3000, 7, 6) == kNoMemory);  // two pages are left
  CHECK(map(0, 0x2000, 7, 6) != kNoMemory);
  CHECK(map(0, 4096, 7, 6) == kNoMemory);
  CHECK(machine->ranges().back().name == "heap2");
}

TEST_CASE("memory for a heap counts against the limit on all memory") {
  Setup setup;
  setup.memory_bytes = 0x1000 + 0x10000 + 0x1000 + 0x2000;  // text, stack, mapdesc, and two pages
  const auto machine = guest(
      Assembly().set(r1, 0x3000).set(r2, 7).set(r3, 6).add(Op::swi, 0, 0, 90).exit(), {}, setup);
  CHECK(machine->run(100).exit_code == (-12 & 0xff));
}

TEST_CASE("output and state are what special registers 6 to 9 name") {
  const auto machine = guest(Assembly()
                                 .set(r0, 0x8000)
                                 .set(r1, 5)
                                 .add(Op::ssr, r0, 0, 6)
                                 .add(Op::ssr, r1, 0, 7)
                                 .add(Op::ssr, r0, 0, 8)
                                 .set(r1, 0)
                                 .add(Op::ssr, r1, 0, 9)
                                 .exit(),
                             {{0x8000, {'h', 'e', 'l', 'l', 'o', '!'}}});
  using None = Machine::NoBuffer;
  CHECK(machine->output() == tl::unexpected(None::not_set));
  CHECK(machine->state_buffer() == tl::unexpected(None::not_set));
  CHECK(machine->run(100).why == Stop::Why::exited);
  CHECK(machine->output() == "hello");
  CHECK(machine->output(5) == "hello");
  CHECK(machine->output(4) == tl::unexpected(None::too_large));
  CHECK(machine->state_buffer() == "");
}

TEST_CASE("an output whose address was moved away from under its length is not read") {
  const auto machine = guest(Assembly()
                                 .set(r0, 0x8000)
                                 .set(r1, 0x1000)
                                 .add(Op::ssr, r0, 0, 6)
                                 .add(Op::ssr, r1, 0, 7)
                                 .set(r0, 0x8fff)
                                 .add(Op::ssr, r0, 0, 6)
                                 .exit(),
                             {{0x8000, {1}}});
  CHECK(machine->run(100).why == Stop::Why::exited);
  CHECK(machine->output() == tl::unexpected(Machine::NoBuffer::unreadable));
}

TEST_CASE("code on the stack, in the heap and in writable segments is executed as it stands") {
  // Writable code that counts in one of its own immediates: ldi.l $r0, N; inc; store it back; loop.
  Assembly own;
  own.set(r0, 0)
      .add(Op::inc, r0, 0, 1)
      .add(Op::sta_l, r0, 0, 0x8002)
      .set(r1, 10)
      .add(Op::cmp, r0, r1)
      .add(Op::bne, 0, 0, static_cast<std::uint32_t>(-22))
      .exit();
  const auto changing =
      guest(Assembly().add(Op::jmpa, 0, 0, 0x8000), {{0x8000, own.bytes(), 0, Access::read_write}});
  const Stop stop = changing->run(1000);
  CHECK(stop.why == Stop::Why::exited);
  CHECK(stop.exit_code == 10);
  CHECK(changing->state().instructions == 1 + 6 * 10 + 1);

  // Puts `swi 1` on the stack and calls it.
  const auto trampoline = guest(Assembly()
                                    .add(Op::gsr, sp, 0, 7)
                                    .add(Op::dec, sp, 0, 40)
                                    .add(Op::mov, r4, sp)
                                    .set(r1, 0x00013000)
                                    .add(Op::st_l, r4, r1)
                                    .set(r1, 0)
                                    .add(Op::sto_l, r4, r1, 4)
                                    .set(r0, 33)
                                    .add(Op::jsr, r4));
  CHECK(trampoline->run(100).exit_code == 33);
}

TEST_CASE("a block longer than a slice is run, and stopped in its middle") {
  Assembly code;
  for (int i = 0; i < 150'000; ++i) code.add(Op::inc, r0, 0, 1);
  code.exit();
  const auto whole = guest(code);
  CHECK(whole->run(Machine::kUnlimited).why == Stop::Why::exited);
  CHECK(whole->state().instructions == 150'001);
  const auto half = guest(code);
  CHECK(half->run(75'000) == Stop{});
  CHECK(half->state().registers[r0] == 75'000);
}

TEST_CASE("guests of one program run on many threads at once") {
  Assembly code;
  code.set(r2, 20000);
  const std::uint32_t loop = code.size();
  code.add(Op::inc, r1, 0, 3).add(Op::dec, r2, 0, 1).add(Op::cmp, r2, r3);
  code.add(Op::bne, 0, 0, loop - code.size()).add(Op::mov, r0, r1).exit();
  Setup setup;
  setup.programs = {program(elf_file(kText, {{kText, code.bytes()}}))};
  std::vector<std::thread> threads;
  std::atomic<int> right = 0;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      const auto machine = Machine::create(setup);
      if (machine && (*machine)->run(Machine::kUnlimited).exit_code == (60000 & 0xff)) ++right;
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(right == 8);
}

TEST_CASE("a thousand guests that wait take little besides the memory that they touched") {
#ifdef __SANITIZE_THREAD__
  MESSAGE("skipped: ThreadSanitizer has no addresses for so many");
  return;
#endif
  Assembly code;
  code.raw(Bytes(100'000, 0x0f)).exit();
  Setup setup;
  setup.programs = {
      program(elf_file(kText, {{kText, Assembly().exit().bytes()},
                               {0x10000, code.bytes()},
                               {0x40000, Bytes(50'000, 1), 1 << 20, Access::read_write}}))};
  const auto resident = [] {
    std::ifstream file("/proc/self/statm");
    std::size_t pages = 0;
    file >> pages >> pages;
    return pages * 4096;
  };
  std::vector<std::unique_ptr<Machine>> machines;
  const std::size_t before = resident();
  for (int i = 0; i < 1000; ++i) {
    auto machine = Machine::create(setup);
    if (!machine) FAIL(machine.error().message);
    machines.push_back(std::move(*machine));
  }
  if (before != 0) CHECK((resident() - before) / 1000 < 64 * 1024);
}
