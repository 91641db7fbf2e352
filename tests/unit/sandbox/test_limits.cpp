// Each limit against a program that breaks it.
#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "tests/unit/sandbox/playground.h"

namespace cosmoo::sandbox::testing {

namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr std::uint64_t kMiB = 1 << 20;

bool lists(const Result& result, const std::string& limit) {
  const auto& names = result.not_enforced;
  return std::find(names.begin(), names.end(), limit) != names.end();
}

/// A playground with the program that makes trouble.
struct Troubled : Playground {
  explicit Troubled(EngineOptions options = {}) : Playground(std::move(options)) {
    program("trouble", COSMOO_TROUBLE);
  }
  Result cause(std::vector<std::string> args, Limits limits) {
    Given given;
    given.args = std::move(args);
    given.limits = limits;
    return run("trouble", std::move(given));
  }
};

/// Says so and returns true if this machine has not what enforces `limit`.
bool skipped(const Result& result, const std::string& limit) {
  if (!lists(result, limit)) return false;
  MESSAGE("skipped: this machine does not enforce ", limit);
  return true;
}

}  // namespace

TEST_CASE("a job that needs more memory than it may have is over its limit, not just killed") {
  Troubled ground;
  Limits limits;
  limits.memory_bytes = 32 * kMiB;
  const Result result = ground.cause({"memory", "128"}, limits);
  if (skipped(result, "memory")) return;
  CHECK(result.status == Status::over_limit);
  CHECK(result.limit == "memory");
  CHECK(result.exit_code == -1);
  CHECK(result.usage.memory_from == Accounting::cgroup);
  CHECK(result.usage.memory_peak_bytes > 16 * kMiB);
  CHECK(result.usage.memory_peak_bytes <= 32 * kMiB);
}

TEST_CASE("the memory of a job counts for it alone, whatever ran before in its place") {
  Troubled ground;
  Limits limits;
  limits.memory_bytes = 256 * kMiB;
  const Result large = ground.cause({"memory", "64"}, limits);
  if (skipped(large, "memory")) return;
  CHECK(large.status == Status::exited);
  CHECK(large.usage.memory_peak_bytes > 60 * kMiB);
  const Result small = ground.cause({"exit", "0"}, limits);
  CHECK(small.status == Status::exited);
  CHECK(small.usage.memory_peak_bytes < 16 * kMiB);
  // And the same place has another limit for another job.
  limits.memory_bytes = 32 * kMiB;
  CHECK(ground.cause({"memory", "64"}, limits).limit == "memory");
  limits.memory_bytes.reset();
  CHECK(ground.cause({"memory", "64"}, limits).status == Status::exited);
}

// The attack: the leader keeps small, and its child is the one that the system kills.
TEST_CASE("memory that a child needs ends the job too") {
  Troubled ground;
  ground.script("family", "\"$1\" memory 128; echo survived; exit 0\n");
  Given given;
  given.args = {ground.dir / "trouble"};
  given.limits.memory_bytes = 32 * kMiB;
  const Result result = ground.run("family", given);
  if (skipped(result, "memory")) return;
  CHECK(result.status == Status::over_limit);
  CHECK(result.limit == "memory");
}

TEST_CASE("a job that kills itself is no victim of a limit") {
  Troubled ground;
  ground.script("suicide", "kill -9 $$\n");
  Given given;
  given.limits.memory_bytes = 64 * kMiB;
  given.limits.processes = 10;
  const Result result = ground.run("suicide", given);
  CHECK(result.status == Status::killed);
  CHECK(result.signal == 9);
  CHECK(result.limit.empty());
}

