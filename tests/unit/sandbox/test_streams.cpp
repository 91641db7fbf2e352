#include <doctest/doctest.h>
#include <signal.h>

#include "tests/unit/sandbox/playground.h"

namespace cosmoo::sandbox::testing {

namespace {

/// Bytes without a pattern that buffers of a power of two would hide.
std::string noise(std::size_t size) {
  std::string bytes(size, '\0');
  std::uint32_t state = 12345;
  for (char& byte : bytes) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<char>(state >> 24);
  }
  return bytes;
}

Limits output_of(std::size_t bytes) { return {.wall = std::nullopt, .output_bytes = bytes}; }

constexpr std::size_t kMiB = 1 << 20;

}  // namespace

TEST_CASE("every byte value goes in and comes out unchanged") {
  Playground ground;
  ground.program("cat", "/bin/cat");
  std::string table;
  for (int byte = 0; byte < 256; ++byte) table += static_cast<char>(byte);
  const Result result = ground.run("cat", {.input = table});
  CHECK(result.stdout_bytes == table);
  CHECK(result.stderr_bytes.empty());
}

TEST_CASE("no input is an end of file at once") {
  Playground ground;
  ground.program("cat", "/bin/cat");
  const Result result = ground.run("cat");
  CHECK(result.status == Status::exited);
  CHECK(result.exit_code == 0);
  CHECK(result.stdout_bytes.empty());
}

TEST_CASE("inputs around the size of a pipe arrive whole") {
  Playground ground;
  ground.program("cat", "/bin/cat");
  for (const std::size_t size : {1u, 4095u, 4096u, 4097u, 65535u, 65536u, 65537u, 131072u}) {
    CAPTURE(size);
    const std::string input = noise(size);
    CHECK((ground.run("cat", {.input = input}).stdout_bytes == input));
  }
}

TEST_CASE("64 MiB go through a program and come back") {
  Playground ground;
  ground.program("cat", "/bin/cat");
  const std::string input = noise(64 * kMiB);
  const Result result = ground.run("cat", {.input = input, .limits = output_of(65 * kMiB)});
  CHECK(result.status == Status::exited);
  CHECK((result.stdout_bytes == input));
}

TEST_CASE("other jobs are served while one moves a lot") {
  Playground ground;
  ground.program("cat", "/bin/cat");
  std::vector<std::string> order;
  ground.launch("cat", {.input = noise(32 * kMiB), .limits = output_of(33 * kMiB)},
                [&](Result) { order.push_back("large"); });
  ground.launch("cat", {.input = "small"}, [&](Result) { order.push_back("small"); });
  REQUIRE(ground.until([&] { return order.size() == 2; }));
  CHECK(order.front() == "small");
}

TEST_CASE("both outputs are kept apart, and large on both sides at once") {
  Playground ground;
  ground.script("both", "head -c 1000000 /dev/zero & head -c 900000 /dev/zero >&2; wait\n");
  const Result result = ground.run("both");
  CHECK(result.stdout_bytes.size() == 1000000);
  CHECK(result.stderr_bytes.size() == 900000);
}

// The attack: a program closes its input early, and the server dies of SIGPIPE or calls it an
// error of the program's.
TEST_CASE("a program that does not read its input ends as it likes") {
  Playground ground;
  ground.script("close", "exec 0<&-; echo closed; exit 3\n");
  for (const std::size_t size : {std::size_t{10}, 2 * kMiB}) {
    const Result result = ground.run("close", {.input = noise(size)});
    CHECK(result.status == Status::exited);
    CHECK(result.exit_code == 3);
    CHECK(result.stdout_bytes == "closed\n");
  }
}

TEST_CASE("a program that reads a part of its input gets that part right") {
  Playground ground;
  ground.program("head", "/usr/bin/head");
  const std::string input = noise(4 * kMiB);
  const Result result = ground.run("head", {.args = {"-c", "100000"}, .input = input});
  CHECK((result.stdout_bytes == input.substr(0, 100000)));
  CHECK(result.exit_code == 0);
}

