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

/// Their sum, if one expression can say it.
std::optional<Value> sum(const Value& a, const Value& b) {
  const std::uint32_t offset = a.offset + b.offset;
  if (a.index == Value::kNone && b.index == Value::kNone) return Value{a.base, b.base, 0, offset};
  if (a.index == Value::kNone && b.base == Value::kNone) {
    return Value{a.base, b.index, b.shift, offset};
  }
  if (b.index == Value::kNone && a.base == Value::kNone) {
    return Value{b.base, a.index, a.shift, offset};
  }
  return std::nullopt;
}

std::int32_t as_signed(std::uint32_t value) { return static_cast<std::int32_t>(value); }

}  // namespace

void Emitter::offset(unsigned a, std::uint32_t by) {
  if (registers_.is_home(a) && !registers_.is_mapped(a)) {
    assembler_.add(Registers::home(a), as_signed(by));
  } else {
    registers_.set(a, registers_.value(a).plus(by));
  }
}

void Emitter::move(unsigned a, unsigned b) {
  if (a == b) return;
  if (Value value; registers_.expression(b, value)) return registers_.set(a, value);
  registers_.claim(a);
  const Gp target = registers_.target(a, x86::eax);
  assembler_.mov(target, Registers::home(b));
  registers_.written(a, target);
}

void Emitter::add(unsigned a, unsigned b) {
  const Value va = registers_.value(a), vb = registers_.value(b);
  if (vb.is_constant()) return offset(a, vb.offset);
  Value left, right;
  if (a != b && registers_.expression(a, left) && registers_.expression(b, right)) {
    if (left.is_constant()) return registers_.set(a, right.plus(left.offset));
    if (const auto both = sum(left, right)) return registers_.set(a, *both);
  } else if (a == b && va.is_place() && registers_.is_mapped(a)) {
    return registers_.set(a, Value{Value::kNone, va.base, 1, 0});
  }
  registers_.claim(a);
  const auto from = registers_.source(b, x86::ecx);
  const Gp to = registers_.change(a, x86::eax);
  assembler_.emit(Inst::kIdAdd, to, a == b && from.isMem() ? asmjit::Operand(to) : from);
  registers_.written(a, to);
}

void Emitter::subtract(unsigned a, unsigned b) {
  if (a == b) return registers_.set(a, Value::constant(0));
  if (const Value value = registers_.value(b); value.is_constant()) {
    return offset(a, 0 - value.offset);
  }
  registers_.claim(a);
  const auto from = registers_.source(b, x86::ecx);
  const Gp to = registers_.change(a, x86::eax);
  assembler_.emit(Inst::kIdSub, to, from);
  registers_.written(a, to);
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
  registers_.claim(a);
  if (va.is_constant() || vb.is_constant()) {
    const std::uint32_t constant = va.is_constant() ? va.offset : vb.offset;
    const Gp from = registers_.read(va.is_constant() ? b : a, x86::ecx);
    const Gp to = registers_.target(a, x86::eax);
    if (id == Inst::kIdAnd && constant == 0xff) {
      assembler_.movzx(to, from.r8());
    } else if (id == Inst::kIdAnd && constant == 0xffff) {
      assembler_.movzx(to, from.r16());
    } else {
      if (to != from) assembler_.mov(to, from);
      assembler_.emit(id, to, asmjit::imm(as_signed(constant)));
    }
    return registers_.written(a, to);
  }
  const auto from = registers_.source(b, x86::ecx);
  const Gp to = registers_.change(a, x86::eax);
  assembler_.emit(id, to, from);
  registers_.written(a, to);
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
    if (left && count <= 3 && registers_.expression(a, value) && value.is_place()) {
      return registers_.set(a,
                            Value{Value::kNone, value.base, static_cast<std::uint8_t>(count), 0});
    }
    const Gp to = registers_.change(a, x86::eax);
    assembler_.emit(left        ? Inst::kIdShl
                    : with_sign ? Inst::kIdSar
                                : Inst::kIdShr,
                    to, asmjit::imm(count));
    return registers_.written(a, to);
  }
  registers_.claim(a);
  if (has_bmi2_) {
    const Gp count = registers_.read(b, x86::ecx);
    const Gp from = registers_.read(a, x86::eax);
    const Gp to = registers_.target(a, x86::eax);
    assembler_.emit(left        ? Inst::kIdShlx
                    : with_sign ? Inst::kIdSarx
                                : Inst::kIdShrx,
                    to, from, a == b ? from : count);
    return registers_.written(a, to);
  }
  const Gp count = registers_.read(b, x86::ecx);
  if (count != x86::ecx) assembler_.mov(x86::ecx, count);
  const Gp to = registers_.change(a, x86::eax);
  assembler_.emit(left ? Inst::kIdShl : with_sign ? Inst::kIdSar : Inst::kIdShr, to, x86::cl);
  registers_.written(a, to);
}

