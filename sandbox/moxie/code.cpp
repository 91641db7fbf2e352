#include "sandbox/moxie/code.h"

#include <sys/mman.h>

#include <limits>
#include <vector>

#include "sandbox/moxie/interpreter.h"
#include "sandbox/moxie/translator/translation.h"

namespace cosmoo::moxie {

namespace {

enum class Link : std::uint8_t { any, same, feeds };

/// A row of joined.inc.
struct Pattern {
  Operation operations[3];
  unsigned count;
  Link link;

  bool fits(std::span<const Instruction* const> instructions) const {
    if (instructions.size() < count) return false;
    for (unsigned i = 0; i < count; ++i) {
      if (instructions[i]->operation != operations[i]) return false;
    }
    const Instruction &first = *instructions[0], &second = *instructions[1];
    return link == Link::any || (link == Link::same ? second.a : second.b) == first.a;
  }
};

constexpr Pattern kPatterns[] = {
#define MOXIE_PAIR(first, second, link) \
  {{Operation::first, Operation::second, Operation::undefined}, 2, Link::link},
#define MOXIE_COMPARE(branch) \
  {{Operation::cmp, Operation::branch, Operation::undefined}, 2, Link::any},
#define MOXIE_LOOP(first, link, branch) \
  {{Operation::first, Operation::cmp, Operation::branch}, 3, Link::link},
#include "sandbox/moxie/joined.inc"
#undef MOXIE_PAIR
#undef MOXIE_COMPARE
#undef MOXIE_LOOP
};

/// A block that is longer is cut by an instruction that is run from its bytes.
constexpr std::uint32_t kLongestBlock = std::numeric_limits<std::uint16_t>::max();

/// The handler of what these instructions begin with, if they can be executed as one, else null.
const void* joined_handler(std::span<const Instruction* const> instructions) {
  // Patterns by their first operation, in their order.
  static const auto by_first = [] {
    std::vector<std::vector<std::size_t>> lists(kOperations);
    for (std::size_t i = 0; i < std::size(kPatterns); ++i) {
      lists[static_cast<std::size_t>(kPatterns[i].operations[0])].push_back(i);
    }
    return lists;
  }();
  for (const std::size_t i : by_first[static_cast<std::size_t>(instructions[0]->operation)]) {
    if (kPatterns[i].fits(instructions)) return handlers().joined[i];
  }
  return nullptr;
}

bool has_target(Operation operation) {
  return info(operation).flow == Flow::branch || operation == Operation::jmpa ||
         operation == Operation::jsra;
}

/// Slots between an instruction and the one behind it.
std::uint32_t slots_of(const Instruction& instruction) { return instruction.length / 2u; }

void publish(Slot& slot, const void* handler, std::uint32_t block) {
  slot.block = static_cast<std::uint16_t>(block);
  __atomic_store_n(&slot.handler, handler, __ATOMIC_RELEASE);
}

bool is_filled(const Slot& slot) {
  return __atomic_load_n(&slot.handler, __ATOMIC_ACQUIRE) != nullptr;
}

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

Code::~Code() {
  delete translation_.load();
  ::munmap(slots_, (std::size_t{count_} + 1) * sizeof(Slot));
}

translator::Translation* Code::translation() const {
  std::call_once(translating_,
                 [this] { translation_ = translator::Translation::make(*this).release(); });
  return translation_.load();
}

std::uint64_t Code::host_bytes() const {
  return std::uint64_t{count_} * sizeof(Slot) + translator::Translation::most_bytes(count_);
}

const Slot* Code::at(std::uint32_t pc) const {
  const std::uint32_t index = (pc - start_) / 2;
  if (!is_filled(slots_[index])) {
    const std::lock_guard lock(filling_);
    if (!is_filled(slots_[index])) fill_block(index);
  }
  return &slots_[index];
}

std::optional<Instruction> Code::instruction_at(std::uint32_t pc) const {
  const std::size_t offset = pc - start_;
  const std::uint8_t* bytes = bytes_.data() + offset;
  if (length_at(bytes) > bytes_.size() - offset) return std::nullopt;
  return decode(bytes);
}

bool Code::needs_comparison(std::uint32_t pc) const {
  constexpr int kFarthest = 200;  // Instructions: it is asked often.
  for (int i = 0; i < kFarthest && covers(pc); ++i) {
    const auto instruction = instruction_at(pc);
    if (!instruction) return true;
    if (instruction->operation == Operation::cmp) return false;
    const OperationInfo& row = info(instruction->operation);
    if (row.flow == Flow::next) {
      pc += instruction->length;
    } else if (row.shape == Shape::imm32 && row.flow != Flow::stop) {
      pc = instruction->immediate;
    } else {
      return true;
    }
  }
  return true;
}

void Code::fill_block(std::uint32_t index) const {
  struct Step {
    std::uint32_t index;
    Instruction instruction;
    bool alone;  ///< It is not joined to others: its target has no slot, or it cuts the block.
  };
  std::vector<Step> steps;
  // Forwards: operands, as far as the block goes.
  while (!is_filled(slots_[index])) {
    const std::uint8_t* bytes = bytes_.data() + std::size_t{index} * 2;
    if (length_at(bytes) > bytes_.size() - std::size_t{index} * 2) {
      publish(slots_[index], handlers().leave, 0);  // It goes on beyond these bytes.
      break;
    }
    const Instruction instruction = decode(bytes);
    const bool near = fill_operands(index, instruction);
    steps.push_back({index, instruction, !near});
    if (info(instruction.operation).flow != Flow::next) break;
    index += slots_of(instruction);
  }
  // Backwards: what is behind is ready before a slot can be seen.
  for (std::size_t i = steps.size(); i-- > 0;) {
    Step& step = steps[i];
    const auto operation = static_cast<std::size_t>(step.instruction.operation);
    const bool ends = info(step.instruction.operation).flow != Flow::next;
    std::uint32_t block = 1;
    if (!ends) block += slots_[step.index + slots_of(step.instruction)].block;
    if (block > kLongestBlock) {
      step.alone = true;
      publish(slots_[step.index], handlers().leave, 0);
      continue;
    }
    const void* handler = step.alone ? handlers().far[operation] : handlers().near[operation];
    if (!ends) {
      const Instruction* behind[3];
      std::size_t count = 0;
      for (std::size_t j = i; j < steps.size() && count < 3 && !steps[j].alone; ++j) {
        behind[count++] = &steps[j].instruction;
      }
      if (const void* const joined = joined_handler({behind, count})) handler = joined;
    }
    publish(slots_[step.index], handler, block);
  }
}

/// False if the instruction has a target without a slot.
bool Code::fill_operands(std::uint32_t index, const Instruction& instruction) const {
  Slot& slot = slots_[index];
  slot.immediate = instruction.immediate;
  slot.a = instruction.a;
  slot.b = instruction.b;
  if (!has_target(instruction.operation)) return true;
  const bool relative = info(instruction.operation).flow == Flow::branch;
  const std::uint32_t pc = start_ + index * 2;
  const std::uint32_t target = instruction.immediate + (relative ? pc : 0);
  const bool near = covers(target);
  slot.immediate = near ? ((target - start_) / 2 - index) * sizeof(Slot) : target;
  return near;
}

void fill_single(const Instruction& instruction, std::uint32_t pc, Slot (&slots)[4]) {
  for (Slot& slot : slots) slot = Slot{handlers().leave, 0, 0, 0, 0};
  const bool relative = info(instruction.operation).flow == Flow::branch;
  slots[0] = Slot{handlers().far[static_cast<std::size_t>(instruction.operation)],
                  instruction.immediate + (relative ? pc : 0), 1, instruction.a, instruction.b};
}

}  // namespace cosmoo::moxie