// The attack: a program whose input is never read to its end, while its siblings keep the pipe
// open by having inherited it.
TEST_CASE("overlapping jobs do not hold each other's streams") {
  Playground ground;
  ground.program("cat", "/bin/cat");
  ground.script("sleep", "exec sleep 1000\n");
  const auto sleeper = ground.launch("sleep", {.input = "x"});
  const Result result = ground.run("cat", {.input = noise(kMiB / 2)});
  CHECK(result.stdout_bytes.size() == kMiB / 2);
  CHECK(ground.table.running() == 1);
  sleeper->kill();
  CHECK(ground.until([&] { return ground.table.running() == 0; }));
}

TEST_CASE("a program that closes its outputs and goes on is waited for") {
  Playground ground;
  ground.script("quiet", "exec >&- 2>&-; sleep 0.2; exit 4\n");
  CHECK(ground.run("quiet").exit_code == 4);
}

TEST_CASE("info tells how much has come so far") {
  Playground ground;
  ground.script("drip", "printf 12345; printf 123 >&2; exec sleep 1000\n");
  const auto job = ground.launch("drip");
  REQUIRE(
      ground.until([&] { return job->info().stdout_bytes == 5 && job->info().stderr_bytes == 3; }));
  const JobInfo info = ground.table.list().at(0);
  CHECK(info.kind == "process");
  CHECK(info.label == "drip");
  CHECK(info.owner == 7);
  CHECK(info.pid > 0);
  CHECK(alive(info.pid));
  CHECK(info.stdout_bytes == 5);
}

// The attack: output without end.
TEST_CASE("a flood of output is cut at the cap and its source killed") {
  Playground ground;
  ground.script("flood", "yes & exec yes\n");
  const Result result = ground.run("flood", {.limits = output_of(100000)});
  CHECK(result.status == Status::over_limit);
  CHECK(result.limit == "output");
  CHECK(result.exit_code == -1);
  CHECK(result.stdout_bytes.size() == 100000);
  CHECK(result.stdout_bytes.substr(0, 4) == "y\ny\n");
}

TEST_CASE("the cap holds for standard error as well, and keeps what the other has") {
  Playground ground;
  ground.script("flood", "echo before; exec yes >&2\n");
  const Result result = ground.run("flood", {.limits = output_of(5000)});
  CHECK(result.status == Status::over_limit);
  CHECK(result.stdout_bytes == "before\n");
  CHECK(result.stderr_bytes.size() == 5000);
}

TEST_CASE("exactly as much as the cap is allowed, one byte more is not") {
  Playground ground;
  ground.program("head", "/usr/bin/head");
  for (const std::size_t cap : {std::size_t{0}, std::size_t{1}, std::size_t{65536}, 3 * kMiB}) {
    CAPTURE(cap);
    const auto print = [&](std::size_t size) {
      return ground.run(
          "head", {.args = {"-c", std::to_string(size), "/dev/zero"}, .limits = output_of(cap)});
    };
    const Result exact = print(cap);
    CHECK(exact.status == Status::exited);
    CHECK(exact.stdout_bytes.size() == cap);
    const Result over = print(cap + 1);
    CHECK(over.status == Status::over_limit);
    CHECK(over.stdout_bytes.size() == cap);
  }
}

// The attack: a grandchild keeps the output open, so that its end never comes.
TEST_CASE("a grandchild that holds the output does not hold the result") {
  Playground ground;
  ground.script("hold", "sleep 1000 & echo $! >\"$1\"; echo hi\n");
  for (const Tracking tracking : trackings()) {
    EngineOptions options;
    options.tracking = tracking;
    Playground other(options);
    other.script("hold", "sleep 1000 & echo $!; exit 5\n");
    const Result result = other.run("hold");
    CHECK(result.status == Status::exited);
    CHECK(result.exit_code == 5);
    const pid_t grandchild = std::stoi(result.stdout_bytes);
    CHECK(other.until([&] { return !alive(grandchild); }));
  }
}

// The attack: a grandchild writes without end after its parent has exited.
TEST_CASE("a grandchild that floods the output after the end is stopped") {
  Playground ground;
  ground.script("hold", "yes & exit 0\n");
  const Result result = ground.run("hold", {.limits = output_of(512 * kMiB)});
  CHECK(result.status == Status::exited);
  CHECK(ground.table.running() == 0);
}

}  // namespace cosmoo::sandbox::testing
