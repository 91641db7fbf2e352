#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/process/cgroup_files.h"
#include "sandbox/process/proc_table.h"
#include "tests/unit/sandbox/playground.h"

extern char** environ;

namespace cosmoo::sandbox::testing {

namespace {

namespace fs = std::filesystem;

/// Leaves a process behind that has left the session, the group and its parents, and keeps none
/// of the streams; its number is in "$1/daemon". Then sleeps.
constexpr const char* kDaemonise =
    "(setsid sh -c 'echo $$ >\"$0/new\"; mv \"$0/new\" \"$0/daemon\"; exec sleep 1000' \"$1\" "
    "</dev/null >/dev/null 2>&1 &)\n";

EngineOptions with(Tracking tracking) {
  EngineOptions options;
  options.tracking = tracking;
  return options;
}

/// The number in the file "daemon", which is then removed.
pid_t daemon_of(Playground& ground) {
  const pid_t pid = std::stoi(ground.wait_for_file("daemon"));
  fs::remove(ground.dir.path() / "daemon");
  REQUIRE(alive(pid));
  return pid;
}

/// This server's groups for jobs, those of dead ones among them.
std::vector<std::string> job_groups() {
  std::vector<std::string> names;
  const auto directory = cgroup::own_directory();
  if (!directory) return names;
  const UniqueFd fd(::open(directory->c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  for (auto& name : cgroup::children(fd.get())) {
    const std::string own = "cosmoo-jobs-" + std::to_string(::getpid()) + "-";
    if (name.compare(0, own.size(), own) == 0) names.push_back(std::move(name));
  }
  return names;
}

}  // namespace

TEST_CASE("killing a job kills its children and grandchildren") {
  for (const Tracking tracking : trackings()) {
    Playground ground(with(tracking));
    CAPTURE(ground.engine->tracking());
    ground.script("family", "sh -c 'sleep 1000 & echo $!; wait' & echo $!; wait\n");
    std::optional<Result> result;
    const auto job = ground.launch("family", {}, [&](Result r) { result = std::move(r); });
    REQUIRE(ground.until([&] { return job->info().stdout_bytes >= 4; }));
    job->kill();
    REQUIRE(ground.until([&] { return result.has_value(); }));
    std::istringstream printed(result->stdout_bytes);
    for (pid_t pid = 0; printed >> pid;) CHECK(ground.until([&] { return !alive(pid); }));
  }
}

// The attack: a process that forks twice and leaves the session, so that neither its parent nor its
// group leads to it.
TEST_CASE("a daemon dies with the job that made it, when the job is killed") {
  for (const Tracking tracking : trackings()) {
    Playground ground(with(tracking));
    CAPTURE(ground.engine->tracking());
    ground.script("daemonise", std::string(kDaemonise) + "exec sleep 1000\n");
    const auto job = ground.launch("daemonise", {.args = {ground.dir.path()}});
    const pid_t daemon = daemon_of(ground);
    job->kill();
    CHECK(ground.until([&] { return !alive(daemon); }));
    CHECK(ground.until([&] { return ground.table.running() == 0; }));
  }
}

TEST_CASE("a daemon dies with the job that made it, when the job ends by itself") {
  for (const Tracking tracking : trackings()) {
    Playground ground(with(tracking));
    CAPTURE(ground.engine->tracking());
    ground.script("daemonise", std::string(kDaemonise) +
                                   "while ! [ -e \"$1/go\" ]; do sleep 0.01; done\nexit 6\n");
    std::optional<Result> result;
    ground.launch("daemonise", {.args = {ground.dir.path()}},
                  [&](Result r) { result = std::move(r); });
    const pid_t daemon = daemon_of(ground);
    write_file(ground.dir.path() / "go", "");
    REQUIRE(ground.until([&] { return result.has_value(); }));
    CHECK(result->status == Status::exited);
    CHECK(result->exit_code == 6);
    CHECK(ground.until([&] { return !alive(daemon); }));
  }
}

TEST_CASE("a daemon dies when its job is over its time") {
  for (const Tracking tracking : trackings()) {
    Playground ground(with(tracking));
    CAPTURE(ground.engine->tracking());
    ground.script("daemonise", std::string(kDaemonise) + "exec sleep 1000\n");
    std::optional<Result> result;
    ground.launch("daemonise",
                  {.args = {ground.dir.path()}, .limits = {.wall = std::chrono::seconds(2)}},
                  [&](Result r) { result = std::move(r); });
    const pid_t daemon = daemon_of(ground);
    REQUIRE(ground.until([&] { return result.has_value(); }));
    CHECK(result->status == Status::timed_out);
    CHECK(ground.until([&] { return !alive(daemon); }));
  }
}

// What must not happen: that the end of one job takes another's processes with it.
TEST_CASE("the end of one job leaves the daemons and children of another alone") {
  for (const Tracking tracking : trackings()) {
    Playground ground(with(tracking));
    CAPTURE(ground.engine->tracking());
    ground.script("daemonise", std::string(kDaemonise) + "exec sleep 1000\n");
    ground.program("true", "/bin/true");
    ground.program("sleep", "/bin/sleep");
    const auto older = ground.launch("daemonise", {.args = {ground.dir.path()}});
    const pid_t daemon = daemon_of(ground);
    const auto younger = ground.launch("sleep", {.args = {"1000"}});
    for (int i = 0; i < 10; ++i) ground.run("true");
    younger->kill();
    REQUIRE(ground.until([&] { return ground.table.running() == 1; }));
    CHECK(alive(daemon));
    CHECK(alive(older->info().pid));
    older->kill();
    CHECK(ground.until([&] { return !alive(daemon); }));
  }
}

// The attack: processes that multiply while they are killed.
TEST_CASE("a job that keeps forking is killed to the last process") {
  for (const Tracking tracking : trackings()) {
    Playground ground(with(tracking));
    CAPTURE(ground.engine->tracking());
    // A mark that is found again: a copy of sleep of a name of its own.
    const std::string mark = "slp" + std::to_string(::getpid() % 100000);
    ground.program(mark, "/bin/sleep");
    ground.script("fork",
                  "while :; do setsid \"$1\" 1000 </dev/null >/dev/null 2>&1 & sleep 0.002; "
                  "echo; done\n");
    const auto job = ground.launch("fork", {.args = {ground.dir / mark}});
    REQUIRE(ground.until([&] { return job->info().stdout_bytes > 20; }));
    job->kill();
    const auto left = [&] {
      int count = 0;
      for (const auto& process : all_processes()) {
        const std::string stat = read_file("/proc/" + std::to_string(process.pid) + "/comm");
        count += stat == mark + "\n" && alive(process.pid);
      }
      return count;
    };
    CHECK(ground.until([&] { return ground.table.running() == 0 && left() == 0; }));
  }
}

TEST_CASE("orphans that have ended do not stay as zombies") {
  for (const Tracking tracking : trackings()) {
    Playground ground(with(tracking));
    CAPTURE(ground.engine->tracking());
    ground.script("orphans",
                  "for i in 1 2 3 4 5 6 7 8; do (setsid sleep 0.01 &) ; done\nsleep 0.2\n");
    CHECK(ground.run("orphans").exit_code == 0);
    CHECK(ground.until([&] { return children().empty(); }));
  }
}

// What must not happen: that the exit status of a child that other code has is taken from it.
TEST_CASE("children of other code are left to it") {
  for (const Tracking tracking : trackings()) {
    Playground ground(with(tracking));
    CAPTURE(ground.engine->tracking());
    ground.program("true", "/bin/true");
    ground.script("orphan", "(setsid sleep 0.01 &)\n");
    pid_t other = -1;
    char name[] = "sh", option[] = "-c", command[] = "exit 9";
    char* arguments[] = {name, option, command, nullptr};
    REQUIRE(::posix_spawn(&other, "/bin/sh", nullptr, nullptr, arguments, environ) == 0);
    REQUIRE(ground.until([&] { return !alive(other); }));
    for (int i = 0; i < 5; ++i) {
      CHECK(ground.run("true").exit_code == 0);
      CHECK(ground.run("orphan").exit_code == 0);
    }
    int status = 0;
    CHECK(::waitpid(other, &status, WNOHANG) == other);
    CHECK(WEXITSTATUS(status) == 9);
  }
}

TEST_CASE("a place in which a job was killed serves the next one") {
  for (const Tracking tracking : trackings()) {
    Playground ground(with(tracking));
    ground.program("sleep", "/bin/sleep");
    ground.program("true", "/bin/true");
    for (int i = 0; i < 50; ++i) {
      ground.launch("sleep", {.args = {"1000"}})->kill();
      REQUIRE(ground.until([&] { return ground.table.running() == 0; }));
      CHECK(ground.run("true").status == Status::exited);
    }
  }
}

// The attack: a job makes control groups within its own, to hide in or to have it stay.
TEST_CASE("groups that a job makes within its own are removed with it") {
  Playground ground;
  if (ground.engine->tracking() != "cgroup2") {
    MESSAGE("skipped: tracking by cgroup2, which this user may not use here");
    return;
  }
  ground.script("nest",
                "cd \"$1$(sed -n s/^0:://p /proc/self/cgroup)\" && mkdir -p a/b .c && "
                "sh -c 'echo $$ > a/b/cgroup.procs && exec sleep 1000' & sleep 0.2; echo done; "
                "exec sleep 1000\n");
  std::string mount = *cgroup::own_directory();
  const auto job = ground.launch("nest", {.args = {mount}});
  REQUIRE(ground.until([&] { return job->info().stdout_bytes > 0; }));
  job->kill();
  REQUIRE(ground.until([&] { return ground.table.running() == 0; }));
  ground.engine.reset();
  CHECK(job_groups().empty());
}

// The attack, open to root only: the job's leader moves to a group that is not killed.
TEST_CASE("a leader that has left its group is killed all the same") {
  Playground ground;
  if (ground.engine->tracking() != "cgroup2") {
    MESSAGE("skipped: tracking by cgroup2, which this user may not use here");
    return;
  }
  ground.script("leave", "echo $$ >\"$1/cgroup.procs\" && echo out; exec sleep 1000\n");
  const auto job = ground.launch("leave", {.args = {*cgroup::own_directory()}});
  REQUIRE(ground.until([&] { return job->info().stdout_bytes > 0; }));
  job->kill();
  CHECK(ground.until([&] { return ground.table.running() == 0; }));
}

TEST_CASE("an engine removes its control groups when it goes") {
  {
    Playground ground;
    if (ground.engine->tracking() != "cgroup2") {
      MESSAGE("skipped: tracking by cgroup2, which this user may not use here");
      return;
    }
    CHECK(job_groups().size() == 1);
    ground.program("sleep", "/bin/sleep");
    for (int i = 0; i < 20; ++i) ground.launch("sleep", {.args = {"1000"}});
  }
  CHECK(job_groups().empty());
}

// The attack: the server is killed, and its jobs go on without it.
TEST_CASE("jobs die with a server that is killed, and the next one clears up") {
  Playground ground;
  ground.script("hang", "echo $$ >\"$1/leader\"\n" + std::string(kDaemonise) + "exec sleep 1000\n");
  std::string program = "/proc/self/exe", option = "--run-and-hang", where = ground.dir.path();
  char* arguments[] = {program.data(), option.data(), where.data(), nullptr};
  pid_t server = -1;
  REQUIRE(::posix_spawn(&server, program.c_str(), nullptr, nullptr, arguments, environ) == 0);
  const pid_t daemon = daemon_of(ground);
  const pid_t leader = std::stoi(ground.wait_for_file("leader"));
  std::string group = read_file("/proc/" + std::to_string(daemon) + "/cgroup");
  const bool grouped = group.find("cosmoo-jobs-") != std::string::npos;
  ::kill(server, SIGKILL);
  int status = 0;
  REQUIRE(::waitpid(server, &status, 0) == server);
  CHECK(WTERMSIG(status) == SIGKILL);
  CHECK(ground.until([&] { return !alive(leader); }));
  if (!grouped) {
    MESSAGE("skipped: the daemon of a dead server is found by its cgroup only");
    ::kill(daemon, SIGKILL);
    return;
  }
  // Its slots notice; nobody has to start another server.
  CHECK(ground.until([&] { return !alive(daemon); }));
  const Playground next;
  group = group.substr(group.find("cosmoo-jobs-"));
  group = group.substr(0, group.find('/'));
  CHECK_FALSE(fs::exists(fs::path(*cgroup::own_directory()) / group));
}

TEST_CASE("an engine leaves the groups of another living one alone") {
  Playground first;
  if (first.engine->tracking() != "cgroup2") {
    MESSAGE("skipped: tracking by cgroup2, which this user may not use here");
    return;
  }
  first.program("true", "/bin/true");
  first.program("sleep", "/bin/sleep");
  const auto sleeper = first.launch("sleep", {.args = {"1000"}});
  { const Playground second; }
  CHECK(alive(sleeper->info().pid));
  CHECK(first.run("true").exit_code == 0);
}

}  // namespace cosmoo::sandbox::testing
