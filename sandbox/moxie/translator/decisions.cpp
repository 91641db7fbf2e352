// Emitter: comparisons and what they decide.
#include <algorithm>
#include <utility>

#include "sandbox/moxie/translator/emitter.h"
#include "sandbox/moxie/translator/home.h"

namespace cosmoo::moxie::translator {

namespace x86 = asmjit::x86;
namespace Inst = x86::Inst;

namespace {

/// How the host says that `left` and `right` stand so to each other, in this order or the other.
x86::CondCode condition_of(Operation branch, bool swapped) {
  using C = x86::CondCode;
  switch (branch) {
    case Operation::beq:
      return C::kEqual;
    case Operation::bne:
      return C::kNotEqual;
    case Operation::blt:
      return swapped ? C::kSignedGT : C::kSignedLT;
    case Operation::bgt:
      return swapped ? C::kSignedLT : C::kSignedGT;
    case Operation::bltu:
      return swapped ? C::kUnsignedGT : C::kUnsignedLT;
    case Operation::bgtu:
      return swapped ? C::kUnsignedLT : C::kUnsignedGT;
    case Operation::bge:
      return swapped ? C::kSignedLE : C::kSignedGE;
    case Operation::ble:
      return swapped ? C::kSignedGE : C::kSignedLE;
    case Operation::bgeu:
      return swapped ? C::kUnsignedLE : C::kUnsignedGE;
    default:
      return swapped ? C::kUnsignedGE : C::kUnsignedLE;
  }
}

}  // namespace

/// What is compared goes to Home, for whoever reads it later.
void Emitter::keep_comparison(unsigned a, unsigned b) {
  const Mem left = home_word(offsetof(Home, compared_left), 8);
  const Mem right = home_word(offsetof(Home, compared_right), 4);
  const Gp from = registers_.read(a);
  assembler_.mov(left, from.r64());
  const auto operand = registers_.source(b);
  if (operand.isMem()) {
    assembler_.mov(x86::eax, operand.as<Mem>());
    assembler_.mov(right, x86::eax);
  } else {
    assembler_.emit(Inst::kIdMov, right, operand);
  }
}

/// Compares what have these values, wherever they are by now.
bool Emitter::compare(unsigned a, unsigned b, const Value& left, const Value& right) {
  const bool swapped = left.is_constant() && !right.is_constant();
  registers_.settle(a, b);
  if (swapped) std::swap(a, b);
  const Value& other = swapped ? left : right;
  const bool in_home = registers_.is_home(a) && !registers_.is_mapped(a);
  if (!other.is_constant()) {
    if (in_home) {
      assembler_.emit(Inst::kIdCmp, Registers::home(a), registers_.read(b));
      return swapped;
    }
    const auto second = registers_.source(b);
    assembler_.emit(Inst::kIdCmp, registers_.read(a), second);
    return swapped;
  }
  const auto constant = static_cast<std::int32_t>(other.offset);
  if (in_home) {
    assembler_.cmp(Registers::home(a), constant);
    return swapped;
  }
  const Gp first = registers_.read(a);
  if (constant == 0) {
    assembler_.test(first, first);
  } else {
    assembler_.cmp(first, constant);
  }
  return swapped;
}

/// Whether what was compared may be read where these branches, the first one at `pc`, lead.
bool Emitter::is_read_after(std::span<const Instruction> branches, std::uint32_t pc) const {
  for (const Instruction& branch : branches) {
    if (code_.needs_comparison(pc + branch.immediate)) return true;
    pc += branch.length;
  }
  return code_.needs_comparison(pc);
}

/// A comparison at `at` and what it decides; how many instructions that is.
std::uint32_t Emitter::decide(std::size_t at, const Decision& decision) {
  const auto instructions = unit_->instructions_of(*block_);
  const Instruction& comparison = instructions[at];
  if (decision.kind == Decision::Kind::boolean) {
    boolean(comparison, instructions[at + 1], instructions[at + 2].a);
    return 3;
  }
  const std::size_t first = at + 1 + decision.between;
  std::uint32_t pc = pc_ + comparison.length;
  bool is_late = true;  // What was compared can be kept behind the branches, where it is read.
  for (std::size_t i = at + 1; i < first; ++i) {
    pc += instructions[i].length;
    is_late = is_late && (instructions[i].operation == Operation::nop ||
                          (instructions[i].a != comparison.a && instructions[i].a != comparison.b));
  }
  if (!is_late && is_read_after(instructions.subspan(first, decision.branches), pc)) {
    keep_comparison(comparison.a, comparison.b);
  }
  const Value left = registers_.value(comparison.a), right = registers_.value(comparison.b);
  bool swapped = false;
  const bool is_end = first + decision.branches == instructions.size();
  if (decision.between == 0) {
    if (is_end) registers_.fill_all();  // Before, so that the host takes `cmp` and branch as one.
    swapped = compare(comparison.a, comparison.b, left, right);
  } else {
    for (unsigned guest = 0; guest < 16; ++guest) registers_.fill_shift(guest);
    swapped = compare(comparison.a, comparison.b, left, right);
    registers_.set_flags(Registers::Flags::kept);
    for (std::size_t i = at + 1; i < first; ++i) instruction(static_cast<std::uint32_t>(i));
    if (is_end) registers_.fill_all();
    registers_.set_flags(Registers::Flags::free);
  }
  for (std::uint32_t i = 0; i < decision.branches; ++i) {
    const Instruction& branch = instructions[first + i];
    const std::uint32_t target = pc + branch.immediate;
    const auto unpaid = paid_ - static_cast<std::uint32_t>(first + 1 + i);
    const bool keeps = is_late && code_.needs_comparison(target);
    go_if(condition_of(branch.operation, swapped), target, unpaid, keeps ? &comparison : nullptr);
    if (unpaid != 0) stubs_.back().swapped = swapped;
    pc += branch.length;
  }
  if (is_late && code_.needs_comparison(pc)) {
    keep_comparison(comparison.a, comparison.b);
  }
  return static_cast<std::uint32_t>(first - at) + decision.branches;
}

/// Goes on where a branch has led, with what its block was paid for in vain. If another branch
/// comes first there, the host's flags decide that as well: it need not wait for what was compared.
void Emitter::refund(const Stub& stub) {
  std::uint32_t pc = stub.pc, unpaid = stub.unpaid;
  const auto keeps = [&](std::uint32_t at) {
    return stub.comparison != nullptr && code_.needs_comparison(at);
  };
  const bool has_flags = stub.swapped && std::ranges::all_of(stub.values, &Value::is_sum);
  const auto branch = has_flags && unpaid != 0 ? branch_at(code_, pc) : std::nullopt;
  if (branch) {
    registers_.set_flags(Registers::Flags::kept);
    registers_.fill_all();
    registers_.set_flags(Registers::Flags::free);
    --unpaid;
    go_if(condition_of(branch->operation, *stub.swapped), pc + branch->immediate, unpaid,
          keeps(pc + branch->immediate) ? stub.comparison : nullptr);
    pc += branch->length;
  }
  registers_.fill_all();
  if (keeps(pc)) keep_comparison(stub.comparison->a, stub.comparison->b);
  // What was paid in vain pays for what comes now.
  const Place* const place = unpaid != 0 ? place_at(pc) : nullptr;
  const std::uint32_t price = place != nullptr ? place->price : 0;
  if (unpaid > price) assembler_.add(x86::r15, unpaid - price);
  if (unpaid < price) {
    assembler_.sub(x86::r15, price - unpaid);
    assembler_.jl(place->unpaid);
  }
  assembler_.jmp(price != 0 ? place->paid : way(pc));
}

/// Goes on at `pc` if the host's flags say so, and gives back what was paid in vain.
void Emitter::go_if(Condition condition, std::uint32_t pc, std::uint32_t unpaid,
                    const Instruction* comparison) {
  if (unpaid == 0 && comparison == nullptr) return void(assembler_.j(condition, way(pc)));
  assembler_.j(condition, stub(Stub::Kind::refund, pc, unpaid));
  stubs_.back().comparison = comparison;
}

/// 1 or 0 into a register that is 1; a branch that is taken skips an instruction, and that is given
/// back.
void Emitter::boolean(const Instruction& comparison, const Instruction& branch, unsigned into) {
  if (code_.needs_comparison(pc_ + comparison.length + branch.immediate)) {
    keep_comparison(comparison.a, comparison.b);
  }
  registers_.claim(into);
  const bool swapped = compare(comparison.a, comparison.b, registers_.value(comparison.a),
                               registers_.value(comparison.b));
  assembler_.set(condition_of(branch.operation, swapped), x86::al);
  const Gp target = registers_.target(into);
  assembler_.movzx(target, x86::al);
  registers_.written(into);
  assembler_.add(x86::r15, target.r64());
}

/// A branch for which something was compared before the block, or well before it.
void Emitter::branch(const Instruction& branch) {
  registers_.fill_all();
  const std::uint32_t unpaid = paid_ - done_ - 1;
  const std::uint32_t target = pc_ + branch.immediate;
  const Label not_taken = assembler_.newLabel();
  // As a whole, as it was stored: a part of it would not come from the host's store buffer.
  assembler_.mov(x86::rax, home_word(offsetof(Home, compared_left), 8));
  assembler_.shr(x86::rax, 32);
  assembler_.jne(not_taken);
  assembler_.mov(x86::eax, home_word(offsetof(Home, compared_left), 4));
  assembler_.cmp(x86::eax, home_word(offsetof(Home, compared_right), 4));
  go_if(condition_of(branch.operation, false), target, unpaid, nullptr);
  assembler_.bind(not_taken);
}

}  // namespace cosmoo::moxie::translator
