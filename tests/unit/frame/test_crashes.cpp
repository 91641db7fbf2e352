// What goes wrong in a library ends one call, says what it was, and the next call works.
#include <signal.h>

#include "tests/unit/frame/frames.h"

using namespace cosmoo::sandbox;
using namespace cosmoo::sandbox::testing;

namespace {

constexpr Isolation kBoth[] = {Isolation::call, Isolation::library};

Limits within(std::chrono::milliseconds wall) {
  Limits limits;
  limits.wall = wall;
  return limits;
}

/// As a call, and in a library that is kept.
template <typename Check>
void in_both(const char* library, const Check& check) {
  for (const Isolation isolation : kBoth) {
    CAPTURE(to_string(isolation));
    Frames frames;
    frames.bind(library, isolation);
    check(frames);
    // The next call works.
    CHECK(frames.run("lib/counts").stdout_bytes == "1\n");
    CHECK(frames.opens("lib") == 0);
    CHECK(frames.ground.table.list().size() <= 1);
  }
}

}  // namespace

TEST_CASE("a crash ends its call by its signal, with what was printed before") {
  in_both("crash.so", [](Frames& frames) {
    const Result result = frames.run("lib/segfault");
    CHECK(result.status == Status::killed);
    CHECK(result.signal == SIGSEGV);
    CHECK(result.exit_code == -1);
    CHECK(result.stdout_bytes == "about to crash\n");
    CHECK(frames.run("lib/aborts").signal == SIGABRT);
    CHECK(frames.run("lib/divides").signal == SIGFPE);
    CHECK(frames.run("lib/overflows").signal == SIGSEGV);
  });
}

TEST_CASE("exit() ends the call, with its code and what was printed") {
  in_both("crash.so", [](Frames& frames) {
    const Result result = frames.run("lib/exits", {.args = {"9"}});
    CHECK(result.status == Status::exited);
    CHECK(result.exit_code == 9);
    CHECK(result.stdout_bytes == "leaving\n");
  });
}

TEST_CASE("closing the standard streams is the call's own affair") {
  in_both("crash.so",
          [](Frames& frames) { CHECK(frames.run("lib/closes_output").exit_code == 4); });
}

TEST_CASE("an endless call ends when its time is over") {
  in_both("crash.so", [](Frames& frames) {
    for (const char* function : {"lib/hangs", "lib/sleeps"}) {
      const Result result =
          frames.run(function, {.limits = within(std::chrono::milliseconds(100))});
      CHECK(result.status == Status::timed_out);
      CHECK(result.exit_code == -1);
    }
  });
}

TEST_CASE("an endless call that is killed ends at once") {
  in_both("crash.so", [](Frames& frames) {
    std::optional<Frames::Called> called;
    const auto job =
        frames.order("lib/hangs", {}, [&](auto end) { called.emplace(std::move(end)); });
    REQUIRE(job.has_value());
    REQUIRE(frames.ground.until([&] { return (*job)->info().pid > 0; }));
    CHECK((*job)->info().kind == "function");
    (*job)->kill();
    (*job)->kill();
    REQUIRE(frames.ground.until([&] { return called.has_value(); }));
    CHECK((*called)->status == Status::killed);
    CHECK((*called)->signal == SIGKILL);
  });
}

TEST_CASE("a call may be killed before it has a host") {
  Frames frames;
  std::optional<Frames::Called> called;
  const auto job =
      frames.order("dlib/compute.so/sum", {}, [&](auto end) { called.emplace(std::move(end)); });
  REQUIRE(job.has_value());
  (*job)->kill();
  CHECK_FALSE(called.has_value());
  REQUIRE(frames.ground.until([&] { return called.has_value(); }));
  CHECK((*called)->status == Status::killed);
  CHECK(frames.run("dlib/compute.so/sum").stdout_bytes == "0\n");
}

TEST_CASE("processor time, output and memory are limited for each call") {
  in_both("crash.so", [](Frames& frames) {
    Limits limits;
    limits.cpu = std::chrono::milliseconds(200);
    const Result busy = frames.run("lib/hangs", {.limits = limits});
    CHECK(busy.status == Status::over_limit);
    CHECK(busy.limit == "cpu");
    limits = within(std::chrono::seconds(20));
    limits.output_bytes = 1000;
    const Result flood = frames.run("lib/floods", {.limits = limits});
    CHECK(flood.status == Status::over_limit);
    CHECK(flood.stdout_bytes.size() == 1000);
    limits = within(std::chrono::seconds(20));
    limits.memory_bytes = 64 << 20;
    const Result eater = frames.run("lib/eats_memory", {.limits = limits});
    CAPTURE(to_string(eater.status));
    // Where no group limits memory, each process has so much at most.
    const bool refused = eater.status == Status::exited && eater.exit_code == 1;
    CHECK((refused || (eater.status == Status::over_limit && eater.limit == "memory")));
  });
}

TEST_CASE("what a call leaves running goes with it") {
  in_both("crash.so", [](Frames& frames) {
    const Result result = frames.run("lib/forks");
    CHECK(result.exit_code == 0);
    CHECK(result.stdout_bytes == "forked\n");
    const Result twice = frames.run("lib/returns_twice");
    CHECK(twice.exit_code == 5);
  });
}

TEST_CASE("constructors that go wrong fail the call, with what they said") {
  FrameOptions options;
  options.patience = std::chrono::milliseconds(300);
  Frames frames(options);
  CHECK(frames.refusal("dlib/crashes.so/works") ==
        "library 'crashes.so' cannot be opened: its constructors ended with SIGSEGV; it said: "
        "going down");
  CHECK(frames.refusal("dlib/exits.so/works") ==
        "library 'exits.so' cannot be opened: its constructors ended with exit code 7");
  CHECK(frames.refusal("dlib/hangs.so/works") ==
        "library 'hangs.so' cannot be opened: its constructors have not come to an end in 300 ms");
  // What one prints is nobody's output.
  CHECK(frames.run("dlib/prints.so/works").stdout_bytes == "it works\n");
  CHECK(frames.opens("dlib/crashes.so") == 0);
}

TEST_CASE("a library that speaks for its host is not understood, or speaks for itself") {
  // Attack: the constructor writes into every descriptor, and so into the answers.
  Frames frames;
  CHECK(frames.refusal("dlib/speaks.so/works") ==
        "library 'speaks.so' cannot be opened: its answers cannot be understood");
  CHECK(frames.run("dlib/compute.so/nothing").exit_code == 0);
}

TEST_CASE("a thousand crashing calls leave nothing behind") {
  Frames frames;
  frames.bind("crash.so");
  frames.run("lib/segfault");
  const auto before = open_descriptors().size();
  for (int i = 0; i < 1000; ++i) REQUIRE(frames.run("lib/segfault").signal == SIGSEGV);
  // Slots that wait for jobs come and go: a few.
  CHECK(open_descriptors().size() < before + 20);
  CHECK(frames.ground.table.list().size() == 1);
  CHECK(children().size() <= 1);
}

TEST_CASE("an engine that goes away ends its calls, and tells nobody") {
  Frames frames;
  bool told = false;
  REQUIRE(frames.order("dlib/crash.so/hangs", {}, [&](auto) { told = true; }));
  REQUIRE(frames.ground.until([&] { return frames.ground.table.list().size() == 2; }));
  frames.engine.reset();
  REQUIRE(frames.ground.until([&] { return frames.ground.table.running() == 0; }));
  CHECK_FALSE(told);
}
