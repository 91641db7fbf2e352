#include "sandbox/process/process_job.h"

#include <signal.h>
#include <spdlog/spdlog.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <optional>

#include "sandbox/process/directory_removal.h"
#include "sandbox/process/job_limits.h"
#include "sandbox/process/leader.h"
#include "sandbox/process/proc_table.h"

namespace cosmoo::sandbox {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using std::chrono::system_clock;

}  // namespace

struct ProcessJob::Live {
  explicit Live(NewProcess started)
      : process(std::move(started)), output(*process.output), errors(*process.errors) {}

  NewProcess process;
  PipeReader& output;
  PipeReader& errors;
  Leader leader;
  bool made_directory = false;
  /// Of what its groups have counted, what they have counted for it alone.
  GroupFigures own(const GroupFigures& counted) const {
    return process.slot ? since(process.slot->state.before, counted) : GroupFigures{};
  }
  void end_now() {
    leader_ended = true;
    ended_at = system_clock::now();
    ended = steady_clock::now();
  }

  std::optional<boost::asio::steady_timer> wall;
  std::optional<boost::asio::steady_timer> watch;
  std::shared_ptr<DirectoryRemoval> removal;
  Leftovers left = Leftovers::unknown;
  std::optional<LaunchFailure> failure;  ///< It gave up.
  const char* limit = "";                ///< Reason::limit: which.
  GroupFigures figures;                  ///< As they were looked at last.
  Result result;
  std::optional<boost::asio::steady_timer> grace;
  std::function<void()> on_activity;
  Reason reason = Reason::none;
  bool leader_ended = false;
  bool tree_killed = false;
  bool second_grace = false;
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
    if (!live_->leader.is_launched()) return info;
    const Controls& controls = keeper_.controls();
    const GroupFigures own = live_->own(controls.figures(live_->process.groups, {}));
    if (own.cpu_ns) {
      info.cpu_s = static_cast<double>(*own.cpu_ns) / 1e9;
      info.memory_bytes = controls.memory_now(live_->process.groups);
    } else if (const auto leader = process_info(info_.pid)) {
      // Without its children that still run: what they have used is counted when they end.
      info.cpu_s = leader->cpu_s;
      info.memory_bytes = leader->memory_bytes;
    }
  }
  return info;
}

void ProcessJob::start() {
  // The handlers hold the job only while they run: whoever destroys it cancels them.
  const auto self = weak_from_this();
  const auto on_activity = [self] {
    if (const auto job = self.lock()) job->tell_activity();
  };
  const auto on_end = [self] {
    const auto job = self.lock();
    if (!job) return;
    job->advance();
    job->tell_activity();
  };
  live_->output.start(on_activity, on_end);
  live_->errors.start(on_activity, on_end);
  if (live_->process.input) live_->process.input->start(on_activity);
  if (const auto wall = live_->process.limits.wall) {
    live_->wall.emplace(keeper_.io());
    live_->wall->expires_at(live_->process.started + *wall);
    live_->wall->async_wait([self](const boost::system::error_code& error) {
      const auto job = self.lock();
      if (error || !job) return;
      // A server that was stopped for a while learns of start, end and time at once.
      if (const auto slot = job->live_->process.slot; slot && !job->live_->leader.is_launched()) {
        slot->await({});
      }
      if (!job->live_) return;
      if (job->look_for_end()) return job->advance();
      job->end_because(Reason::timed_out);
    });
  }
}

NewProcess& ProcessJob::process() { return live_->process; }

bool ProcessJob::is_to_end() const { return live_->tree_killed; }

void ProcessJob::launched(Launched launched) {
  info_.pid = launched.pid;
  live_->leader.launched(std::move(launched));
  keeper_.tree().started(live_->process.place, info_.pid);
  if (live_->tree_killed) {
    live_->tree_killed = false;
    kill_tree();
  }
  const milliseconds delay = until_first_look(live_->process.limits);
  if (delay.count() > 0) watch_limits(delay);
}

bool ProcessJob::is_launched() const { return live_ && live_->leader.is_launched(); }

bool ProcessJob::has_executed() const {
  if (!live_ || live_->failure) return false;
  // Whom we have ended may not have come so far, but for one that has printed something.
  return live_->reason == Reason::none || live_->output.size() + live_->errors.size() > 0;
}

void ProcessJob::makes_directory() {
  if (live_) live_->made_directory = true;
}

void ProcessJob::gave_up(LaunchFailure failure) {
  if (live_ && !live_->failure) live_->failure = std::move(failure);
}

void ProcessJob::end_as_failed(LaunchFailure failure) {
  gave_up(std::move(failure));
  if (live_) kill_tree();
}

void ProcessJob::end_unlaunched() {
  live_->end_now();
  live_->output.finish();
  live_->errors.finish();
  live_->left = keeper_.tree().leave(live_->process.place, -1);
  live_->result = make_result();
  hand_over();
}

