// One table with a case for every row of instructions.inc: what it makes of registers, memory and
// pc.
#include <doctest/doctest.h>

#include <set>
#include <string>

#include "tests/unit/moxie/assemble.h"

using namespace cosmoo::moxie;
using namespace cosmoo::moxie::testing;
using Op = Operation;

namespace {

constexpr std::uint32_t kData = 0x8000;  ///< 01 82 03 84 05 86 07 88, and zeros.
constexpr std::uint32_t kStack = kData + 0x100;
constexpr std::uint32_t kFrame = kData + 0x200;  ///< Of a caller with $fp 0x11112222, at kBack.
constexpr std::uint32_t kBack = kText + 0x40;
constexpr std::uint32_t kNext = 0;  ///< As a target: the instruction behind.
constexpr std::uint32_t kMin = 0x80000000;
constexpr std::uint32_t kOnes = 0xffffffff;

/// $r3 is the A of the instruction and $r9 its B.
struct Case {
  Op operation;
  std::uint32_t a, b, immediate;
  std::uint32_t a_after;
  std::uint32_t b_after;
  std::uint32_t word_after = 0x84038201;  ///< At kData.
  std::uint32_t pc_after = kNext;
};

const Case kCases[] = {
    {Op::ldi_l, 5, 6, 0xdeadbeef, 0xdeadbeef, 6},
    {Op::ldi_s, 5, 6, 0xdeadbeef, 0xdeadbeef, 6},
    {Op::ldi_b, 5, 6, 0xdeadbeef, 0xdeadbeef, 6},
    {Op::mov, 5, kOnes, 0, kOnes, kOnes},
    {Op::add, kOnes, 2, 0, 1, 2},
    {Op::add, 0x7fffffff, 1, 0, kMin, 1},
    {Op::sub, 1, 2, 0, kOnes, 2},
    {Op::sub, kMin, 1, 0, 0x7fffffff, 1},
    {Op::and_, 0xff00ff00, 0x0ff00ff0, 0, 0x0f000f00, 0x0ff00ff0},
    {Op::or_, 0xff00ff00, 0x0ff00ff0, 0, 0xfff0fff0, 0x0ff00ff0},
    {Op::xor_, 0xff00ff00, 0x0ff00ff0, 0, 0xf0f0f0f0, 0x0ff00ff0},
    {Op::not_, 5, 0, 0, kOnes, 0},
    {Op::neg, 5, kMin, 0, kMin, kMin},
    {Op::neg, 5, 1, 0, kOnes, 1},
    {Op::ashl, 3, 33, 0, 6, 33},
    {Op::ashl, 3, 31, 0, kMin, 31},
    {Op::lshr, kMin, 63, 0, 1, 63},
    {Op::lshr, kMin, 32, 0, kMin, 32},
    {Op::ashr, kMin, 63, 0, kOnes, 63},
    {Op::ashr, kMin, 4, 0, 0xf8000000, 4},
    {Op::mul, kOnes, 7, 0, static_cast<std::uint32_t>(-7), 7},
    {Op::mul, 0x10000, 0x10000, 0, 0, 0x10000},
    {Op::umul_x, kOnes, kOnes, 0, 0xfffffffe, kOnes},
    {Op::mul_x, kOnes, kOnes, 0, 0, kOnes},
    {Op::mul_x, kMin, 2, 0, kOnes, 2},
    {Op::div, static_cast<std::uint32_t>(-7), 2, 0, static_cast<std::uint32_t>(-3), 2},
    {Op::udiv, static_cast<std::uint32_t>(-7), 2, 0, 0x7ffffffc, 2},
    {Op::mod, static_cast<std::uint32_t>(-7), 2, 0, kOnes, 2},
    {Op::umod, static_cast<std::uint32_t>(-7), 2, 0, 1, 2},
    {Op::sex_b, 5, 0x1280, 0, 0xffffff80, 0x1280},
    {Op::sex_s, 5, 0x128000, 0, 0xffff8000, 0x128000},
    {Op::zex_b, 5, 0xffffff80, 0, 0x80, 0xffffff80},
    {Op::zex_s, 5, 0xffff8000, 0, 0x8000, 0xffff8000},
    {Op::inc, kOnes, 6, 255, 254, 6},
    {Op::dec, 1, 6, 255, static_cast<std::uint32_t>(-254), 6},
    {Op::nop, 5, 6, 0, 5, 6},
    {Op::cmp, 5, 6, 0, 5, 6},

    {Op::ld_l, 5, kData, 0, 0x84038201, kData},
    {Op::ld_s, 5, kData, 0, 0x8201, kData},
    {Op::ld_b, 5, kData + 1, 0, 0x82, kData + 1},
    {Op::lda_l, 5, 6, kData + 1, 0x05840382, 6},
    {Op::lda_s, 5, 6, kData + 2, 0x8403, 6},
    {Op::lda_b, 5, 6, kData + 3, 0x84, 6},
    {Op::ldo_l, 5, kData + 8, static_cast<std::uint32_t>(-4), 0x88078605, kData + 8},
    {Op::ldo_s, 5, kData, 6, 0x8807, kData},
    {Op::ldo_b, 5, kData, 7, 0x88, kData},
    {Op::st_l, kData, 0xddccbbaa, 0, kData, 0xddccbbaa, 0xddccbbaa},
    {Op::st_s, kData, 0xddccbbaa, 0, kData, 0xddccbbaa, 0x8403bbaa},
    {Op::st_b, kData, 0xddccbbaa, 0, kData, 0xddccbbaa, 0x840382aa},
    {Op::sta_l, 0xddccbbaa, 6, kData, 0xddccbbaa, 6, 0xddccbbaa},
    {Op::sta_s, 0xddccbbaa, 6, kData, 0xddccbbaa, 6, 0x8403bbaa},
    {Op::sta_b, 0xddccbbaa, 6, kData, 0xddccbbaa, 6, 0x840382aa},
    {Op::sto_l, kData + 4, 0xddccbbaa, static_cast<std::uint32_t>(-4), kData + 4, 0xddccbbaa,
     0xddccbbaa},
    {Op::sto_s, kData, 0xddccbbaa, 2, kData, 0xddccbbaa, 0xbbaa8201},
    {Op::sto_b, kData, 0xddccbbaa, 1, kData, 0xddccbbaa, 0x8403aa01},
    {Op::push, kData + 4, 0xddccbbaa, 0, kData, 0xddccbbaa, 0xddccbbaa},
    {Op::pop, kData, 6, 0, kData + 4, 0x84038201},

    {Op::jmp, 0x12345, 6, 0, 0x12345, 6, 0x84038201, 0x12345},
    {Op::jmpa, 5, 6, 0x12345, 5, 6, 0x84038201, 0x12345},
    {Op::jsr, 0x12345, 6, 0, 0x12345, 6, 0x84038201, 0x12345},
    {Op::jsra, 5, 6, 0x12345, 5, 6, 0x84038201, 0x12345},
    {Op::ret, 5, 6, 0, 5, 6, 0x84038201, kBack},
    {Op::gsr, 5, 6, 200, 0xc8c8c8c8, 6},
    {Op::ssr, 5, 6, 200, 5, 6},
    {Op::swi, 5, 6, 12345, 5, 6},

    // What was compared last is 1 and -1.
    {Op::beq, 5, 6, 100, 5, 6},
    {Op::bne, 5, 6, 100, 5, 6, 0x84038201, kText + 100},
    {Op::blt, 5, 6, 100, 5, 6},
    {Op::bgt, 5, 6, 100, 5, 6, 0x84038201, kText + 100},
    {Op::bltu, 5, 6, 100, 5, 6, 0x84038201, kText + 100},
    {Op::bgtu, 5, 6, 100, 5, 6},
    {Op::bge, 5, 6, 100, 5, 6, 0x84038201, kText + 100},
    {Op::ble, 5, 6, 100, 5, 6},
    {Op::bgeu, 5, 6, 100, 5, 6},
    {Op::bleu, 5, 6, 100, 5, 6, 0x84038201, kText + 100},
};

std::unique_ptr<Machine> prepared(const Case& row) {
  Bytes data = {1, 0x82, 3, 0x84, 5, 0x86, 7, 0x88};
  data.resize(kFrame - kData);
  Assembly frame;  // Its words are those of immediates.
  for (const std::uint32_t word : {0x11112222u, kBack})
    for (unsigned i = 0; i < 4; ++i) frame.raw({static_cast<std::uint8_t>(word >> 8 * i)});
  data.insert(data.end(), frame.bytes().begin(), frame.bytes().end());
  auto machine = guest(Assembly().add(row.operation, r3, r9, row.immediate).add(Op::nop),
                       {{kData, data, 0x1000, Access::read_write}});
  State& state = machine->state();
  for (unsigned i = 0; i < 16; ++i) state.registers[i] = 0x01010101 * i;
  state.registers[fp] = kFrame;
  state.registers[sp] = kStack;
  state.registers[r3] = row.a;
  state.registers[r9] = row.b;
  state.special[200] = 0xc8c8c8c8;
  state.compared_left = 1;
  state.compared_right = kOnes;
  return machine;
}

/// What the state must be afterwards.
State expected(const Case& row, const State& before) {
  State after = before;
  const std::uint32_t behind = kText + length(info(row.operation).shape);
  after.registers[r3] = row.a_after;
  after.registers[r9] = row.b_after;
  after.pc = row.pc_after == kNext ? behind : row.pc_after;
  after.instructions = 1;
  switch (row.operation) {
    case Op::cmp:
      after.compared_left = row.a;
      after.compared_right = row.b;
      break;
    case Op::jsr:
    case Op::jsra:
      after.registers[fp] = after.registers[sp] = kStack - 12;
      break;
    case Op::ret:
      after.registers[fp] = 0x11112222;
      after.registers[sp] = kFrame + 12;
      break;
    case Op::ssr:
      after.special[row.immediate] = row.a;
      break;
    case Op::swi:
      after.special[special::kException] = 3;
      after.special[special::kSystemCall] = row.immediate;
      break;
    default:
      break;
  }
  return after;
}

}  // namespace

