// Emitter: loads and stores.
#include "sandbox/moxie/translator/emitter.h"
#include "sandbox/moxie/translator/home.h"

namespace cosmoo::moxie::translator {

namespace x86 = asmjit::x86;
namespace Inst = x86::Inst;

namespace {

/// An address that an instruction can have in itself.
bool is_low(std::uint32_t address) { return address < 0x7fff0000u; }

std::int32_t as_signed(std::uint32_t value) { return static_cast<std::int32_t>(value); }

}  // namespace

Emitter::Mem Emitter::memory_at(std::uint32_t address, std::uint32_t size) {
  Mem at;
  if (is_low(address)) {
    at = x86::ptr_abs(address, size);
  } else {
    assembler_.mov(x86::eax, address);
    at = x86::ptr(x86::eax, 0, size);
  }
  at.setSegment(x86::gs);
  return at;
}

Emitter::Mem Emitter::memory(unsigned guest, std::uint32_t offset, std::uint32_t size) {
  registers_.fill_shift(guest);
  const Value value = registers_.value(guest).plus(offset);
  if (value.is_constant()) return memory_at(value.offset, size);
  const std::int32_t displacement = as_signed(value.offset);
  Mem at;
  if (registers_.is_home(guest) && !registers_.is_mapped(guest)) {
    assembler_.mov(x86::eax, Registers::home(guest));
    at = x86::ptr(x86::eax, displacement, size);
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

void Emitter::may_be_refused(Rdx rdx) {
  if (wanted_ && assembler_.offset() == *wanted_) {
    explained_ = Refused{pc_, paid_ - done_, rdx == Rdx::saved, registers_.values()};
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
  const Gp target = registers_.target(to);
  may_be_refused(Rdx::own);
  assembler_.emit(id, target, from);
  registers_.written(to);
}

asmjit::Operand Emitter::stored(unsigned from, std::uint32_t size) {
  const Value& value = registers_.value(from);
  if (value.is_constant()) {
    return asmjit::imm(size == 1   ? std::int32_t{static_cast<std::int8_t>(value.offset)}
                       : size == 2 ? std::int32_t{static_cast<std::int16_t>(value.offset)}
                                   : as_signed(value.offset));
  }
  const Gp whole = registers_.read(from);
  return size == 1 ? Gp(whole.r8()) : size == 2 ? Gp(whole.r16()) : whole;
}

void Emitter::store(unsigned guest, std::uint32_t offset, std::uint32_t size, unsigned from) {
  registers_.fill_shift(guest);  // While rax is free for it.
  const auto what = stored(from, size);
  const Value& value = registers_.value(guest);
  const bool needs_scratch = value.is_constant()
                                 ? !is_low(value.offset + offset)
                                 : registers_.is_home(guest) && !registers_.is_mapped(guest);
  const auto memory_then = [&] { return memory(guest, offset, size); };
  put(memory_then, what, needs_scratch);
}

void Emitter::store_at(std::uint32_t address, std::uint32_t size, unsigned from) {
  const auto what = stored(from, size);
  put([&] { return memory_at(address, size); }, what, !is_low(address));
}

/// Stores, with rdx for the value if both would be in rax.
template <typename Memory>
void Emitter::put(Memory memory, const asmjit::Operand& what, bool needs_scratch) {
  if (!needs_scratch || !what.isReg() || what.id() != x86::eax.id()) {
    const Mem to = memory();
    may_be_refused(Rdx::own);
    assembler_.emit(Inst::kIdMov, to, what);
    return;
  }
  const auto saved = home_word(offsetof(Home, saved), 8);
  assembler_.mov(saved, x86::rdx);
  assembler_.mov(x86::edx, x86::eax);
  const Mem to = memory();
  may_be_refused(Rdx::saved);
  const Gp value = what.size() == 1 ? Gp(x86::dl) : what.size() == 2 ? Gp(x86::dx) : Gp(x86::edx);
  assembler_.mov(to, value);
  assembler_.mov(x86::rdx, saved);
}

}  // namespace cosmoo::moxie::translator
