#include "sandbox/moxie/translator/registers.h"

#include "sandbox/moxie/translator/home.h"

namespace cosmoo::moxie::translator {

namespace x86 = asmjit::x86;

Registers::Mem Registers::home(unsigned guest) {
  const auto offset = static_cast<std::int64_t>(offsetof(Home, registers) + 4 * guest);
  Mem word = x86::ptr_abs(static_cast<std::uint64_t>(offset - kHomeBelow), 4);
  word.setSegment(x86::gs);
  return word;
}

void Registers::forget() {
  for (unsigned guest = 0; guest < 16; ++guest) values_[guest] = Value::place(guest);
  away_ = 0;
}

void Registers::restore(const std::array<Value, 16>& values) {
  values_ = values;
  away_ = 0;
  for (unsigned guest = 0; guest < 16; ++guest) {
    if (values_[guest] != Value::place(guest)) away_ |= 1u << guest;
  }
}

bool Registers::expression(unsigned guest, Value& value) {
  fill_shift(guest);
  if (is_home(guest)) {
    value = Value::place(guest);
    return is_mapped(guest);
  }
  const bool is_offset =
      values_[guest].base == static_cast<int>(guest) && values_[guest].index == Value::kNone;
  if (!is_offset && values_[guest].names(guest)) {
    fill(guest);
    value = Value::place(guest);
    return is_mapped(guest);
  }
  value = values_[guest];
  return true;
}

void Registers::set(unsigned guest, const Value& value) {
  const bool is_own = value.base == static_cast<int>(guest) && value.index == Value::kNone;
  if (!is_own) claim(guest);  // Rule 3.
  if (value == Value::place(guest)) return placed(guest);
  values_[guest] = value;
  away_ |= 1u << guest;
}

void Registers::claim(unsigned guest) {
  for_each(others_away(guest), [&](unsigned other) {
    if (values_[other].names(guest)) fill(other);
  });
}

void Registers::compute(Gp into, const Value& value) {
  if (value.is_constant()) {
    to_.mov(into, value.offset);
    return;
  }
  if (!value.is_sum()) {
    const Gp from = host(static_cast<unsigned>(value.base));
    if (into != from) to_.mov(into, from);
    if (value.kind == Value::Kind::left) {
      to_.shl(into, value.shift);
    } else {
      to_.shr(into, value.shift);
    }
    return;
  }
  const auto offset = static_cast<std::int32_t>(value.offset);
  const bool may_add = flags_ == Flags::free;
  if (value.base == Value::kNone) {
    const Gp index = host(static_cast<unsigned>(value.index));
    if (offset == 0 && may_add) {
      if (into != index) to_.mov(into, index);
      to_.shl(into, value.shift);
    } else {
      to_.lea(into, x86::ptr_abs(static_cast<std::uint64_t>(std::int64_t{offset}), index.r64(),
                                 value.shift));
    }
    return;
  }
  const Gp base = host(static_cast<unsigned>(value.base));
  if (value.index == Value::kNone) {
    if (offset == 0) {
      if (into != base) to_.mov(into, base);
    } else if (into == base && may_add) {
      to_.add(into, offset);
    } else {
      to_.lea(into, x86::ptr(base.r64(), offset));
    }
    return;
  }
  const Gp index = host(static_cast<unsigned>(value.index));
  const bool is_sum = value.shift == 0 && offset == 0 && may_add;
  if (is_sum && into == base) {
    to_.add(into, index);
  } else if (is_sum && into == index) {
    to_.add(into, base);
  } else {
    to_.lea(into, x86::ptr(base.r64(), index.r64(), value.shift, offset));
  }
}

void Registers::fill(unsigned guest) {
  if (is_home(guest)) return;
  const Value value = values_[guest];
  if (!is_mapped(guest)) {
    if (value.is_constant()) {
      to_.mov(home(guest), value.offset);
    } else if (value.is_place()) {
      to_.mov(home(guest), host(static_cast<unsigned>(value.base)));
    } else {
      compute(x86::eax, value);
      to_.mov(home(guest), x86::eax);
    }
    placed(guest);
    return;
  }
  for_each(others_away(guest),
           [&](unsigned other) {  // What can't be said of the place as it will be.
             if (!values_[other].names(guest)) return;
             if (!value.is_sum() || !values_[other].is_sum()) fill(other);
           });
  compute(host(guest), value);
  placed(guest);
  if (!value.names(guest)) return;
  // Its own place plus an offset: others may name it, and mean what it was.
  for_each(others_away(guest), [&](unsigned other) {
    Value& named = values_[other];
    if (named.base == static_cast<int>(guest)) named.offset -= value.offset;
    if (named.index == static_cast<int>(guest)) named.offset -= value.offset << named.shift;
  });
}

void Registers::fill_all() {
  // First those that name others, while these are what they were.
  for_each(away_, [&](unsigned guest) {
    if (!values_[guest].names(guest)) fill(guest);
  });
  for_each(away_, [&](unsigned guest) { fill(guest); });
}

void Registers::settle(unsigned one, unsigned other) {
  for (const unsigned guest : {one, other, one}) {  // The other may change how the first is said.
    const Value& value = values_[guest];
    if (is_mapped(guest) && !value.is_constant() && !value.is_place()) fill(guest);
  }
}

Registers::Gp Registers::read(unsigned guest) {
  const Value& value = values_[guest];
  if (is_home(guest)) {
    if (is_mapped(guest)) return host(guest);
    to_.mov(x86::eax, home(guest));
    return x86::eax;
  }
  if (value.is_place()) return host(static_cast<unsigned>(value.base));
  if (value.is_constant() || !is_mapped(guest)) {
    compute(x86::eax, value);
    return x86::eax;
  }
  fill(guest);
  return host(guest);
}

asmjit::Operand Registers::source(unsigned guest) {
  const Value& value = values_[guest];
  if (value.is_constant()) return asmjit::imm(static_cast<std::int32_t>(value.offset));
  if (!needs_scratch(guest)) return read(guest);
  fill(guest);
  return home(guest);
}

Registers::Gp Registers::change(unsigned guest) {
  if (is_mapped(guest)) {
    claim(guest);
    fill(guest);
    return host(guest);
  }
  if (is_home(guest)) {
    to_.mov(x86::eax, home(guest));
  } else {
    compute(x86::eax, values_[guest]);
  }
  return x86::eax;
}

void Registers::written(unsigned guest) {
  if (!is_mapped(guest)) to_.mov(home(guest), x86::eax);
  placed(guest);
}

void Registers::write(unsigned guest) {
  if (const Gp to = target(guest); to != x86::eax) to_.mov(to, x86::eax);
  written(guest);
}

}  // namespace cosmoo::moxie::translator
