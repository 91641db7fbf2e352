#include <doctest/doctest.h>
#include <signal.h>

#include "tests/unit/sandbox/playground.h"

namespace cosmoo::sandbox::testing {

using std::chrono::milliseconds;

namespace {

Limits wall(int ms) { return {.wall = milliseconds(ms)}; }

}  // namespace

TEST_CASE("an exit code comes back as it is") {
  Playground ground;
  ground.script("exit", "exit $1\n");
  for (const int code : {0, 1, 2, 126, 127, 128, 137, 255}) {
    const Result result = ground.run("exit", {.args = {std::to_string(code)}});
    CHECK(result.status == Status::exited);
    CHECK(result.exit_code == code);
    CHECK(result.signal == 0);
  }
}

TEST_CASE("a signal that ends a program is no exit code") {
  Playground ground;
  ground.script("die", "echo alive; kill -$1 $$\n");
  for (const int signal : {SIGKILL, SIGTERM, SIGABRT, SIGSEGV, SIGPIPE, SIGHUP, SIGUSR1}) {
    const Result result = ground.run("die", {.args = {std::to_string(signal)}});
    CHECK(result.status == Status::killed);
    CHECK(result.signal == signal);
    CHECK(result.exit_code == -1);
    CHECK(result.stdout_bytes == "alive\n");
  }
}

TEST_CASE("a killed job gives its result once, with what it had printed") {
  Playground ground;
  ground.script("print", "echo partial; exec sleep 1000\n");
  int results = 0;
  Result last;
  const auto job = ground.launch("print", {}, [&](Result r) {
    ++results;
    last = std::move(r);
  });
  REQUIRE(ground.until([&] { return job->info().stdout_bytes > 0; }));
  job->kill();
  job->kill();
  CHECK(results == 0);
  REQUIRE(ground.until([&] { return results > 0; }));
  job->kill();
  ground.poll();
  CHECK(results == 1);
  CHECK(last.status == Status::killed);
  CHECK(last.signal == SIGKILL);
  CHECK(last.exit_code == -1);
  CHECK(last.stdout_bytes == "partial\n");
  CHECK(ground.table.running() == 0);
  CHECK(job->info().stdout_bytes == 8);
}

TEST_CASE("a job can be killed in the moment in which it was started") {
  Playground ground;
  ground.program("sleep", "/bin/sleep");
  ground.program("true", "/bin/true");
  for (const char* name : {"sleep", "true"}) {
    std::optional<Result> result;
    const auto ordered =
        ground.order(name, {.args = {"1000"}}, [&](auto r) { result = r.value(); });
    REQUIRE(ordered.has_value());
    (*ordered)->kill();
    CHECK_FALSE(result.has_value());
    REQUIRE(ground.until([&] { return result.has_value(); }));
    CHECK(result->status == Status::killed);
    CHECK(result->signal == SIGKILL);
  }
}

// The attack: a program ignores every signal that can be ignored, or stops itself.
TEST_CASE("a program that resists is killed all the same") {
  Playground ground;
  ground.script("deaf", "trap '' HUP INT TERM QUIT; echo deaf; while :; do sleep 1000; done\n");
  ground.script("stopped", "echo stopped; kill -STOP $$\n");
  for (const char* name : {"deaf", "stopped"}) {
    std::optional<Result> result;
    const auto job = ground.launch(name, {}, [&](Result r) { result = std::move(r); });
    REQUIRE(ground.until([&] { return job->info().stdout_bytes > 0; }));
    job->kill();
    REQUIRE(ground.until([&] { return result.has_value(); }));
    CHECK(result->status == Status::killed);
  }
}

TEST_CASE("a job that is over its time is killed and keeps what it printed") {
  Playground ground;
  ground.script("slow", "echo partial; echo error >&2; sleep 1000; echo never\n");
  const Result result = ground.run("slow", {.limits = wall(300)});
  CHECK(result.status == Status::timed_out);
  CHECK(result.exit_code == -1);
  CHECK(result.signal == SIGKILL);
  CHECK(result.stdout_bytes == "partial\n");
  CHECK(result.stderr_bytes == "error\n");
  CHECK(result.usage.wall_s >= 0.3);
}

TEST_CASE("a job within its time is not touched") {
  Playground ground;
  ground.program("true", "/bin/true");
  CHECK(ground.run("true", {.limits = wall(50000)}).status == Status::exited);
}

TEST_CASE("no time at all is over at once") {
  Playground ground;
  ground.program("sleep", "/bin/sleep");
  CHECK(ground.run("sleep", {.args = {"1000"}, .limits = wall(0)}).status == Status::timed_out);
}

// The race: the limit comes just when the program ends. Each job has one verdict and none hangs.
TEST_CASE("jobs that end just when their time is over end once") {
  Playground ground;
  ground.program("sleep", "/bin/sleep");
  int results = 0;
  int others = 0;
  for (int i = 0; i < 100; ++i) {
    ground.launch("sleep", {.args = {"0.1"}, .limits = wall(100)}, [&](Result r) {
      ++results;
      others += r.status != Status::exited && r.status != Status::timed_out;
    });
  }
  REQUIRE(ground.until([&] { return results == 100; }));
  ground.poll();
  CHECK(results == 100);
  CHECK(others == 0);
  CHECK(ground.table.running() == 0);
}

TEST_CASE("kill_all ends every job and tells when the last is gone") {
  Playground ground;
  ground.script("family", "sleep 1000 & sleep 1000 & echo $!; wait\n");
  int results = 0;
  std::vector<std::shared_ptr<Job>> jobs;
  for (int i = 0; i < 50; ++i) {
    jobs.push_back(ground.launch("family", {}, [&](Result r) {
      ++results;
      CHECK(r.status == Status::killed);
    }));
  }
  REQUIRE(ground.until([&] { return jobs.back()->info().stdout_bytes > 0; }));
  CHECK(ground.table.running() == 50);
  bool empty = false;
  ground.table.when_empty([&] {
    CHECK(results == 50);
    empty = true;
  });
  CHECK_FALSE(empty);
  ground.table.kill_all();
  CHECK(ground.until([&] { return empty; }));
}

TEST_CASE("over the limit on running jobs nothing starts, and the message names it") {
  Playground ground({}, 2);
  ground.program("sleep", "/bin/sleep");
  const auto first = ground.launch("sleep", {.args = {"1000"}});
  ground.launch("sleep", {.args = {"1000"}});
  const auto refused = ground.start("sleep", {.args = {"1000"}});
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().kind == StartError::Kind::too_many);
  CHECK(refused.error().message.find("2 at once") != std::string::npos);
  first->kill();
  REQUIRE(ground.until([&] { return ground.table.running() == 1; }));
  CHECK(ground.start("sleep", {.args = {"1000"}}).has_value());
}

}  // namespace cosmoo::sandbox::testing
