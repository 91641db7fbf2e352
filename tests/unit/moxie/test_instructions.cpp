// Each instruction by itself: what it makes of its registers, with signs and with wrap.
#include <doctest/doctest.h>

#include <set>

#include "tests/unit/moxie/assemble.h"

using namespace cosmoo::moxie;
using namespace cosmoo::moxie::testing;
using Op = Operation;

namespace {

constexpr std::uint32_t kData = 0x8000;
constexpr std::uint32_t kMin = 0x80000000;
constexpr std::uint32_t kMax = 0x7fffffff;
constexpr std::uint32_t kOnes = 0xffffffff;

/// A guest that executes one instruction, with memory at kData: 01 82 03 84 05 86 07 88, and zeros.
std::unique_ptr<Machine> one(const Bytes& instruction) {
  return guest(Assembly().raw(instruction).add(Op::nop),
               {{kData, {1, 0x82, 3, 0x84, 5, 0x86, 7, 0x88}, 4088, Access::read_write}});
}

std::uint32_t word(const Machine& machine, std::uint32_t address) {
  std::uint32_t value = 0;
  REQUIRE(machine.memory().read(address, &value, sizeof value));
  return value;
}

/// Both ways to execute: filled slots, and the bytes.
void both(Machine& fast, Machine& slow) {
  CHECK(fast.run(1) == Stop{});
  CHECK(slow.step() == Stop{});
  CHECK(fast.state() == slow.state());
}

struct Arithmetic {
  Op operation;
  std::uint32_t a, b, result;
};

const Arithmetic kArithmetic[] = {
    {Op::mov, 1, kOnes, kOnes},
    {Op::add, 2, 3, 5},
    {Op::add, kOnes, 1, 0},
    {Op::add, kMax, 1, kMin},
    {Op::sub, 2, 3, kOnes},
    {Op::sub, kMin, 1, kMax},
    {Op::and_, 0xff00ff00, 0x0ff00ff0, 0x0f000f00},
    {Op::or_, 0xff00ff00, 0x0ff00ff0, 0xfff0fff0},
    {Op::xor_, 0xff00ff00, 0x0ff00ff0, 0xf0f0f0f0},
    {Op::not_, 7, 0x0000ffff, 0xffff0000},
    {Op::neg, 7, 1, kOnes},
    {Op::neg, 7, kMin, kMin},
    {Op::ashl, 1, 31, kMin},
    {Op::ashl, 1, 32, 1},
    {Op::ashl, 3, 33, 6},
    {Op::lshr, kMin, 31, 1},
    {Op::lshr, kMin, 32, kMin},
    {Op::lshr, kOnes, 36, 0x0fffffff},
    {Op::ashr, kMin, 31, kOnes},
    {Op::ashr, kMax, 30, 1},
    {Op::ashr, kMin, 63, kOnes},
    {Op::mul, 7, 6, 42},
    {Op::mul, 0x10001, 0x10001, 0x20001},
    {Op::mul, kOnes, kOnes, 1},
    {Op::umul_x, kOnes, kOnes, 0xfffffffe},
    {Op::umul_x, kMin, 2, 1},
    {Op::mul_x, kOnes, kOnes, 0},         // -1 * -1
    {Op::mul_x, kOnes, 1, kOnes},         // -1 * 1
    {Op::mul_x, kMin, kMin, 0x40000000},  // (-2^31)^2
    {Op::mul_x, kMin, 2, kOnes},          // -2^32
    {Op::mul_x, kMax, kMax, 0x3fffffff},
    {Op::div, 7, static_cast<std::uint32_t>(-2), static_cast<std::uint32_t>(-3)},
    {Op::div, static_cast<std::uint32_t>(-7), 2, static_cast<std::uint32_t>(-3)},
    {Op::div, kMin, 1, kMin},
    {Op::mod, 7, static_cast<std::uint32_t>(-2), 1},
    {Op::mod, static_cast<std::uint32_t>(-7), 2, kOnes},
    {Op::udiv, kOnes, 2, kMax},
    {Op::udiv, kMin, kOnes, 0},
    {Op::umod, kOnes, 10, 5},
    {Op::umod, kMin, kOnes, kMin},
    {Op::sex_b, 0, 0x12345680, 0xffffff80},
    {Op::sex_b, 0, 0xffffff7f, 0x7f},
    {Op::sex_s, 0, 0x12348000, 0xffff8000},
    {Op::sex_s, 0, 0xffff7fff, 0x7fff},
    {Op::zex_b, 0, 0xffffff80, 0x80},
    {Op::zex_s, 0, 0xffff8000, 0x8000},
};

}  // namespace

