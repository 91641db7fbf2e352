// Machine code for blocks: what each instruction of instructions.inc becomes.
//
// Rules: (1) a block takes its instructions off the budget when it is entered, and leaves, nothing
// done, if they are not all left; whoever leaves it before its end gives back the rest, or lets it
// pay for the block where it goes on; (2) guest memory is reached through gs by 32-bit addresses,
// so that no value leads out of the window; what the window refuses is found out by its signal; (3)
// when an access may be refused, places and values say what all registers are, and nothing of the
// instruction has been done; (4) the same block gives the same bytes up to its last instruction
// whenever it is made: that is how a refused access is explained; (5) what was compared is kept in
// Home where Code::needs_comparison() says so, and nowhere else.
#pragma once

#include <asmjit/x86.h>

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "sandbox/moxie/translator/blocks.h"
#include "sandbox/moxie/translator/code_cache.h"
#include "sandbox/moxie/translator/common_code.h"
#include "sandbox/moxie/translator/registers.h"

namespace cosmoo::moxie::translator {

/// Where a unit is left.
struct Exit {
  std::uint32_t offset = 0;  ///< In the cache, behind the call of CommonCode::leave.
  std::uint32_t pc = 0;      ///< The instruction to go on with.
  std::uint32_t unpaid = 0;  ///< Instructions to be given back to the budget.
  bool is_stuck = false;     ///< As Ran's.
};

struct Emitted {
  std::vector<std::uint8_t> code;
  std::vector<std::uint32_t> blocks;   ///< Offsets in the cache, as in Unit::blocks.
  std::vector<std::uint32_t> entries;  ///< The same, where they are entered from elsewhere.
  std::vector<Exit> exits;             ///< By offset.
};

/// Registers at an access that was refused.
struct Refused {
  std::uint32_t pc = 0;
  std::uint32_t unpaid = 0;  ///< Instructions to be given back to the budget.
  bool rdx_saved = false;    ///< What stands in rdx is in Home::saved.
  std::array<Value, 16> values;
};

class Emitter {
 public:
  Emitter(const Code& code, CodeCache& cache, const CommonCode& common);

  /// Code to be put at the end of the cache. None: AsmJit has refused something.
  std::optional<Emitted> emit(const Unit& unit, const Regions& regions);

  /// What the access at this offset from the beginning of its block finds; the block, of a region
  /// with this mapping, is all of the unit. None: there is no access.
  std::optional<Refused> explain(const Unit& unit, const Mapping& mapping, std::uint32_t offset);

 private:
  using Gp = asmjit::x86::Gp;
  using Mem = asmjit::x86::Mem;
  using Label = asmjit::Label;
  using Condition = asmjit::x86::CondCode;

  /// A block.
  struct Place {
    Label start;
    Label entry;              ///< With the common mapping.
    Label paid;               ///< Behind what takes its instructions off the budget, ...
    std::uint32_t price = 0;  ///< ... as many, ...
    Label unpaid;             ///< ... or leads here, if they are not all left.
    const Mapping* mapping = nullptr;
  };

  /// A way out of the unit that its code jumps to.
  struct Stub {
    enum class Kind : std::uint8_t {
      jump,    ///< To code that may be there.
      refund,  ///< The same, with instructions given back first.
      leave,   ///< The budget is spent, or there can't be code.
      stuck    ///< The instruction is for the interpreter.
    };
    Label label;
    Kind kind;
    std::uint32_t pc;
    std::uint32_t unpaid;
    const Mapping* mapping;        ///< With which it is jumped to, ...
    std::array<Value, 16> values;  ///< ... and what is not in its place.
    /// What was compared, if it isn't kept yet, and may be read at pc.
    const Instruction* comparison = nullptr;
    /// The host's flags still say what was found, in the other order or not.
    std::optional<bool> swapped;
  };
  Label stub(Stub::Kind kind, std::uint32_t pc, std::uint32_t unpaid);
  /// A call by register that does not go where it was thought to.
  struct Call {
    Label call;
    Label back;
    asmjit::Operand pc;
    const Mapping* mapping;
  };

