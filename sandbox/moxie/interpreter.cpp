// Threaded code: each handler ends in the jump to the next one.
//
// Rules: (1) whoever enters a block pays for all of it, and gets back what a fault left undone; so
// only entries look at the budget; (2) inside a block `slot` is the instruction under way; (3) a
// handler touches the guest's memory by LOAD and STORE only.
#include "sandbox/moxie/interpreter.h"

#include <bit>
#include <cstring>

namespace cosmoo::moxie {

namespace {

template <typename T>
inline bool quick(std::uint32_t address) {
  // An aligned access stays on its page. A frame of two words is aligned to one.
  if constexpr (sizeof(T) == 8) return (address & (kPage - 1)) <= kPage - sizeof(T);
  return (address & (sizeof(T) - 1)) == 0;
}

inline std::uint8_t page_bits(const std::uint8_t* base, std::uint32_t address) {
  return base[static_cast<std::ptrdiff_t>(address / kPage) - Memory::kPages];
}

/// Special registers 6 to 9 name memory: the buffer must be there when it is set. Returns the
/// address that is not, if so.
std::optional<std::uint32_t> set_special(State& state, const Memory& memory, unsigned number,
                                         std::uint32_t value) {
  if (number == special::kOutput || number == special::kState) {
    if (const auto missing = memory.unreadable(value, 1)) return missing;
  } else if (number == special::kOutputLength || number == special::kStateLength) {
    if (const auto missing = memory.unreadable(state.special[number - 1], value)) return missing;
  }
  if (number >= special::kOutput && number <= special::kStateLength) {
    state.set_outputs |= 1u << number;
  }
  state.special[number] = value;
  return std::nullopt;
}

// The words of instructions.inc.
#define A registers[slot->a]
#define B registers[slot->b]
#define IMM slot->immediate
#define FP registers[kFp]
#define SP registers[kSp]
#define PC_OF(a_slot) (start + static_cast<std::uint32_t>((a_slot)-slots) * 2)

#define LOAD(type, address, target)                                                     \
  do {                                                                                  \
    const std::uint32_t from = (address);                                               \
    type loaded;                                                                        \
    if (quick<type>(from) && (page_bits(base, from) & Memory::kRead) != 0) [[likely]] { \
      std::memcpy(&loaded, base + from, sizeof loaded);                                 \
    } else if (!execution.memory.read(from, &loaded, sizeof loaded)) {                  \
      ip = slot;                                                                        \
      fault_address = *execution.memory.unreadable(from, sizeof loaded);                \
      fault_signal = Signal::bus;                                                       \
      goto faulted;                                                                     \
    }                                                                                   \
    target = loaded;                                                                    \
  } while (false)

#define STORE(type, address, value)                                                  \
  do {                                                                               \
    const std::uint32_t to = (address);                                              \
    const type stored = static_cast<type>(value);                                    \
    if (quick<type>(to) && (page_bits(base, to) & Memory::kWrite) != 0) [[likely]] { \
      std::memcpy(base + to, &stored, sizeof stored);                                \
    } else if (!execution.memory.write(to, &stored, sizeof stored)) {                \
      ip = slot;                                                                     \
      fault_address = *execution.memory.unwritable(to, sizeof stored);               \
      fault_signal = Signal::bus;                                                    \
      goto faulted;                                                                  \
    }                                                                                \
  } while (false)

#define FAULT(signal)              \
  do {                             \
    ip = slot;                     \
    fault_address = PC_OF(slot);   \
    fault_signal = Signal::signal; \
    goto faulted;                  \
  } while (false)

// Handlers are given as distances, in half the room of pointers, and 0 is a handler too.
#define HANDLER(distance) static_cast<void*>(static_cast<char*>(&&unfilled) + (distance))
#define DISTANCE(label) \
  static_cast<std::int32_t>(static_cast<char*>(label) - static_cast<char*>(&&unfilled))

#define DISPATCH() goto* HANDLER(ip->handler)

// Enters the block at ip: rule 1, and rule 3 of code.h.
#define ENTER()                                                                   \
  do {                                                                            \
    const std::int32_t handler = __atomic_load_n(&ip->handler, __ATOMIC_ACQUIRE); \
    charged = __atomic_load_n(&ip->block, __ATOMIC_RELAXED);                      \
    budget -= charged;                                                            \
    if (budget < 0) [[unlikely]]                                                  \
      goto unfilled;                                                              \
    goto* HANDLER(handler);                                                       \
  } while (false)

#define JUMP_TO(address)                                      \
  do {                                                        \
    const std::uint32_t target = (address);                   \
    const std::uint32_t index = std::rotr(target - start, 1); \
    if (index >= count) [[unlikely]] {                        \
      state.pc = target;                                      \
      goto left;                                              \
    }                                                         \
    ip = slots + index;                                       \
    ENTER();                                                  \
  } while (false)

#define GO_NEAR(ignored)                                    \
  do {                                                      \
    ip = slot + static_cast<std::int32_t>(slot->immediate); \
    ENTER();                                                \
  } while (false)

#define GO_FAR(ignored)         \
  do {                          \
    state.pc = slot->immediate; \
    goto left;                  \
  } while (false)

#define PUSH_FRAME(size)                                                         \
  do {                                                                           \
    const std::uint32_t frame = SP - 12;                                         \
    STORE(std::uint64_t, frame, FP | std::uint64_t{PC_OF(slot) + (size)} << 32); \
    FP = SP = frame;                                                             \
  } while (false)

#define CALL(ignored) \
  do {                \
    PUSH_FRAME(6);    \
    GO_TO(ignored);   \
  } while (false)

#define CALL_TO(address)                      \
  do {                                        \
    const std::uint32_t function = (address); \
    PUSH_FRAME(2);                            \
    JUMP_TO(function);                        \
  } while (false)

#define RETURN()                                      \
  do {                                                \
    const std::uint32_t frame = FP;                   \
    std::uint64_t saved;                              \
    LOAD(std::uint64_t, frame, saved);                \
    FP = static_cast<std::uint32_t>(saved);           \
    SP = frame + 12;                                  \
    JUMP_TO(static_cast<std::uint32_t>(saved >> 32)); \
  } while (false)

#define COMPARE(x, y)           \
  do {                          \
    state.compared_left = (x);  \
    state.compared_right = (y); \
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

#define BRANCH(condition)                                              \
  do {                                                                 \
    const auto left = static_cast<std::uint32_t>(state.compared_left); \
    const std::uint32_t right = state.compared_right;                  \
    if (state.compared_left >> 32 == 0 && (condition)) GO_TO(ignored); \
    ip = slot + 1;                                                     \
    ENTER();                                                           \
  } while (false)

#define COMPARE_BRANCH(condition)            \
  do {                                       \
    const std::uint32_t left = A, right = B; \
    COMPARE(left, right);                    \
    ++slot;                                  \
    if (condition) GO_NEAR(ignored);         \
    ip = slot + 1;                           \
    ENTER();                                 \
  } while (false)

#define SPECIAL(number) state.special[number]

#define SET_SPECIAL(number, value)                                                      \
  do {                                                                                  \
    if (const auto missing = set_special(state, execution.memory, (number), (value))) { \
      ip = slot;                                                                        \
      fault_address = *missing;                                                         \
      fault_signal = Signal::bus;                                                       \
      goto faulted;                                                                     \
    }                                                                                   \
  } while (false)

#define SYSTEM_CALL()                          \
  do {                                         \
    state.special[special::kException] = 3;    \
    state.special[special::kSystemCall] = IMM; \
    state.pc = PC_OF(slot) + 6;                \
    execution.budget = budget;                 \
    return Left::system_call;                  \
  } while (false)

/// The engine. With `wanted` it only says where its handlers are.
Left run(Execution* given, const Slot* ip, Handlers* wanted) {
  if (wanted != nullptr) {
    // clang-format off
    static const std::int32_t operations[] = {
#define MOXIE(code, id, text, shape, flow, meaning) \
  DISTANCE(&&near_##id),
#include "sandbox/moxie/instructions.inc"
#undef MOXIE
        DISTANCE(&&undefined)};
#define FAR_branch(id) &&far_##id
#define FAR_imm32(id) &&far_##id
#define FAR_none(id) &&near_##id
#define FAR_reg(id) &&near_##id
#define FAR_reg_reg(id) &&near_##id
#define FAR_reg_imm32(id) &&near_##id
#define FAR_reg_address(id) &&near_##id
#define FAR_address_reg(id) &&near_##id
#define FAR_reg_indirect(id) &&near_##id
#define FAR_indirect_reg(id) &&near_##id
#define FAR_reg_offset(id) &&near_##id
#define FAR_offset_reg(id) &&near_##id
#define FAR_reg_small(id) &&near_##id
    static const std::int32_t far_operations[] = {
#define MOXIE(code, id, text, shape, flow, meaning) \
  DISTANCE(FAR_##shape(id)),
#include "sandbox/moxie/instructions.inc"
#undef MOXIE
        DISTANCE(&&undefined)};
    static const std::int32_t joined[] = {
#define MOXIE_JOINED(id, first, second, meaning) \
  DISTANCE(&&joined_##id),
#include "sandbox/moxie/joined.inc"
#undef MOXIE_JOINED
    };
    // clang-format on
    std::memcpy(wanted->operation.data(), operations, sizeof operations);
    std::memcpy(wanted->far.data(), far_operations, sizeof far_operations);
    std::memcpy(wanted->joined.data(), joined, sizeof joined);
    wanted->leave = DISTANCE(&&leave);
    return Left::elsewhere;
  }

  Execution& execution = *given;
  State& state = execution.state;
  std::uint32_t* const registers = state.registers.data();
  std::uint8_t* const base = execution.memory.base();
  const Slot* const slots = execution.slots;
  const std::uint32_t start = execution.start;
  const std::uint32_t count = execution.count;
  std::int64_t budget = execution.budget;
  std::uint32_t charged = 0;
  Signal fault_signal = Signal::none;
  std::uint32_t fault_address = 0;

  ENTER();

  // --- Instructions whose targets are slots ---

#define GO_TO GO_NEAR
#define MOXIE(code, id, text, shape, flow, meaning) \
  near_##id : {                                     \
    const Slot* const slot = ip;                    \
    meaning;                                        \
    ip = slot + length(Shape::shape) / 2;           \
    DISPATCH();                                     \
  }
#include "sandbox/moxie/instructions.inc"
#undef MOXIE
#undef GO_TO

  // --- The same, whose targets are addresses ---

#define GO_TO GO_FAR
#define EMIT_branch(id, meaning) \
  far_##id : {                   \
    const Slot* const slot = ip; \
    meaning;                     \
  }
#define EMIT_imm32(id, meaning) EMIT_branch(id, meaning)
#define EMIT_none(id, meaning)
#define EMIT_reg(id, meaning)
#define EMIT_reg_reg(id, meaning)
#define EMIT_reg_imm32(id, meaning)
#define EMIT_reg_address(id, meaning)
#define EMIT_address_reg(id, meaning)
#define EMIT_reg_indirect(id, meaning)
#define EMIT_indirect_reg(id, meaning)
#define EMIT_reg_offset(id, meaning)
#define EMIT_offset_reg(id, meaning)
#define EMIT_reg_small(id, meaning)
#define MOXIE(code, id, text, shape, flow, meaning) EMIT_##shape(id, meaning)
#include "sandbox/moxie/instructions.inc"
#undef MOXIE
#undef GO_TO

  // --- Joined ones ---

#define MOXIE_JOINED(id, first, second, meaning) \
  joined_##id : {                                \
    const Slot* slot = ip;                       \
    meaning;                                     \
  }
#include "sandbox/moxie/joined.inc"
#undef MOXIE_JOINED

undefined : {
  const Slot* const slot = ip;
  FAULT(ill);
}

unfilled:  // What was paid for is not executed. Handler 0, so that zeroed slots lead here.
  budget += charged;
leave:
  state.pc = PC_OF(ip);
left:
  execution.budget = budget;
  return Left::elsewhere;

faulted:
  state.pc = PC_OF(ip);
  execution.budget = budget + ip->block - 1;
  execution.fault = {fault_signal, fault_address, state.pc};
  return Left::fault;
}

}  // namespace

const Handlers& handlers() {
  static const Handlers known = [] {
    Handlers found;
    run(nullptr, nullptr, &found);
    return found;
  }();
  return known;
}

Left execute(Execution& execution, const Slot* entry) { return run(&execution, entry, nullptr); }

}  // namespace cosmoo::moxie
