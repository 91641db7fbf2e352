// The engine with threads of its own, as the server has them; for the thread sanitizer above all.
#include <doctest/doctest.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

#include "sandbox/guest/engine.h"

namespace {

using namespace cosmoo::sandbox;

/// Work for threads, or for the one that calls take().
class Queue {
 public:
  void push(std::function<void()> work) {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(work));
    ready_.notify_one();
  }
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    ready_.notify_all();
  }
  /// Waits for work; nothing once it is closed, whatever is left.
  std::function<void()> take() {
    std::unique_lock lock(mutex_);
    ready_.wait(lock, [this] { return closed_ || !waiting_.empty(); });
    if (closed_) return nullptr;
    auto work = std::move(waiting_.front());
    waiting_.pop_front();
    return work;
  }

 private:
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<std::function<void()>> waiting_;
  bool closed_ = false;
};

struct Threads {
  Threads() {
    GuestEngine::Options options;
    options.quotas = options.together = {1000, std::uint64_t{1} << 60, std::uint64_t{1} << 40};
    options.slice = 20'000;
    options.run = [this](std::function<void()> work) { pool.push(std::move(work)); };
    options.post = [this](std::function<void()> work) { loop.push(std::move(work)); };
    engine.emplace(std::move(options), library, table);
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([this] {
        while (const auto work = pool.take()) work();
      });
    }
  }
  ~Threads() {
    engine.reset();
    pool.close();
    for (std::thread& thread : threads) thread.join();
  }

  std::shared_ptr<Job> start(std::string program, std::string_view data) {
    GuestRequest request;
    request.program = std::move(program);
    request.data = {{data, nullptr}};
    request.limits.instructions = std::uint64_t{1} << 50;
    auto job = engine->start(std::move(request), [this](auto end) {
      REQUIRE(end.has_value());
      ++(end->status == Status::killed ? killed : exited);
      if (end->status == Status::exited) CHECK(end->output == "42 ");
    });
    REQUIRE(job.has_value());
    return *job;
  }

  Queue pool, loop;
  GuestLibrary library{std::string(COSMOO_SOURCE_DIR) + "/executables/guests", {}};
  JobTable table;
  int exited = 0, killed = 0;
  std::optional<GuestEngine> engine;
  std::vector<std::thread> threads;
};

constexpr std::string_view kAnswer = "6 7 * .", kEndless = ": f begin again ; f";

TEST_CASE("guests on several threads, some of them killed, all end once and right") {
  Threads threads;
  std::vector<std::shared_ptr<Job>> endless;
  for (int i = 0; i < 60; ++i) {
    if (i % 3 == 0) endless.push_back(threads.start("forth", kEndless));
    threads.start("forth", kAnswer);
  }
  while (threads.exited < 30) threads.loop.take()();
  for (const auto& job : endless) job->kill();
  while (threads.table.running() != 0) threads.loop.take()();
  CHECK(threads.exited == 60);
  CHECK(threads.killed == 20);
}

TEST_CASE("an engine may go while its guests run and wait") {
  for (int i = 0; i < 5; ++i) {
    Threads threads;
    for (int j = 0; j < 10; ++j) threads.start("forth", kEndless);
    threads.start("forth", kAnswer);
    while (threads.exited < 1) threads.loop.take()();
  }
}

}  // namespace
