// Runs guests as jobs, on threads that are not the loop's.
//
// Rules: (1) the loop's thread builds, uses and destroys the engine, and gets every OnComplete;
// (2) a guest runs a slice of instructions and then goes to the end of the queue, so that many
// share few threads; (3) what a guest may use up is reserved for its owner when it starts: over a
// quota it does not start; (4) a guest that is killed is gone at once if it runs, and before any
// other's next slice if it waits; its Result still arrives.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "sandbox/guest/library.h"
#include "sandbox/job.h"
#include "sandbox/job_table.h"
#include "sandbox/moxie/machine.h"

namespace cosmoo::sandbox {

struct GuestLimits {
  std::uint64_t instructions = 1'000'000'000;
  std::uint64_t memory_bytes = 64 << 20;  ///< Program, data, stack and heap together.
  std::uint32_t stack_bytes = 64 << 10;
  std::size_t output_bytes = 1 << 20;  ///< Of each of output and state.
  std::chrono::milliseconds wall{60'000};
};

/// What running guests may have reserved together.
struct GuestQuotas {
  std::size_t guests = 8;
  std::uint64_t instructions = 20'000'000'000;
  std::uint64_t memory_bytes = 256 << 20;
};

/// A data file. Its bytes are copied on a thread of the guests, where the last owner may go, too.
struct GuestData {
  std::string_view bytes;
  std::shared_ptr<const void> owner;  ///< Keeps them; null: they outlive the run.
};

struct GuestRequest {
  std::string program;          ///< As GuestLibrary::find() takes it.
  std::vector<GuestData> data;  ///< The data files, in order.
  /// Called in the place of main(), with `arguments`; empty: main() itself, without any. `program`
  /// is a name then.
  std::string function;
  std::vector<std::string> arguments;
  GuestLimits limits;
  std::string label;        ///< For the job table.
  std::int64_t owner = -1;  ///< Whose quotas it counts against.
};

class GuestEngine {
 public:
  struct Options {
    GuestQuotas quotas;               ///< Of each owner.
    GuestQuotas together;             ///< Of all owners.
    std::uint64_t slice = 5'000'000;  ///< Instructions.
    /// Calls its argument later on one of the guests' threads. May drop it once the engine is gone.
    std::function<void(std::function<void()>)> run;
    /// Calls its argument later on the loop's thread. May drop it once the engine is gone.
    std::function<void(std::function<void()>)> post;
    moxie::Engine engine = moxie::Engine::automatic;
  };

  /// `library` and `table` outlive the engine, `library` its threads too.
  GuestEngine(Options options, GuestLibrary& library, JobTable& table);
  /// Ends what runs. No OnComplete is called any more.
  ~GuestEngine();
  GuestEngine(const GuestEngine&) = delete;
  GuestEngine& operator=(const GuestEngine&) = delete;

  /// too_many: a quota of the owner, or of all. on_complete is never called from inside.
  tl::expected<std::shared_ptr<Job>, StartError> start(GuestRequest request,
                                                       OnComplete on_complete);

 private:
  class Impl;
  class Guest;
  std::shared_ptr<Impl> impl_;
};

}  // namespace cosmoo::sandbox
