// Every running job, of whatever kind: counted, listed, killed together.
//
// Engines put their jobs in and take them out; `@jobs`, metrics and the server's shutdown look.
// Rules: (1) the loop's thread only; (2) a job is in the table from its start until just before
// its OnComplete runs, so that a callback may start the next job even at a limit of one; (3) the
// limit is of jobs that have an engine without one of its own: nobody's guests may keep wizards
// from their programs.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <tl/expected.hpp>
#include <vector>

#include "sandbox/job.h"

namespace cosmoo::sandbox {

class JobTable {
 public:
  explicit JobTable(std::size_t max_running = 256) : max_running_(max_running) {}
  JobTable(const JobTable&) = delete;
  JobTable& operator=(const JobTable&) = delete;

  // --- For viewers ---

  std::size_t running() const { return jobs_.size(); }
  std::size_t max_running() const { return max_running_; }
  /// Jobs that run already are not touched by a lower limit.
  void set_max_running(std::size_t max_running) { max_running_ = max_running; }

  /// The running jobs, oldest first.
  std::vector<JobInfo> list() const;
  /// The job with this id, or null when it has ended or never was.
  std::shared_ptr<Job> find(JobId id) const;

  /// Kills every running job with all that it started. Their Results still arrive.
  void kill_all();

  /// Calls `callback` once, as soon as no job is running and the last OnComplete has returned:
  /// from inside this call if that is so already. A later call replaces an earlier one.
  void when_empty(std::function<void()> callback);

  /// `callback` is told of each job that gives a Result, before its OnComplete is.
  using OnEnd = std::function<void(const JobInfo&, const Result&)>;
  void on_end(OnEnd callback) { on_end_ = std::move(callback); }

  // --- For engines ---

  /// A fresh id for a job about to start, or too_many with a message that names the limit.
  tl::expected<JobId, StartError> admit();
  /// The same for an engine with a limit of its own (rule 3).
  JobId admit_apart();
  void add(JobId id, std::shared_ptr<Job> job);
  void remove(JobId id);
  /// As remove(), of a job that has ended with this result.
  void end(JobId id, const Result& result);
  /// To be called after the OnComplete of a removed job: tells who waits for an empty table.
  void settle();

 private:
  std::size_t max_running_;
  JobId last_id_ = 0;
  std::set<JobId> apart_;  ///< Who does not count.
  std::map<JobId, std::shared_ptr<Job>> jobs_;
  std::function<void()> when_empty_;
  OnEnd on_end_;
};

}  // namespace cosmoo::sandbox
