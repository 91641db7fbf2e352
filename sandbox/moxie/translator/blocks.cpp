#include "sandbox/moxie/translator/blocks.h"

#include <algorithm>
#include <array>

namespace cosmoo::moxie::translator {

namespace {

/// A longer block is cut: it must fit into what is left of a budget as a whole.
constexpr std::uint32_t kLongestBlock = 2000;

bool is_branch(const Instruction& one) { return info(one.operation).flow == Flow::branch; }

/// A branch that is seldom taken, or so compilers place what they compile.
bool is_way_out(const Instruction& one) {
  return is_branch(one) && static_cast<std::int32_t>(one.immediate) > 0;
}

/// What becomes nothing but a value to remember.
bool is_light(const Instruction& one) {
  switch (one.operation) {
    case Operation::mov:
    case Operation::ldi_l:
    case Operation::ldi_b:
    case Operation::ldi_s:
    case Operation::inc:
    case Operation::dec:
    case Operation::nop:
      return true;
    default:
      return false;
  }
}

/// `ldi r, 1`, a comparison, a branch over the next one, `xor r, r`.
bool is_boolean(const Instruction& one, const Instruction& compare, const Instruction& branch,
                const Instruction& zero) {
  const bool sets_one = (one.operation == Operation::ldi_l || one.operation == Operation::ldi_b) &&
                        one.immediate == 1;
  return sets_one && compare.operation == Operation::cmp && is_branch(branch) &&
         branch.immediate == std::uint32_t{branch.length} + zero.length &&
         zero.operation == Operation::xor_ && zero.a == zero.b && zero.a == one.a;
}

}  // namespace

Decision decision_at(std::span<const Instruction> instructions, std::size_t at) {
  constexpr std::uint32_t kMostBetween = 3;
  Decision decision;
  const std::size_t count = instructions.size();
  if (at >= 1 && at + 2 < count &&
      is_boolean(instructions[at - 1], instructions[at], instructions[at + 1],
                 instructions[at + 2])) {
    decision.kind = Decision::Kind::boolean;
    return decision;
  }
  std::size_t first = at + 1;
  while (first < count && first - at <= kMostBetween && is_light(instructions[first])) ++first;
  if (first >= count || !is_branch(instructions[first])) return decision;
  decision.kind = Decision::Kind::branch;
  decision.between = static_cast<std::uint32_t>(first - at - 1);
  decision.branches = first + 1 < count && is_branch(instructions[first + 1]) ? 2 : 1;
  return decision;
}

std::optional<Instruction> branch_at(const Code& code, std::uint32_t pc) {
  if (!code.covers(pc)) return std::nullopt;
  const auto instruction = code.instruction_at(pc);
  return instruction && is_branch(*instruction) ? instruction : std::nullopt;
}

bool is_declined(Operation operation) {
  return info(operation).flow == Flow::stop || operation == Operation::gsr ||
         operation == Operation::ssr;
}

std::size_t Unit::block_from(std::uint32_t start) const {
  const auto found = std::lower_bound(
      blocks.begin(), blocks.end(), start,
      [](const Block& block, std::uint32_t address) { return block.start < address; });
  return static_cast<std::size_t>(found - blocks.begin());
}

std::optional<std::size_t> Unit::block_at(std::uint32_t start) const {
  const std::size_t number = block_from(start);
  if (number == blocks.size() || blocks[number].start != start) return std::nullopt;
  return number;
}

void Explorer::lead(std::uint32_t pc) {
  if (!code_.covers(pc) || (mark(pc) & (kLeader | kDone)) != 0) return;
  mark(pc) |= kLeader;
  leaders_.push_back(pc);
  waiting_.push_back(pc);
}

/// A branch leads there. Another branch at that place is decided with it, and what is behind that
/// begins a block.
void Explorer::lead_from_branch(std::uint32_t pc) {
  lead(pc);
  if (const auto branch = branch_at(code_, pc)) lead(pc + branch->length);
}

/// Sees all instructions from a leader on that follow each other.
void Explorer::follow(std::uint32_t pc) {
  std::array<Instruction, 2> before{};  // The one before, and the one before that.
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
    // A branch within a block: the second one after a comparison comes next, or a boolean's `xor`.
    if (row.flow == Flow::branch && before[0].operation == Operation::cmp && left_ != 0 &&
        code_.covers(behind)) {
      const auto next = code_.instruction_at(behind);
      if (next && is_boolean(before[1], before[0], *instruction, *next)) {
        pc = behind;
        before = {*instruction, before[0]};
        continue;
      }
      if (next && is_branch(*next)) {
        lead_from_branch(pc + instruction->immediate);
        pc = behind;
        before = {*instruction, before[0]};
        continue;
      }
    }
    before = {*instruction, before[0]};
    if (row.flow == Flow::branch) lead_from_branch(pc + instruction->immediate);
    if (row.shape == Shape::imm32 && row.flow != Flow::stop) lead(instruction->immediate);
    if (row.flow == Flow::jump || instruction->operation == Operation::undefined) return;
    const bool goes_on = row.flow == Flow::next || is_way_out(*instruction);
    if (!goes_on || is_declined(instruction->operation)) return lead(behind);
    pc = behind;
  }
}

