// Reading and writing a process while it runs.
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>

#include "sandbox/process/byte_queue.h"
#include "sandbox/process/pipes.h"
#include "tests/unit/sandbox/playground.h"

namespace cosmoo::sandbox::testing {

namespace {

using Stream = Process::Stream;

constexpr std::size_t kAll = std::string::npos;

/// A program that is written to and read from, and its Result once it is there.
struct Talk {
  Talk(Playground& playground, const std::string& name, Given given) : ground(playground) {
    process = ground.launch(name, std::move(given), [this](Result r) { result = std::move(r); });
    process->on_activity([this] { ++activities; });
  }

  /// Takes output until so much has come, or the stream has ended.
  std::string read(std::size_t bytes, Stream stream = Stream::output) {
    std::string all;
    REQUIRE(ground.until([&] {
      all += process->take(stream, bytes - all.size());
      return all.size() == bytes || (process->closed(stream) && process->held(stream).empty());
    }));
    return all;
  }
  const Result& end() {
    REQUIRE(ground.until([&] { return result.has_value(); }));
    return *result;
  }

  Playground& ground;
  std::shared_ptr<Process> process;
  std::optional<Result> result;
  int activities = 0;
};

Given interactive(std::string input = {}) {
  Given given;
  given.input = std::move(input);
  given.after_input = AfterInput::more;
  return given;
}

Given waiting_at(std::size_t bytes) {
  Given given;
  given.limits.output_bytes = bytes;
  given.full_output = FullOutput::waits;
  return given;
}

}  // namespace

TEST_CASE("bytes are taken from a queue in the order in which they came") {
  ByteQueue queue("abc");
  queue.append("def");
  CHECK(queue.take(2) == "ab");
  CHECK(queue.view() == "cdef");
  queue.append("gh");
  CHECK(queue.size() == 6);
  CHECK(queue.take(5) == "cdefg");
  CHECK(queue.take(5) == "h");
  CHECK(queue.take(5).empty());
  CHECK(queue.empty());
  queue.append("i");
  CHECK(queue.take_all() == "i");
}

TEST_CASE("a program answers what it is told, line by line") {
  Playground ground;
  ground.program("cat", "/bin/cat");
  Talk talk(ground, "cat", interactive("first\n"));
  CHECK(talk.read(6) == "first\n");
  CHECK(talk.process->takes_input());
  talk.process->write("second\n");
  CHECK(talk.process->unwritten() == 0);
  CHECK(talk.read(7) == "second\n");
  CHECK(talk.process->written() == 13);
  CHECK(talk.process->info().stdout_bytes == 13);
  talk.process->close_input();
  CHECK_FALSE(talk.process->takes_input());
  talk.process->write("ignored");
  CHECK(talk.end().exit_code == 0);
  CHECK(talk.result->stdout_bytes.empty());
  CHECK(talk.activities > 0);
}

TEST_CASE("an input that stays open is no end of file, even without a first byte") {
  Playground ground;
  ground.script("wait", "read line; echo \"got $line\"\n");
  Talk talk(ground, "wait", interactive());
  ground.poll();
  CHECK_FALSE(talk.result.has_value());
  talk.process->write("it\n");
  CHECK(talk.end().stdout_bytes == "got it\n");
}

TEST_CASE("closing the input comes after all that was written") {
  Playground ground;
  ground.program("wc", "/usr/bin/wc");
  Given given = interactive(std::string(300'000, 'a'));
  given.args = {"-c"};
  Talk talk(ground, "wc", std::move(given));
  talk.process->write(std::string(500'000, 'b'));
  talk.process->write(std::string(200'000, 'c'));
  talk.process->close_input();
  talk.process->close_input();
  CHECK(talk.end().stdout_bytes == "1000000\n");
}

TEST_CASE("what a program does not read yet is queued, and told when it has gone") {
  Playground ground;
  ground.script("late", "while [ ! -e \"$1\" ]; do sleep 0.01; done; wc -c\n");
  Given given = interactive();
  given.args = {ground.dir / "go"};
  Talk talk(ground, "late", std::move(given));
  talk.process->write(std::string(1'000'000, 'x'));
  CHECK(talk.process->unwritten() > 0);
  CHECK(talk.process->written() + talk.process->unwritten() == 1'000'000);
  write_file(ground.dir / "go", "");
  REQUIRE(ground.until([&] { return talk.process->unwritten() == 0; }));
  CHECK(talk.activities > 0);
  talk.process->close_input();
  CHECK(talk.end().stdout_bytes == "1000000\n");
}

// The attack: a program closes its input while somebody waits for it to read.
TEST_CASE("writing to a program that has closed its input is noticed, and no reason to die") {
  Playground ground;
  ground.script("deaf", "exec 0<&-; echo closed; exec sleep 1000\n");
  Talk talk(ground, "deaf", interactive());
  CHECK(talk.read(7) == "closed\n");
  talk.process->write(std::string(200'000, 'x'));
  REQUIRE(ground.until([&] { return !talk.process->takes_input(); }));
  CHECK(talk.process->unwritten() == 0);
  talk.process->kill();
  CHECK(talk.end().status == Status::killed);
}

TEST_CASE("both outputs are taken as they come, apart and in parts") {
  Playground ground;
  ground.script("both", "printf 12345; printf abc >&2; exec sleep 1000\n");
  Talk talk(ground, "both", {});
  REQUIRE(ground.until([&] {
    return talk.process->held(Stream::output).size() == 5 &&
           talk.process->held(Stream::errors).size() == 3;
  }));
  CHECK(talk.process->take(Stream::output, 2) == "12");
  CHECK(talk.process->held(Stream::output) == "345");
  CHECK(talk.process->take(Stream::errors, kAll) == "abc");
  talk.process->kill();
  CHECK(talk.end().stdout_bytes == "345");
  CHECK(talk.result->stderr_bytes.empty());
  CHECK(talk.process->held(Stream::output).empty());
  CHECK(talk.process->take(Stream::output, kAll).empty());
  CHECK(talk.process->closed(Stream::output));
  CHECK(talk.process->info().stdout_bytes == 5);
}

TEST_CASE("the limit on output counts what was taken too") {
  Playground ground;
  ground.script("flood", "exec yes\n");
  Given given;
  given.limits.output_bytes = 300'000;
  Talk talk(ground, "flood", std::move(given));
  std::size_t taken = 0;
  REQUIRE(ground.until([&] {
    taken += talk.process->take(Stream::output, kAll).size();
    return talk.result.has_value();
  }));
  CHECK(talk.end().status == Status::over_limit);
  CHECK(taken + talk.result->stdout_bytes.size() == 300'000);
}

// The attack: output faster than anyone reads it, without end.
TEST_CASE("a flood waits for its reader, and holds no more than its cap meanwhile") {
  Playground ground;
  ground.script("flood", "exec yes\n");
  Talk talk(ground, "flood", waiting_at(50'000));
  std::size_t taken = 0;
  std::size_t most = 0;
  REQUIRE(ground.until([&] {
    const std::size_t held = talk.process->held(Stream::output).size();
    most = std::max(most, held);
    if (held == 50'000) taken += talk.process->take(Stream::output, 30'000).size();
    return taken >= 3'000'000;
  }));
  CHECK(most == 50'000);
  CHECK_FALSE(talk.result.has_value());
  talk.process->kill();
  CHECK(talk.end().status == Status::killed);
  CHECK(talk.result->limit.empty());
}

TEST_CASE("a stream that waits does not hold up the other one") {
  Playground ground;
  ground.script("both", "yes & printf error >&2; wait\n");
  Talk talk(ground, "both", waiting_at(1000));
  CHECK(talk.read(5, Stream::errors) == "error");
  REQUIRE(ground.until([&] { return talk.process->held(Stream::output).size() == 1000; }));
  talk.process->kill();
  CHECK(talk.end().stdout_bytes.size() >= 1000);
}

TEST_CASE("what a program printed before its end is not lost to a full buffer") {
  Playground ground;
  ground.script("print", "head -c 40000 /dev/zero; exit 7\n");
  Talk talk(ground, "print", waiting_at(100));
  CHECK(talk.end().exit_code == 7);
  CHECK(talk.result->status == Status::exited);
  CHECK(talk.result->stdout_bytes.size() == 40'000);
}

TEST_CASE("every byte passes through a buffer of one byte, in order") {
  Playground ground;
  ground.program("cat", "/bin/cat");
  std::string table;
  for (int byte = 0; byte < 256; ++byte) table += static_cast<char>(byte);
  Given given = waiting_at(1);
  given.input = table;
  Talk talk(ground, "cat", std::move(given));
  std::string all = talk.read(100);
  all += talk.end().stdout_bytes;
  CHECK(all == table);
}

// The attack: a grandchild floods the output after its parent has exited, to a reader that waits.
TEST_CASE("a grandchild that floods a full buffer after the end is stopped") {
  Playground ground;
  ground.script("hold", "yes & exit 0\n");
  Talk talk(ground, "hold", waiting_at(1000));
  CHECK(talk.end().status == Status::exited);
  CHECK(talk.result->stdout_bytes.size() <= 1000 + 4 * kMostPerEvent);
}

TEST_CASE("info tells what a process has used while it runs") {
  Playground ground;
  ground.script("busy", "while :; do :; done\n");
  Talk talk(ground, "busy", {});
  REQUIRE(ground.until([&] { return talk.process->info().cpu_s > 0; }));
  const double used = talk.process->info().cpu_s;
  CHECK(talk.process->info().memory_bytes > 0);
  talk.process->kill();
  CHECK(talk.end().usage.cpu_s >= used);
}

// The server was stopped while the program ended in time: it learns of both at once.
TEST_CASE("a program that has ended in time is not called late because the server was") {
  Playground ground;
  ground.program("true", "/bin/true");
  Given given;
  given.limits.wall = std::chrono::milliseconds(20);
  const auto over = std::chrono::steady_clock::now() + std::chrono::milliseconds(20);
  Talk talk(ground, "true", std::move(given));
  siginfo_t ended{};
  const auto pid = static_cast<id_t>(talk.process->info().pid);
  ::waitid(P_PID, pid, &ended, WEXITED | WNOWAIT);
  const bool in_time = std::chrono::steady_clock::now() < over;
  while (std::chrono::steady_clock::now() < over) {
  }
  if (in_time) CHECK(talk.end().status == Status::exited);
}

}  // namespace cosmoo::sandbox::testing
