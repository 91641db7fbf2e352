#include "sandbox/moxie/translator/blocks.h"

#include <algorithm>

namespace cosmoo::moxie::translator {

namespace {

/// A longer block is cut: it must fit into what is left of a budget as a whole.
constexpr std::uint32_t kLongestBlock = 2000;

}  // namespace

bool is_declined(Operation operation) {
  return info(operation).flow == Flow::stop || operation == Operation::gsr ||
         operation == Operation::ssr;
}

bool Unit::has(std::uint32_t start) const {
  const auto found = std::lower_bound(
      blocks.begin(), blocks.end(), start,
      [](const Block& block, std::uint32_t address) { return block.start < address; });
  return found != blocks.end() && found->start == start;
}

void Explorer::lead(std::uint32_t pc) {
  if (!code_.covers(pc) || (mark(pc) & (kLeader | kDone)) != 0) return;
  mark(pc) |= kLeader;
  leaders_.push_back(pc);
  waiting_.push_back(pc);
}

/// Sees all instructions from a leader on that follow each other.
void Explorer::follow(std::uint32_t pc) {
  for (std::uint32_t length = 0;; ++length) {
    if (!code_.covers(pc)) return;
    if ((mark(pc) & kSeen) != 0 || left_ == 0 || length == kLongestBlock) return lead(pc);
    if (length != 0 && (mark(pc) & (kLeader | kDone)) != 0) return;
    const auto instruction = code_.instruction_at(pc);
    if (!instruction) return;
    if (is_declined(instruction->operation) && length != 0) return lead(pc);
    mark(pc) |= kSeen;
    seen_.push_back(pc);
    --left_;
    const std::uint32_t behind = pc + instruction->length;
    const OperationInfo& row = info(instruction->operation);
    if (row.flow == Flow::branch) lead(pc + instruction->immediate);
    if (row.shape == Shape::imm32 && row.flow != Flow::stop) lead(instruction->immediate);
    if (row.flow == Flow::jump || instruction->operation == Operation::undefined) return;
    if (row.flow != Flow::next || is_declined(instruction->operation)) return lead(behind);
    pc = behind;
  }
}

Block Explorer::block_at(std::uint32_t pc, Unit& unit) {
  Block block{pc, pc, static_cast<std::uint32_t>(unit.instructions.size()), 0};
  while (code_.covers(block.behind) && (mark(block.behind) & kSeen) != 0 &&
         (block.count == 0 || (mark(block.behind) & (kLeader | kDone)) == 0)) {
    const auto instruction = code_.instruction_at(block.behind);
    unit.instructions.push_back(*instruction);
    ++block.count;
    block.behind += instruction->length;
    if (info(instruction->operation).flow != Flow::next || is_declined(instruction->operation)) {
      break;
    }
  }
  return block;
}

Unit Explorer::explore(std::uint32_t entry, std::uint32_t limit) {
  Unit unit;
  left_ = limit;
  lead(entry);
  while (!waiting_.empty()) {
    const std::uint32_t pc = waiting_.back();
    waiting_.pop_back();
    if (left_ != 0 && (mark(pc) & kSeen) == 0) follow(pc);
  }
  std::sort(leaders_.begin(), leaders_.end());
  for (const std::uint32_t pc : leaders_) {
    if ((mark(pc) & kSeen) == 0) continue;  // Beyond the limit, or nothing is there.
    const Block block = block_at(pc, unit);
    if (block.count != 0) unit.blocks.push_back(block);
  }
  for (const std::uint32_t pc : seen_) mark(pc) &= static_cast<std::uint8_t>(~kSeen);
  for (const std::uint32_t pc : leaders_) mark(pc) &= static_cast<std::uint8_t>(~kLeader);
  for (const Block& block : unit.blocks) mark(block.start) |= kDone;
  seen_.clear();
  leaders_.clear();
  return unit;
}

}  // namespace cosmoo::moxie::translator
