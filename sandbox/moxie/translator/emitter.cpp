#include "sandbox/moxie/translator/emitter.h"

#include <algorithm>

#include "sandbox/moxie/translator/home.h"

namespace cosmoo::moxie::translator {

namespace x86 = asmjit::x86;
namespace Inst = x86::Inst;

Registers::Mem home_word(std::size_t offset, std::uint32_t size) {
  Registers::Mem word = x86::ptr_abs(
      static_cast<std::uint64_t>(static_cast<std::int64_t>(offset) - kHomeBelow), size);
  word.setSegment(x86::gs);
  return word;
}

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

Emitter::Emitter(const Code& code, const CodeCache& cache, const CommonCode& common,
                 const Mapping& mapping)
    : code_(code),
      cache_(cache),
      common_(common),
      mapping_(mapping),
      has_bmi2_(asmjit::CpuInfo::host().features().x86().hasBMI2()),
      registers_(assembler_, mapping) {}

bool Emitter::begin(const Unit& unit, std::uint64_t base) {
  holder_.reset();
  unit_ = &unit;
  base_ = base;
  labels_.clear();
  stubs_.clear();
  exits_.clear();
  if (holder_.init(asmjit::Environment::host(), base) != asmjit::kErrorOk ||
      holder_.attach(&assembler_) != asmjit::kErrorOk) {
    return false;
  }
  for (std::size_t i = 0; i < unit.blocks.size(); ++i) labels_.push_back(assembler_.newLabel());
  return true;
}

std::optional<Emitted> Emitter::emit(const Unit& unit) {
  if (!begin(unit, address(static_cast<std::uint32_t>(cache_.used())))) return std::nullopt;
  Emitted emitted;
  for (std::size_t i = 0; i < unit.blocks.size(); ++i) {
    emitted.blocks.push_back(static_cast<std::uint32_t>(cache_.used() + assembler_.offset()));
    block(i);
  }
  for (std::size_t i = 0; i < stubs_.size(); ++i) leave_stub(Stub(stubs_[i]));  // May add to them.
  if (holder_.flatten() != asmjit::kErrorOk ||
      holder_.resolveUnresolvedLinks() != asmjit::kErrorOk ||
      holder_.relocateToBase(base_) != asmjit::kErrorOk) {
    return std::nullopt;
  }
  emitted.code.resize(holder_.codeSize());
  if (holder_.copyFlattenedData(emitted.code.data(), emitted.code.size()) != asmjit::kErrorOk) {
    return std::nullopt;
  }
  emitted.exits = std::move(exits_);
  return emitted;
}

std::optional<Refused> Emitter::explain(const Unit& unit, std::uint32_t offset) {
  if (!begin(unit, address(0))) return std::nullopt;
  wanted_ = offset;
  explained_.reset();
  block(0);
  wanted_.reset();
  return explained_;
}

void Emitter::block(std::size_t number) {
  block_ = &unit_->blocks[number];
  registers_.forget();
  assembler_.bind(labels_[number]);
  const auto instructions = unit_->instructions_of(*block_);
  done_ = 0;
  pc_ = block_->start;
  if (is_declined(instructions[0].operation)) {
    assembler_.jmp(stub(Stub::Kind::stuck, pc_, 0));
    return;
  }
  assembler_.sub(x86::r15, block_->count);
  assembler_.js(stub(Stub::Kind::leave, pc_, block_->count));
  const Instruction& end = instructions.back();
  const bool goes_on = info(end.operation).flow == Flow::next;
  const bool fused = !goes_on && instructions.size() > 1 &&
                     info(end.operation).flow == Flow::branch &&
                     instructions[instructions.size() - 2].operation == Operation::cmp;
  const std::uint32_t plain =
      block_->count - (goes_on ? 0 : 1) - (fused ? 1 : 0);  // That come before the end.
  while (done_ < plain) {
    for (std::uint32_t taken = instruction(done_); taken != 0; --taken)
      pc_ += instructions[done_++].length;
  }
  const std::uint32_t next =
      number + 1 < unit_->blocks.size() ? unit_->blocks[number + 1].start : block_->start;
  if (goes_on) {
    registers_.fill_all();
    return go(pc_, next);
  }
  if (info(end.operation).flow == Flow::branch) {
    const Instruction* const compare = fused ? &instructions[block_->count - 2] : nullptr;
    if (fused) pc_ += compare->length;
    branch(end, pc_, block_->behind, compare);
    return go(block_->behind, next);
  }
  last(end, block_->behind);
  if (info(end.operation).flow == Flow::call) go(block_->behind, next);
  if (end.operation == Operation::jmpa) go(end.immediate, next);
}

std::uint32_t Emitter::instruction(std::uint32_t at) {
  const auto instructions = unit_->instructions_of(*block_);
  const Instruction& one = instructions[at];
  const unsigned a = one.a, b = one.b;
  const std::uint32_t immediate = one.immediate;
  // A load, and one that extends the sign of what it loaded: the host does both at once.
  const auto load_short = [&](Operation extend, std::uint32_t size) -> std::uint32_t {
    const bool with_sign = at + 1 < instructions.size() &&
                           instructions[at + 1].operation == extend &&
                           instructions[at + 1].a == a && instructions[at + 1].b == a;
    const Inst::Id id = with_sign ? Inst::kIdMovsx : Inst::kIdMovzx;
    if (info(one.operation).shape == Shape::reg_address) {
      load_at(id, a, immediate, size);
    } else {
      load(id, a, b, immediate, size);
    }
    return with_sign ? 2 : 1;
  };
  switch (one.operation) {
    case Operation::ldi_l:
    case Operation::ldi_b:
    case Operation::ldi_s:
      registers_.set(a, Value::constant(immediate));
      return 1;
    case Operation::mov:
      move(a, b);
      return 1;
    case Operation::add:
      add(a, b);
      return 1;
    case Operation::sub:
      subtract(a, b);
      return 1;
    case Operation::and_:
      combine(Inst::kIdAnd, a, b);
      return 1;
    case Operation::or_:
      combine(Inst::kIdOr, a, b);
      return 1;
    case Operation::xor_:
      combine(Inst::kIdXor, a, b);
      return 1;
    case Operation::mul:
      multiply(a, b);
      return 1;
    case Operation::umul_x:
    case Operation::mul_x:
      multiply_high(one.operation, a, b);
      return 1;
    case Operation::ashl:
    case Operation::lshr:
    case Operation::ashr:
      shift(one.operation, a, b);
      return 1;
    case Operation::neg:
    case Operation::not_:
      negate(one.operation, a, b);
      return 1;
    case Operation::sex_b:
    case Operation::sex_s:
    case Operation::zex_b:
    case Operation::zex_s:
      extend(one.operation, a, b);
      return 1;
    case Operation::div:
    case Operation::udiv:
    case Operation::mod:
    case Operation::umod:
      divide(one.operation, a, b);
      return 1;
    case Operation::inc:
      offset(a, immediate);
      return 1;
    case Operation::dec:
      offset(a, 0 - immediate);
      return 1;
    case Operation::nop:
      return 1;
    case Operation::cmp:
      if (code_.needs_comparison(pc_ + one.length)) keep_comparison(a, b);
      return 1;

    case Operation::ld_l:
    case Operation::ldo_l:
      load(Inst::kIdMov, a, b, immediate, 4);
      return 1;
    case Operation::ld_b:
    case Operation::ldo_b:
    case Operation::lda_b:
      return load_short(Operation::sex_b, 1);
    case Operation::ld_s:
    case Operation::ldo_s:
    case Operation::lda_s:
      return load_short(Operation::sex_s, 2);
    case Operation::lda_l:
      load_at(Inst::kIdMov, a, immediate, 4);
      return 1;
    case Operation::st_l:
    case Operation::sto_l:
      store(a, immediate, 4, b);
      return 1;
    case Operation::st_b:
    case Operation::sto_b:
      store(a, immediate, 1, b);
      return 1;
    case Operation::st_s:
    case Operation::sto_s:
      store(a, immediate, 2, b);
      return 1;
    case Operation::sta_l:
      store_at(immediate, 4, a);
      return 1;
    case Operation::sta_b:
      store_at(immediate, 1, a);
      return 1;
    case Operation::sta_s:
      store_at(immediate, 2, a);
      return 1;
    case Operation::push:
      store(a, 0u - 4, 4, b);
      offset(a, 0u - 4);
      return 1;
    case Operation::pop:
      if (a == b) {
        const Mem from = memory(a, 0, 4);
        may_be_refused();
        assembler_.mov(x86::eax, from);
      } else {
        load(Inst::kIdMov, b, a, 0, 4);
      }
      offset(a, 4);
      return 1;

    // What ends a block, or is declined.
    case Operation::jsra:
    case Operation::ret:
    case Operation::jsr:
    case Operation::jmpa:
    case Operation::jmp:
    case Operation::swi:
    case Operation::brk:
    case Operation::gsr:
    case Operation::ssr:
    case Operation::beq:
    case Operation::bne:
    case Operation::blt:
    case Operation::bgt:
    case Operation::bltu:
    case Operation::bgtu:
    case Operation::bge:
    case Operation::ble:
    case Operation::bgeu:
    case Operation::bleu:
    case Operation::undefined:
      break;
  }
  return 1;
}

// --- Flow ---

/// Where the registers are in their places: what was compared goes to Home.
void Emitter::keep_comparison(unsigned a, unsigned b) {
  const Mem left = home_word(offsetof(Home, compared_left), 8);
  const Mem right = home_word(offsetof(Home, compared_right), 4);
  const Gp from = registers_.read(a, x86::eax);
  assembler_.mov(left, from.r64());
  const auto operand = registers_.source(b, x86::eax);
  if (operand.isMem()) {
    assembler_.mov(x86::eax, operand.as<Mem>());
    assembler_.mov(right, x86::eax);
  } else {
    assembler_.emit(Inst::kIdMov, right, operand);
  }
}

/// Compares for the branch that follows, all registers in their places by then.
Emitter::Condition Emitter::compare(Operation branch, unsigned a, unsigned b) {
  std::optional<std::int32_t> left, right;
  if (const Value& value = registers_.value(a); value.is_constant()) {
    left = static_cast<std::int32_t>(value.offset);
  }
  if (const Value& value = registers_.value(b); value.is_constant()) {
    right = static_cast<std::int32_t>(value.offset);
  }
  registers_.fill_all();
  if (left && !right) {
    std::swap(a, b);
    right = left;
  } else {
    left.reset();
  }
  const bool swapped = left.has_value();
  if (right) {
    if (*right == 0 && registers_.is_mapped(a)) {
      assembler_.test(registers_.host(a), registers_.host(a));
    } else if (registers_.is_mapped(a)) {
      assembler_.cmp(registers_.host(a), *right);
    } else {
      assembler_.cmp(Registers::home(a), *right);
    }
  } else if (registers_.is_mapped(a)) {
    assembler_.emit(Inst::kIdCmp, registers_.host(a), registers_.source(b, x86::eax));
  } else {
    assembler_.emit(Inst::kIdCmp, Registers::home(a), registers_.read(b, x86::eax));
  }
  return condition_of(branch, swapped);
}

void Emitter::branch(const Instruction& branch, std::uint32_t pc, std::uint32_t behind,
                     const Instruction* comparison) {
  const std::uint32_t target = pc + branch.immediate;
  if (comparison != nullptr) {
    if (code_.needs_comparison(target) || code_.needs_comparison(behind)) {
      keep_comparison(comparison->a, comparison->b);
    }
    const Condition holds = compare(branch.operation, comparison->a, comparison->b);
    assembler_.j(holds, way(target));
    return;
  }
  registers_.fill_all();
  const Label not_taken = assembler_.newLabel();
  assembler_.cmp(home_word(offsetof(Home, compared_left) + 4, 4), 0);
  assembler_.jne(not_taken);
  assembler_.mov(x86::eax, home_word(offsetof(Home, compared_left), 4));
  assembler_.cmp(x86::eax, home_word(offsetof(Home, compared_right), 4));
  assembler_.j(condition_of(branch.operation, false), way(target));
  assembler_.bind(not_taken);
}

/// Stores the frame of a call in one piece, so that it is refused as a whole.
void Emitter::push_frame(std::uint32_t back) {
  const Gp frame_pointer = registers_.host(kFp), stack = registers_.host(kSp);
  assembler_.mov(x86::rcx, std::uint64_t{back} << 32);
  assembler_.or_(x86::rcx, frame_pointer.r64());
  Mem frame = x86::ptr(stack, -12, 8);
  frame.setSegment(x86::gs);
  may_be_refused();
  assembler_.mov(frame, x86::rcx);
  assembler_.lea(frame_pointer, x86::ptr(stack.r64(), -12));
  assembler_.mov(stack, frame_pointer);
}

void Emitter::last(const Instruction& instruction, std::uint32_t behind) {
  registers_.fill_all();
  const Gp frame_pointer = registers_.host(kFp), stack = registers_.host(kSp);
  switch (instruction.operation) {
    case Operation::jsra:
      push_frame(behind);
      assembler_.push(static_cast<std::int32_t>(behind));
      assembler_.call(way(instruction.immediate));
      assembler_.pop(x86::rcx);
      break;
    case Operation::jsr:
      assembler_.mov(x86::eax, registers_.read(instruction.a, x86::eax));
      push_frame(behind);
      {
        const Label call = assembler_.newLabel(), back = assembler_.newLabel();
        assembler_.push(static_cast<std::int32_t>(behind));
        assembler_.call(call);
        assembler_.pop(x86::rcx);
        assembler_.jmp(back);
        assembler_.bind(call);
        jump_by_table(x86::eax);
        assembler_.bind(back);
      }
      break;
    case Operation::jmp:
      assembler_.mov(x86::eax, registers_.read(instruction.a, x86::eax));
      jump_by_table(x86::eax);
      break;
    case Operation::ret: {
      Mem frame = x86::ptr(frame_pointer, 0, 8);
      frame.setSegment(x86::gs);
      may_be_refused();
      assembler_.mov(x86::rax, frame);
      assembler_.lea(stack, x86::ptr(frame_pointer.r64(), 12));
      assembler_.mov(frame_pointer, x86::eax);
      assembler_.shr(x86::rax, 32);
      assembler_.cmp(x86::ptr(x86::rsp, 8, 4), x86::eax);
      assembler_.jne(address(common_.return_miss));
      assembler_.ret();
      break;
    }
    default:
      break;
  }
}

/// Goes on at `pc`; `next` is what comes behind in the unit.
void Emitter::go(std::uint32_t pc, std::uint32_t next) {
  if (pc == next && block_->start != next) return;
  assembler_.jmp(way(pc));
}

/// Where to jump for going on at `pc`.
Emitter::Label Emitter::way(std::uint32_t pc) {
  const auto found =
      std::lower_bound(unit_->blocks.begin(), unit_->blocks.end(), pc,
                       [](const Block& one, std::uint32_t start) { return one.start < start; });
  if (found != unit_->blocks.end() && found->start == pc) {
    return labels_[static_cast<std::size_t>(found - unit_->blocks.begin())];
  }
  return stub(code_.covers(pc) ? Stub::Kind::jump : Stub::Kind::leave, pc, 0);
}

Emitter::Label Emitter::stub(Stub::Kind kind, std::uint32_t pc, std::uint32_t unpaid) {
  stubs_.push_back({assembler_.newLabel(), kind, pc, unpaid});
  return stubs_.back().label;
}

void Emitter::leave_stub(const Stub& stub) {
  assembler_.bind(stub.label);
  if (stub.kind == Stub::Kind::jump) {
    const std::uint32_t index = (stub.pc - code_.start()) / 2;
    if (const std::uint32_t entry = cache_.entry(index); entry != 0) {
      assembler_.jmp(address(entry));
    } else {
      assembler_.mov(x86::eax, stub.pc);
      jump_by_table(x86::eax);
    }
    return;
  }
  assembler_.call(address(common_.leave));
  exits_.push_back({static_cast<std::uint32_t>(cache_.used() + assembler_.offset()), stub.pc,
                    stub.unpaid, stub.kind == Stub::Kind::stuck});
}

void Emitter::address_into(Gp into, std::uint64_t address) {
  constexpr std::int64_t kLength = 7;
  const auto distance = static_cast<std::int64_t>(address - here()) - kLength;
  assembler_.lea(into, x86::ptr(x86::rip, static_cast<std::int32_t>(distance)));
}

/// Jumps to the code of a guest's address, or leaves with it.
void Emitter::jump_by_table(Gp pc) {
  assembler_.mov(home_word(offsetof(Home, pc), 4), pc);
  assembler_.sub(pc, static_cast<std::int32_t>(code_.start()));
  assembler_.ror(pc, 1);
  assembler_.cmp(pc, static_cast<std::int32_t>(code_.count()));
  assembler_.jae(address(0));
  address_into(x86::rcx, reinterpret_cast<std::uint64_t>(cache_.table()));
  assembler_.mov(pc, x86::ptr(x86::rcx, pc.r64(), 2, 0, 4));
  address_into(x86::rcx, address(0));
  assembler_.add(pc.r64(), x86::rcx);
  assembler_.jmp(pc.r64());
}

std::vector<std::uint8_t> common_code(const Code& code, const CodeCache& cache,
                                      const Mapping& mapping, CommonCode& common) {
  asmjit::CodeHolder holder;
  const auto base = reinterpret_cast<std::uint64_t>(cache.code());
  if (holder.init(asmjit::Environment::host(), base) != asmjit::kErrorOk) return {};
  x86::Assembler to(&holder);
  const auto here = [&to] { return static_cast<std::uint32_t>(to.offset()); };
  const asmjit::Label store = to.newLabel(), miss = to.newLabel();
  constexpr std::array kKept = {3, 5, 12, 13, 14, 15};  // By whoever calls.

  // At offset 0, where the table leads if there is no code: the address is in Home.
  to.bind(miss);
  to.xor_(x86::eax, x86::eax);
  to.jmp(store);
  common.leave = here();
  to.pop(x86::rax);
  to.bind(store);
  to.mov(home_word(offsetof(Home, leave_address), 8), x86::rax);
  common.refused = here();
  for (unsigned guest = 0; guest < 16; ++guest) {
    if (mapping[guest] != kInHome) to.mov(Registers::home(guest), x86::gpd(mapping[guest]));
  }
  to.mov(x86::rax, x86::r15);
  to.mov(x86::rsp, home_word(offsetof(Home, host_stack), 8));
  for (std::size_t i = kKept.size(); i-- > 0;) to.pop(x86::gpq(static_cast<unsigned>(kKept[i])));
  to.ret();

  common.enter = here();
  for (const int kept : kKept) to.push(x86::gpq(static_cast<unsigned>(kept)));
  to.mov(home_word(offsetof(Home, host_stack), 8), x86::rsp);
  to.mov(x86::rsp, home_word(offsetof(Home, prediction_stack), 8));
  to.mov(x86::r15, x86::rsi);
  to.mov(x86::rax, x86::rdi);
  for (unsigned guest = 0; guest < 16; ++guest) {
    if (mapping[guest] != kInHome) to.mov(x86::gpd(mapping[guest]), Registers::home(guest));
  }
  to.jmp(x86::rax);

  common.return_miss = here();
  to.mov(x86::rsp, home_word(offsetof(Home, prediction_stack), 8));
  to.mov(home_word(offsetof(Home, pc), 4), x86::eax);
  to.sub(x86::eax, static_cast<std::int32_t>(code.start()));
  to.ror(x86::eax, 1);
  to.cmp(x86::eax, static_cast<std::int32_t>(code.count()));
  to.jae(miss);
  to.mov(x86::rcx, reinterpret_cast<std::uint64_t>(cache.table()));
  to.mov(x86::eax, x86::ptr(x86::rcx, x86::rax, 2, 0, 4));
  to.mov(x86::rcx, base);
  to.add(x86::rax, x86::rcx);
  to.jmp(x86::rax);

  std::vector<std::uint8_t> bytes(holder.codeSize());
  if (holder.flatten() != asmjit::kErrorOk || holder.resolveUnresolvedLinks() != asmjit::kErrorOk ||
      holder.relocateToBase(base) != asmjit::kErrorOk ||
      holder.copyFlattenedData(bytes.data(), bytes.size()) != asmjit::kErrorOk) {
    return {};
  }
  return bytes;
}

}  // namespace cosmoo::moxie::translator
