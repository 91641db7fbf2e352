// Emitter: what happens in registers.
#include <utility>

#include "sandbox/moxie/translator/emitter.h"
#include "sandbox/moxie/translator/home.h"

namespace cosmoo::moxie::translator {

namespace x86 = asmjit::x86;
namespace Inst = x86::Inst;

namespace {

std::uint32_t combined(Inst::Id id, std::uint32_t a, std::uint32_t b) {
  return id == Inst::kIdAnd ? a & b : id == Inst::kIdOr ? a | b : a ^ b;
}

std::uint32_t shifted(Operation operation, std::uint32_t a, std::uint32_t count) {
  if (operation == Operation::ashl) return a << count;
  if (operation == Operation::lshr) return a >> count;
  return static_cast<std::uint32_t>(static_cast<std::int32_t>(a) >> count);
}

std::uint32_t extended(Operation operation, std::uint32_t value) {
  switch (operation) {
    case Operation::sex_b:
      return static_cast<std::uint32_t>(static_cast<std::int8_t>(value));
    case Operation::sex_s:
      return static_cast<std::uint32_t>(static_cast<std::int16_t>(value));
    case Operation::zex_b:
      return static_cast<std::uint8_t>(value);
    default:
      return static_cast<std::uint16_t>(value);
  }
}

/// Whether they are one value, shifted to the left and to the right, and together it rotated.
bool is_rotation(const Value& a, const Value& b) {
  return !a.is_sum() && !b.is_sum() && a.kind != b.kind && a.base == b.base &&
         a.shift + b.shift == 32;
}

/// Their sum, if one expression can say it.
std::optional<Value> sum(const Value& a, const Value& b) {
  const std::uint32_t offset = a.offset + b.offset;
  if (a.index == Value::kNone && b.index == Value::kNone)
    return Value{a.base, b.base, 0, Value::Kind::sum, offset};
  if (a.index == Value::kNone && b.base == Value::kNone) {
    return Value{a.base, b.index, b.shift, Value::Kind::sum, offset};
  }
  if (b.index == Value::kNone && a.base == Value::kNone) {
    return Value{b.base, a.index, a.shift, Value::Kind::sum, offset};
  }
  return std::nullopt;
}

std::int32_t as_signed(std::uint32_t value) { return static_cast<std::int32_t>(value); }

}  // namespace

void Emitter::offset(unsigned a, std::uint32_t by) {
  registers_.fill_shift(a);
  if (registers_.is_home(a) && !registers_.is_mapped(a)) {
    if (registers_.flags() == Registers::Flags::free) {
      assembler_.add(Registers::home(a), as_signed(by));
      return;
    }
    assembler_.mov(x86::eax, Registers::home(a));
    assembler_.lea(x86::eax, x86::ptr(x86::rax, as_signed(by)));
    assembler_.mov(Registers::home(a), x86::eax);
  } else {
    registers_.set(a, registers_.value(a).plus(by));
  }
}

void Emitter::move(unsigned a, unsigned b) {
  if (a == b) return;
  if (Value value; registers_.expression(b, value)) return registers_.set(a, value);
  registers_.claim(a);
  const Gp target = registers_.target(a);
  assembler_.mov(target, Registers::home(b));
  registers_.written(a);
}

void Emitter::add(unsigned a, unsigned b) {
  const Value va = registers_.value(a), vb = registers_.value(b);
  if (vb.is_constant()) return offset(a, vb.offset);
  Value left, right;
  if (a != b && registers_.expression(a, left) && registers_.expression(b, right)) {
    if (left.is_constant()) return registers_.set(a, right.plus(left.offset));
    if (const auto both = sum(left, right)) return registers_.set(a, *both);
  } else if (a == b && va.is_place() && registers_.is_mapped(a)) {
    return registers_.set(a, Value{Value::kNone, va.base, 1, Value::Kind::sum, 0});
  }
  registers_.claim(a);
  const auto from = registers_.source(b);
  const Gp to = registers_.change(a);
  assembler_.emit(Inst::kIdAdd, to, from);
  registers_.written(a);
}

void Emitter::subtract(unsigned a, unsigned b) {
  if (a == b) return registers_.set(a, Value::constant(0));
  if (const Value value = registers_.value(b); value.is_constant()) {
    return offset(a, 0 - value.offset);
  }
  registers_.claim(a);
  const auto from = registers_.source(b);
  const Gp to = registers_.change(a);
  assembler_.emit(Inst::kIdSub, to, from);
  registers_.written(a);
}

void Emitter::combine(Inst::Id id, unsigned a, unsigned b) {
  if (a == b) {
    if (id == Inst::kIdXor) registers_.set(a, Value::constant(0));
    return;
  }
  const Value va = registers_.value(a), vb = registers_.value(b);
  if (va.is_constant() && vb.is_constant()) {
    return registers_.set(a, Value::constant(combined(id, va.offset, vb.offset)));
  }
  if (id != Inst::kIdAnd && is_rotation(va, vb)) {
    registers_.claim(a);
    const Gp to = registers_.target(a);
    assembler_.rorx(to, registers_.host(static_cast<unsigned>(va.base)),
                    va.kind == Value::Kind::right ? va.shift : vb.shift);
    return registers_.written(a);
  }
  registers_.claim(a);
  if (va.is_constant() || vb.is_constant()) {
    const std::uint32_t constant = va.is_constant() ? va.offset : vb.offset;
    const Gp from = registers_.read(va.is_constant() ? b : a);
    const Gp to = registers_.target(a);
    if (id == Inst::kIdAnd && constant == 0xff) {
      assembler_.movzx(to, from.r8());
    } else if (id == Inst::kIdAnd && constant == 0xffff) {
      assembler_.movzx(to, from.r16());
    } else {
      if (to != from) assembler_.mov(to, from);
      assembler_.emit(id, to, asmjit::imm(as_signed(constant)));
    }
    return registers_.written(a);
  }
  const auto from = registers_.source(b);
  const Gp to = registers_.change(a);
  assembler_.emit(id, to, from);
  registers_.written(a);
}

void Emitter::shift(Operation operation, unsigned a, unsigned b) {
  const Value va = registers_.value(a), vb = registers_.value(b);
  const bool left = operation == Operation::ashl;
  const bool with_sign = operation == Operation::ashr;
  if (vb.is_constant()) {
    const std::uint32_t count = vb.offset & 31;
    if (count == 0) return;
    if (va.is_constant()) {
      return registers_.set(a, Value::constant(shifted(operation, va.offset, count)));
    }
    Value value;
    if (!with_sign && registers_.expression(a, value) && value.is_place()) {
      const auto by = static_cast<std::uint8_t>(count);
      if (left && count <= 3) {
        return registers_.set(a, Value{Value::kNone, value.base, by, Value::Kind::sum, 0});
      }
      const auto kind = left ? Value::Kind::left : Value::Kind::right;
      return registers_.set(a, Value{value.base, Value::kNone, by, kind, 0});
    }
    const Gp to = registers_.change(a);
    assembler_.emit(left        ? Inst::kIdShl
                    : with_sign ? Inst::kIdSar
                                : Inst::kIdShr,
                    to, asmjit::imm(count));
    return registers_.written(a);
  }
  registers_.claim(a);
  const Inst::Id id = left ? Inst::kIdShlx : with_sign ? Inst::kIdSarx : Inst::kIdShrx;
  if (registers_.needs_scratch(a)) registers_.fill(a);
  const Gp count = registers_.read(b);  // First: it may change how the other one is said.
  const auto from = registers_.source(a);
  const Gp to = registers_.target(a);
  assembler_.emit(id, to, from, count);
  registers_.written(a);
}

void Emitter::multiply(unsigned a, unsigned b) {
  const Value va = registers_.value(a), vb = registers_.value(b);
  if (va.is_constant() && vb.is_constant()) {
    return registers_.set(a, Value::constant(va.offset * vb.offset));
  }
  registers_.claim(a);
  if (va.is_constant() || vb.is_constant()) {
    const std::uint32_t constant = va.is_constant() ? va.offset : vb.offset;
    const Gp from = registers_.read(va.is_constant() ? b : a);
    const Gp to = registers_.target(a);
    assembler_.imul(to, from, as_signed(constant));
    return registers_.written(a);
  }
  const auto from = registers_.source(b);
  const Gp to = registers_.change(a);
  assembler_.emit(Inst::kIdImul, to, from);
  registers_.written(a);
}

/// `umul.x h, b; mov l, a; mul l, b`, where h was a: the product of 64 bits, in one.
bool Emitter::multiply_both(const Instruction& high, const Instruction& copy,
                            const Instruction& low) {
  const unsigned h = high.a, l = low.a, b = high.b;
  if (copy.operation != Operation::mov || low.operation != Operation::mul || copy.a != l ||
      low.b != b || h == l || h == b || l == b || copy.b == h || copy.b == l ||
      !registers_.is_mapped(b)) {
    return false;
  }
  Value factor;
  if (registers_.value(h) != Value::place(copy.b) || !registers_.expression(copy.b, factor) ||
      factor != Value::place(copy.b)) {
    return false;
  }
  registers_.fill(b);
  registers_.claim(h);
  registers_.claim(l);
  assembler_.mov(x86::eax, registers_.host(copy.b));
  assembler_.imul(x86::rax, registers_.host64(b));
  registers_.write(l);
  assembler_.shr(x86::rax, 32);
  registers_.write(h);
  return true;
}

void Emitter::multiply_high(Operation operation, unsigned a, unsigned b) {
  const bool with_sign = operation == Operation::mul_x;
  registers_.claim(a);
  if (!registers_.is_mapped(a)) {
    registers_.fill(a);
    if (!with_sign && registers_.is_mapped(b)) {
      registers_.fill(b);
      assembler_.mov(x86::eax, Registers::home(a));
      assembler_.imul(x86::rax, registers_.host64(b));
      assembler_.shr(x86::rax, 32);
      return registers_.written(a);
    }
    const auto factor = registers_.source(b);
    if (factor.isImm() || factor.isMem()) registers_.fill(b);
    const auto by = registers_.source(b);
    const auto saved = home_word(offsetof(Home, saved), 8);
    assembler_.mov(saved, x86::rdx);
    assembler_.mov(x86::eax, Registers::home(a));
    assembler_.emit(with_sign ? Inst::kIdImul : Inst::kIdMul, by);
    assembler_.mov(x86::eax, x86::edx);
    assembler_.mov(x86::rdx, saved);
    return registers_.written(a);
  }
  registers_.fill(a);
  const Gp to = registers_.host(a), to64 = registers_.host64(a);
  const Gp factor = registers_.read(b);
  if (with_sign) {
    assembler_.movsxd(x86::rax, factor);
    assembler_.movsxd(to64, to);
  } else if (factor != x86::eax) {
    assembler_.mov(x86::eax, factor);
  }
  assembler_.imul(to64, x86::rax);
  assembler_.shr(to64, 32);
  registers_.written(a);
}

/// What the host would trap for is left to the interpreter; and division by -1, for INT_MIN's sake.
void Emitter::divide(Operation operation, unsigned a, unsigned b) {
  const bool with_sign = operation == Operation::div || operation == Operation::mod;
  const bool remainder = operation == Operation::mod || operation == Operation::umod;
  const Value divisor = registers_.value(b);
  const bool safe = divisor.is_constant() && divisor.offset != 0 && divisor.offset + 1 != 0;
  registers_.fill_all();
  if (!safe) {
    const Label stuck = stub(Stub::Kind::stuck, pc_, paid_ - done_);
    assembler_.emit(Inst::kIdMov, x86::eax, registers_.source(b));
    if (with_sign) {
      assembler_.add(x86::eax, 1);
      assembler_.cmp(x86::eax, 1);
      assembler_.jbe(stuck);
    } else {
      assembler_.test(x86::eax, x86::eax);
      assembler_.jz(stuck);
    }
  }
  const auto is_rdx = [this](unsigned guest) {
    return registers_.is_mapped(guest) && registers_.host(guest) == x86::edx;
  };
  const auto saved = home_word(offsetof(Home, saved), 8);
  const bool keeps = !is_rdx(a) || is_rdx(b);
  if (keeps) assembler_.mov(saved, x86::rdx);
  const asmjit::Operand by =
      is_rdx(b) ? asmjit::Operand(home_word(offsetof(Home, saved), 4)) : registers_.source(b);
  assembler_.emit(Inst::kIdMov, x86::eax, registers_.source(a));
  if (with_sign) {
    assembler_.cdq();
    assembler_.emit(Inst::kIdIdiv, by);
  } else {
    assembler_.xor_(x86::edx, x86::edx);
    assembler_.emit(Inst::kIdDiv, by);
  }
  if (remainder) assembler_.mov(x86::eax, x86::edx);
  if (keeps) assembler_.mov(x86::rdx, saved);
  registers_.write(a);
}

void Emitter::extend(Operation operation, unsigned a, unsigned b) {
  if (const Value value = registers_.value(b); value.is_constant()) {
    return registers_.set(a, Value::constant(extended(operation, value.offset)));
  }
  registers_.claim(a);
  const Gp from = registers_.read(b);
  const Gp to = registers_.target(a);
  const bool byte = operation == Operation::sex_b || operation == Operation::zex_b;
  const bool with_sign = operation == Operation::sex_b || operation == Operation::sex_s;
  assembler_.emit(with_sign ? Inst::kIdMovsx : Inst::kIdMovzx, to,
                  byte ? Gp(from.r8()) : Gp(from.r16()));
  registers_.written(a);
}

void Emitter::negate(Operation operation, unsigned a, unsigned b) {
  const bool negative = operation == Operation::neg;
  if (const Value value = registers_.value(b); value.is_constant()) {
    return registers_.set(a, Value::constant(negative ? 0 - value.offset : ~value.offset));
  }
  registers_.claim(a);
  const Gp from = registers_.read(b);
  const Gp to = registers_.target(a);
  if (to != from) assembler_.mov(to, from);
  assembler_.emit(negative ? Inst::kIdNeg : Inst::kIdNot, to);
  registers_.written(a);
}

}  // namespace cosmoo::moxie::translator
