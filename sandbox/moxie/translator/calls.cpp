// Emitter: calls, returns, and jumps to what only a register knows.
#include "sandbox/moxie/translator/emitter.h"
#include "sandbox/moxie/translator/home.h"

namespace cosmoo::moxie::translator {

namespace x86 = asmjit::x86;
namespace Inst = x86::Inst;

/// Stores the frame of a call in one piece, so that it is refused as a whole.
void Emitter::push_frame(std::uint32_t back) {
  const Gp frame_pointer = registers_.host(kFp), stack = registers_.host(kSp);
  assembler_.mov(x86::rax, std::uint64_t{back} << 32);
  assembler_.or_(x86::rax, frame_pointer.r64());
  Mem frame = x86::ptr(stack, -12, 8);
  frame.setSegment(x86::gs);
  may_be_refused(Rdx::own);
  assembler_.mov(frame, x86::rax);
  assembler_.lea(frame_pointer, x86::ptr(stack.r64(), -12));
  assembler_.mov(stack, frame_pointer);
}

void Emitter::last(const Instruction& instruction, std::uint32_t behind) {
  registers_.fill_all();
  const Gp frame_pointer = registers_.host(kFp), stack = registers_.host(kSp);
  switch (instruction.operation) {
    case Operation::jsra:
      push_frame(behind);
      to_common();
      call(instruction.immediate);
      returned(behind);
      break;
    case Operation::jsr: {
      // The frame changes two registers, one of which may name the function.
      asmjit::Operand function = registers_.source(instruction.a);
      if (instruction.a == kFp || instruction.a == kSp) {
        const Mem kept = home_word(offsetof(Home, pc), 4);
        assembler_.mov(kept, registers_.host(instruction.a));
        function = kept;
      }
      push_frame(behind);
      const Call other{assembler_.newLabel(), assembler_.newLabel(), function, own_};
      calls_.push_back(other);
      if (const auto guessed = guess(*block_, instruction.a)) {
        assembler_.emit(Inst::kIdCmp, function, asmjit::imm(static_cast<std::int32_t>(*guessed)));
        assembler_.jne(other.call);
        to_common();
        call(*guessed);
      } else {
        assembler_.jmp(other.call);
      }
      assembler_.bind(other.back);
      returned(behind);
      break;
    }
    case Operation::jmp:
      assembler_.emit(Inst::kIdMov, x86::eax, registers_.source(instruction.a));
      to_common();
      jump_by_table(assembler_, code_, cache_);
      break;
    case Operation::ret: {
      Mem frame = x86::ptr(frame_pointer, 0, 8);
      frame.setSegment(x86::gs);
      may_be_refused(Rdx::own);
      assembler_.mov(x86::rax, frame);
      to_common();
      assembler_.lea(stack, x86::ptr(frame_pointer.r64(), 12));
      assembler_.mov(frame_pointer, x86::eax);
      assembler_.shr(x86::rax, 32);
      assembler_.ret();
      break;
    }
    default:
      break;
  }
}

/// What the host returns to: whether the guest does, too.
void Emitter::returned(std::uint32_t to) {
  assembler_.cmp(x86::eax, static_cast<std::int32_t>(to));
  assembler_.jne(address(common_.return_miss));
  from_common();
}

/// Where a call by this register at the block's end goes, perhaps: to what a register was set to
/// not far before.
std::optional<std::uint32_t> Emitter::guess(const Block& block, unsigned reg) const {
  constexpr std::size_t kFarthest = 200;
  std::size_t at = block.first + block.count;
  for (std::size_t i = 0; i < kFarthest && at-- > 0; ++i) {
    const Instruction& one = unit_->instructions[at];
    if (one.operation != Operation::ldi_l || one.a != reg) continue;
    if (!code_.covers(one.immediate)) return std::nullopt;
    return one.immediate;
  }
  return std::nullopt;
}

}  // namespace cosmoo::moxie::translator
