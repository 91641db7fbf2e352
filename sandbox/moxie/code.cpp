#include "sandbox/moxie/code.h"

#include <sys/mman.h>

#include <vector>

#include "sandbox/moxie/interpreter.h"

namespace cosmoo::moxie {

namespace {

struct Pair {
  Operation first, second;
};

constexpr Pair kJoined[] = {
#define MOXIE_JOINED(id, first, second, meaning) {Operation::first, Operation::second},
#include "sandbox/moxie/joined.inc"
#undef MOXIE_JOINED
};

/// Handlers of joined instructions by both operations; 0: not joined.
struct JoinTable {
  JoinTable() {
    for (std::size_t i = 0; i < std::size(kJoined); ++i) {
      handler[static_cast<std::size_t>(kJoined[i].first)]
             [static_cast<std::size_t>(kJoined[i].second)] = handlers().joined[i];
    }
  }
  std::int32_t handler[kOperations][kOperations] = {};
};

std::int32_t joined_handler(Operation first, Operation second) {
  static const JoinTable table;
  return table.handler[static_cast<std::size_t>(first)][static_cast<std::size_t>(second)];
}

bool has_target(Operation operation) {
  return info(operation).flow == Flow::branch || operation == Operation::jmpa ||
         operation == Operation::jsra;
}

/// Slots between an instruction and the one behind it.
std::uint32_t slots_of(const Instruction& instruction) { return instruction.length / 2u; }

void fill_operands(Slot& slot, const Instruction& instruction) {
  slot.immediate = instruction.immediate;
  slot.a = instruction.a;
  slot.b = instruction.b;
}

void publish(Slot& slot, std::int32_t handler, std::uint32_t block) {
  __atomic_store_n(&slot.block, block, __ATOMIC_RELAXED);
  __atomic_store_n(&slot.handler, handler, __ATOMIC_RELEASE);
}

bool is_filled(const Slot& slot) { return __atomic_load_n(&slot.handler, __ATOMIC_ACQUIRE) != 0; }

}  // namespace

std::unique_ptr<Code> Code::make(std::uint32_t start, std::span<const std::uint8_t> bytes) {
  // Slots begin at an even address.
  if ((start & 1) != 0 && !bytes.empty()) {
    ++start;
    bytes = bytes.subspan(1);
  }
  if (bytes.size() < 2 || bytes.size() > kLargest) return nullptr;
  void* slots = ::mmap(nullptr, (bytes.size() / 2 + 1) * sizeof(Slot), PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (slots == MAP_FAILED) return nullptr;
  return std::unique_ptr<Code>(new Code(start, bytes, static_cast<Slot*>(slots)));
}

Code::Code(std::uint32_t start, std::span<const std::uint8_t> bytes, Slot* slots)
    : start_(start),
      count_(static_cast<std::uint32_t>(bytes.size() / 2)),
      bytes_(bytes),
      slots_(slots) {
  publish(slots_[count_], handlers().leave, 0);
}

Code::~Code() { ::munmap(slots_, (std::size_t{count_} + 1) * sizeof(Slot)); }

const Slot* Code::at(std::uint32_t pc) const {
  const std::uint32_t index = (pc - start_) / 2;
  if (!is_filled(slots_[index])) {
    const std::lock_guard lock(filling_);
    if (!is_filled(slots_[index])) fill_block(index);
  }
  return &slots_[index];
}

void Code::fill_block(std::uint32_t index) const {
  struct Step {
    std::uint32_t index;
    Instruction instruction;
  };
  std::vector<Step> steps;
  // Forwards: operands, as far as the block goes.
  while (!is_filled(slots_[index])) {
    const std::uint8_t* bytes = bytes_.data() + std::size_t{index} * 2;
    const auto first = static_cast<std::uint16_t>(bytes[0] | bytes[1] << 8);
    if (length(info(operation_of(first)).shape) > bytes_.size() - std::size_t{index} * 2) {
      publish(slots_[index], handlers().leave, 0);  // It goes on beyond these bytes.
      break;
    }
    const Instruction instruction = decode(bytes);
    fill_operands(slots_[index], instruction);
    steps.push_back({index, instruction});
    if (info(instruction.operation).flow != Flow::next) break;
    index += slots_of(instruction);
  }
  // Backwards: what is behind is ready before a slot can be seen.
  for (std::size_t i = steps.size(); i-- > 0;) {
    const auto& [at, instruction] = steps[i];
    Slot& slot = slots_[at];
    const Operation operation = instruction.operation;
    const bool ends = info(operation).flow != Flow::next;
    const std::uint32_t block = ends ? 1 : 1 + slots_[at + slots_of(instruction)].block;
    std::int32_t handler = handlers().operation[static_cast<std::size_t>(operation)];
    if (has_target(operation)) {
      const std::uint32_t target = info(operation).flow == Flow::branch
                                       ? start_ + at * 2 + instruction.immediate
                                       : instruction.immediate;
      if (covers(target)) {
        slot.immediate = (target - start_) / 2 - at;
      } else {
        handler = handlers().far[static_cast<std::size_t>(operation)];
      }
    }
    if (!ends && i + 1 < steps.size()) {
      const Operation second = steps[i + 1].instruction.operation;
      const bool near =
          slots_[steps[i + 1].index].handler != handlers().far[static_cast<std::size_t>(second)];
      const std::int32_t joined = joined_handler(operation, second);
      if (joined != 0 && (near || !has_target(second))) handler = joined;
    }
    publish(slot, handler, block);
  }
}

void fill_single(const Instruction& instruction, std::uint32_t pc, Slot (&slots)[4]) {
  for (Slot& slot : slots) slot = Slot{handlers().leave, 0, 0, 0, 0};
  fill_operands(slots[0], instruction);
  if (info(instruction.operation).flow == Flow::branch) slots[0].immediate += pc;
  slots[0].block = 1;
  slots[0].handler = handlers().far[static_cast<std::size_t>(instruction.operation)];
}

}  // namespace cosmoo::moxie
