// Gives the scheduler its turns on the event loop, and the store its moments to write.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "vm/scheduler.h"
#include "vm/world/write_behind.h"

namespace cosmoo {

class Pump {
 public:
  /// Takes the scheduler's on_wake for itself.
  Pump(boost::asio::io_context& loop, Scheduler& scheduler);
  /// From now on `store` is flushed kWriteDelay after the first change of `world`.
  void keep(World& world, WriteBehind& store);

 private:
  void run_soon();
  void run_after(int passes);
  void run();
  void set_timer();

  boost::asio::io_context& loop_;
  Scheduler& scheduler_;
  boost::asio::steady_timer timer_;
  boost::asio::steady_timer write_timer_;
  std::optional<Clock::time_point> timer_at_;
  bool awaited_ = false;  // a run() is on its way, or goes on
};

}  // namespace cosmoo
