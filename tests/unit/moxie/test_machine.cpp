// A guest's run from outside: budget, slices, interruption, exit, system calls, outputs.
#include <doctest/doctest.h>

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
