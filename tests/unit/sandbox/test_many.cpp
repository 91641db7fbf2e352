#include <doctest/doctest.h>
#include <malloc.h>
#include <signal.h>
#include <sys/resource.h>

#include <map>
#include <thread>

#include "sandbox/process/proc_table.h"
#include "tests/unit/sandbox/playground.h"

namespace cosmoo::sandbox::testing {

namespace {

/// As many descriptors as the system lets this process have.
struct ManyDescriptors {
  ManyDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before);
    rlimit raised = before;
    raised.rlim_cur = raised.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &raised);
  }
  ~ManyDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before); }
  rlimit before{};
};

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kExactHeap = false;
#else
constexpr bool kExactHeap = true;
#endif

}  // namespace

TEST_CASE("of 200 jobs at once none is lost and none mixed up") {
  const ManyDescriptors raised;
  for (const Tracking tracking : trackings()) {
    EngineOptions options;
    options.tracking = tracking;
    Playground ground(options);
    ground.program("cat", "/bin/cat");
    std::map<int, int> results;
    for (int i = 0; i < 200; ++i) {
      const std::string input = "job " + std::to_string(i);
      const auto ordered = ground.order("cat", {.input = input}, [&results, i, input](auto r) {
        REQUIRE(r.has_value());
        CHECK(r->stdout_bytes == input);
        CHECK(r->exit_code == 0);
        ++results[i];
      });
      REQUIRE(ordered.has_value());
    }
    CHECK(results.empty());
    REQUIRE(ground.until([&] { return ground.table.running() == 0; }));
    CHECK(results.size() == 200);
    CHECK(ground.until([] { return children().empty(); }));
  }
}

// Signals coalesce: many ends, one SIGCHLD.
TEST_CASE("jobs that end while SIGCHLD is blocked are all noticed afterwards") {
  Playground ground;
  ground.program("true", "/bin/true");
  sigset_t child, before;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  int results = 0;
  std::vector<pid_t> pids;
  ::pthread_sigmask(SIG_BLOCK, &child, &before);
  for (int i = 0; i < 50; ++i) {
    pids.push_back(ground.launch("true", {}, [&](Result) { ++results; })->info().pid);
  }
  const auto deadline = std::chrono::steady_clock::now() + kDeadline;
  for (const pid_t pid : pids) {
    while (alive(pid) && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  CHECK(ground.until([&] { return results == 50; }));
}

// The attack: other code in the server takes SIGCHLD for itself, or keeps it from being delivered.
TEST_CASE("jobs end even when SIGCHLD never arrives") {
  Playground ground;
  ground.program("true", "/bin/true");
  sigset_t child, before;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  ::pthread_sigmask(SIG_BLOCK, &child, &before);
  CHECK(ground.run("true").exit_code == 0);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

TEST_CASE("a thousand jobs in a row, each begun by the end of the one before") {
  Playground ground({}, 1);
  ground.program("true", "/bin/true");
  int left = 1000;
  int bad = 0;
  OnComplete next = [&](const tl::expected<Result, StartError>& r) {
    bad += !r || r->status != Status::exited || r->exit_code != 0;
    if (--left == 0) return;
    const auto ordered = ground.order("true", {}, next);
    bad += !ordered.has_value();
  };
  REQUIRE(ground.order("true", {}, next).has_value());
  CHECK(ground.until([&] { return left == 0; }));
  CHECK(bad == 0);
}

TEST_CASE("a thousand starts and kills leave no descriptor, no process and no memory behind") {
  for (const Tracking tracking : trackings()) {
    EngineOptions options;
    options.tracking = tracking;
    Playground ground(options);
    CAPTURE(ground.engine->tracking());
    ground.script("family", "sleep 1000 & exec sleep 1000\n");
    ground.program("sleep", "/bin/sleep");
    const auto cycle = [&](int times) {
      for (int i = 0; i < times; ++i) {
        const std::string input(i % 3 == 0 ? 100000 : i % 3, 'x');
        const char* name = i % 4 == 0 ? "family" : "sleep";
        ground.launch(name, {.args = {"1000"}, .input = input})->kill();
        if (i % 5 != 0) continue;
        REQUIRE(ground.until([&] { return ground.table.running() == 0; }));
      }
      REQUIRE(ground.until([&] {
        return ground.table.running() == 0 && children().empty() && open_descriptors().size() < 100;
      }));
    };
    cycle(50);
    const auto descriptors = open_descriptors().size();
    const auto memory = ::mallinfo2().uordblks;
    cycle(tracking == Tracking::best ? 1000 : 200);
    // The number of control groups that are kept ready varies a little.
    CHECK(ground.until([&] { return open_descriptors().size() <= descriptors + 16; }));
    CHECK(children().empty());
    if (kExactHeap) CHECK(::mallinfo2().uordblks < memory + 256 * 1024);
  }
}

TEST_CASE("200 running jobs end together, and nothing of them is left") {
  const ManyDescriptors raised;
  const auto before = open_descriptors();
  {
    Playground ground;
    ground.script("family", "sleep 1000 & sleep 1000 & echo; wait\n");
    std::vector<std::shared_ptr<Job>> jobs;
    for (int i = 0; i < 200; ++i) jobs.push_back(ground.launch("family"));
    REQUIRE(ground.until([&] { return jobs.back()->info().stdout_bytes > 0; }));
    ground.table.kill_all();
    CHECK(ground.until([&] { return ground.table.running() == 0; }));
    CHECK(ground.until([] { return children().empty(); }));
  }
  CHECK(open_descriptors() == before);
}

}  // namespace cosmoo::sandbox::testing
