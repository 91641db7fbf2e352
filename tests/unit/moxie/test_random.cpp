// Programs made up at random end in the same state however they are run: whole, in slices, an
// instruction at a time.
#include <doctest/doctest.h>

#include <cstring>
#include <random>

#include "sandbox/moxie/observer.h"
#include "tests/unit/moxie/assemble.h"

using namespace cosmoo::moxie;
using namespace cosmoo::moxie::testing;
using Op = Operation;

namespace {

constexpr std::uint32_t kData = 0x8000;
constexpr std::uint64_t kBudget = 3000;

/// Mostly sensible: targets within the code, addresses around the data; sometimes any bytes.
Bytes random_code(std::mt19937& random) {
  const auto below = [&random](std::uint32_t end) { return random() % end; };
  Assembly code;
  const std::uint32_t size = 60 + below(400);
  while (code.size() < size) {
    if (below(150) == 0) {
      code.raw({static_cast<std::uint8_t>(below(256)), static_cast<std::uint8_t>(below(256))});
      continue;
    }
    // What is joined comes up more often than chance would have it.
    static constexpr Op kCommon[] = {Op::mov, Op::add,   Op::cmp, Op::inc,  Op::ldi_l, Op::push,
                                     Op::pop, Op::ldo_l, Op::bne, Op::bltu, Op::ld_b,  Op::sto_l};
    const auto operation = below(2) == 0 ? kCommon[below(std::size(kCommon))]
                                         : static_cast<Op>(below(kOperations - 1));
    if (operation == Op::brk || operation == Op::ret) continue;
    std::uint32_t immediate = random();
    switch (info(operation).shape) {
      case Shape::imm32:
        immediate = operation == Op::swi ? below(3) * 45 : kText + below(size);
        break;
      case Shape::branch:
        immediate = (below(64) - 24) * 2;
        break;
      case Shape::reg_imm32:
      case Shape::reg_address:
      case Shape::address_reg:
        if (below(30) != 0) immediate = kData + below(0x1000);
        break;
      case Shape::reg_offset:
      case Shape::offset_reg:
        immediate = below(64);
        break;
      case Shape::reg_small:
        if (operation == Op::ssr) immediate = 10 + below(100);
        break;
      default:
        break;
    }
    code.add(operation, below(16), below(16), immediate);
  }
  return code.bytes();
}

std::unique_ptr<Machine> random_guest(const Bytes& code, std::uint32_t seed) {
  auto machine = guest(code, {{kData, Bytes(0x1000, 0x5a), 0x1000, Access::read_write}});
  std::mt19937 random(seed);
  for (auto& reg : machine->state().registers) reg = kData + random() % 0x1800;
  machine->state().registers[sp] = machine->state().special[7] - 256;
  return machine;
}

Bytes memory_of(const Machine& machine) {
  Bytes all;
  for (const MemoryRange& range : machine.ranges()) {
    const std::size_t at = all.size();
    all.resize(at + range.length);
    REQUIRE(machine.memory().read(range.start, all.data() + at, range.length));
  }
  return all;
}

/// Runs until something but a slice's end stops it, or the budget is used up.
template <typename Run>
Stop in_slices(std::uint64_t budget, Run run) {
  Stop stop;
  while (budget != 0) {
    const std::uint64_t slice = run(budget, stop);
    if (stop.why != Stop::Why::budget) return stop;
    budget -= slice;
  }
  return stop;
}

struct Counter final : Observer {
  void before(const Machine&, const Instruction&) override { ++seen; }
  void after(const Machine&, const Instruction&, const Stop&) override {}
  std::uint64_t seen = 0;
};

}  // namespace

TEST_CASE("a thousand random programs end the same however they are run") {
  std::size_t exhausted = 0, faulted = 0;
  std::uint64_t executed = 0;
  for (std::uint32_t seed = 0; seed < 1000; ++seed) {
    std::mt19937 random(seed);
    const Bytes code = random_code(random);
    INFO("seed ", seed);
    const auto whole = random_guest(code, seed);
    const Stop stop = whole->run(kBudget);
    (stop.why == Stop::Why::budget ? exhausted : faulted) += 1;
    executed += whole->state().instructions;

    const auto sliced = random_guest(code, seed);
    CHECK(in_slices(kBudget, [&](std::uint64_t left, Stop& sliced_stop) {
            const std::uint64_t slice = std::min<std::uint64_t>(left, random() % 50);
            sliced_stop = sliced->run(slice);
            return slice;
          }) == stop);
    CHECK((sliced->state() == whole->state()));

    const auto traced = random_guest(code, seed);
    Counter counter;
    Observer* observers[] = {&counter};
    CHECK(run_observed(*traced, kBudget, observers) == stop);
    CHECK((traced->state() == whole->state()));
    CHECK(counter.seen <= traced->state().instructions);

    const Bytes memory = memory_of(*whole);
    CHECK((memory == memory_of(*sliced)));
    CHECK((memory == memory_of(*traced)));
    CHECK((sliced->ranges() == whole->ranges()));
  }
  // They are worth running: some run on, some fault, and not at once.
  CHECK(exhausted > 20);
  CHECK(faulted > 50);
  CHECK(executed > 100'000);
}

TEST_CASE("a run stopped at n and one allowed n + 1 differ by one instruction") {
  for (std::uint32_t seed = 0; seed < 50; ++seed) {
    std::mt19937 random(seed);
    const Bytes code = random_code(random);
    for (std::uint64_t budget = 0; budget < 60; ++budget) {
      const auto less = random_guest(code, seed), more = random_guest(code, seed);
      const Stop stop = less->run(budget);
      const Stop next = more->run(budget + 1);
      if (stop.why != Stop::Why::budget) {
        CHECK(next == stop);
        break;
      }
      CHECK(less->state().instructions == budget);
      CHECK(more->state().instructions == budget + 1);
      CHECK(less->step() == next);
      CHECK((less->state() == more->state()));
    }
  }
}