/// A block begins here, too, it turns out; the instruction was seen.
void Explorer::lead_late(std::uint32_t pc) {
  if (!code_.covers(pc) || (mark(pc) & kSeen) == 0) return;
  lead(pc);
}

Block Explorer::block_at(std::uint32_t pc, Unit& unit) {
  Block block{pc, pc, static_cast<std::uint32_t>(unit.instructions.size()), 0};
  const auto is_open = [this](std::uint32_t at) {  // Of the unit, and in no block by itself.
    return code_.covers(at) && (mark(at) & kSeen) != 0 && (mark(at) & (kLeader | kDone)) == 0;
  };
  do {
    const Instruction one = *code_.instruction_at(block.behind);
    unit.instructions.push_back(one);
    ++block.count;
    block.behind += one.length;
    if (is_declined(one.operation)) return block;
    if (info(one.operation).flow == Flow::next) continue;
    if (!is_branch(one)) return block;
    const auto all = unit.instructions_of(block);
    const bool compared = all.size() > 1 && all[all.size() - 2].operation == Operation::cmp;
    const auto next = is_open(block.behind) ? code_.instruction_at(block.behind) : std::nullopt;
    if (compared && next && is_branch(*next)) continue;
    if (compared && next && all.size() > 2 &&
        is_boolean(all[all.size() - 3], all[all.size() - 2], one, *next)) {
      continue;
    }
    // It has turned out to be no boolean's, perhaps.
    lead_late(block.behind - one.length + one.immediate);
    if (!is_way_out(one)) break;
  } while (is_open(block.behind));
  lead_late(block.behind);
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
  for (std::size_t i = 0; i < leaders_.size(); ++i) {  // More may come.
    const std::uint32_t pc = leaders_[i];
    if ((mark(pc) & kSeen) == 0) continue;  // Beyond the limit, or nothing is there.
    unit.blocks.push_back(block_at(pc, unit));
  }
  std::sort(unit.blocks.begin(), unit.blocks.end(),
            [](const Block& one, const Block& other) { return one.start < other.start; });
  for (const std::uint32_t pc : seen_) mark(pc) &= static_cast<std::uint8_t>(~kSeen);
  for (const std::uint32_t pc : leaders_) mark(pc) &= static_cast<std::uint8_t>(~kLeader);
  for (const Block& block : unit.blocks) {
    mark(block.start) |= kDone;
    for (std::uint32_t pc = block.start + 2; pc < block.behind; pc += 2) mark(pc) |= kInside;
  }
  seen_.clear();
  leaders_.clear();
  waiting_.clear();
  return unit;
}

}  // namespace cosmoo::moxie::translator
