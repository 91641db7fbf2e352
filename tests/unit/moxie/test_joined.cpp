// What is executed as one does what its instructions do one by one: every row of joined.inc.
#include <doctest/doctest.h>

#include <random>

#include "tests/unit/moxie/assemble.h"

using namespace cosmoo::moxie;
using namespace cosmoo::moxie::testing;
using Op = Operation;

namespace {

constexpr std::uint32_t kData = 0x8000, kDataLength = 0x2000;

enum class Link : std::uint8_t { any, same, feeds };

struct Row {
  const char* text;
  std::vector<Op> operations;
  Link link;
};

const Row kRows[] = {
#define MOXIE_PAIR(first, second, link) \
  {#first " " #second " " #link, {Op::first, Op::second}, Link::link},
#define MOXIE_COMPARE(branch) {"cmp " #branch, {Op::cmp, Op::branch}, Link::any},
#define MOXIE_LOOP(first, link, branch) \
  {#first " cmp " #branch " " #link, {Op::first, Op::cmp, Op::branch}, Link::link},
#include "sandbox/moxie/joined.inc"
#undef MOXIE_PAIR
#undef MOXIE_COMPARE
#undef MOXIE_LOOP
};

/// The row's instructions with operands made up, and something to jump to.
Bytes code_of(const Row& row, std::mt19937& random) {
  Assembly code;
  unsigned first_a = 0;
  for (std::size_t i = 0; i < row.operations.size(); ++i) {
    const Op operation = row.operations[i];
    unsigned a = random() % 16, b = random() % 16;
    if (i == 0) first_a = a;
    if (i == 1 && row.link == Link::same) a = first_a;
    if (i == 1 && row.link == Link::feeds) b = first_a;
    std::uint32_t immediate = random();
    if (info(operation).shape == Shape::branch) immediate = 8;
    if (info(operation).shape == Shape::reg_imm32 && random() % 2 == 0) {
      immediate = kData + random() % kDataLength;
    }
    if (info(operation).shape == Shape::reg_offset || info(operation).shape == Shape::offset_reg) {
      immediate = random() % 64;
    }
    code.add(operation, a, b, immediate);
  }
  return code.exit().exit().exit().bytes();
}

std::unique_ptr<Machine> guest_of(const Bytes& code, std::uint32_t seed) {
  auto machine = guest(code, {{kData, Bytes(0x1000, 0x5a), 0x1000, Access::read_write}});
  std::mt19937 random(seed);
  // Addresses mostly; numbers, which are none; and the same ones, for comparisons.
  for (auto& reg : machine->state().registers) {
    const std::uint32_t kind = random() % 8;
    reg = kind == 0 ? random() : kind == 1 ? random() % 3 : kData + (random() % kDataLength & ~3u);
  }
  return machine;
}

Bytes data_of(const Machine& machine) {
  Bytes data(kDataLength);
  REQUIRE(machine.memory().read(kData, data.data(), data.size()));
  return data;
}

}  // namespace

TEST_CASE("what is joined does what its instructions do, wherever it is stopped") {
  for (const Row& row : kRows) {
    CAPTURE(row.text);
    int went_on = 0;
    for (std::uint32_t seed = 0; seed < 12; ++seed) {
      std::mt19937 random(seed);
      const Bytes code = code_of(row, random);
      for (std::uint64_t budget = 0; budget <= row.operations.size(); ++budget) {
        const auto fast = guest_of(code, seed), slow = guest_of(code, seed);
        const Stop stop = fast->run(budget);
        Stop slow_stop;
        for (std::uint64_t i = 0; i < budget && slow_stop.why == Stop::Why::budget; ++i) {
          slow_stop = slow->step();
        }
        CHECK((stop == slow_stop));
        CHECK((fast->state() == slow->state()));
        CHECK((data_of(*fast) == data_of(*slow)));
        if (stop.why != Stop::Why::fault) ++went_on;
      }
    }
    CHECK(went_on > 12);
  }
}
