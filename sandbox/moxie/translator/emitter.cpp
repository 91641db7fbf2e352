#include "sandbox/moxie/translator/emitter.h"

#include <algorithm>

#include "sandbox/moxie/translator/home.h"

namespace cosmoo::moxie::translator {

namespace x86 = asmjit::x86;
namespace Inst = x86::Inst;

Emitter::Emitter(const Code& code, CodeCache& cache, const CommonCode& common)
    : code_(code), cache_(cache), common_(common), registers_(assembler_) {}

bool Emitter::begin(const Unit& unit, const Regions& regions, std::uint64_t base) {
  holder_.reset();
  unit_ = &unit;
  base_ = base;
  places_.clear();
  stubs_.clear();
  calls_.clear();
  exits_.clear();
  if (holder_.init(asmjit::Environment::host(), base) != asmjit::kErrorOk ||
      holder_.attach(&assembler_) != asmjit::kErrorOk) {
    return false;
  }
  for (std::size_t i = 0; i < unit.blocks.size(); ++i) {
    const Mapping& mapping = regions.mapping(i);
    const Label start = assembler_.newLabel();
    const Label entry = mapping == kCommonMapping ? start : assembler_.newLabel();
    places_.push_back({start, entry, assembler_.newLabel(), 0, {}, &mapping});
  }
  return true;
}

std::optional<Emitted> Emitter::emit(const Unit& unit, const Regions& regions) {
  const std::uint64_t base = address(static_cast<std::uint32_t>(cache_.used()));
  if (!begin(unit, regions, base)) return std::nullopt;
  Emitted emitted;
  for (std::size_t i = 0; i < unit.blocks.size(); ++i) {
    emitted.blocks.push_back(position());
    block(i);
  }
  for (const Call& call : calls_) {
    use(*call.mapping);
    const Label jump = assembler_.newLabel();
    assembler_.bind(call.call);
    assembler_.emit(Inst::kIdMov, x86::eax, call.pc);
    to_common();
    assembler_.call(jump);
    assembler_.jmp(call.back);
    assembler_.bind(jump);
    jump_by_table(assembler_, code_, cache_);
  }
  for (std::size_t i = 0; i < stubs_.size(); ++i) leave_stub(Stub(stubs_[i]));  // May add to them.
  emitted.entries = emitted.blocks;
  for (std::size_t i = 0; i < unit.blocks.size(); ++i) {
    if (regions.mapping(i) == kCommonMapping) continue;
    use(regions.mapping(i));
    emitted.entries[i] = position();
    assembler_.bind(places_[i].entry);
    from_common();
    assembler_.jmp(places_[i].start);
  }
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

std::optional<Refused> Emitter::explain(const Unit& unit, const Mapping& mapping,
                                        std::uint32_t offset) {
  const Regions region{{0}, {mapping}};
  if (!begin(unit, region, address(0))) return std::nullopt;
  wanted_ = offset;
  explained_.reset();
  block(0);
  wanted_.reset();
  return explained_;
}

/// What is emitted from here on is of a region with this mapping, and all is in its place.
void Emitter::use(const Mapping& mapping) {
  own_ = &mapping;
  registers_.use(mapping);
}

/// All is where `from` says, and goes where `to` does; one of them is the common mapping. Changes
/// neither eax nor the host's flags.
void Emitter::exchange(const Mapping& from, const Mapping& to) {
  if (from == to) return;
  for (unsigned guest = 0; guest < 16; ++guest) {
    const std::uint8_t host = to[guest];
    if (host == from[guest] || host == kInHome) continue;
    const auto before = std::find(from.begin(), from.end(), host) - from.begin();
    assembler_.mov(Registers::home(static_cast<unsigned>(before)), x86::gpd(host));
    assembler_.mov(x86::gpd(host), Registers::home(guest));
  }
}

void Emitter::block(std::size_t number) {
  block_ = &unit_->blocks[number];
  Place& place = places_[number];
  use(*place.mapping);
  assembler_.bind(place.start);
  const auto instructions = unit_->instructions_of(*block_);
  done_ = 0;
  pc_ = block_->start;
  if (is_declined(instructions[0].operation)) {
    assembler_.jmp(stub(Stub::Kind::stuck, pc_, 0));
    return;
  }
  // A branch that the last one leads to is decided with it, and so paid with it.
  const Instruction& end = instructions.back();
  const bool leads_on = info(end.operation).flow == Flow::branch &&
                        branch_at(code_, block_->behind - end.length + end.immediate).has_value();
  paid_ = block_->count + (leads_on ? 1 : 0);
  place.price = paid_;
  place.unpaid = stub(Stub::Kind::leave, pc_, paid_);
  assembler_.sub(x86::r15, paid_);
  assembler_.jl(place.unpaid);  // Which goes with `sub` as one.
  assembler_.bind(place.paid);
  while (done_ < block_->count) {
    const Instruction& one = instructions[done_];
    const Flow flow = info(one.operation).flow;
    if (flow != Flow::next && flow != Flow::branch) break;
    std::uint32_t taken = 1;
    const Decision decision =
        one.operation == Operation::cmp ? decision_at(instructions, done_) : Decision{};
    if (flow == Flow::branch) {
      branch(one);
    } else if (decision.kind == Decision::Kind::none) {
      taken = instruction(done_);
    } else {
      taken = decide(done_, decision);
    }
    for (; taken != 0; --taken) pc_ += instructions[done_++].length;
  }
  const std::uint32_t next =
      number + 1 < unit_->blocks.size() ? unit_->blocks[number + 1].start : block_->start;
  if (done_ == block_->count) {
    registers_.fill_all();  // Nothing is left to fill after a branch.
    if (paid_ != done_) assembler_.add(x86::r15, paid_ - done_);
    return go(pc_, next);
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
      if (at + 2 < instructions.size() &&
          multiply_both(one, instructions[at + 1], instructions[at + 2])) {
        return 3;
      }
      multiply_high(one.operation, a, b);
      return 1;
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
    case Operation::cmp:  // That decides nothing in this block.
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
        may_be_refused(Rdx::own);
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

/// Goes on at `pc`; `next` is what comes behind in the unit.
void Emitter::go(std::uint32_t pc, std::uint32_t next) {
  if (pc == next && block_->start != next) return;
  const std::uint8_t* const made = *own_ == kCommonMapping ? made_at(pc) : nullptr;
  if (made != nullptr) {
    assembler_.jmp(reinterpret_cast<std::uint64_t>(made));
  } else {
    assembler_.jmp(way(pc));
  }
}

/// Where an earlier unit has code for `pc`, to be entered with the common mapping; null if none
/// has.
const std::uint8_t* Emitter::made_at(std::uint32_t pc) const {
  if (!code_.covers(pc) || unit_->block_at(pc)) return nullptr;
  return cache_.entry((pc - code_.start()) / 2);
}

/// The block of the unit that begins there, if it has registers where they are now; or null.
const Emitter::Place* Emitter::place_at(std::uint32_t pc) const {
  const auto block = unit_->block_at(pc);
  return block && *places_[*block].mapping == *own_ ? &places_[*block] : nullptr;
}

/// Where to jump for going on at `pc`.
Emitter::Label Emitter::way(std::uint32_t pc) {
  if (const Place* const place = place_at(pc)) return place->start;
  return stub(code_.covers(pc) ? Stub::Kind::jump : Stub::Kind::leave, pc, 0);
}

/// Calls what is at `pc`; all is where the common mapping says.
void Emitter::call(std::uint32_t pc) {
  if (const auto block = unit_->block_at(pc)) {
    assembler_.call(places_[*block].entry);
  } else if (const auto* const made = made_at(pc)) {
    assembler_.call(reinterpret_cast<std::uint64_t>(made));
  } else {
    assembler_.call(way(pc));
    stubs_.back().mapping = &kCommonMapping;
  }
}

Emitter::Label Emitter::stub(Stub::Kind kind, std::uint32_t pc, std::uint32_t unpaid) {
  stubs_.push_back(
      {assembler_.newLabel(), kind, pc, unpaid, own_, registers_.values(), nullptr, {}});
  return stubs_.back().label;
}

/// The word of the table, from where code is being put.
Emitter::Mem Emitter::table_entry(std::uint32_t index) const {
  constexpr std::int64_t kLength = 6;  // Of the jump.
  const auto distance = reinterpret_cast<std::uint64_t>(cache_.table() + index) - here();
  return x86::ptr(x86::rip,
                  static_cast<std::int32_t>(static_cast<std::int64_t>(distance) - kLength), 8);
}

void Emitter::leave_stub(const Stub& stub) {
  use(*stub.mapping);
  registers_.restore(stub.values);
  assembler_.bind(stub.label);
  if (stub.kind == Stub::Kind::refund) return refund(stub);
  registers_.fill_all();
  if (stub.comparison != nullptr) keep_comparison(stub.comparison->a, stub.comparison->b);
  to_common();
  if (stub.kind == Stub::Kind::jump) {
    if (const auto block = unit_->block_at(stub.pc)) {
      assembler_.jmp(places_[*block].entry);
    } else if (const auto* const made = made_at(stub.pc)) {
      assembler_.jmp(reinterpret_cast<std::uint64_t>(made));
    } else {
      const std::uint32_t index = (stub.pc - code_.start()) / 2;
      cache_.lead_to_start(index);
      assembler_.mov(home_word(offsetof(Home, pc), 4), stub.pc);
      assembler_.jmp(table_entry(index));
    }
    return;
  }
  assembler_.call(address(common_.leave));
  exits_.push_back({position(), stub.pc, stub.unpaid, stub.kind == Stub::Kind::stuck});
}

}  // namespace cosmoo::moxie::translator
