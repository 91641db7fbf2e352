// Tells wizards, and the log, of jobs that a limit has stopped.
//
// The first is told at once; of those that follow soon, only how many there were: every programmer
// can run guests into their limits as often as he likes.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <string_view>

#include "sandbox/job.h"
#include "server/log.h"
#include "vm/world/world.h"

namespace cosmoo {

class LimitWatch {
 public:
  /// All outlive it. `tell` reaches every wizard who is connected.
  LimitWatch(boost::asio::io_context& loop, const World& world, Log& log,
             std::function<void(std::string_view)> tell);

  /// To be called at the end of every job.
  void job_ended(const sandbox::JobInfo& job, const sandbox::Result& result);

 private:
  void say(const std::string& text);
  void be_quiet();

  const World& world_;
  Log& log_;
  const std::function<void(std::string_view)> tell_;
  boost::asio::steady_timer quiet_;
  bool is_quiet_ = false;
  std::size_t unsaid_ = 0;
};

}  // namespace cosmoo
