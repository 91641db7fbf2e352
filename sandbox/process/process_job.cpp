#include "sandbox/process/process_job.h"

#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <optional>

#include "sandbox/process/proc_table.h"

namespace cosmoo::sandbox {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using std::chrono::system_clock;

/// waitid() as the kernel has it, which tells the resources used as well.
long wait_for(int pidfd, siginfo_t& info, int options, rusage* usage) {
  long waited;
  do {
    info.si_pid = 0;
    waited = ::syscall(SYS_waitid, P_PIDFD, pidfd, &info, options, usage);
  } while (waited < 0 && errno == EINTR);
  return waited;
}

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

/// The limits that this job was to have and has not.
std::vector<std::string> not_enforced(const Limits& limits) {
  std::vector<std::string> names;
  const auto add = [&](bool asked, const char* name) {
    if (asked) names.emplace_back(name);
  };
  add(limits.cpu.has_value(), "cpu");
  add(limits.memory_bytes.has_value(), "memory");
  add(limits.processes.has_value(), "processes");
  add(limits.cpu_shares.has_value(), "cpu_shares");
  add(limits.open_files.has_value(), "open_files");
  add(limits.file_size_bytes.has_value(), "file_size");
  return names;
}

}  // namespace

struct ProcessJob::Live {
  explicit Live(NewProcess started)
      : process(std::move(started)), output(*process.output), errors(*process.errors) {}

  NewProcess process;
  PipeReader& output;
  PipeReader& errors;
  std::optional<boost::asio::steady_timer> wall;
  std::optional<boost::asio::steady_timer> grace;
  Reason reason = Reason::none;
  bool leader_ended = false;
  bool tree_killed = false;
  bool second_grace = false;
  std::uint64_t peak_bytes = 0;  ///< The leader's, seen before it was killed.
  system_clock::time_point ended_at;
  steady_clock::time_point ended;
};

ProcessJob::ProcessJob(JobKeeper& keeper, JobInfo info, NewProcess process)
    : keeper_(keeper), info_(std::move(info)), live_(std::make_unique<Live>(std::move(process))) {}

ProcessJob::~ProcessJob() = default;

JobInfo ProcessJob::info() const {
  JobInfo info = info_;
  if (live_) {
    info.stdout_bytes = live_->output.size();
    info.stderr_bytes = live_->errors.size();
  }
  return info;
}

void ProcessJob::start() {
  // The handlers hold the job only while they run: whoever destroys it cancels them.
  const auto self = weak_from_this();
  const auto on_end = [self] {
    if (const auto job = self.lock()) job->advance();
  };
  live_->output.start(on_end);
  live_->errors.start(on_end);
  if (live_->process.input) live_->process.input->start();
  if (const auto wall = live_->process.limits.wall) {
    live_->wall.emplace(keeper_.io());
    live_->wall->expires_at(live_->process.started + *wall);
    live_->wall->async_wait([self](const boost::system::error_code& error) {
      const auto job = self.lock();
      if (!error && job) job->end_because(Reason::timed_out);
    });
  }
}

void ProcessJob::kill() { end_because(Reason::killed); }

void ProcessJob::end_because(Reason reason) {
  if (!live_) return;
  // Too late to change what the Result says, except that output which is over its limit is.
  const bool decided = live_->reason != Reason::none;
  if (!decided && (!live_->leader_ended || reason == Reason::output)) live_->reason = reason;
  kill_tree();
}

void ProcessJob::kill_tree() {
  if (std::exchange(live_->tree_killed, true)) return;
  if (!live_->leader_ended) live_->peak_bytes = peak_memory(live_->process.pid);
  keeper_.tree().kill(live_->process.place, live_->process.pid);
}

bool ProcessJob::look_for_end() {
  if (!live_ || live_->leader_ended) return false;
  siginfo_t info{};
  const long waited =
      wait_for(live_->process.pidfd.get(), info, WEXITED | WNOHANG | WNOWAIT, nullptr);
  // An error means that somebody else has reaped it: over as well.
  if (waited == 0 && info.si_pid == 0) return false;
  live_->leader_ended = true;
  live_->ended_at = system_clock::now();
  live_->ended = steady_clock::now();
  return true;
}

