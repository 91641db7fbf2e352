#include "tests/unit/moxie/random_guest.h"

#include <doctest/doctest.h>

namespace cosmoo::moxie::testing {

using Op = Operation;

namespace {

constexpr std::uint32_t kData = 0x8000;
constexpr unsigned kBase = r9;  ///< Mostly left as it is, and so good for addresses.

/// Some code, which may call these functions.
Assembly random_part(std::mt19937& random, const std::vector<std::uint32_t>& functions) {
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
      code.add(Op::mov, place, kBase);
      if (below(2) == 0) code.add(Op::or_, place, kBase);  // A value of its own.
      code.add(Op::add, place, index);
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
    if (below(6) == 0) {  // A comparison and what it decides.
      const unsigned result = reg(), left = reg(), right = reg();
      const auto branch = [&] {
        return static_cast<Op>(static_cast<unsigned>(Op::beq) + below(10));
      };
      if (below(3) == 0) {
        code.set(result, below(8) != 0 ? 1 : below(3)).add(Op::cmp, left, right);
        code.add(branch(), 0, 0, 4).add(Op::xor_, result, result);
        continue;
      }
      if (below(3) == 0) code.set(right, below(3));
      code.add(Op::cmp, left, right);
      if (below(4) == 0) {
        // A branch that may lead to the second one, over what changes something.
        const std::uint32_t between = below(4);
        code.add(branch(), 0, 0, 2 + between * 2);
        for (std::uint32_t i = 0; i < between; ++i) code.add(Op::inc, reg(), 0, below(256));
        code.add(branch(), 0, 0, 2 + below(20) * 2);
        continue;
      }
      for (std::uint32_t i = below(6); i < 3; ++i) {
        static constexpr Op kLight[] = {Op::mov, Op::inc, Op::dec, Op::nop};
        code.add(kLight[below(std::size(kLight))], reg(), reg(), below(256));
      }
      code.add(branch(), 0, 0, 2 + below(20) * 2);
      if (below(3) == 0) code.add(branch(), 0, 0, 2 + below(20) * 2);
      continue;
    }
    if (below(12) == 0) {  // A rotation, or nearly one.
      const unsigned one = reg(), other = reg(), count = reg(), from = reg();
      const std::uint32_t by = below(32);
      code.add(Op::mov, one, from).set(count, by).add(Op::ashl, one, count);
      code.add(Op::mov, other, from).set(count, (below(8) == 0 ? 33 : 32) - by);
      code.add(below(8) == 0 ? Op::ashr : Op::lshr, other, count);
      if (below(4) == 0) code.add(Op::ldo_l, reg(), kBase, below(16));
      code.add(below(3) == 0 ? Op::xor_ : Op::or_, one, other);
      continue;
    }
    if (below(15) == 0) {  // A product of 64 bits.
      const unsigned high = reg(), low = reg(), left = reg(), right = reg();
      code.add(Op::mov, high, left).add(Op::umul_x, high, right);
      code.add(Op::mov, low, below(4) != 0 ? left : high).add(Op::mul, low, right);
      continue;
    }
    if (!functions.empty() && below(12) == 0) {
      code.add(Op::jsra, 0, 0, functions[below(static_cast<std::uint32_t>(functions.size()))]);
      continue;
    }
    if (below(25) == 0) {  // A call by register, of what it was set to, or not.
      const unsigned function = reg();
      code.set(function, kText + below(size));
      if (below(3) == 0) code.add(Op::inc, function, 0, 2);
      code.add(Op::jsr, function);
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
  return code;
}

}  // namespace

Bytes random_code(std::mt19937& random) {
  if (random() % 2 == 0) return random_part(random, {}).bytes();
  // Functions, each with registers that it likes, and what calls them.
  Assembly all;
  std::vector<std::uint32_t> functions;
  for (std::uint32_t i = 1 + random() % 3; i != 0; --i) {
    const Assembly function = random_part(random, functions).add(Op::ret);
    functions.push_back(kText + 6 + all.size());
    all.raw(function.bytes());
  }
  return Assembly()
      .add(Op::jmpa, 0, 0, kText + 6 + all.size())
      .raw(all.bytes())
      .raw(random_part(random, functions).bytes())
      .bytes();
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
