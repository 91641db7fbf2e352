#include "server/pump.h"

#include <boost/asio/post.hpp>

namespace cosmoo {

Pump::Pump(boost::asio::io_context& loop, Scheduler& scheduler)
    : loop_(loop), scheduler_(scheduler), timer_(loop), write_timer_(loop) {
  scheduler_.on_wake([this] { post_run(); });
}

void Pump::keep(World& world, WriteBehind& store) {
  world.on_change([this, &store] {
    write_timer_.expires_after(kWriteDelay);
    write_timer_.async_wait([&store](boost::system::error_code error) {
      if (!error) store.flush();
    });
  });
}

void Pump::post_run() {
  if (posted_) return;
  posted_ = true;
  boost::asio::post(loop_, [this] { run(); });
}

void Pump::run() {
  posted_ = false;
  // More is ready: the sockets have their turn first.
  if (scheduler_.run_ready()) post_run();
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
    run();
  });
}

}  // namespace cosmoo