TEST_CASE("what two registers make of each other") {
  for (const Arithmetic& row : kArithmetic) {
    INFO(std::string(info(row.operation).text), " ", row.a, " ", row.b);
    const auto fast = one(encode(row.operation, r3, r9)), slow = one(encode(row.operation, r3, r9));
    for (Machine* machine : {fast.get(), slow.get()}) {
      machine->state().registers[r3] = row.a;
      machine->state().registers[r9] = row.b;
    }
    both(*fast, *slow);
    CHECK(fast->state().registers[r3] == row.result);
    CHECK(fast->state().registers[r9] == row.b);
    CHECK(fast->state().pc == kText + 2);
    CHECK(fast->state().instructions == 1);
  }
}

TEST_CASE("an instruction may name one register twice") {
  const auto twice = [](Op operation, std::uint32_t value) {
    const auto machine = one(encode(operation, r1, r1));
    machine->state().registers[r1] = value;
    CHECK(machine->run(1) == Stop{});
    return machine->state().registers[r1];
  };
  CHECK(twice(Op::add, 21) == 42);
  CHECK(twice(Op::sub, 21) == 0);
  CHECK(twice(Op::xor_, 21) == 0);
  CHECK(twice(Op::mul, 5) == 25);
  CHECK(twice(Op::neg, 5) == static_cast<std::uint32_t>(-5));
  CHECK(twice(Op::ashl, 3) == 24);
  CHECK(twice(Op::div, 9) == 1);
  CHECK(twice(Op::ld_l, kData) == 0x84038201);
  CHECK(twice(Op::pop, kData) == kData + 4);
  const auto pushed = one(encode(Op::push, r1, r1));
  pushed->state().registers[r1] = kData + 8;
  CHECK(pushed->run(1) == Stop{});
  CHECK(pushed->state().registers[r1] == kData + 4);
  CHECK(word(*pushed, kData + 4) == kData + 8);
}

TEST_CASE("immediates, small values and their signs") {
  struct Row {
    Op operation;
    std::uint32_t before, immediate, after;
  };
  const Row rows[] = {{Op::ldi_l, 9, 0xdeadbeef, 0xdeadbeef},
                      {Op::ldi_b, 9, 0x12345678, 0x12345678},
                      {Op::ldi_s, 9, 0x12345678, 0x12345678},
                      {Op::inc, kOnes, 2, 1},
                      {Op::inc, 0, 255, 255},
                      {Op::dec, 0, 1, kOnes},
                      {Op::dec, 0, 255, kOnes - 254}};
  for (const Row& row : rows) {
    INFO(std::string(info(row.operation).text));
    const Bytes bytes = encode(row.operation, r5, 0, row.immediate);
    const auto fast = one(bytes), slow = one(bytes);
    for (Machine* machine : {fast.get(), slow.get()}) machine->state().registers[r5] = row.before;
    both(*fast, *slow);
    CHECK(fast->state().registers[r5] == row.after);
    CHECK(fast->state().pc == kText + bytes.size());
  }
}

TEST_CASE("loads fill a register with zeros before a byte or two") {
  struct Row {
    Op operation;
    std::uint32_t base, immediate, result;
  };
  const Row rows[] = {
      {Op::ld_l, kData, 0, 0x84038201},
      {Op::ld_s, kData, 0, 0x8201},
      {Op::ld_b, kData + 1, 0, 0x82},
      {Op::ld_l, kData + 1, 0, 0x05840382},  // not aligned
      {Op::ld_s, kData + 1, 0, 0x0382},
      {Op::ldo_l, kData, 4, 0x88078605},
      {Op::ldo_l, kData + 8, static_cast<std::uint32_t>(-4), 0x88078605},
      {Op::ldo_l, kData - 0x7fff, 0x7fff, 0x84038201},
      {Op::ldo_l, kData + 0x8000, static_cast<std::uint32_t>(-0x8000), 0x84038201},
      {Op::ldo_s, kData, 2, 0x8403},
      {Op::ldo_b, kData, 3, 0x84},
      {Op::lda_l, 0, kData, 0x84038201},
      {Op::lda_s, 0, kData + 6, 0x8807},
      {Op::lda_b, 0, kData + 7, 0x88},
  };
  for (const Row& row : rows) {
    INFO(std::string(info(row.operation).text), " ", row.immediate);
    const Bytes bytes = encode(row.operation, r0, r1, row.immediate);
    const auto fast = one(bytes), slow = one(bytes);
    for (Machine* machine : {fast.get(), slow.get()}) machine->state().registers[r1] = row.base;
    both(*fast, *slow);
    CHECK(fast->state().registers[r0] == row.result);
  }
}