PipeReader& ProcessJob::reader(Stream stream) const {
  return stream == Stream::output ? live_->output : live_->errors;
}

std::string_view ProcessJob::held(Stream stream) const {
  return live_ ? reader(stream).held() : std::string_view();
}

std::string ProcessJob::take(Stream stream, std::size_t most) {
  return live_ ? reader(stream).take(most) : std::string();
}

std::uint64_t ProcessJob::printed(Stream stream) const {
  if (live_) return reader(stream).size();
  return stream == Stream::output ? info_.stdout_bytes : info_.stderr_bytes;
}

bool ProcessJob::closed(Stream stream) const { return !live_ || reader(stream).ended(); }

bool ProcessJob::takes_input() const {
  return live_ && live_->process.input && live_->process.input->open();
}

void ProcessJob::write(std::string bytes) {
  if (takes_input()) live_->process.input->write(std::move(bytes));
}

std::size_t ProcessJob::unwritten() const {
  return live_ && live_->process.input ? live_->process.input->unwritten() : 0;
}

std::uint64_t ProcessJob::written() const {
  return live_ && live_->process.input ? live_->process.input->written() : 0;
}

void ProcessJob::close_input() {
  if (live_ && live_->process.input) live_->process.input->close();
}

std::vector<std::string> ProcessJob::not_enforced() const {
  return live_ ? live_->process.not_enforced : std::vector<std::string>();
}

void ProcessJob::on_activity(std::function<void()> callback) {
  if (live_) live_->on_activity = std::move(callback);
}

void ProcessJob::tell_activity() {
  if (!live_ || !live_->on_activity) return;
  const auto callback = live_->on_activity;
  callback();
}

void ProcessJob::kill() { end_because(Reason::killed); }

void ProcessJob::end_because(Reason reason, const char* limit) {
  if (!live_) return;
  // Too late to change what the Result says, except that a limit which is reached is.
  const bool decided = live_->reason != Reason::none;
  if (!decided && (!live_->leader_ended || reason == Reason::limit)) {
    live_->reason = reason;
    live_->limit = limit;
  }
  kill_tree();
}

bool ProcessJob::output_over_cap() const {
  return live_->output.over_cap() || live_->errors.over_cap();
}

void ProcessJob::watch_limits(milliseconds delay) {
  if (!live_->watch) live_->watch.emplace(keeper_.io());
  live_->watch->expires_after(delay);
  live_->watch->async_wait([self = weak_from_this()](const boost::system::error_code& error) {
    const auto job = self.lock();
    if (!error && job && job->live_ && !job->live_->leader_ended) job->look_at_limits();
  });
}

void ProcessJob::look_at_limits() {
  const Limits& limits = live_->process.limits;
  live_->figures = keeper_.controls().figures(live_->process.groups, limits);
  const GroupFigures own = live_->own(live_->figures);
  if (const char* limit = reached(limits, own)) return end_because(Reason::limit, limit);
  watch_limits(until_next_look(limits, own));
}

void ProcessJob::kill_tree() {
  if (std::exchange(live_->tree_killed, true)) return;
  if (!live_->leader.is_launched()) return keeper_.end_unlaunched(info_.id);
  keeper_.tree().kill(live_->process.place, info_.pid);
}

bool ProcessJob::look_for_end() {
  if (!live_ || live_->leader_ended || !live_->leader.is_launched()) return false;
  if (!live_->leader.has_ended()) return false;
  live_->end_now();
  return true;
}

void ProcessJob::on_end_of_leader() {
  if (live_) advance();
}

void ProcessJob::advance() {
  if (!live_) return;
  if (output_over_cap()) end_because(Reason::limit, "output");
  const bool streams_ended = live_->output.ended() && live_->errors.ended();
  if (streams_ended && !live_->leader_ended) {
    // Its signal may have been looked at already, along with those of others.
    keeper_.end_is_near(info_.id);
    look_for_end();
  }
  if (!live_->leader_ended) return;
  live_->output.drain();
  live_->errors.drain();
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
  live_->wall.reset();
  live_->watch.reset();
  // Rule 6: what it had to say was sent before its end could be seen.
  if (live_->process.slot) live_->process.slot->read_all();
  if (has_executed()) keeper_.executed(info_.id);
  live_->output.finish();
  live_->errors.finish();
  if (output_over_cap()) end_because(Reason::limit, "output");
  live_->figures = keeper_.controls().figures(live_->process.groups, live_->process.limits);
  if (const char* limit = reached(live_->process.limits, live_->own(live_->figures))) {
    if (live_->reason == Reason::none) end_because(Reason::limit, limit);
  }
  live_->left = keeper_.tree().leave(live_->process.place, info_.pid);
  info_.stdout_bytes = live_->output.size();
  info_.stderr_bytes = live_->errors.size();
  live_->result = make_result();
  if (!live_->made_directory) return hand_over();
  remove_directory();
}

