#include "sandbox/process/handle.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <utility>

namespace cosmoo::sandbox {

struct Handle::Patient {
  WaiterId id;
  Callback callback;
  std::optional<boost::asio::steady_timer> timer;
};

Handle::Handle(boost::asio::io_context& io, HandleInfo info, std::shared_ptr<Process> process)
    : io_(io), info_(std::move(info)), process_(std::move(process)) {}

Handle::~Handle() = default;

void Handle::start() {
  process_->on_activity([weak = weak_from_this()] {
    if (const auto handle = weak.lock()) handle->serve();
  });
}

void Handle::ended(Result result) {
  const auto keep_alive = shared_from_this();
  output_ = ByteQueue(std::exchange(result.stdout_bytes, {}));
  errors_ = ByteQueue(std::exchange(result.stderr_bytes, {}));
  result_ = std::move(result);
  serve();
  for (auto patients = std::move(patients_); Patient & patient : patients) patient.callback(*this);
}

Usage Handle::usage() const {
  if (result_) return result_->usage;
  const JobInfo job = process_->info();
  Usage usage;
  usage.cpu_s = job.cpu_s;
  usage.wall_s =
      std::chrono::duration<double>(std::chrono::system_clock::now() - job.started_at).count();
  usage.memory_peak_bytes = job.memory_bytes;
  usage.cpu_from = usage.memory_from = Accounting::rusage;
  return usage;
}

std::string_view Handle::held(Stream stream) const {
  if (running()) return process_->held(stream);
  return (stream == Stream::output ? output_ : errors_).view();
}

std::string Handle::take(Stream stream, std::size_t most) {
  memo = nullptr;
  if (running()) return process_->take(stream, most);
  return (stream == Stream::output ? output_ : errors_).take(most);
}

std::uint64_t Handle::printed(Stream stream) const { return process_->printed(stream); }

bool Handle::readable() const {
  return !held(Stream::output).empty() || !held(Stream::errors).empty() || at_end();
}

bool Handle::at_end() const {
  for (const Stream stream : {Stream::output, Stream::errors}) {
    if (!held(stream).empty() || !process_->closed(stream)) return false;
  }
  return true;
}

Handle::WaiterId Handle::when_ended(std::optional<std::chrono::milliseconds> timeout,
                                    Callback callback) {
  Patient& patient = patients_.emplace_back(Patient{++last_waiter_, std::move(callback), {}});
  if (timeout) {
    patient.timer.emplace(io_, *timeout);
    patient.timer->async_wait(
        [weak = weak_from_this(), id = patient.id](const boost::system::error_code& error) {
          const auto handle = weak.lock();
          if (!error && handle) handle->give_up(id);
        });
  }
  return patient.id;
}

void Handle::give_up(WaiterId waiter) {
  for (auto it = patients_.begin(); it != patients_.end(); ++it) {
    if (it->id != waiter) continue;
    const Callback callback = std::move(it->callback);
    patients_.erase(it);
    return callback(*this);
  }
}

Handle::WaiterId Handle::when_readable(Callback callback) {
  readers_.push_back({++last_waiter_, std::move(callback)});
  return last_waiter_;
}

Handle::WaiterId Handle::when_written(Callback callback) {
  const std::uint64_t position = process_->written() + process_->unwritten();
  writers_.push_back({++last_waiter_, std::move(callback), position});
  return last_waiter_;
}

void Handle::forget(WaiterId waiter) {
  const auto is_it = [waiter](const auto& entry) { return entry.id == waiter; };
  std::erase_if(patients_, is_it);
  std::erase_if(readers_, is_it);
  std::erase_if(writers_, is_it);
}

void Handle::serve() {
  const auto keep_alive = shared_from_this();
  if (!readers_.empty()) serve_readers();
  if (!writers_.empty()) serve_writers();
}

void Handle::serve_readers() {
  while (!readers_.empty() && readable()) {
    const Waiter reader = std::move(readers_.front());
    readers_.pop_front();
    reader.callback(*this);
  }
}

void Handle::serve_writers() {
  const auto is_due = [this](const Waiter& writer) {
    return process_->unwritten() == 0 || process_->written() >= writer.position;
  };
  while (!writers_.empty() && is_due(writers_.front())) {
    const Waiter writer = std::move(writers_.front());
    writers_.pop_front();
    writer.callback(*this);
  }
}

}  // namespace cosmoo::sandbox