TEST_CASE("stores write the low bytes and nothing beside them") {
  struct Row {
    Op operation;
    std::uint32_t base, immediate, address, result;  ///< The word at `address` afterwards.
  };
  const Row rows[] = {
      {Op::st_l, kData, 0, kData, 0xddccbbaa},
      {Op::st_s, kData, 0, kData, 0x8403bbaa},
      {Op::st_b, kData, 0, kData, 0x840382aa},
      {Op::st_l, kData + 3, 0, kData + 3, 0xddccbbaa},
      {Op::sto_l, kData + 4, static_cast<std::uint32_t>(-4), kData, 0xddccbbaa},
      {Op::sto_s, kData, 2, kData, 0xbbaa8201},
      {Op::sto_b, kData, 1, kData, 0x8403aa01},
  };
  for (const Row& row : rows) {
    INFO(std::string(info(row.operation).text), " ", row.immediate);
    const Bytes bytes = encode(row.operation, r1, r0, row.immediate);
    const auto fast = one(bytes), slow = one(bytes);
    for (Machine* machine : {fast.get(), slow.get()}) {
      machine->state().registers[r0] = 0xddccbbaa;
      machine->state().registers[r1] = row.base;
    }
    both(*fast, *slow);
    CHECK(word(*fast, row.address) == row.result);
    CHECK(word(*slow, row.address) == row.result);
  }
  for (const Op operation : {Op::sta_l, Op::sta_s, Op::sta_b}) {
    const auto machine = one(encode(operation, r0, 0, kData));
    machine->state().registers[r0] = 0xddccbbaa;
    CHECK(machine->run(1) == Stop{});
    const std::uint32_t expected = operation == Op::sta_l   ? 0xddccbbaa
                                   : operation == Op::sta_s ? 0x8403bbaa
                                                            : 0x840382aa;
    CHECK(word(*machine, kData) == expected);
  }
}

TEST_CASE("push and pop use any register as a stack") {
  const auto machine = guest(
      Assembly().set(r7, kData + 8).set(r0, 77).add(Op::push, r7, r0).add(Op::pop, r7, r1).exit(),
      {{kData, {}, 16, Access::read_write}});
  CHECK(machine->run(3) == Stop{});
  CHECK(machine->state().registers[r7] == kData + 4);
  CHECK(machine->run(1) == Stop{});
  CHECK(machine->state().registers[r7] == kData + 8);
  CHECK(machine->state().registers[r1] == 77);
}

