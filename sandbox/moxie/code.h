// Read-only guest code, taken apart once for the interpreter and shared by all guests that run it.
//
// Rules: (1) there is a slot for each even address, so that a jump may lead anywhere; (2) slots are
// filled a block at a time when they are first reached, under a lock, and never change again;
// (3) a slot's handler is written last, and read first.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>

#include "sandbox/moxie/isa.h"

namespace cosmoo::moxie {

namespace translator {
class Translation;
}

/// One instruction as the interpreter wants it.
struct Slot {
  const void* handler;      ///< Where its code is, see interpreter.h; null: not filled yet.
  std::uint32_t immediate;  ///< Of a branch within the code: bytes of slots to go.
  std::uint16_t block;      ///< Instructions from here to the end of the block.
  std::uint8_t a, b;        ///< Registers.
};
static_assert(sizeof(Slot) == 16);

/// The code of one range of bytes that never change.
class Code {
 public:
  /// Code longer than this is run from its bytes: 8 bytes of slots for each.
  static constexpr std::size_t kLargest = 16 << 20;

  /// `bytes` must outlive this. Null when the system gives no memory: run it from its bytes.
  static std::unique_ptr<Code> make(std::uint32_t start, std::span<const std::uint8_t> bytes);

  Code(const Code&) = delete;
  Code& operator=(const Code&) = delete;
  ~Code();

  /// True for an even address that has a slot.
  bool covers(std::uint32_t pc) const {
    const std::uint32_t offset = pc - start_;
    return (offset & 1) == 0 && offset / 2 < count_;
  }
  /// The slot of an address that is covered, filled. A block of 0 means: run it from its bytes.
  /// Safe from any thread.
  const Slot* at(std::uint32_t pc) const;

  /// The instruction at an address that is covered; none: it goes on beyond these bytes. Safe from
  /// any thread.
  std::optional<Instruction> instruction_at(std::uint32_t pc) const;

  /// Whether what was compared last may still decide a branch, running on from `pc`. False is
  /// certain: what runs from there compares anew before it branches, calls what is not known, or
  /// asks for a system call. Safe from any thread.
  bool needs_comparison(std::uint32_t pc) const;

  /// Its machine code, begun with the first call; null if there can't be any. Any thread.
  translator::Translation* translation() const;
  bool has_translation() const { return translation_.load(std::memory_order_acquire) != nullptr; }
  /// What all of this takes of the host at most.
  std::uint64_t host_bytes() const;

  // --- For the interpreter ---

  std::uint32_t start() const { return start_; }
  std::uint32_t count() const { return count_; }
  const Slot* slots() const { return slots_; }

 private:
  Code(std::uint32_t start, std::span<const std::uint8_t> bytes, Slot* slots);
  void fill_block(std::uint32_t index) const;
  bool fill_operands(std::uint32_t index, const Instruction& instruction) const;

  std::uint32_t start_;
  std::uint32_t count_;  ///< Slots; one more, which leads out, stands behind them.
  std::span<const std::uint8_t> bytes_;
  Slot* slots_;
  mutable std::mutex filling_;
  mutable std::once_flag translating_;
  mutable std::atomic<translator::Translation*> translation_ = nullptr;  ///< Owned.
};

/// Fills three slots with one instruction and what leads out behind it, to run it alone.
void fill_single(const Instruction& instruction, std::uint32_t pc, Slot (&slots)[4]);

}  // namespace cosmoo::moxie
