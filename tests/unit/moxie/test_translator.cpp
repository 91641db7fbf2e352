// Machine code against the interpreter: registers, memory, count and end are the same after every
// slice.
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <random>
#include <thread>

#include "tests/unit/moxie/random_guest.h"

using namespace cosmoo::moxie;
using namespace cosmoo::moxie::testing;
using Op = Operation;

namespace {

/// The first thing in which they differ; empty: nothing.
std::string difference(const State& law, const State& other) {
  for (unsigned i = 0; i < 16; ++i) {
    if (law.registers[i] == other.registers[i]) continue;
    return std::string(kRegisterNames[i]) + " " + std::to_string(other.registers[i]) +
           " instead of " + std::to_string(law.registers[i]);
  }
  if (law.pc != other.pc) {
    return "pc " + std::to_string(other.pc) + " instead of " + std::to_string(law.pc);
  }
  if (law.instructions != other.instructions) {
    return "count " + std::to_string(other.instructions) + " instead of " +
           std::to_string(law.instructions);
  }
  if (law.compared_left != other.compared_left || law.compared_right != other.compared_right) {
    return "comparison";
  }
  return law == other ? "" : "special registers";
}

/// Runs the same guest on both engines, with slices up to `longest`; the stop that both have come
/// to.
Stop same(Setup setup, std::uint64_t budget, std::uint64_t longest,
          void (*prepare)(Machine&) = nullptr) {
  setup.engine = Engine::interpreter;
  const auto law = Machine::create(setup);
  setup.engine = Engine::translator;
  const auto machine = Machine::create(setup);
  REQUIRE(law.has_value());
  REQUIRE(machine.has_value());
  if (prepare != nullptr) {
    prepare(**law);
    prepare(**machine);
  }
  std::mt19937 random(1);
  Stop stop;
  while (budget != 0 && stop.why == Stop::Why::budget) {
    const std::uint64_t slice = std::min<std::uint64_t>(budget, 1 + random() % longest);
    stop = (*law)->run(slice);
    REQUIRE((*machine)->run(slice) == stop);
    REQUIRE(difference((*law)->state(), (*machine)->state()) == "");
    budget -= slice;
  }
  if (longest > 1000) CHECK((*machine)->translated_instructions() > 0);
  CHECK((memory_of(**law) == memory_of(**machine)));
  CHECK((*law)->output() == (*machine)->output());
  return stop;
}

/// The same whole, and in slices of every size.
Stop same(const Assembly& code, std::vector<Piece> more = {}, std::uint64_t budget = 100'000) {
  more.insert(more.begin(), Piece{kText, code.bytes()});
  Setup setup;
  setup.programs.push_back(program(elf_file(kText, more)));
  const Stop stop = same(setup, budget, 1u << 30);
  for (const std::uint64_t longest : {1, 2, 7, 100, 3000})
    CHECK(same(setup, budget, longest) == stop);
  return stop;
}

/// Begins with a few rounds of a loop, so that machine code is on its way when `code` is reached.
Assembly warm() {
  return Assembly()
      .set(r0, 3)
      .add(Op::dec, r0, 0, 1)
      .add(Op::cmp, r0, r13)
      .add(Op::bne, 0, 0, static_cast<std::uint32_t>(-4));
}

constexpr std::uint32_t kData = 0x8000;

}  // namespace

