// Threaded code: each handler ends in the jump to the next one.
//
// Rules: (1) whoever enters a block pays for all of it, and gets back what a fault left undone; so
// only entries look at the budget; (2) inside a handler `slot` is the instruction under way; (3) a
// handler touches the guest's memory by load() and store() only.
#include "sandbox/moxie/interpreter.h"

#include <bit>

#include "sandbox/moxie/meanings.h"

namespace cosmoo::moxie {

namespace {

// A slot has 16 bytes and stands for two of code: addresses are an eighth of how far slots go.
#define PC_OF(slot) (static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(slot) / 8) + bias)

#define DISPATCH() goto * ip->handler

#define FAULTED_AT(a_slot) \
  do {                     \
    ip = (a_slot);         \
    goto faulted;          \
  } while (false)

// Enters the block at ip: rule 1, and rule 3 of code.h.
#define ENTER()                                                                  \
  do {                                                                           \
    const void* const handler = __atomic_load_n(&ip->handler, __ATOMIC_ACQUIRE); \
    if (handler == nullptr) [[unlikely]]                                         \
      goto leave;                                                                \
    budget -= ip->block;                                                         \
    if (budget < 0) [[unlikely]]                                                 \
      goto unpaid;                                                               \
    goto* handler;                                                               \
  } while (false)

// The words of instructions.inc that jump.

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

#define GO_NEAR(ignored)                                                            \
  do {                                                                              \
    ip = reinterpret_cast<const Slot*>(reinterpret_cast<const char*>(slot) +        \
                                       static_cast<std::int32_t>(slot->immediate)); \
    ENTER();                                                                        \
  } while (false)

#define GO_FAR(ignored)         \
  do {                          \
    state.pc = slot->immediate; \
    goto left;                  \
  } while (false)

#define PUSH_FRAME(size)                                                        \
  do {                                                                          \
    const std::uint32_t frame = SP - 12;                                        \
    const std::uint64_t saved = FP | std::uint64_t{PC_OF(slot) + (size)} << 32; \
    if (!store(core, frame, saved)) FAULTED_AT(slot);                           \
    FP = SP = frame;                                                            \
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
    if (!load(core, frame, saved)) FAULTED_AT(slot);  \
    FP = static_cast<std::uint32_t>(saved);           \
    SP = frame + 12;                                  \
    JUMP_TO(static_cast<std::uint32_t>(saved >> 32)); \
  } while (false)

#define SYSTEM_CALL()                                      \
  do {                                                     \
    state.special[special::kException] = 3;                \
    state.special[special::kSystemCall] = slot->immediate; \
    state.pc = PC_OF(slot) + 6;                            \
    execution.budget = budget;                             \
    return Left::system_call;                              \
  } while (false)

#define FAULT(signal)                   \
  do {                                  \
    core.fault_signal = Signal::signal; \
    FAULTED_AT(slot);                   \
  } while (false)

#define BRANCH(condition)                                              \
  do {                                                                 \
    const auto left = static_cast<std::uint32_t>(state.compared_left); \
    const std::uint32_t right = state.compared_right;                  \
    if (state.compared_left >> 32 == 0 && (condition)) GO_TO(ignored); \
    ip = slot + 1;                                                     \
    ENTER();                                                           \
  } while (false)

// A comparison at `slot` with these operands, and the branch behind it.
#define COMPARE_BRANCH(on, branch)                                           \
  do {                                                                       \
    const std::uint32_t left = registers[(on).a], right = registers[(on).b]; \
    state.compared_left = left;                                              \
    state.compared_right = right;                                            \
    ++slot;                                                                  \
    if (holds_##branch(left, right)) GO_NEAR(ignored);                       \
    ip = slot + 1;                                                           \
    ENTER();                                                                 \
  } while (false)

// Which of an instruction's handlers there are: one, or two if a target stands in it.
#define FAR_branch(near, far) far
#define FAR_imm32(near, far) far
#define FAR_none(near, far) near
#define FAR_reg(near, far) near
#define FAR_reg_reg(near, far) near
#define FAR_reg_imm32(near, far) near
#define FAR_reg_address(near, far) near
#define FAR_address_reg(near, far) near
#define FAR_reg_indirect(near, far) near
#define FAR_indirect_reg(near, far) near
#define FAR_reg_offset(near, far) near
#define FAR_offset_reg(near, far) near
#define FAR_reg_small(near, far) near

#define NOTHING(...)

// Handlers of one instruction, by its flow: those that go on are called, the others stand here.
#define NEAR_next(id, meaning)                                 \
  near_##id : {                                                \
    const Slot* const slot = ip;                               \
    if (!perform_##id(core, operands(slot))) FAULTED_AT(slot); \
    ip = slot + kSlots_##id;                                   \
    DISPATCH();                                                \
  }
#define NEAR_other(id, meaning)  \
  near_##id : {                  \
    const Slot* const slot = ip; \
    meaning;                     \
  }
#define NEAR_branch NEAR_other
#define NEAR_jump NEAR_other
#define NEAR_call NEAR_other
#define NEAR_stop NEAR_other
#define FAR(id, meaning)         \
  far_##id : {                   \
    const Slot* const slot = ip; \
    meaning;                     \
  }

/// The engine. With `wanted` it only says where its handlers are.
Left run(Execution* given, const Slot* ip, Handlers* wanted) {
  if (wanted != nullptr) {
    static const void* const near_handlers[] = {
#define MOXIE(code, id, text, shape, flow, meaning) &&near_##id,
#include "sandbox/moxie/instructions.inc"
#undef MOXIE
        &&undefined, &&leave};
    static const void* const far_handlers[] = {
#define MOXIE(code, id, text, shape, flow, meaning) FAR_##shape(&&near_##id, &&far_##id),
#include "sandbox/moxie/instructions.inc"
#undef MOXIE
        &&undefined};
    static const void* const joined_handlers[] = {
#define MOXIE_PAIR(first, second, link) &&pair_##first##_##second##_##link,
#define MOXIE_COMPARE(branch) &&compare_##branch,
#define MOXIE_LOOP(first, link, branch) &&loop_##first##_##link##_##branch,
#include "sandbox/moxie/joined.inc"
#undef MOXIE_PAIR
#undef MOXIE_COMPARE
#undef MOXIE_LOOP
    };
    wanted->near.assign(std::begin(near_handlers), std::end(near_handlers));
    wanted->far.assign(std::begin(far_handlers), std::end(far_handlers));
    wanted->joined.assign(std::begin(joined_handlers), std::end(joined_handlers));
    // From an array, too: g++ takes a label for something that ends with this call.
    wanted->leave = wanted->near.back();
    wanted->near.pop_back();
    return Left::elsewhere;
  }

  Execution& execution = *given;
  State& state = execution.state;
  std::uint32_t* const registers = state.registers.data();
  Core core{state, execution.memory, registers, execution.memory.base()};
  const Slot* const slots = execution.slots;
  const std::uint32_t start = execution.start;
  const std::uint32_t bias =
      start - static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(slots) / 8);
  const std::uint32_t count = execution.count;
  std::int64_t budget = execution.budget;

