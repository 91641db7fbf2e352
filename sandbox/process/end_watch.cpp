#include "sandbox/process/end_watch.h"

#include <utility>

namespace cosmoo::sandbox {

void EndWatch::start(std::function<void()> on_signal, std::function<void()> on_time) {
  on_signal_ = std::move(on_signal);
  on_time_ = std::move(on_time);
  wait_for_signal();
}

void EndWatch::stop() {
  on_signal_ = nullptr;
  on_time_ = nullptr;
  boost::system::error_code ignored;
  signal_.cancel(ignored);
  timer_.cancel();
}

void EndWatch::wait_for_signal() {
  signal_.async_wait([weak = weak_from_this()](const boost::system::error_code& error, int) {
    const auto self = weak.lock();
    if (error || !self || !self->on_signal_) return;
    // Armed again before looking: a child that ends meanwhile is not missed.
    self->wait_for_signal();
    // Looking may stop this.
    const auto on_signal = self->on_signal_;
    on_signal();
  });
}

void EndWatch::look_within(std::chrono::milliseconds delay) {
  const auto due = std::chrono::steady_clock::now() + delay;
  if (due_ && *due_ <= due) return;
  due_ = due;
  timer_.expires_at(due);
  timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (error || !self || !self->on_time_) return;
    self->due_.reset();
    const auto on_time = self->on_time_;
    on_time();
  });
}

}  // namespace cosmoo::sandbox