void Emitter::multiply(unsigned a, unsigned b) {
  const Value va = registers_.value(a), vb = registers_.value(b);
  if (va.is_constant() && vb.is_constant()) {
    return registers_.set(a, Value::constant(va.offset * vb.offset));
  }
  registers_.claim(a);
  if (va.is_constant() || vb.is_constant()) {
    const std::uint32_t constant = va.is_constant() ? va.offset : vb.offset;
    const Gp from = registers_.read(va.is_constant() ? b : a, x86::ecx);
    const Gp to = registers_.target(a, x86::eax);
    assembler_.imul(to, from, as_signed(constant));
    return registers_.written(a, to);
  }
  const auto from = registers_.source(b, x86::ecx);
  const Gp to = registers_.change(a, x86::eax);
  assembler_.emit(Inst::kIdImul, to, from);
  registers_.written(a, to);
}

void Emitter::multiply_high(Operation operation, unsigned a, unsigned b) {
  const bool with_sign = operation == Operation::mul_x;
  registers_.claim(a);
  const Gp factor = registers_.read(b, x86::ecx);
  const Gp from = registers_.read(a, x86::eax);
  const Gp other = a == b ? from : factor;
  if (with_sign) {
    assembler_.movsxd(x86::rcx, other);
    assembler_.movsxd(x86::rax, from);
    assembler_.imul(x86::rax, x86::rcx);
  } else {
    if (from != x86::eax) assembler_.mov(x86::eax, from);
    assembler_.imul(x86::rax, other.r64());
  }
  assembler_.shr(x86::rax, 32);
  const Gp to = registers_.target(a, x86::eax);
  if (to != x86::eax) assembler_.mov(to, x86::eax);
  registers_.written(a, to);
}

/// What the host would trap for is left to the interpreter; and division by -1, for INT_MIN's sake.
void Emitter::divide(Operation operation, unsigned a, unsigned b) {
  const bool with_sign = operation == Operation::div || operation == Operation::mod;
  const bool remainder = operation == Operation::mod || operation == Operation::umod;
  const Value divisor = registers_.value(b);
  const bool safe = divisor.is_constant() && divisor.offset != 0 && divisor.offset + 1 != 0;
  registers_.fill_all();
  const Gp by = registers_.read(b, x86::ecx);
  if (by != x86::ecx) assembler_.mov(x86::ecx, by);
  if (!safe) {
    const Label stuck = stub(Stub::Kind::stuck, pc_, block_->count - done_);
    if (with_sign) {
      assembler_.lea(x86::eax, x86::ptr(x86::rcx, 1));
      assembler_.cmp(x86::eax, 1);
      assembler_.jbe(stuck);
    } else {
      assembler_.test(x86::ecx, x86::ecx);
      assembler_.jz(stuck);
    }
  }
  const bool keeps = !registers_.is_mapped(a) || registers_.host(a) != x86::edx;
  const auto saved = home_word(offsetof(Home, saved), 8);
  const Gp dividend = registers_.read(a, x86::eax);
  if (dividend != x86::eax) assembler_.mov(x86::eax, dividend);
  if (keeps) assembler_.mov(saved, x86::rdx);
  if (with_sign) {
    assembler_.cdq();
    assembler_.idiv(x86::ecx);
  } else {
    assembler_.xor_(x86::edx, x86::edx);
    assembler_.div(x86::ecx);
  }
  if (remainder) assembler_.mov(x86::eax, x86::edx);
  if (keeps) assembler_.mov(x86::rdx, saved);
  const Gp to = registers_.target(a, x86::eax);
  if (to != x86::eax) assembler_.mov(to, x86::eax);
  registers_.written(a, to);
}

void Emitter::extend(Operation operation, unsigned a, unsigned b) {
  if (const Value value = registers_.value(b); value.is_constant()) {
    return registers_.set(a, Value::constant(extended(operation, value.offset)));
  }
  registers_.claim(a);
  const Gp from = registers_.read(b, x86::ecx);
  const Gp to = registers_.target(a, x86::eax);
  const bool byte = operation == Operation::sex_b || operation == Operation::zex_b;
  const bool with_sign = operation == Operation::sex_b || operation == Operation::sex_s;
  assembler_.emit(with_sign ? Inst::kIdMovsx : Inst::kIdMovzx, to,
                  byte ? Gp(from.r8()) : Gp(from.r16()));
  registers_.written(a, to);
}