TEST_CASE("branches follow the last comparison, with sign and without") {
  struct Row {
    std::uint32_t left, right;
    std::set<Op> taken;
  };
  const Row rows[] = {
      {5, 5, {Op::beq, Op::bge, Op::ble, Op::bgeu, Op::bleu}},
      {4, 5, {Op::bne, Op::blt, Op::ble, Op::bltu, Op::bleu}},
      {5, 4, {Op::bne, Op::bgt, Op::bge, Op::bgtu, Op::bgeu}},
      {kOnes, 1, {Op::bne, Op::blt, Op::ble, Op::bgtu, Op::bgeu}},  // -1 and 1
      {1, kOnes, {Op::bne, Op::bgt, Op::bge, Op::bltu, Op::bleu}},
      {kMin, kMax, {Op::bne, Op::blt, Op::ble, Op::bgtu, Op::bgeu}},
      {0, 0, {Op::beq, Op::bge, Op::ble, Op::bgeu, Op::bleu}},
  };
  const Op branches[] = {Op::beq,  Op::bne, Op::blt, Op::bgt,  Op::bltu,
                         Op::bgtu, Op::bge, Op::ble, Op::bgeu, Op::bleu};
  for (const Row& row : rows) {
    for (const Op branch : branches) {
      INFO(std::string(info(branch).text), " ", row.left, " ", row.right);
      // Forwards by 8; and the same with something between, so that nothing is joined.
      const auto joined = guest(Assembly().add(Op::cmp, r0, r1).add(branch, 0, 0, 8).exit().exit());
      const auto apart =
          guest(Assembly().add(Op::cmp, r0, r1).add(Op::nop).add(branch, 0, 0, 8).exit().exit());
      for (Machine* machine : {joined.get(), apart.get()}) {
        machine->state().registers[r0] = row.left;
        machine->state().registers[r1] = row.right;
      }
      const std::uint32_t step = row.taken.contains(branch) ? 8 : 2;
      CHECK(joined->run(2) == Stop{});
      CHECK(joined->state().pc == kText + 2 + step);
      CHECK(apart->run(3) == Stop{});
      CHECK(apart->state().pc == kText + 4 + step);
      CHECK(apart->state().compared_left == row.left);
      CHECK(joined->state().compared_left == row.left);
      CHECK(joined->state().compared_right == row.right);
    }
  }
  for (const Op branch : branches) {
    const auto nothing_compared = guest(Assembly().add(branch, 0, 0, 8).exit().exit());
    CHECK(nothing_compared->run(1) == Stop{});
    CHECK(nothing_compared->state().pc == kText + 2);
  }
}

TEST_CASE("branches reach 1022 bytes back and 1024 forwards") {
  Assembly code;
  code.add(Op::cmp, r0, r0).add(Op::beq, 0, 0, 1024);
  while (code.size() < 2 + 1024) code.add(Op::nop);
  code.add(Op::beq, 0, 0, static_cast<std::uint32_t>(-1022)).exit();
  const auto machine = guest(code);
  CHECK(machine->run(2) == Stop{});
  CHECK(machine->state().pc == kText + 2 + 1024);
  CHECK(machine->run(1) == Stop{});
  CHECK(machine->state().pc == kText + 2 + 2);
}

TEST_CASE("a call makes a frame and a return takes it down") {
  // 1000: jsra 1008 (6), nop (2); 1008: ret
  const auto machine = guest(Assembly().add(Op::jsra, 0, 0, kText + 8).add(Op::nop).add(Op::ret));
  const std::uint32_t top = machine->state().special[7];
  machine->state().registers[sp] = top;
  machine->state().registers[fp] = 0x1234;
  CHECK(machine->run(1) == Stop{});
  CHECK(machine->state().pc == kText + 8);
  CHECK(machine->state().registers[sp] == top - 12);
  CHECK(machine->state().registers[fp] == top - 12);
  CHECK(word(*machine, top - 12) == 0x1234);
  CHECK(word(*machine, top - 8) == kText + 6);
  CHECK(machine->run(1) == Stop{});
  CHECK(machine->state().pc == kText + 6);
  CHECK(machine->state().registers[sp] == top);
  CHECK(machine->state().registers[fp] == 0x1234);
}

TEST_CASE("jumps and calls lead where a register says, odd addresses included") {
  const auto jump = guest(Assembly().add(Op::jmp, r2));
  jump->state().registers[r2] = 0x77777;
  CHECK(jump->run(1) == Stop{});
  CHECK(jump->state().pc == 0x77777);

  const auto call = guest(Assembly().add(Op::jsr, sp));  // the value before the frame is made
  const std::uint32_t top = call->state().special[7];
  call->state().registers[sp] = top;
  CHECK(call->run(1) == Stop{});
  CHECK(call->state().pc == top);
  CHECK(word(*call, top - 8) == kText + 2);

  const auto far = guest(Assembly().add(Op::jmpa, 0, 0, 0x9999));
  CHECK(far->run(1) == Stop{});
  CHECK(far->state().pc == 0x9999);

  // At 1006 a byte that is skipped, then code at an odd address: r0 = 5, exit.
  const auto odd = guest(Assembly().add(Op::jmpa, 0, 0, kText + 7).raw({0xff}).set(r0, 5).exit());
  const Stop stop = odd->run(100);
  CHECK(stop.why == Stop::Why::exited);
  CHECK(stop.exit_code == 5);
  CHECK(odd->state().instructions == 3);
}

