// What a thread needs around translated code: its signals, its stack, its segment.
#pragma once

#include <signal.h>

#include <cstdint>

#include "sandbox/moxie/memory.h"
#include "sandbox/moxie/translator/home.h"

namespace cosmoo::moxie::translator {

/// While it lives, this thread may enter translated code for one guest's memory. Signals that come
/// from elsewhere wait meanwhile: translated code has no stack for them.
class Inside {
 public:
  explicit Inside(Memory& memory);
  ~Inside();
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;

  /// False: the system refused something, and nothing may be entered.
  bool is_ready() const { return ready_; }

 private:
  bool ready_ = false;
  std::uint64_t segment_ = 0;  ///< What gs was, ...
  sigset_t signals_;           ///< ... and which signals waited.
};

/// Where code may be entered and left.
struct Gate {
  const std::uint8_t* code = nullptr;
  std::size_t code_bytes = 0;
  const std::uint8_t* enter = nullptr;
  const std::uint8_t* refused = nullptr;      ///< Where a refused access goes on.
  const std::uint8_t* return_miss = nullptr;  ///< What is below all predictions.
};

/// Runs code from `entry` with this budget; what is left of it. Registers, and how it was left, are
/// in Home.
std::int64_t enter(const Gate& gate, const std::uint8_t* entry, std::int64_t budget,
                   Memory& memory);

}  // namespace cosmoo::moxie::translator
