// When to look which children have ended: at a SIGCHLD, and now and then in case one is kept from
// arriving, by a mask or a handler of somebody else's. Signals coalesce and name nobody, so that
// each may stand for any number of children.
#pragma once

#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>

namespace cosmoo::sandbox {

/// The loop's thread only. Takes SIGCHLD over.
class EndWatch : public std::enable_shared_from_this<EndWatch> {
 public:
  explicit EndWatch(boost::asio::io_context& io) : signal_(io, SIGCHLD), timer_(io) {}
  EndWatch(const EndWatch&) = delete;
  EndWatch& operator=(const EndWatch&) = delete;

  /// Both are called from the loop, until stop().
  void start(std::function<void()> on_signal, std::function<void()> on_time);
  void stop();

  /// `on_time` is called then, or sooner.
  void look_within(std::chrono::milliseconds delay);

 private:
  void wait_for_signal();

  std::function<void()> on_signal_;
  std::function<void()> on_time_;
  boost::asio::signal_set signal_;
  boost::asio::steady_timer timer_;
  std::optional<std::chrono::steady_clock::time_point> due_;
};

}  // namespace cosmoo::sandbox