  ENTER();

#define A registers[slot->a]
#define IMM slot->immediate
#define FP registers[kFp]
#define SP registers[kSp]

  // --- Instructions whose targets are slots, then the same, whose targets are addresses ---

#define GO_TO GO_NEAR
#define MOXIE(code, id, text, shape, flow, meaning) NEAR_##flow(id, meaning)
#include "sandbox/moxie/instructions.inc"
#undef MOXIE
#undef GO_TO

#define GO_TO GO_FAR
#define MOXIE(code, id, text, shape, flow, meaning) FAR_##shape(NOTHING, FAR)(id, meaning)
#include "sandbox/moxie/instructions.inc"
#undef MOXIE
#undef GO_TO

  // --- Joined ones ---

#define MOXIE_PAIR(first, second, link)                    \
  pair_##first##_##second##_##link : {                     \
    const Slot* slot = ip;                                 \
    const Operands one = operands(slot);                   \
    if (!perform_##first(core, one)) FAULTED_AT(slot);     \
    slot += kSlots_##first;                                \
    const Operands two = link_##link(one, operands(slot)); \
    if (!perform_##second(core, two)) FAULTED_AT(slot);    \
    ip = slot + kSlots_##second;                           \
    DISPATCH();                                            \
  }
#define MOXIE_COMPARE(branch)           \
  compare_##branch : {                  \
    const Slot* slot = ip;              \
    const Operands on = operands(slot); \
    COMPARE_BRANCH(on, branch);         \
  }
#define MOXIE_LOOP(first, link, branch)                    \
  loop_##first##_##link##_##branch : {                     \
    const Slot* slot = ip;                                 \
    const Operands one = operands(slot);                   \
    if (!perform_##first(core, one)) FAULTED_AT(slot);     \
    slot += kSlots_##first;                                \
    const Operands two = link_##link(one, operands(slot)); \
    COMPARE_BRANCH(two, branch);                           \
  }
#include "sandbox/moxie/joined.inc"
#undef MOXIE_PAIR
#undef MOXIE_COMPARE
#undef MOXIE_LOOP

undefined : {
  const Slot* const slot = ip;
  FAULT(ill);
}

unpaid:  // Nothing of the block is executed.
  budget += ip->block;
leave:
  state.pc = PC_OF(ip);
left:
  execution.budget = budget;
  return Left::elsewhere;

faulted:
  state.pc = PC_OF(ip);
  execution.budget = budget + ip->block - 1;
  execution.fault = {core.fault_signal,
                     core.fault_signal == Signal::bus ? core.fault_address : state.pc, state.pc};
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