TEST_CASE("special registers are read and written, and swi leaves its number") {
  const auto machine = guest(Assembly()
                                 .set(r0, 99)
                                 .add(Op::ssr, r0, 0, 200)
                                 .add(Op::gsr, r1, 0, 200)
                                 .add(Op::swi, 0, 0, 12345));
  CHECK(machine->run(4) == Stop{});
  CHECK(machine->state().registers[r1] == 99);
  CHECK(machine->state().special[200] == 99);
  CHECK(machine->state().special[2] == 3);
  CHECK(machine->state().special[3] == 12345);
  CHECK(machine->state().pc == kText + 16);
}

TEST_CASE("every opcode that is not in the table is refused") {
  std::size_t undefined = 0;
  for (std::uint32_t first = 0; first < 0x10000; ++first) {
    if (operation_of(static_cast<std::uint16_t>(first)) == Op::undefined) ++undefined;
  }
  // Form 1: 00, 16 to 18, 3a to 7f; form 3: conditions 10 to 15.
  CHECK(undefined == (1 + 3 + 0x46) * 256 + 6 * 1024);
  const std::uint8_t words[][2] = {{0, 0},    {0, 0x16}, {0xff, 0x18}, {0, 0x3a},
                                   {0, 0x7f}, {0, 0xe8}, {0xff, 0xff}};
  for (const auto& bytes : words) {
    const auto fast = guest(Bytes{bytes[0], bytes[1]}), slow = guest(Bytes{bytes[0], bytes[1]});
    const Stop expected{Stop::Why::fault, -1, {Signal::ill, kText, kText}};
    CHECK(fast->run(5) == expected);
    CHECK(slow->step() == expected);
    CHECK(fast->state() == slow->state());
    CHECK(fast->state().instructions == 1);
  }
}

TEST_CASE("taking an instruction apart and putting it together are inverses") {
  for (std::size_t i = 0; i + 1 < kOperations; ++i) {
    const auto operation = static_cast<Op>(i);
    const Shape shape = info(operation).shape;
    Instruction expected{operation, 0, 0, static_cast<std::uint8_t>(length(shape)), 0};
    if (shape != Shape::branch) expected.a = 5;
    if (shape != Shape::branch && shape != Shape::reg_small) expected.b = 10;
    if (length(shape) == 6) expected.immediate = 0xfedcba98;
    if (length(shape) == 4) expected.immediate = 0xffffff85;
    if (shape == Shape::reg_small) expected.immediate = 0xa5;
    if (shape == Shape::branch) expected.immediate = static_cast<std::uint32_t>(-200);
    const Bytes bytes = encode(operation, expected.a, expected.b, expected.immediate);
    CHECK(bytes.size() == expected.length);
    CHECK(decode(bytes.data()) == expected);
  }
}

TEST_CASE("the disassembler writes what the assembler reads") {
  const auto text = [](Op operation, unsigned a = 0, unsigned b = 0, std::uint32_t immediate = 0) {
    return disassemble(decode(encode(operation, a, b, immediate).data()), 0x1000);
  };
  CHECK(text(Op::ret) == "ret");
  CHECK(text(Op::jmp, r13) == "jmp $r13");
  CHECK(text(Op::add, sp, fp) == "add $sp, $fp");
  CHECK(text(Op::ldi_l, r0, 0, 0xdeadbeef) == "ldi.l $r0, 0xdeadbeef");
  CHECK(text(Op::jsra, 0, 0, 0x2000) == "jsra 0x2000");
  CHECK(text(Op::lda_b, r1, 0, 0x2000) == "lda.b $r1, 0x2000");
  CHECK(text(Op::sta_l, r1, 0, 0x2000) == "sta.l 0x2000, $r1");
  CHECK(text(Op::ld_s, r1, r2) == "ld.s $r1, ($r2)");
  CHECK(text(Op::st_s, r1, r2) == "st.s ($r1), $r2");
  CHECK(text(Op::ldo_l, r1, sp, static_cast<std::uint32_t>(-8)) == "ldo.l $r1, -8($sp)");
  CHECK(text(Op::sto_b, sp, r1, 8) == "sto.b 8($sp), $r1");
  CHECK(text(Op::inc, r1, 0, 255) == "inc $r1, 0xff");
  CHECK(text(Op::bleu, 0, 0, static_cast<std::uint32_t>(-16)) == "bleu 0xff0");
  CHECK(disassemble(Instruction{}, 0) == "bad");
}
