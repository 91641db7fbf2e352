// A few threads for what would hold up the loop. They take no signals; destroying the pool waits
// for what runs and drops what waits.
#pragma once

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <memory>

#include "vm/quiet_thread.h"

namespace cosmoo {

class QuietPool {
 public:
  explicit QuietPool(std::size_t threads) {
    const SignalsBlocked blocked;
    threads_ = std::make_unique<boost::asio::thread_pool>(threads);
  }
  ~QuietPool() {
    threads_->stop();
    threads_->join();
  }
  QuietPool(const QuietPool&) = delete;
  QuietPool& operator=(const QuietPool&) = delete;

  void run(std::function<void()> work) { boost::asio::post(*threads_, std::move(work)); }

 private:
  std::unique_ptr<boost::asio::thread_pool> threads_;
};

}  // namespace cosmoo
