// Runs operating-system processes as jobs, on one event loop.
//
//   ExecutableDirectory::find() says what; ProcessEngine::start() orders it; OnStarted tells that
//   it runs; OnComplete brings the Result. See job.h for what goes in and comes out.
//
// Rules: (1) the thread that runs the loop builds, uses and destroys the engine; (2) nothing here
// waits for a child, except the destructor, and that at most about a second, and missing(); (3)
// each child is reaped by its own descriptor, so that other code of the server may have children of
// its own; (4) OnStarted and OnComplete run once for each job, from the loop, and must not throw;
// they may start and kill jobs, OnComplete may destroy the engine. One engine a server: with
// Tracking::sessions it takes orphans of unknown origin for its own.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string_view>
#include <tl/expected.hpp>

#include "sandbox/job.h"
#include "sandbox/job_table.h"
#include "sandbox/process/executable.h"
#include "sandbox/process/process.h"
#include "sandbox/process/profile.h"
#include "sandbox/process/tree.h"

namespace boost::asio {
class io_context;
}

namespace cosmoo::sandbox {

struct EngineOptions {
  Tracking tracking = Tracking::best;
  /// How long a process that a job leaves behind may hold the job's output open.
  std::chrono::milliseconds drain_grace{50};
  mode_t umask = 022;  ///< Every job's.
  std::vector<Profile> profiles = standard_profiles();
  std::string profile = "open";  ///< Of a job that names none.
  std::size_t prepared = 2;      ///< Slots that wait for jobs, of each profile in use.
};

/// The program has been executed, and the process id is known. For who asks, the slot is woken once
/// more: exec() does not.
using OnStarted = std::function<void()>;

class ProcessEngine {
 public:
  /// `io` and `table` outlive the engine. Takes SIGCHLD over, and has SIGPIPE ignored unless the
  /// server handles it. Throws std::system_error when the system refuses what it needs.
  ProcessEngine(boost::asio::io_context& io, EngineOptions options, JobTable& table);
  /// Kills what still runs and removes its control groups. No OnComplete is called any more.
  ~ProcessEngine();
  ProcessEngine(const ProcessEngine&) = delete;
  ProcessEngine& operator=(const ProcessEngine&) = delete;

  /// Starts `executable`, as soon as there is a place for it. What only the attempt to execute it
  /// can tell comes through `on_complete`; `on_started` runs before, unless it never was executed.
  /// `label` and `owner` are for the job table. The job is kept by the engine until it ends.
  tl::expected<std::shared_ptr<Process>, StartError> start(Executable executable, Context context,
                                                           std::string label, std::int64_t owner,
                                                           OnComplete on_complete,
                                                           OnStarted on_started = {});

  /// What this machine cannot do of what jobs may ask for, in sentences for people: controllers of
  /// control groups, and walls of the profiles. Tries each profile out.
  std::vector<std::string> missing();

  /// How what a job started is found again: "cgroup2" or "sessions".
  std::string_view tracking() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace cosmoo::sandbox
