// The meanings of instructions.inc as functions, for interpreter.cpp alone.
//
// perform_ID executes an instruction that goes on to the next one, and is false if it faulted;
// holds_ID says whether a branch is taken.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>

#include "sandbox/moxie/code.h"
#include "sandbox/moxie/fault.h"
#include "sandbox/moxie/memory.h"
#include "sandbox/moxie/state.h"

namespace cosmoo::moxie {

/// What instructions work on; each member in a register of the host, as far as it has some.
struct Core {
  State& state;
  Memory& memory;
  std::uint32_t* registers;
  std::uint8_t* base;
  Signal fault_signal = Signal::none;
  std::uint32_t fault_address = 0;  ///< Of Signal::bus only.
};

struct Operands {
  std::uint8_t a, b;
  std::uint32_t immediate;
};

#define MOXIE_INLINE [[gnu::always_inline]] inline

MOXIE_INLINE Operands operands(const Slot* slot) { return {slot->a, slot->b, slot->immediate}; }

// joined.inc says what these are.
MOXIE_INLINE Operands link_any(const Operands&, Operands second) { return second; }
MOXIE_INLINE Operands link_same(const Operands& first, Operands second) {
  second.a = first.a;
  return second;
}
MOXIE_INLINE Operands link_feeds(const Operands& first, Operands second) {
  second.b = first.a;
  return second;
}

/// True for an access that stays on its page: an aligned one does. A frame is aligned to a word.
template <typename T>
MOXIE_INLINE bool stays(std::uint32_t address) {
  if constexpr (sizeof(T) == 8) return (address & (kPage - 1)) <= kPage - sizeof(T);
  return (address & (sizeof(T) - 1)) == 0;
}

MOXIE_INLINE std::uint8_t page_bits(const Core& core, std::uint32_t address) {
  return core.base[static_cast<std::ptrdiff_t>(address / kPage) - Memory::kPages];
}

[[gnu::cold, gnu::noinline]] inline bool load_slowly(const Memory& memory, std::uint32_t address,
                                                     void* to, std::size_t length,
                                                     std::uint32_t& missing) {
  if (memory.read(address, to, length)) return true;
  missing = memory.unreadable(address, length).value_or(address);
  return false;
}

[[gnu::cold, gnu::noinline]] inline bool store_slowly(Memory& memory, std::uint32_t address,
                                                      const void* from, std::size_t length,
                                                      std::uint32_t& missing) {
  if (memory.write(address, from, length)) return true;
  missing = memory.unwritable(address, length).value_or(address);
  return false;
}

template <typename T>
MOXIE_INLINE bool load(Core& core, std::uint32_t address, T& value) {
  if (stays<T>(address) && (page_bits(core, address) & Memory::kRead) != 0) [[likely]] {
    std::memcpy(&value, core.base + address, sizeof value);
    return true;
  }
  T loaded;
  std::uint32_t missing = 0;
  if (load_slowly(core.memory, address, &loaded, sizeof loaded, missing)) {
    value = loaded;
    return true;
  }
  core.fault_signal = Signal::bus;
  core.fault_address = missing;
  return false;
}

template <typename T>
MOXIE_INLINE bool store(Core& core, std::uint32_t address, T value) {
  if (stays<T>(address) && (page_bits(core, address) & Memory::kWrite) != 0) [[likely]] {
    std::memcpy(core.base + address, &value, sizeof value);
    return true;
  }
  const T stored = value;
  std::uint32_t missing = 0;
  if (store_slowly(core.memory, address, &stored, sizeof stored, missing)) return true;
  core.fault_signal = Signal::bus;
  core.fault_address = missing;
  return false;
}

/// Special registers 6 to 9 name memory: the buffer must be there when it is set.
[[gnu::noinline]] inline bool set_special(State& state, const Memory& memory, std::uint32_t number,
                                          std::uint32_t value, std::uint32_t& missing) {
  std::optional<std::uint32_t> refused;
  if (number == special::kOutput || number == special::kState) {
    refused = memory.unreadable(value, 1);
  } else if (number == special::kOutputLength || number == special::kStateLength) {
    refused = memory.unreadable(state.special[number - 1], value);
  }
  if (refused) {
    missing = *refused;
    return false;
  }
  if (number >= special::kOutput && number <= special::kStateLength) {
    state.set_outputs |= 1u << number;
  }
  state.special[number] = value;
  return true;
}

// The words of instructions.inc, as far as they don't jump.
#define A core.registers[on.a]
#define B core.registers[on.b]
#define IMM on.immediate
#define LOAD(type, address, target)                   \
  do {                                                \
    type loaded;                                      \
    if (!load(core, (address), loaded)) return false; \
    target = loaded;                                  \
  } while (false)
#define STORE(type, address, value)                                      \
  do {                                                                   \
    if (!store(core, (address), static_cast<type>(value))) return false; \
  } while (false)
#define FAULT(signal)                   \
  do {                                  \
    core.fault_signal = Signal::signal; \
    return false;                       \
  } while (false)
#define COMPARE(left, right)             \
  do {                                   \
    core.state.compared_left = (left);   \
    core.state.compared_right = (right); \
  } while (false)
#define SPECIAL(number) core.state.special[number]
#define SET_SPECIAL(number, value)                                           \
  do {                                                                       \
    std::uint32_t missing = 0;                                               \
    if (!set_special(core.state, core.memory, (number), (value), missing)) { \
      core.fault_signal = Signal::bus;                                       \
      core.fault_address = missing;                                          \
      return false;                                                          \
    }                                                                        \
  } while (false)
#define EQUAL left == right
#define NOT_EQUAL left != right
#define LESS static_cast<std::int32_t>(left) < static_cast<std::int32_t>(right)
#define GREATER static_cast<std::int32_t>(left) > static_cast<std::int32_t>(right)
#define BELOW left < right
#define ABOVE left > right
#define NOT_LESS static_cast<std::int32_t>(left) >= static_cast<std::int32_t>(right)
#define NOT_GREATER static_cast<std::int32_t>(left) <= static_cast<std::int32_t>(right)
#define NOT_BELOW left >= right
#define NOT_ABOVE left <= right
#define BRANCH(condition) return condition

#define MEANING_next(id, meaning)                                       \
  MOXIE_INLINE bool perform_##id([[maybe_unused]] Core& core,           \
                                 [[maybe_unused]] const Operands& on) { \
    meaning return true;                                                \
  }
#define MEANING_branch(id, meaning) \
  MOXIE_INLINE bool holds_##id(std::uint32_t left, std::uint32_t right) meaning
#define MEANING_jump(id, meaning)
#define MEANING_call(id, meaning)
#define MEANING_stop(id, meaning)
#define MOXIE(code, id, text, shape, flow, meaning)                      \
  inline constexpr std::uint32_t kSlots_##id = length(Shape::shape) / 2; \
  MEANING_##flow(id, meaning)
#include "sandbox/moxie/instructions.inc"
#undef MOXIE
#undef MEANING_next
#undef MEANING_branch
#undef MEANING_jump
#undef MEANING_call
#undef MEANING_stop
#undef A
#undef B
#undef IMM
#undef LOAD
#undef STORE
#undef FAULT
#undef COMPARE
#undef SPECIAL
#undef SET_SPECIAL
#undef BRANCH

}  // namespace cosmoo::moxie
