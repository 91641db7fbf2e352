#include "sandbox/frame/call.h"

#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include "sandbox/process/start_errors.h"

namespace cosmoo::sandbox {

namespace {
constexpr std::chrono::milliseconds kWatchInterval{50};
}

FunctionCall::FunctionCall(boost::asio::io_context& io, JobInfo info, Limits limits, OnDone on_done)
    : info_(std::move(info)),
      limits_(limits),
      on_done_(std::move(on_done)),
      wall_(io),
      watch_(io) {}

JobInfo FunctionCall::info() const {
  JobInfo info = info_;
  info.stdout_bytes = output_.size();
  info.stderr_bytes = errors_.size();
  if (!host_) return info;
  const JobInfo host = host_->info();
  info.pid = host.pid;
  info.cpu_s = std::max(0.0, host.cpu_s - cpu_before_);
  info.memory_bytes = host.memory_bytes;
  return info;
}

void FunctionCall::start() {
  if (!limits_.wall) return;
  wall_.expires_at(begun_ + *limits_.wall);
  wall_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (!error && self) self->end_because(Status::timed_out, "");
  });
}

void FunctionCall::run(std::shared_ptr<FrameHost> host, std::string order) {
  host_ = std::move(host);
  if (limits_.cpu) {
    cpu_before_ = host_->info().cpu_s;
    watch_cpu();
  }
  host_->call(
      std::move(order),
      [self = shared_from_this()](Process::Stream stream, std::string_view bytes) {
        self->on_printed(stream, bytes);
      },
      [self = shared_from_this()](auto end) { self->on_called(std::move(end)); });
}

void FunctionCall::fail(StartError error) {
  if (!done()) finish(tl::unexpected(std::move(error)), false);
}

void FunctionCall::abandon() {
  on_done_ = nullptr;
  wall_.cancel();
  watch_.cancel();
  if (host_) host_->kill();
}

/// Who has no host yet has ended; otherwise the host's end brings the call's.
void FunctionCall::end_because(Status status, const char* limit) {
  if (done() || why_) return;
  why_ = status;
  limit_ = limit;
  if (host_) return host_->kill();
  boost::asio::post(wall_.get_executor(), [self = shared_from_this()] {
    if (!self->done()) self->finish(self->result_of({}), false);
  });
}

void FunctionCall::watch_cpu() {
  watch_.expires_after(std::min(kWatchInterval, *limits_.cpu));
  watch_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (error || !self || self->done()) return;
    const std::chrono::duration<double> used(self->host_->info().cpu_s - self->cpu_before_);
    if (used >= *self->limits_.cpu) return self->end_because(Status::over_limit, "cpu");
    self->watch_cpu();
  });
}

void FunctionCall::on_printed(Process::Stream stream, std::string_view bytes) {
  std::string& kept = stream == Process::Stream::output ? output_ : errors_;
  const std::size_t room = limits_.output_bytes - kept.size();
  kept.append(bytes.substr(0, room));
  if (bytes.size() > room) end_because(Status::over_limit, "output");
}

void FunctionCall::on_called(tl::expected<CallEnd, StartError> end) {
  if (done()) return;
  if (!end) return finish(tl::unexpected(std::move(end.error())), true);
  const bool by_itself = end->ended || end->host->signal != 0 || end->host->limit != "";
  if (!by_itself && !why_) {
    return finish(
        tl::unexpected(StartError{StartError::Kind::system,
                                  "the process that had the library open has ended", "call", 0}),
        false);
  }
  finish(result_of(*end), end->ended && !end->host && end->ended->left_behind == 0);
}

Result FunctionCall::result_of(const CallEnd& end) {
  Result result;
  Usage& usage = result.usage;
  usage.cpu_from = Accounting::rusage;
  usage.memory_from = Accounting::rusage;
  if (end.ended) {
    usage.cpu_s = static_cast<double>(end.ended->cpu_us) / 1e6;
    usage.memory_peak_bytes = static_cast<std::uint64_t>(end.ended->peak_bytes);
    if (WIFEXITED(end.ended->status)) {
      result.exit_code = WEXITSTATUS(end.ended->status);
    } else {
      result.status = Status::killed;
      result.signal = WTERMSIG(end.ended->status);
    }
    // Seen too late to end it.
    const std::chrono::duration<double> used(usage.cpu_s);
    if (!why_ && limits_.cpu && used >= *limits_.cpu) {
      why_ = Status::over_limit;
      limit_ = "cpu";
    }
    if (!why_ && limits_.file_size_bytes && result.signal == SIGXFSZ) {
      why_ = Status::over_limit;
      limit_ = "file_size";
    }
  } else if (end.host) {
    usage = end.host->usage;
    usage.cpu_s = std::max(0.0, usage.cpu_s - cpu_before_);
    result.status = Status::killed;
    result.signal = end.host->signal;
  }
  usage.wall_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun_).count();
  if (host_) result.not_enforced = host_->not_enforced();
  if (end.host && !why_ && end.host->status == Status::over_limit) {
    why_ = Status::over_limit;
    limit_ = end.host->limit;
  }
  if (why_) {
    result.status = *why_;
    result.exit_code = -1;
    if (result.signal == 0) result.signal = SIGKILL;
    result.limit = limit_;
  }
  result.stdout_bytes = std::move(output_);
  result.stderr_bytes = std::move(errors_);
  result.started_at = info_.started_at;
  result.ended_at = std::chrono::system_clock::now();
  return result;
}

void FunctionCall::finish(tl::expected<Result, StartError> end, bool clean) {
  wall_.cancel();
  watch_.cancel();
  const auto self = shared_from_this();
  std::exchange(on_done_, nullptr)(std::move(end), std::exchange(host_, nullptr), clean && !why_);
}

}  // namespace cosmoo::sandbox
