// The machine code of one range of guest code: made as it is needed, shared by all guests that run
// it.
#pragma once

#include <cstdint>
#include <memory>

#include "sandbox/moxie/code.h"
#include "sandbox/moxie/memory.h"
#include "sandbox/moxie/state.h"
#include "sandbox/moxie/translator/statistics.h"

namespace cosmoo::moxie::translator {

/// What a run of translated code came to.
struct Ran {
  std::uint64_t instructions = 0;
  /// The instruction at the pc is for the interpreter: it can do, or knows what is wrong with it.
  bool is_stuck = false;
  bool was_refused = false;  ///< For the host refused it memory.
  bool is_jump = false;      ///< The pc, which has no code, was jumped to.
};

/// How a guest has come to where it is.
enum class Arrival : std::uint8_t {
  within,  ///< In the middle of something: nothing begins here.
  passed,  ///< The interpreter is at the end of a block, which may lie within one of ours.
  jumped   ///< By a jump, or a return.
};

/// Any thread may use it.
class Translation {
 public:
  /// Null: this host can't, or the system gives no memory. `code` outlives it.
  static std::unique_ptr<Translation> make(const Code& code);
  ~Translation();
  Translation(const Translation&) = delete;
  Translation& operator=(const Translation&) = delete;

  /// Whether there is machine code for this address, which is covered.
  bool has(std::uint32_t pc) const;
  /// Makes it, and what is reached from there. False: it can't, or that isn't worth it.
  bool translate(std::uint32_t pc, Arrival arrival);
  /// From state.pc, for which there is code: until the budget is less than a block needs, or code
  /// is reached for which there is none. An Inside of this thread is in place for the memory.
  Ran run(State& state, Memory& memory, std::uint64_t budget);

  Statistics statistics() const;

  /// The most that it takes for code of `count` even addresses.
  static std::uint64_t most_bytes(std::uint32_t count);

 private:
  class Parts;
  explicit Translation(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace cosmoo::moxie::translator
