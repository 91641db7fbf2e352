// One running process from its launch to its Result.
//
// Rules: (1) whichever comes first of its own end, kill(), the wall limit and the output limit
// decides what the Result says; (2) it is complete when its leader has ended and both its
// output streams have, or when a grandchild that holds them has had its grace; (3) what is left of
// its tree is killed before its Result is given; (4) its leader is reaped last, see tree.h.
#pragma once

#include <chrono>
#include <memory>
#include <span>

#include "sandbox/job.h"
#include "sandbox/process/pipes.h"
#include "sandbox/process/tree.h"
#include "sandbox/process/unique_fd.h"

namespace cosmoo::sandbox {

/// What jobs ask of the engine that keeps them.
class JobKeeper {
 public:
  virtual ~JobKeeper() = default;
  virtual boost::asio::io_context& io() = 0;
  virtual ProcessTree& tree() = 0;
  virtual std::span<char> scratch() = 0;
  virtual std::chrono::milliseconds drain_grace() const = 0;
  /// Its streams have ended: its leader will do so soon, as a rule.
  virtual void end_is_near(JobId id) = 0;
  /// The job has ended and been reaped. Takes it out, then hands the Result on.
  virtual void finished(JobId id, Result result) = 0;
};

/// A process that was just launched, with our ends of its streams.
struct NewProcess {
  pid_t pid = -1;
  UniqueFd pidfd;
  Place place;
  std::unique_ptr<PipeWriter> input;  ///< Null: the job was given none.
  std::unique_ptr<PipeReader> output;
  std::unique_ptr<PipeReader> errors;
  Limits limits;
  std::uint64_t server_peak_bytes = 0;  ///< The server's own peak of memory at the launch.
  std::chrono::system_clock::time_point started_at;
  std::chrono::steady_clock::time_point started;
};

class ProcessJob final : public Job, public std::enable_shared_from_this<ProcessJob> {
 public:
  ProcessJob(JobKeeper& keeper, JobInfo info, NewProcess process);
  ~ProcessJob() override;

  void kill() override;
  JobInfo info() const override;

  // --- For the engine ---

  /// Begins to listen to its streams and clocks.
  void start();
  /// Looks whether its leader has ended. True once: when it has, and was not known to.
  bool look_for_end();
  /// To be called after look_for_end() said so. May end in JobKeeper::finished().
  void on_end_of_leader();
  /// The engine goes away: kills the tree, waits for the leader until `deadline`, gives no Result.
  void abandon(std::chrono::steady_clock::time_point deadline);

 private:
  enum class Reason { none, killed, timed_out, output };
  struct Live;  ///< All that needs the loop or the process.

  void end_because(Reason reason);
  void kill_tree();
  void advance();
  void linger();
  void finish();
  Result make_result();

  JobKeeper& keeper_;
  JobInfo info_;
  std::unique_ptr<Live> live_;  ///< Null once it has ended.
};

}  // namespace cosmoo::sandbox