TEST_CASE("random programs do the same as machine code, whole and in slices") {
  std::uint64_t translated = 0;
  for (std::uint32_t seed = 0; seed < 1000; ++seed) {
    std::mt19937 random(seed);
    const Bytes code = random_code(random);
    INFO("seed ", seed);
    const auto law = random_guest(code, seed);
    const auto machine = random_guest(code, seed, Engine::translator);
    const std::uint32_t longest = 1 + random() % 2000;
    for (std::uint64_t left = 5000; left != 0;) {
      const std::uint64_t slice = std::min<std::uint64_t>(left, 1 + random() % longest);
      const Stop stop = law->run(slice);
      REQUIRE(machine->run(slice) == stop);
      REQUIRE(difference(law->state(), machine->state()) == "");
      if (stop.why != Stop::Why::budget) break;
      left -= slice;
    }
    CHECK((memory_of(*law) == memory_of(*machine)));
    translated += machine->translated_instructions();
  }
  CHECK(translated > 100'000);
}

TEST_CASE("what the host refuses in the middle of a block is the guest's fault, exactly there") {
  // Lazily known values of all kinds stand around the access: constants, sums, offsets, copies.
  const auto before = [](std::uint32_t address) {
    return warm()
        .set(r1, address)
        .set(r2, 5)
        .add(Op::mov, r3, r1)
        .add(Op::add, r3, r2)
        .add(Op::inc, r2, 0, 9)
        .add(Op::mov, r5, r2)
        .add(Op::mov, r11, r3)
        .add(Op::sub, r3, r5);
  };
  const Op loads[] = {Op::ld_l, Op::ld_s, Op::ld_b}, stores[] = {Op::st_l, Op::st_s, Op::st_b};
  for (const std::uint32_t address : {kData + 0xffdu, kData + 0x2000u, 0u, 0xfffffffdu, 0xffffu}) {
    for (const Op load : loads) {
      for (const unsigned to : {r1, r3, r5, r4}) {
        same(before(address).add(load, to, r1).add(load, r4, r11).exit(),
             {{kData, {}, 0x1000, Access::read_write}});
      }
    }
    for (const Op store : stores) {
      same(before(address).add(store, r1, r3).add(store, r11, r11).exit(),
           {{kData, {}, 0x1000, Access::read_write}});
    }
  }
  // Text is there, but not to be written.
  CHECK(same(before(kText).add(Op::st_b, r1, r2).exit()).fault.address == kText);
}

TEST_CASE("accesses wrap around as the interpreter's do") {
  for (const Op access : {Op::ldo_l, Op::sto_l}) {
    const bool is_load = access == Op::ldo_l;
    for (const std::uint32_t base : {0x10u, 0xfffffff0u, kData - 0x7000}) {
      for (const std::uint32_t offset : {0x7000u, 0xffff8ff0u}) {
        same(warm()
                 .set(r1, base)
                 .add(Op::add, r1, r13)
                 .add(access, is_load ? r2 : r1, is_load ? r1 : r2, offset)
                 .exit(),
             {{kData, {1, 2, 3, 4}, 0x1000, Access::read_write}});
      }
    }
  }
  // A sum of registers that is beyond 2^32, and an index that is, shifted.
  CHECK(same(warm()
                 .set(r1, 0xffff0000)
                 .set(r2, 0x10000 + kData)
                 .add(Op::add, r1, r13)
                 .add(Op::add, r2, r13)
                 .add(Op::mov, r3, r1)
                 .add(Op::add, r3, r2)
                 .add(Op::ld_l, r0, r3)
                 .exit(),
             {{kData, {77}, 0x1000, Access::read_write}})
            .exit_code == 77);
}

TEST_CASE("pages that are partly writable are so to machine code, too") {
  // Text and data on one page, as old linker scripts have it.
  const Piece data{kText + 0x800, {1, 2, 3, 4, 5, 6, 7, 8}, 0x100, Access::read_write};
  CHECK(same(warm()
                 .set(r1, kText + 0x804)
                 .set(r2, 41)
                 .add(Op::st_b, r1, r2)
                 .add(Op::ld_b, r0, r1)
                 .add(Op::inc, r0, 0, 1)
                 .exit(),
             {data})
            .exit_code == 42);
  const Stop stop = same(warm().set(r1, kText + 2).add(Op::st_b, r1, r1).exit(), {data});
  CHECK(stop.fault == Fault{Signal::bus, kText + 2, stop.fault.pc});
}

TEST_CASE("page 0 is there from where a program begins, and not below") {
  Setup setup;
  Bytes low(0x40, 9);
  setup.programs.push_back(program(elf_file(
      kText, {{0xf80, low}, {kText, warm().set(r1, 0xf84).add(Op::ld_b, r0, r1).exit().bytes()}})));
  CHECK(same(setup, 1000, 1u << 20).exit_code == 9);
  setup.programs[0] = program(elf_file(
      kText, {{0xf80, low}, {kText, warm().set(r1, 0xf7f).add(Op::ld_b, r0, r1).exit().bytes()}}));
  CHECK(same(setup, 1000, 1u << 20).fault.address == 0xf7f);
}

TEST_CASE("operands that are known by each other's places are read as they are") {
  // One is a copy of the other, which then moves on.
  for (const Op operation : {Op::ashl, Op::lshr, Op::ashr, Op::add, Op::sub, Op::or_, Op::mul,
                             Op::umul_x, Op::udiv, Op::cmp}) {
    for (const bool swapped : {false, true}) {
      for (const unsigned copy : {r1, r5, r11}) {
        Assembly code = warm().set(r2, 7).add(Op::or_, r2, r0).add(Op::mov, copy, r2);
        code.add(Op::inc, r2, 0, 4);
        code.add(operation, swapped ? r2 : copy, swapped ? copy : r2);
        for (const Op branch : {Op::bgtu, Op::beq})
          code.add(branch, 0, 0, 4).add(Op::inc, r0, 0, 3);
        same(code.exit());
        same(code.add(Op::ldi_l, r3, 0, 9).add(Op::bltu, 0, 0, 4).add(Op::inc, r0, 0, 1).exit());
      }
    }
  }
}

TEST_CASE("a branch out of the middle of a block leaves everything as it should be") {
  // What waits to be computed when it is taken: constants, copies, sums, shifts, a stack pointer.
  for (const Op branch : {Op::beq, Op::bne, Op::bltu, Op::bge}) {
    for (const std::uint32_t value : {0u, 1u, 2u, 50u}) {
      Assembly code = warm().set(r2, value).add(Op::add, r2, r0).set(r3, 1);
      code.add(Op::gsr, sp, 0, 7).add(Op::push, sp, r2).set(r7, 40).add(Op::mov, r8, r2);
      code.add(Op::add, r8, r7).set(r9, 3).add(Op::ashl, r8, r9).add(Op::mov, r10, r2);
      const Assembly rest = Assembly()
                                .add(Op::mov, r4, r8)
                                .add(Op::push, sp, r4)
                                .add(Op::inc, r2, 0, 1)
                                .add(Op::cmp, r4, r7);
      code.add(Op::cmp, r2, r3).add(branch, 0, 0, 2 + rest.size() + 2).raw(rest.bytes());
      code.add(branch, 0, 0, 4).add(Op::inc, r0, 0, 2);
      code.add(branch, 0, 0, 4).add(Op::inc, r0, 0, 1).exit();  // Still of the first or the second.
      same(code);
    }
  }
}

TEST_CASE("functions that use all registers call each other") {
  // Two loops that want different registers of the host, a call in each round of the first, and an
  // access in the second.
  const auto busy = [](Assembly& code, unsigned first, unsigned last) {
    for (unsigned reg = first; reg <= last; ++reg) code.add(Op::inc, reg, 0, reg);
    for (unsigned reg = first; reg < last; ++reg) code.add(Op::xor_, reg, reg + 1);
  };
  const auto code = [&busy](std::uint32_t address) {
    Assembly main;
    main.add(Op::gsr, sp, 0, 7).set(r13, 50);
    const std::uint32_t loop = main.size();
    busy(main, r0, r12);
    Assembly rest;
    rest.add(Op::dec, r13, 0, 1).set(r0, 0).add(Op::cmp, r13, r0);
    const std::uint32_t function = kText + main.size() + 6 + rest.size() + 2 + 6;
    main.add(Op::jsra, 0, 0, function).raw(rest.bytes());
    main.add(Op::bne, 0, 0, loop - main.size()).exit();
    REQUIRE(kText + main.size() == function);
    main.set(r10, 20).set(r11, address).set(r12, 0);
    const std::uint32_t inner = main.size();
    for (int i = 0; i < 3; ++i) busy(main, r5, r9);
    main.set(r11, address).add(Op::add, r11, r13).add(Op::ld_b, r9, r11).add(Op::dec, r10, 0, 1);
    main.add(Op::cmp, r10, r12).add(Op::bgt, 0, 0, inner - main.size()).add(Op::ret);
    return main;
  };
  CHECK(same(code(kData), {{kData, {}, 0x1000, Access::read_write}}).why == Stop::Why::exited);
  // Beyond the last address, where nothing is.
  CHECK(same(code(0xffffffe0)).fault.signal == Signal::bus);
}

TEST_CASE("divisions that have no result, or -1 below, are the interpreter's") {
  for (const Op operation : {Op::div, Op::udiv, Op::mod, Op::umod}) {
    for (const std::uint32_t divisor : {0u, 1u, 2u, 0xffffffffu, 0x80000000u}) {
      for (const std::uint32_t value : {0u, 100u, 0x80000000u, 0xffffffffu}) {
        for (const unsigned a : {r0, r1, r5, r9}) {  // in rdx or not, in a register or not
          same(warm()
                   .set(r4, divisor)
                   .set(a, value)
                   .add(Op::add, r4, r13)
                   .add(operation, a, r4)
                   .exit());
          same(warm().set(a, value).set(r4, divisor).add(operation, a, r4).exit());
        }
      }
    }
  }
}

TEST_CASE("deep recursion, and returns to where nobody called from") {
  // sp = top; f(n): if (n) f(n - 1)
  Assembly deep;
  deep.add(Op::gsr, sp, 0, 7).set(r0, 4000);
  deep.add(Op::jsra, 0, 0, kText + 2 + 6 + 6 + 6).exit();
  deep.add(Op::cmp, r0, r13).add(Op::beq, 0, 0, 10).add(Op::dec, r0, 0, 1);
  deep.add(Op::jsra, 0, 0, kText + 20).add(Op::ret);
  CHECK(same(deep).why == Stop::Why::exited);

  // The function changes its return address to skip an instruction.
  Assembly skip;
  skip.add(Op::gsr, sp, 0, 7).set(r0, 1);
  skip.add(Op::jsra, 0, 0, kText + 2 + 6 + 6 + 6 + 6);
  skip.set(r0, 2).exit();
  skip.add(Op::ldo_l, r1, fp, 4).add(Op::inc, r1, 0, 6).add(Op::sto_l, fp, r1, 4).add(Op::ret);
  CHECK(same(skip).exit_code == 1);
}

TEST_CASE("code that changes, on the stack and in writable segments, is executed as it stands") {
  Assembly own;
  own.set(r0, 0)
      .add(Op::inc, r0, 0, 1)
      .add(Op::sta_l, r0, 0, kData + 2)
      .set(r1, 10)
      .add(Op::cmp, r0, r1)
      .add(Op::bne, 0, 0, static_cast<std::uint32_t>(-22))
      .exit();
  CHECK(same(warm().add(Op::jmpa, 0, 0, kData), {{kData, own.bytes(), 0, Access::read_write}})
            .exit_code == 10);
  CHECK(same(warm()
                 .add(Op::gsr, sp, 0, 7)
                 .add(Op::dec, sp, 0, 40)
                 .add(Op::mov, r4, sp)
                 .set(r1, 0x00013000)
                 .add(Op::st_l, r4, r1)
                 .set(r1, 0)
                 .add(Op::sto_l, r4, r1, 4)
                 .set(r0, 33)
                 .add(Op::jsr, r4))
            .exit_code == 33);
}

TEST_CASE("jumps by register lead to code, to odd addresses and to none") {
  const std::uint32_t behind = warm().size() + 6 + 2;
  for (const std::uint32_t target :
       {kText + behind, kText + behind + 1, 0u, 0xffffffffu, kText + 1}) {
    same(warm().set(r1, target).add(Op::jmp, r1).set(r0, 7).exit());
    same(warm().add(Op::gsr, sp, 0, 7).set(r1, target + 2).add(Op::jsr, r1).set(r0, 7).exit());
  }
}

TEST_CASE("an interrupt stops endless machine code") {
  const auto machine = [] {
    Setup setup;
    setup.engine = Engine::translator;
    return guest(warm().add(Op::jmpa, 0, 0, kText + warm().size()), {}, setup);
  }();
  machine->run(1000);
  std::thread other([&machine] { machine->interrupt(); });
  CHECK(machine->run(Machine::kUnlimited).why == Stop::Why::interrupted);
  other.join();
  CHECK(machine->translated_instructions() > 100);
}

TEST_CASE("64 guests of one program share its machine code on two threads") {
  Assembly code;
  code.set(r2, 3000);
  const std::uint32_t loop = code.size();
  code.add(Op::inc, r1, 0, 3).add(Op::dec, r2, 0, 1).add(Op::push, r4, r2).add(Op::cmp, r2, r3);
  code.add(Op::bne, 0, 0, loop - code.size()).add(Op::mov, r0, r1).add(Op::ld_b, r5, r13).exit();
  Setup setup;
  setup.engine = Engine::translator;
  setup.programs = {program(elf_file(kText, {{kText, code.bytes()}}))};
  std::atomic<int> next = 0, right = 0;
  const auto work = [&] {
    while (next++ < 64) {
      const auto machine = Machine::create(setup);
      if (!machine) return;
      (*machine)->state().registers[r4] = (*machine)->state().special[7];
      Stop stop;
      while (stop.why == Stop::Why::budget) stop = (*machine)->run(500);
      // The load of address 0 is refused on both threads at once.
      if (stop.fault.signal == Signal::bus && (*machine)->state().registers[r0] == 9000) ++right;
    }
  };
  std::thread one(work), two(work);
  one.join();
  two.join();
  CHECK(right == 64);
}

TEST_CASE("faults that are not a guest's go to whoever had them before") {
  // Run apart: what had the signal before machine code was entered ends the process.
  const pid_t child = ::fork();
  if (child == 0) {
    struct sigaction own {};
    own.sa_handler = [](int) { ::_exit(77); };
    ::sigaction(SIGSEGV, &own, nullptr);
    Setup setup;
    setup.engine = Engine::translator;
    const auto machine = guest(warm().set(r1, 0).add(Op::ld_b, r0, r1).exit(), {}, setup);
    if (machine->run(1000).fault.signal != Signal::bus) ::_exit(1);
    ::raise(SIGSEGV);
    ::_exit(2);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 77);
}