void ProcessJob::on_end_of_leader() {
  if (live_) advance();
}

void ProcessJob::advance() {
  if (!live_) return;
  if (live_->output.over_cap() || live_->errors.over_cap()) end_because(Reason::output);
  const bool streams_ended = live_->output.ended() && live_->errors.ended();
  if (streams_ended && !live_->leader_ended) {
    // Its signal may have been looked at already, along with those of others.
    keeper_.end_is_near(info_.id);
    look_for_end();
  }
  if (!live_->leader_ended) return;
  if (streams_ended) {
    finish();
  } else if (!live_->grace) {
    linger();
  }
}

void ProcessJob::linger() {
  live_->grace.emplace(keeper_.io(), keeper_.drain_grace());
  live_->grace->async_wait([self = weak_from_this()](const boost::system::error_code& error) {
    const auto job = self.lock();
    if (error || !job || !job->live_) return;
    // Whoever holds the streams is killed, which ends them. If not even that does, so be it.
    if (std::exchange(job->live_->second_grace, true)) return job->finish();
    job->kill_tree();
    job->linger();
  });
}

void ProcessJob::finish() {
  const auto self = shared_from_this();
  live_->output.finish();
  live_->errors.finish();
  if (live_->output.over_cap() || live_->errors.over_cap()) end_because(Reason::output);
  keeper_.tree().leave(live_->process.place, live_->process.pid);
  Result result = make_result();
  info_.stdout_bytes = result.stdout_bytes.size();
  info_.stderr_bytes = result.stderr_bytes.size();
  live_.reset();
  keeper_.finished(info_.id, std::move(result));
}

Result ProcessJob::make_result() {
  Result result;
  siginfo_t info{};
  rusage used{};
  const long waited = wait_for(live_->process.pidfd.get(), info, WEXITED | WNOHANG, &used);
  if (waited != 0 || info.si_pid == 0) {
    spdlog::error("job {} (pid {}): its exit status was taken by somebody else", info_.id,
                  info_.pid);
  } else if (info.si_code == CLD_EXITED) {
    result.exit_code = info.si_status;
  } else {
    result.status = Status::killed;
    result.signal = info.si_status;
  }
  if (live_->reason != Reason::none) {
    result.exit_code = -1;
    if (live_->reason != Reason::output) result.signal = SIGKILL;
  }
  if (live_->reason == Reason::killed) result.status = Status::killed;
  if (live_->reason == Reason::timed_out) result.status = Status::timed_out;
  if (live_->reason == Reason::output) {
    result.status = Status::over_limit;
    result.limit = "output";
  }
  result.not_enforced = not_enforced(live_->process.limits);
  result.usage.cpu_from = result.usage.memory_from = Accounting::rusage;
  result.stdout_bytes = live_->output.take();
  result.stderr_bytes = live_->errors.take();
  result.usage.cpu_s = seconds(used.ru_utime) + seconds(used.ru_stime);
  result.usage.wall_s =
      std::chrono::duration<double>(live_->ended - live_->process.started).count();
  // Between its clone and its program the child counted the server's memory as its own, and the
  // system keeps the larger figure: it tells something only if the program has needed more.
  const auto peak = static_cast<std::uint64_t>(used.ru_maxrss) * 1024;
  result.usage.memory_peak_bytes =
      peak > live_->process.server_peak_bytes ? peak : live_->peak_bytes;
  result.started_at = live_->process.started_at;
  result.ended_at = live_->ended_at;
  return result;
}

void ProcessJob::abandon(steady_clock::time_point deadline) {
  if (!live_) return;
  kill_tree();
  pollfd ended{live_->process.pidfd.get(), POLLIN, 0};
  int ready;
  do {
    const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
    ready = ::poll(&ended, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
  } while (ready < 0 && errno == EINTR);
  if (ready <= 0) spdlog::warn("job {} (pid {}) does not end", info_.id, info_.pid);
  keeper_.tree().leave(live_->process.place, live_->process.pid);
  siginfo_t info{};
  wait_for(live_->process.pidfd.get(), info, WEXITED | WNOHANG, nullptr);
  live_.reset();
}

}  // namespace cosmoo::sandbox