  std::uint64_t here() const { return base_ + assembler_.offset(); }
  /// The same as an offset in the cache.
  std::uint32_t position() const { return static_cast<std::uint32_t>(here() - address(0)); }
  std::uint64_t address(std::uint32_t offset) const {
    return reinterpret_cast<std::uint64_t>(cache_.code()) + offset;
  }
  bool begin(const Unit& unit, const Regions& regions, std::uint64_t base);
  void block(std::size_t number);
  void use(const Mapping& mapping);
  void to_common() { exchange(*own_, kCommonMapping); }
  void from_common() { exchange(kCommonMapping, *own_); }
  void exchange(const Mapping& from, const Mapping& to);
  /// One instruction that goes on, and how many it has taken with it.
  std::uint32_t instruction(std::uint32_t at);
  void last(const Instruction& instruction, std::uint32_t behind);

  // --- Arithmetic ---
  void add(unsigned a, unsigned b);
  void subtract(unsigned a, unsigned b);
  void combine(asmjit::x86::Inst::Id id, unsigned a, unsigned b);
  void shift(Operation operation, unsigned a, unsigned b);
  void multiply(unsigned a, unsigned b);
  bool multiply_both(const Instruction& high, const Instruction& copy, const Instruction& low);
  void multiply_high(Operation operation, unsigned a, unsigned b);
  void divide(Operation operation, unsigned a, unsigned b);
  void extend(Operation operation, unsigned a, unsigned b);
  void negate(Operation operation, unsigned a, unsigned b);
  void offset(unsigned a, std::uint32_t by);
  void move(unsigned a, unsigned b);

  // --- Memory ---
  Mem memory(unsigned guest, std::uint32_t offset, std::uint32_t size);
  Mem memory_at(std::uint32_t address, std::uint32_t size);
  /// Where the guest's register is that stands in rdx otherwise.
  enum class Rdx : std::uint8_t { own, saved };
  void may_be_refused(Rdx rdx);
  void load(asmjit::x86::Inst::Id id, unsigned to, unsigned guest, std::uint32_t offset,
            std::uint32_t size);
  void load_at(asmjit::x86::Inst::Id id, unsigned to, std::uint32_t address, std::uint32_t size);
  void take(asmjit::x86::Inst::Id id, unsigned to, const Mem& from);
  void store(unsigned guest, std::uint32_t offset, std::uint32_t size, unsigned from);
  void store_at(std::uint32_t address, std::uint32_t size, unsigned from);
  asmjit::Operand stored(unsigned from, std::uint32_t size);
  template <typename Memory>
  void put(Memory memory, const asmjit::Operand& what, bool needs_scratch);

  // --- Flow ---
  std::uint32_t decide(std::size_t at, const Decision& decision);
  void boolean(const Instruction& compare, const Instruction& branch, unsigned into);
  void keep_comparison(unsigned a, unsigned b);
  /// True: the host compares them the other way round.
  bool compare(unsigned a, unsigned b, const Value& left, const Value& right);
  void branch(const Instruction& branch);
  bool is_read_after(std::span<const Instruction> branches, std::uint32_t pc) const;
  void go_if(Condition condition, std::uint32_t pc, std::uint32_t unpaid,
             const Instruction* comparison);
  void refund(const Stub& stub);
  void push_frame(std::uint32_t back);
  void returned(std::uint32_t to);
  void go(std::uint32_t pc, std::uint32_t next);
  Label way(std::uint32_t pc);
  const Place* place_at(std::uint32_t pc) const;
  void call(std::uint32_t pc);
  const std::uint8_t* made_at(std::uint32_t pc) const;
  void leave_stub(const Stub& stub);
  Mem table_entry(std::uint32_t index) const;
  std::optional<std::uint32_t> guess(const Block& block, unsigned reg) const;

  const Code& code_;
  CodeCache& cache_;
  const CommonCode& common_;

  // What follows is of the unit under way.
  asmjit::CodeHolder holder_;
  asmjit::x86::Assembler assembler_;
  Registers registers_;
  const Unit* unit_ = nullptr;
  std::uint64_t base_ = 0;        ///< Where its code will stand.
  const Mapping* own_ = nullptr;  ///< Of the region.
  std::vector<Place> places_;     ///< As Unit::blocks.
  std::vector<Stub> stubs_;
  std::vector<Call> calls_;
  std::vector<Exit> exits_;
  const Block* block_ = nullptr;
  std::uint32_t paid_ = 0;               ///< Instructions that the block takes off the budget.
  std::uint32_t done_ = 0;               ///< Those before the one under way.
  std::uint32_t pc_ = 0;                 ///< Of the one under way.
  std::optional<std::uint32_t> wanted_;  ///< explain(): offset of the access ...
  std::optional<Refused> explained_;     ///< ... and what it finds.
};

}  // namespace cosmoo::moxie::translator