TEST_CASE("each instruction does what its row of the table of cases says, and nothing else") {
  for (const Case& row : kCases) {
    INFO(std::string(info(row.operation).text), " ", row.a, " ", row.b);
    const auto fast = prepared(row), slow = prepared(row);
    const State after = expected(row, fast->state());
    CHECK(fast->run(1) == Stop{});
    CHECK(slow->step() == Stop{});
    for (const Machine* machine : {fast.get(), slow.get()}) {
      CHECK((machine->state() == after));
      std::uint32_t word = 0;
      REQUIRE(machine->memory().read(kData, &word, sizeof word));
      CHECK(word == row.word_after);
    }
    if (info(row.operation).flow != Flow::call) continue;
    std::uint32_t saved[2] = {};
    REQUIRE(fast->memory().read(kStack - 12, saved, sizeof saved));
    CHECK(saved[0] == kFrame);
    CHECK(saved[1] == kText + length(info(row.operation).shape));
  }
}

TEST_CASE("each row of the instruction set has a case, or a fault of its own") {
  std::set<Op> covered = {Op::brk};  // test_faults.cpp
  for (const Case& row : kCases) covered.insert(row.operation);
  for (std::size_t i = 0; i + 1 < kOperations; ++i) {
    const auto operation = static_cast<Op>(i);
    CHECK_MESSAGE(covered.contains(operation), std::string(info(operation).text));
  }
}
