// The slots in which jobs run: what becomes of them, and of jobs, when something happens to them.
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "sandbox/process/proc_table.h"
#include "tests/unit/sandbox/playground.h"

namespace cosmoo::sandbox::testing {

TEST_CASE("a slot that ends while it waits costs no job its start") {
  Playground ground;
  ground.program("true", "/bin/true");
  CHECK(ground.run("true").exit_code == 0);
  ground.settle();
  REQUIRE_FALSE(slots().empty());
  for (const pid_t slot : slots()) ::kill(slot, SIGKILL);
  REQUIRE(ground.until([] { return slots().empty(); }));
  for (int i = 0; i < 5; ++i) CHECK(ground.run("true").exit_code == 0);
}

TEST_CASE("a slot that ends while its job runs takes nothing from the job's result") {
  Playground ground;
  ground.program("cat", "/bin/cat");
  ground.script("wait", "echo begun; sleep 0.2; echo over; exit 3\n");
  std::optional<Result> result;
  const auto job = ground.launch("wait", {}, [&](Result r) { result = std::move(r); });
  REQUIRE(ground.until([&] { return job->info().stdout_bytes > 0; }));
  for (const pid_t slot : slots()) ::kill(slot, SIGKILL);
  REQUIRE(ground.until([&] { return result.has_value(); }));
  CHECK(result->exit_code == 3);
  CHECK(result->stdout_bytes == "begun\nover\n");
  CHECK(ground.run("cat", {.input = "on"}).stdout_bytes == "on");
}

TEST_CASE("a slot is used again by the next job, after a kill too") {
  Playground ground;
  ground.program("true", "/bin/true");
  ground.program("sleep", "/bin/sleep");
  ground.run("true");
  ground.settle();
  const auto before = slots();
  for (int i = 0; i < 20; ++i) CHECK(ground.run("true").exit_code == 0);
  CHECK(slots() == before);
  if (ground.engine->tracking() != "cgroup2") return;
  for (int i = 0; i < 10; ++i) {
    ground.launch("sleep", {.args = {"1000"}})->kill();
    REQUIRE(ground.until([&] { return ground.table.running() == 0; }));
    CHECK(ground.run("true").exit_code == 0);
  }
  ground.settle();
  auto after = slots();
  std::erase_if(after, [&](pid_t slot) {
    return std::find(before.begin(), before.end(), slot) == before.end();
  });
  CHECK(after == before);
}

// The attack: a machine that has no memory left, where a launch needs some.
TEST_CASE("a launch for which there is no memory fails as such, and the next one works") {
  Playground ground;
  ground.program("true", "/bin/true");
  ground.run("true");
  ground.settle();
  Given much;
  for (int i = 0; i < 2000; ++i) much.args.push_back(std::string(1000, 'x'));
  std::vector<std::pair<pid_t, rlimit>> before;
  for (const pid_t slot : slots()) {
    rlimit limit{};
    const rlimit none{1 << 20, RLIM_INFINITY};
    REQUIRE(::prlimit(slot, RLIMIT_AS, nullptr, &limit) == 0);
    REQUIRE(::prlimit(slot, RLIMIT_AS, &none, nullptr) == 0);
    before.emplace_back(slot, limit);
  }
  const auto started = ground.start("true", much);
  REQUIRE_FALSE(started.has_value());
  CHECK(started.error().error_number == ENOMEM);
  CHECK(started.error().message.find("emory") != std::string::npos);
  CHECK(ground.table.running() == 0);
  for (const auto& [slot, limit] : before) ::prlimit(slot, RLIMIT_AS, &limit, nullptr);
  CHECK(ground.run("true", much).exit_code == 0);
}

TEST_CASE("a job is started before it ends, and one that cannot be executed never is") {
  Playground ground;
  ground.program("true", "/bin/true");
  write_file(ground.dir / "lost", "#!/no/such/interpreter\n", 0755);
  std::vector<std::string> events;
  for (const char* name : {"true", "lost"}) {
    const auto ordered = ground.order(
        name, {}, [&](const auto& end) { events.push_back(end ? "ended" : end.error().message); },
        [&] { events.push_back("started"); });
    REQUIRE(ordered.has_value());
    REQUIRE(ground.until([&] { return ground.table.running() == 0; }));
  }
  REQUIRE(events.size() == 3);
  CHECK(events[0] == "started");
  CHECK(events[1] == "ended");
  CHECK(events[2].find("'/no/such/interpreter' does not exist") != std::string::npos);
}

// The attack: slots that do not answer. Everything else goes on.
TEST_CASE("a slot that hangs holds up nobody but the job that it has") {
  Playground ground;
  ground.program("true", "/bin/true");
  ground.run("true");
  ground.settle();
  for (const pid_t slot : slots()) ::kill(slot, SIGSTOP);
  std::vector<tl::expected<Result, StartError>> ends;
  std::vector<std::shared_ptr<Process>> jobs;
  const std::size_t hanging = slots().size();
  for (std::size_t i = 0; i < hanging; ++i) {
    const auto ordered =
        ground.order("true", {}, [&](auto end) { ends.push_back(std::move(end)); });
    REQUIRE(ordered.has_value());
    CHECK((*ordered)->info().pid == -1);
    jobs.push_back(*ordered);
  }
  jobs.front()->kill();
  // Those that come after them get slots of their own.
  CHECK(ground.run("true").exit_code == 0);
  CHECK(ends.empty());
  REQUIRE(ground.until([&] { return ends.size() == hanging; }));
  for (const auto& end : ends) {
    if (end) {
      CHECK(end->status == Status::killed);
    } else {
      CHECK(end.error().error_number == ETIMEDOUT);
    }
  }
  CHECK(ground.run("true").exit_code == 0);
}

TEST_CASE("jobs that wait for slots get them, and may be killed or run out of time") {
  EngineOptions options;
  options.prepared = 0;
  Playground ground(options);
  ground.program("true", "/bin/true");
  std::vector<int> order;
  std::vector<Status> ends(20);
  std::vector<std::shared_ptr<Process>> jobs;
  for (int i = 0; i < 20; ++i) {
    Given given;
    if (i == 18) given.limits.wall = std::chrono::milliseconds(0);
    const auto ordered = ground.order(
        "true", given, [&, i](auto end) { ends[static_cast<std::size_t>(i)] = end.value().status; },
        [&, i] { order.push_back(i); });
    REQUIRE(ordered.has_value());
    jobs.push_back(*ordered);
  }
  jobs[17]->kill();
  jobs[17]->kill();
  CHECK(ends[17] == Status::exited);
  REQUIRE(ground.until([&] { return ground.table.running() == 0; }));
  CHECK(order.size() == 18);
  CHECK(std::find(order.begin(), order.end(), 17) == order.end());
  CHECK(ends[17] == Status::killed);
  CHECK(ends[18] == Status::timed_out);
  CHECK(std::count(ends.begin(), ends.end(), Status::exited) == 18);
}

TEST_CASE("slots that nobody needs any more go") {
  Playground ground;
  ground.program("sleep", "/bin/sleep");
  for (int i = 0; i < 40; ++i) ground.launch("sleep", {.args = {"1000"}});
  CHECK(slots().size() >= 40);
  ground.table.kill_all();
  REQUIRE(ground.until([&] { return ground.table.running() == 0; }));
  CHECK(ground.until([] { return slots().size() <= 4; }));
}

TEST_CASE("arguments and environment that fill megabytes arrive whole") {
  Playground ground;
  ground.script("count", "echo $# ${#1} ${#LAST}\n");
  Given given;
  for (int i = 0; i < 1000; ++i) given.args.push_back(std::string(1000, 'x'));
  for (int i = 0; i < 600; ++i) given.env.push_back("V" + std::to_string(i) + "=x");
  given.env.push_back("LAST=" + std::string(100'000, 'x'));
  CHECK(ground.run("count", given).stdout_bytes == "1000 1000 100000\n");
}

// The job stops the server, and lets it go on some time later.
TEST_CASE("a server that is stopped and goes on has lost nothing") {
  Playground ground;
  ground.script("stop", "kill -STOP $1; sleep 0.3; kill -CONT $1; echo done\n");
  ground.script("brief", "sleep 0.1; echo brief\n");
  int right = 0;
  for (int i = 0; i < 20; ++i) {
    ground.launch("brief", {}, [&](const Result& r) { right += r.stdout_bytes == "brief\n"; });
  }
  ground.launch("stop", {.args = {std::to_string(::getpid())}},
                [&](const Result& r) { right += r.stdout_bytes == "done\n"; });
  CHECK(ground.until([&] { return ground.table.running() == 0; }));
  CHECK(right == 21);
}

TEST_CASE("info tells what a running job uses") {
  Playground ground;
  ground.script("busy", "while :; do :; done\n");
  const auto job = ground.launch("busy");
  if (ground.engine->missing().empty()) {
    CHECK(ground.until([&] { return job->info().cpu_s > 0.05; }));
    CHECK(job->info().memory_bytes > 0);
  }
  job->kill();
  CHECK(ground.until([&] { return ground.table.running() == 0; }));
}

TEST_CASE("what a machine does not give is told in sentences") {
  Playground ground;
  for (const auto& sentence : ground.engine->missing()) {
    MESSAGE(sentence);
    CHECK(sentence.size() > 10);
  }
}

}  // namespace cosmoo::sandbox::testing