/// What was made for the job goes before anybody hears of its end.
void ProcessJob::remove_directory() {
  const auto removal = std::make_shared<DirectoryRemoval>(
      keeper_.io(), live_->process.slot,
      [self = weak_from_this()](DirectoryRemoval::Outcome outcome) {
        const auto job = self.lock();
        if (!job || !job->live_) return;
        if (outcome == DirectoryRemoval::Outcome::stays) {
          spdlog::warn("job {}: the directory that was made for it stays", job->info_.id);
          job->keeper_.slots().retire(std::move(job->live_->process.slot));
        }
        job->hand_over();
      });
  live_->removal = removal;
  removal->start();
}

/// Rule 5.
void ProcessJob::give_slot_back() {
  NewProcess& process = live_->process;
  if (!process.slot) return;
  SlotPool& slots = keeper_.slots();
  if (process.slot->overdue(SlotPool::kPatience)) return slots.retire(std::move(process.slot));
  if (live_->left == Leftovers::some) return slots.wash(std::move(process.slot));
  if (!slots.is_clean(*process.slot, live_->left)) return slots.retire(std::move(process.slot));
  GroupFigures& before = process.slot->state.before;
  const GroupFigures& now = live_->figures;
  before.cpu_ns = now.cpu_ns;
  if (process.limits.memory_bytes) before.memory_kills = now.memory_kills;
  if (process.limits.processes) before.processes_refused = now.processes_refused;
  slots.give_back(std::move(process.slot));
}

void ProcessJob::hand_over() {
  const auto self = shared_from_this();
  give_slot_back();
  tl::expected<Result, LaunchFailure> end = std::move(live_->result);
  if (live_->failure && live_->reason == Reason::none) {
    end = tl::unexpected(std::move(*live_->failure));
  }
  live_.reset();
  keeper_.finished(info_.id, std::move(end));
}

Result ProcessJob::make_result() {
  Result result;
  const Limits& limits = live_->process.limits;
  const auto death = live_->leader.is_launched() ? live_->leader.reap() : std::nullopt;
  if (death && death->signal == 0) {
    result.exit_code = death->exit_code;
  } else if (death) {
    result.status = Status::killed;
    result.signal = death->signal;
    // The system's own ways to say that a process is over a limit.
    const bool file_size = limits.file_size_bytes && death->signal == SIGXFSZ;
    const bool cpu = limits.cpu && death->signal == SIGXCPU;
    if (live_->reason == Reason::none && (file_size || cpu)) {
      live_->reason = Reason::limit;
      live_->limit = file_size ? "file_size" : "cpu";
    }
  } else if (live_->leader.is_launched()) {
    spdlog::error("job {} (pid {}): its exit status was taken by somebody else", info_.id,
                  info_.pid);
  }
  if (live_->reason != Reason::none) {
    result.exit_code = -1;
    if (live_->reason != Reason::limit) result.signal = SIGKILL;
  }
  if (live_->reason == Reason::killed) result.status = Status::killed;
  if (live_->reason == Reason::timed_out) result.status = Status::timed_out;
  if (live_->reason == Reason::limit) {
    result.status = Status::over_limit;
    result.limit = live_->limit;
  }
  result.not_enforced = std::move(live_->process.not_enforced);
  result.stdout_bytes = live_->output.take_all();
  result.stderr_bytes = live_->errors.take_all();
  const GroupFigures figures = live_->own(live_->figures);
  Usage& usage = result.usage;
  usage.wall_s = std::chrono::duration<double>(live_->ended - live_->process.started).count();
  usage.cpu_from = figures.cpu_ns ? Accounting::cgroup : Accounting::rusage;
  usage.cpu_s =
      figures.cpu_ns ? static_cast<double>(*figures.cpu_ns) / 1e9 : death.value_or(Death{}).cpu_s;
  usage.memory_from = figures.memory_peak_bytes ? Accounting::cgroup : Accounting::rusage;
  usage.memory_peak_bytes =
      figures.memory_peak_bytes.value_or(death.value_or(Death{}).memory_peak_bytes);
  result.started_at = live_->process.started_at;
  result.ended_at = live_->ended_at;
  return result;
}

void ProcessJob::abandon(steady_clock::time_point deadline) {
  if (!live_) return;
  if (!live_->leader.is_launched()) {
    if (live_->process.slot) keeper_.slots().retire(std::move(live_->process.slot));
    keeper_.tree().leave(live_->process.place, -1);
    live_.reset();
    return;
  }
  kill_tree();
  if (!live_->leader.ends_before(deadline)) {
    spdlog::warn("job {} (pid {}) does not end", info_.id, info_.pid);
  }
  keeper_.tree().leave(live_->process.place, info_.pid);
  live_->leader.reap();
  if (live_->process.slot) keeper_.slots().retire(std::move(live_->process.slot));
  live_.reset();
}

}  // namespace cosmoo::sandbox
