#include "tests/unit/moxie/random_guest.h"

#include <doctest/doctest.h>

namespace cosmoo::moxie::testing {

using Op = Operation;

namespace {

constexpr std::uint32_t kData = 0x8000;
constexpr unsigned kBase = r9;  ///< Mostly left as it is, and so good for addresses.

}  // namespace

Bytes random_code(std::mt19937& random) {
  const auto below = [&random](std::uint32_t end) { return random() % end; };
  Assembly code;
  const std::uint32_t size = 60 + below(400);
  // Few registers have more to do with each other.
  const std::uint32_t few = below(3) == 0 ? 16 : 2 + below(5), first = below(16);
  const auto reg = [&] {
    const std::uint32_t any = below(10) == 0 ? below(16) : (first + below(few)) % 16;
    return any == kBase && below(8) != 0 ? std::uint32_t{r0} : any;
  };
  while (code.size() < size) {
    if (below(150) == 0) {
      code.raw({static_cast<std::uint8_t>(below(256)), static_cast<std::uint8_t>(below(256))});
      continue;
    }
    if (below(4) == 0) {  // An element: an index, made to fit, added to where things are.
      const unsigned index = reg(), place = reg(), value = reg();
      code.set(index, below(64));
      if (below(3) != 0) code.set(value, 2).add(Op::ashl, index, value);
      code.add(Op::mov, place, kBase).add(Op::add, place, index);
      if (below(2) == 0) code.add(Op::inc, below(2) == 0 ? index : place, 0, 4);
      if (below(3) == 0) code.add(Op::mov, value, place);
      static constexpr Op kAccess[] = {Op::ld_l, Op::ld_b, Op::ld_s, Op::st_l, Op::st_b, Op::push};
      const Op access = kAccess[below(std::size(kAccess))];
      if (info(access).shape == Shape::reg_indirect) {
        code.add(access, below(2) == 0 ? value : index, place);
        if (access == Op::ld_b && below(2) == 0) code.add(Op::sex_b, value, value);
      } else {
        code.add(access, place, below(2) == 0 ? value : index);
      }
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
    unsigned a = reg(), b = reg();
    const Shape shape = info(operation).shape;
    if (below(4) != 0 && (shape == Shape::reg_indirect || shape == Shape::reg_offset)) b = kBase;
    if (below(4) != 0 && (shape == Shape::indirect_reg || shape == Shape::offset_reg)) a = kBase;
    code.add(operation, a, b, immediate);
  }
  return code.bytes();
}

std::unique_ptr<Machine> random_guest(const Bytes& code, std::uint32_t seed, Engine engine) {
  Setup setup;
  setup.engine = engine;
  auto machine = guest(code, {{kData, Bytes(0x1000, 0x5a), 0x1000, Access::read_write}}, setup);
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

}  // namespace cosmoo::moxie::testing