void Emitter::negate(Operation operation, unsigned a, unsigned b) {
  const bool negative = operation == Operation::neg;
  if (const Value value = registers_.value(b); value.is_constant()) {
    return registers_.set(a, Value::constant(negative ? 0 - value.offset : ~value.offset));
  }
  registers_.claim(a);
  const Gp from = registers_.read(b, x86::eax);
  const Gp to = registers_.target(a, x86::eax);
  if (to != from) assembler_.mov(to, from);
  assembler_.emit(negative ? Inst::kIdNeg : Inst::kIdNot, to);
  registers_.written(a, to);
}

// --- Memory ---

Emitter::Mem Emitter::memory_at(std::uint32_t address, std::uint32_t size) {
  Mem at;
  if (address < 0x7fff0000u) {
    at = x86::ptr_abs(address, size);
  } else {
    assembler_.mov(x86::ecx, address);
    at = x86::ptr(x86::ecx, 0, size);
  }
  at.setSegment(x86::gs);
  return at;
}

Emitter::Mem Emitter::memory(unsigned guest, std::uint32_t offset, std::uint32_t size) {
  const Value value = registers_.value(guest).plus(offset);
  if (value.is_constant()) return memory_at(value.offset, size);
  const std::int32_t displacement = as_signed(value.offset);
  Mem at;
  if (registers_.is_home(guest) && !registers_.is_mapped(guest)) {
    assembler_.mov(x86::ecx, Registers::home(guest));
    at = x86::ptr(x86::ecx, displacement, size);
  } else if (value.base == Value::kNone) {
    at = x86::ptr_abs(static_cast<std::uint64_t>(std::int64_t{displacement}),
                      registers_.host(static_cast<unsigned>(value.index)), value.shift, size);
  } else if (value.index == Value::kNone) {
    at = x86::ptr(registers_.host(static_cast<unsigned>(value.base)), displacement, size);
  } else {
    at = x86::ptr(registers_.host(static_cast<unsigned>(value.base)),
                  registers_.host(static_cast<unsigned>(value.index)), value.shift, displacement,
                  size);
  }
  at.setSegment(x86::gs);
  return at;
}

void Emitter::may_be_refused() {
  if (wanted_ && assembler_.offset() == *wanted_) {
    explained_ = Refused{pc_, done_, registers_.values()};
  }
}

void Emitter::load(Inst::Id id, unsigned to, unsigned guest, std::uint32_t offset,
                   std::uint32_t size) {
  registers_.claim(to);  // First: it may change how the address is said.
  take(id, to, memory(guest, offset, size));
}

void Emitter::load_at(Inst::Id id, unsigned to, std::uint32_t address, std::uint32_t size) {
  registers_.claim(to);
  take(id, to, memory_at(address, size));
}

void Emitter::take(Inst::Id id, unsigned to, const Mem& from) {
  const Gp target = registers_.target(to, x86::eax);
  may_be_refused();
  assembler_.emit(id, target, from);
  registers_.written(to, target);
}

asmjit::Operand Emitter::stored(unsigned from, std::uint32_t size) {
  const Value& value = registers_.value(from);
  if (value.is_constant()) {
    return asmjit::imm(size == 1   ? std::int32_t{static_cast<std::int8_t>(value.offset)}
                       : size == 2 ? std::int32_t{static_cast<std::int16_t>(value.offset)}
                                   : as_signed(value.offset));
  }
  const Gp whole = registers_.read(from, x86::eax);
  return size == 1 ? Gp(whole.r8()) : size == 2 ? Gp(whole.r16()) : whole;
}

void Emitter::store(unsigned guest, std::uint32_t offset, std::uint32_t size, unsigned from) {
  const auto what = stored(from, size);
  put(memory(guest, offset, size), what);
}

void Emitter::store_at(std::uint32_t address, std::uint32_t size, unsigned from) {
  const auto what = stored(from, size);
  put(memory_at(address, size), what);
}

void Emitter::put(const Mem& to, const asmjit::Operand& what) {
  may_be_refused();
  assembler_.emit(Inst::kIdMov, to, what);
}

}  // namespace cosmoo::moxie::translator
