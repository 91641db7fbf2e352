// A few threads for what would hold up the loop. They take no signals; destroying the pool waits
// for what runs and drops what waits.
#pragma once

#include <sys/resource.h>
#include <unistd.h>

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

  void run(std::function<void()> work) {
    boost::asio::post(*threads_, [work = std::move(work)] {
      thread_local const bool patient = step_back();
      (void)patient;
      work();
    });
  }

 private:
  // On Linux the priority is each thread's own.
  static bool step_back() {
    constexpr int kNice = 10;
    return ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kNice) == 0;
  }

  std::unique_ptr<boost::asio::thread_pool> threads_;
};

}  // namespace cosmoo
