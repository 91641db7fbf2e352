#include "server/pump.h"

#include <boost/asio/post.hpp>

namespace cosmoo {
namespace {

// The passes of the loop that a line of input takes to its answer: it is read, it has its turn, the
// answer is sent. Each queues behind what was posted before the socket was looked at.
constexpr int kPassesOfALine = 3;

}  // namespace

Pump::Pump(boost::asio::io_context& loop, Scheduler& scheduler)
    : loop_(loop), scheduler_(scheduler), timer_(loop), write_timer_(loop) {
  scheduler_.on_wake([this] { run_soon(); });
}

void Pump::keep(World& world, WriteBehind& store) {
  world.on_change([this, &store] {
    write_timer_.expires_after(kWriteDelay);
    write_timer_.async_wait([&store](boost::system::error_code error) {
      if (!error) store.flush();
    });
  });
}

void Pump::run_soon() {
  if (awaited_) return;
  awaited_ = true;
  run_after(0);
}

void Pump::run_after(int passes) {
  boost::asio::post(loop_, [this, passes] {
    if (passes > 0) {
      run_after(passes - 1);
    } else {
      run();
    }
  });
}

void Pump::run() {
  // More is ready: first whoever has typed something is answered.
  awaited_ = scheduler_.run_ready();
  if (awaited_) run_after(kPassesOfALine);
  set_timer();
}

void Pump::set_timer() {
  const auto due = scheduler_.next_deadline();
  if (due == timer_at_) return;
  timer_at_ = due;
  if (!due) {
    timer_.cancel();
    return;
  }
  timer_.expires_at(*due);
  timer_.async_wait([this](boost::system::error_code error) {
    if (error) return;
    timer_at_.reset();
    run_soon();
  });
}

}  // namespace cosmoo