TEST_CASE("a job has so many processes and is over its limit with one more") {
  Troubled ground;
  Limits limits;
  limits.processes = 8;
  limits.wall = milliseconds(20'000);
  const Result result = ground.cause({"forks", "100"}, limits);
  if (skipped(result, "processes")) return;
  CHECK(result.status == Status::over_limit);
  CHECK(result.limit == "processes");
  CHECK(result.stdout_bytes == "7\n");
  limits.processes = 200;
  std::optional<Result> within;
  const auto job = ground.launch("trouble", {.args = {"forks", "100"}, .limits = limits},
                                 [&](Result r) { within = std::move(r); });
  REQUIRE(ground.until([&] { return job->info().stdout_bytes > 0 || within; }));
  job->kill();
  REQUIRE(ground.until([&] { return within.has_value(); }));
  CHECK(within->status == Status::killed);
  CHECK(within->stdout_bytes == "100\n");
}

// The attack: a program whose processes do nothing but start others.
TEST_CASE("a fork bomb is contained and reported") {
  Troubled ground;
  Limits limits;
  limits.processes = 50;
  limits.wall = milliseconds(20'000);
  ground.program("true", "/bin/true");
  const Result probe = ground.cause({"exit", "0"}, limits);
  if (skipped(probe, "processes")) return;
  const Result result = ground.cause({"bomb"}, limits);
  CHECK(result.status == Status::over_limit);
  CHECK(result.limit == "processes");
  CHECK(ground.run("true").exit_code == 0);
}

TEST_CASE("a job that computes too long is over its limit, with a child's time counted") {
  Troubled ground;
  Limits limits;
  limits.cpu = milliseconds(200);
  limits.wall = milliseconds(50'000);
  const Result result = ground.cause({"spin"}, limits);
  CHECK(result.status == Status::over_limit);
  CHECK(result.limit == "cpu");
  CHECK(result.usage.cpu_s >= 0.2);
  if (skipped(result, "cpu")) return;
  CHECK(result.usage.cpu_from == Accounting::cgroup);
  Given given;
  given.args = {ground.dir / "trouble"};
  given.limits = limits;
  ground.script("family", "\"$1\" spin & \"$1\" spin & wait\n");
  const Result family = ground.run("family", given);
  CHECK(family.status == Status::over_limit);
  CHECK(family.limit == "cpu");
}

TEST_CASE("time that a job sleeps is not computing") {
  Troubled ground;
  ground.program("sleep", "/bin/sleep");
  Given given;
  given.args = {"0.5"};
  given.limits.cpu = milliseconds(200);
  CHECK(ground.run("sleep", given).status == Status::exited);
}

TEST_CASE("a file grows to its limit and no further") {
  Troubled ground;
  Limits limits;
  limits.file_size_bytes = 64 * 1024;
  const std::string path = ground.dir / "file";
  const Result result = ground.cause({"write", path, "1000000"}, limits);
  CHECK(result.status == Status::over_limit);
  CHECK(result.limit == "file_size");
  CHECK(fs::file_size(path) == 64 * 1024);
  CHECK(ground.cause({"write", path, "65536"}, limits).stdout_bytes == "ok\n");
}

TEST_CASE("a process opens so many files and no more") {
  Troubled ground;
  Limits limits;
  limits.open_files = 16;
  const Result result = ground.cause({"files"}, limits);
  CHECK(result.status == Status::exited);
  CHECK(result.stdout_bytes == "16 EMFILE\n");
}

TEST_CASE("no job writes a core dump") {
  Troubled ground;
  ground.script("limits", "ulimit -c; ulimit -Hc\n");
  CHECK(ground.run("limits").stdout_bytes == "0\n0\n");
  CHECK(ground.cause({"abort"}, {}).signal == 6);
}

TEST_CASE("limits that are not asked for are not set") {
  Troubled ground;
  const Result result = ground.cause({"memory", "64"}, {});
  CHECK(result.status == Status::exited);
  CHECK(result.not_enforced.empty());
}

TEST_CASE("a job is the user and group that it is given, and of no other group") {
  if (::geteuid() != 0) {
    MESSAGE("skipped: only root can run a job as somebody else");
    return;
  }
  Playground ground;
  ground.script("who", "id -u; id -g; id -G; touch \"$1/mine\" 2>/dev/null || echo refused\n");
  Given given;
  given.args = {ground.dir.path()};
  given.uid = 12345;
  CHECK(ground.run("who", given).stdout_bytes == "12345\n12345\n12345\nrefused\n");
  given.gid = 54321;
  CHECK(ground.run("who", given).stdout_bytes == "12345\n54321\n54321\nrefused\n");
}

TEST_CASE("a working directory is made for a job, and goes with it") {
  Playground ground;
  ground.script("look", "pwd; stat -c %a .; mkdir -p deep/er; echo x >deep/er/file; echo y >top\n");
  const std::string made = ground.dir / "new/work/here";
  Given given;
  given.working_directory = made;
  const Result result = ground.run("look", given);
  CHECK(result.status == Status::exited);
  CHECK(result.stdout_bytes == made + "\n755\n");
  CHECK_FALSE(fs::exists(ground.dir / "new"));
  // One that was there stays, with what the job has put into it.
  fs::create_directory(ground.dir / "old");
  given.working_directory = ground.dir / "old";
  CHECK(ground.run("look", given).stdout_bytes == given.working_directory + "\n755\n");
  CHECK(fs::exists(ground.dir / "old/deep/er/file"));
  // What was made below it does not.
  given.working_directory = ground.dir / "old/inner";
  CHECK(ground.run("look", given).status == Status::exited);
  CHECK(fs::exists(ground.dir / "old"));
  CHECK_FALSE(fs::exists(ground.dir / "old/inner"));
}

TEST_CASE("a working directory that is made belongs to the user whom the job runs as") {
  if (::geteuid() != 0) {
    MESSAGE("skipped: only root can run a job as somebody else");
    return;
  }
  Playground ground;
  ground.script("write", "echo x >file && stat -c %u .\n");
  Given given;
  given.uid = 12345;
  given.working_directory = ground.dir / "work";
  CHECK(ground.run("write", given).stdout_bytes == "12345\n");
  CHECK_FALSE(fs::exists(ground.dir / "work"));
}

// The attack: what is to be removed has become a link to something else.
TEST_CASE("removing a working directory follows no link") {
  Playground ground;
  fs::create_directory(ground.dir / "precious");
  write_file(ground.dir / "precious/file", "kept");
  ground.script("swap",
                "ln -s \"$1/precious\" link; cd /; rm -r \"$1/work/inner\"; "
                "ln -s \"$1/precious\" \"$1/work/inner\"\n");
  Given given;
  given.args = {ground.dir.path()};
  given.working_directory = ground.dir / "work/inner";
  CHECK(ground.run("swap", given).exit_code == 0);
  CHECK_FALSE(fs::exists(ground.dir / "work"));
  CHECK(read_file(ground.dir / "precious/file") == "kept");
}

// The attack: directories within each other, deeper than there are descriptors to go down with.
TEST_CASE("a working directory is removed however deep it has become") {
  Playground ground;
  ground.script("dig",
                "i=0; while [ $i -lt 150 ]; do mkdir d && cd d || exit 1; i=$((i+1)); done; "
                "echo x >file\n");
  Given given;
  given.working_directory = ground.dir / "work";
  CHECK(ground.run("dig", given).exit_code == 0);
  CHECK_FALSE(fs::exists(ground.dir / "work"));
}

TEST_CASE("a working directory that cannot be made is the caller's mistake, and leaves nothing") {
  Playground ground;
  ground.program("true", "/bin/true");
  Given given;
  given.working_directory = ground.dir / "true/below";
  const auto started = ground.start("true", given);
  REQUIRE_FALSE(started.has_value());
  CHECK(started.error().kind == StartError::Kind::bad_argument);
  ground.script("nothing", "");
  write_file(ground.dir / "bad", "neither program nor script", 0755);
  given.working_directory = ground.dir / "made/for/nothing";
  CHECK_FALSE(ground.start("bad", given).has_value());
  CHECK_FALSE(fs::exists(ground.dir / "made"));
}

TEST_CASE("two busy jobs share a processor as their shares say") {
  Troubled ground;
  // On one processor, which both want all the time.
  ground.script("busy", "exec taskset -c 0 \"$1\" spin\n");
  double cpu[2] = {0, 0};
  int ended = 0;
  bool enforced = true;
  const std::uint64_t shares[2] = {1024, 256};
  for (int i = 0; i < 2; ++i) {
    Given given;
    given.args = {ground.dir / "trouble"};
    given.limits.cpu_shares = shares[i];
    given.limits.wall = milliseconds(3000);
    ground.launch("busy", given, [&, i](Result result) {
      cpu[i] = result.usage.cpu_s;
      enforced = enforced && !lists(result, "cpu_shares");
      ++ended;
    });
  }
  REQUIRE(ground.until([&] { return ended == 2; }));
  if (!enforced) {
    MESSAGE("skipped: this machine does not enforce cpu_shares");
    return;
  }
  CAPTURE(cpu[0]);
  CAPTURE(cpu[1]);
  CHECK(cpu[0] / cpu[1] > 4 * 0.8);
  CHECK(cpu[0] / cpu[1] < 4 / 0.8);
}

TEST_CASE("limits hold after the place of a job was killed") {
  Troubled ground;
  Limits limits;
  limits.memory_bytes = 32 * kMiB;
  for (int i = 0; i < 5; ++i) {
    const Result result = ground.cause({"memory", "64"}, limits);
    if (skipped(result, "memory")) return;
    CHECK(result.limit == "memory");
    CHECK(ground.cause({"exit", "3"}, limits).exit_code == 3);
  }
}

}  // namespace cosmoo::sandbox::testing
