// Guest code as blocks: instructions that are entered at the first one, and left behind the last or
// by a branch to somewhere further on, which is thought to be rare.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "sandbox/moxie/code.h"

namespace cosmoo::moxie::translator {

struct Block {
  std::uint32_t start = 0;   ///< Address of its first instruction.
  std::uint32_t behind = 0;  ///< Address behind its last one.
  std::uint32_t first = 0;   ///< Its instructions in Unit::instructions, ...
  std::uint32_t count = 0;   ///< ... as many.
};

/// What a comparison decides, and in what way.
struct Decision {
  enum class Kind : std::uint8_t {
    none,
    branch,   ///< Where to go on; one branch or two.
    boolean,  ///< Whether a register is 1 or 0: it was set to 1 before, and a branch skips `xor`.
  };
  Kind kind = Kind::none;
  std::uint32_t between = 0;   ///< Instructions between it and its first branch.
  std::uint32_t branches = 0;  ///< 1 or 2.
};

/// Of the comparison instructions[at], all of whose block's instructions are given.
Decision decision_at(std::span<const Instruction> instructions, std::size_t at);

/// The instruction at this address, if it is a branch of the code.
std::optional<Instruction> branch_at(const Code& code, std::uint32_t pc);

/// Blocks that are translated together.
struct Unit {
  std::vector<Block> blocks;  ///< By address.
  std::vector<Instruction> instructions;

  std::span<const Instruction> instructions_of(const Block& block) const {
    return std::span(instructions).subspan(block.first, block.count);
  }
  /// The number of the block that begins there.
  std::optional<std::size_t> block_at(std::uint32_t start) const;
  /// Or of the next one.
  std::size_t block_from(std::uint32_t start) const;
};

/// Finds blocks: what can be reached from an address without jumps to what only a register knows.
class Explorer {
 public:
  explicit Explorer(const Code& code) : code_(code), marks_(code.count()) {}

  /// The block at `entry`, which is covered, and those behind it that no unit has had yet, up to
  /// about `limit` instructions.
  Unit explore(std::uint32_t entry, std::uint32_t limit);
  /// Whether some block goes over the address without beginning there.
  bool is_inside(std::uint32_t pc) const {
    return (marks_[(pc - code_.start()) / 2] & kInside) != 0;
  }

 private:
  enum Mark : std::uint8_t {
    kSeen = 1,    ///< An instruction of the unit under way.
    kLeader = 2,  ///< A block begins here, in the unit under way.
    kDone = 4,    ///< An earlier unit has a block that begins here ...
    kInside = 8   ///< ... or goes on with it.
  };
  std::uint8_t& mark(std::uint32_t pc) { return marks_[(pc - code_.start()) / 2]; }
  void lead(std::uint32_t pc);
  void lead_from_branch(std::uint32_t pc);
  void lead_late(std::uint32_t pc);
  void follow(std::uint32_t pc);
  Block block_at(std::uint32_t pc, Unit& unit);

  const Code& code_;
  std::vector<std::uint8_t> marks_;  ///< For each even address.
  std::vector<std::uint32_t> seen_;
  std::vector<std::uint32_t> leaders_;
  std::vector<std::uint32_t> waiting_;
  std::uint32_t left_ = 0;  ///< Instructions that may still be seen.
};

/// An instruction that translated code leaves to the interpreter.
bool is_declined(Operation operation);

}  // namespace cosmoo::moxie::translator
