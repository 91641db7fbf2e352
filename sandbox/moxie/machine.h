// One guest: its memory, its processor, and its run within a budget of instructions.
//
// Deterministic: the same programs, data and options give the same registers, memory, output and
// count of instructions, however the run is cut into slices, on every machine.
// Not thread-safe, but for interrupt().
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "sandbox/moxie/fault.h"
#include "sandbox/moxie/memory.h"
#include "sandbox/moxie/program.h"
#include "sandbox/moxie/state.h"
#include "sandbox/moxie/translator/statistics.h"

namespace cosmoo::moxie {

class Stopwatch;

namespace translator {
enum class Arrival : std::uint8_t;
}

/// What executes a guest's instructions. All give the same, at other speeds.
enum class Engine : std::uint8_t {
  interpreter,
  translator,  ///< Machine code, where there can be some.
  automatic    ///< The interpreter first, then machine code for programs that go on running.
};

/// "interp", "jit" or "auto".
std::optional<Engine> engine_named(std::string_view name);

/// Where the time of a guest's runs has gone, steps aside.
struct TimeSpent {
  std::chrono::nanoseconds interpreter{}, machine_code{};
  std::chrono::nanoseconds translating{};  ///< What it made; others may have made more.
};

/// What a guest begins with.
struct Setup {
  std::vector<std::shared_ptr<const Program>>
      programs;  ///< At least one; the last one's entry wins.
  /// Read-only in the guest's memory, in this order.
  std::vector<std::shared_ptr<const SharedBytes>> data;
  std::uint32_t stack_bytes = 64 << 10;   ///< Rounded up to pages.
  std::uint32_t heap_bytes = 0x0fffffff;  ///< All that mmap may give.
  std::uint64_t memory_bytes = 1u << 30;  ///< All ranges together.
  Engine engine = Engine::interpreter;
};

/// A range of a guest's memory, as the descriptor list names it.
struct MemoryRange {
  std::uint32_t start = 0;
  std::uint32_t length = 0;
  Access access = Access::read_only;
  std::string name;  ///< "elf0", "data0", "stack", "mapdesc", "heap0", ...

  bool operator==(const MemoryRange&) const = default;
};

/// Why a run stopped.
struct Stop {
  enum class Why : std::uint8_t {
    budget,       ///< All instructions were executed that run() allowed; it can go on.
    exited,       ///< By _exit; it can't go on.
    fault,        ///< `fault` says which; going on meets it again.
    interrupted,  ///< By interrupt(); it can go on after clear_interrupt().
  };
  Why why = Why::budget;
  int exit_code = -1;  ///< 0..255 if it exited, else -1.
  Fault fault = {};

  bool operator==(const Stop&) const = default;
};

class Machine {
 public:
  static constexpr std::uint64_t kUnlimited = std::numeric_limits<std::int64_t>::max();

  /// A guest about to execute its first instruction. Fails when things don't fit.
  static tl::expected<std::unique_ptr<Machine>, LoadError> create(const Setup& setup);

  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  /// Executes at most `budget` instructions, exactly as many unless something else stops it. An
  /// instruction that faults counts, and changes nothing.
  Stop run(std::uint64_t budget);

  /// run(1), from the bytes in memory: for tracers and debuggers.
  Stop step();

  /// The instruction at the pc, or the first of its bytes' addresses that can't be read.
  tl::expected<Instruction, std::uint32_t> fetch() const;

  /// Stops a run() under way on another thread within a millisecond, and every later one at once.
  /// Any thread, any time.
  void interrupt() { interrupted_.store(true, std::memory_order_relaxed); }
  void clear_interrupt() { interrupted_.store(false, std::memory_order_relaxed); }

  enum class NoBuffer : std::uint8_t {
    not_set,     ///< The guest has not named one.
    unreadable,  ///< It named memory that is not there.
    too_large    ///< It is longer than asked for.
  };
  /// What special registers 6 and 7 name.
  tl::expected<std::string, NoBuffer> output(std::size_t at_most = kAddressSpace) const;
  /// What special registers 8 and 9 name.
  tl::expected<std::string, NoBuffer> state_buffer(std::size_t at_most = kAddressSpace) const;

  /// For debuggers, which may also change it.
  State& state() { return state_; }
  const State& state() const { return state_; }
  Memory& memory() { return *memory_; }
  const Memory& memory() const { return *memory_; }

  /// By address. Heaps are added as the guest maps them.
  const std::vector<MemoryRange>& ranges() const { return ranges_; }
  /// Bytes of all ranges, whole pages.
  std::uint64_t memory_bytes() const { return mapped_bytes_; }
  /// How many of its instructions were executed as machine code.
  std::uint64_t translated_instructions() const { return translated_; }
  const TimeSpent& time_spent() const { return time_spent_; }
  /// The machine code of its programs, which others may have made.
  translator::Statistics translation() const;

 private:
  Machine(const Setup& setup, std::unique_ptr<Memory> memory);

  tl::expected<void, LoadError> map_programs();
  tl::expected<void, LoadError> map_data(const Setup& setup);
  tl::expected<void, LoadError> map_stack(std::uint32_t bytes);
  tl::expected<void, LoadError> map_descriptors();
  tl::expected<std::uint32_t, LoadError> place(std::uint64_t length, Access access,
                                               std::string name);

  const Code* code_at(std::uint32_t pc);
  Stop run_on(std::uint64_t budget);
  Stop interpret(const Code* code, std::uint64_t budget, std::uint64_t slice,
                 translator::Arrival& arrival);
  Stop translated(const Code& code, std::uint64_t budget, std::uint64_t slice,
                  translator::Arrival& arrival);
  bool is_warm(const Code& code) const;
  bool is_for_translation(const Code* code, translator::Arrival arrival, Stopwatch& watch);
  void forget_comparison();
  Stop step_one();
  void system_call(Stop& stop);
  std::uint32_t map_heap(std::uint32_t address, std::uint32_t length, std::uint32_t protection,
                         std::uint32_t flags);
  tl::expected<std::string, NoBuffer> buffer(unsigned address_register, std::size_t at_most) const;

  std::vector<std::shared_ptr<const Program>> programs_;
  std::unique_ptr<Memory> memory_;
  State state_;
  std::vector<MemoryRange> ranges_;
  const Code* code_ = nullptr;  ///< Where it ran last.
  std::uint64_t heap_left_;
  std::uint64_t memory_limit_;
  std::uint64_t mapped_bytes_ = 0;
  unsigned heaps_ = 0;
  Engine engine_;
  std::uint64_t translated_ = 0;
  TimeSpent time_spent_;
  std::uint64_t refused_ = 0;  ///< Accesses that the host refused, but not the guest's rules.
  std::atomic<bool> interrupted_ = false;
};

}  // namespace cosmoo::moxie
