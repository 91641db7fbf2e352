// Programs made up at random end in the same state however they are run: whole, in slices, an
// instruction at a time.
#include <doctest/doctest.h>

#include <random>

#include "sandbox/moxie/observer.h"
#include "tests/unit/moxie/random_guest.h"

using namespace cosmoo::moxie;
using namespace cosmoo::moxie::testing;

namespace {

constexpr std::uint64_t kBudget = 3000;

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
