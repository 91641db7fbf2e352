// Between the order and the program: a process is known before it has executed anything.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "tests/unit/sandbox/playground.h"

namespace cosmoo::sandbox::testing {

namespace {

/// The script "script", whose interpreter cannot be opened as long as it is held: whoever executes
/// it sleeps in the system until then.
class HeldScript {
 public:
  /// What becomes of those who wait when it is let go.
  enum class Then {
    runs,
    fails  ///< The interpreter can be opened, but not executed: somebody may write to it.
  };

  explicit HeldScript(Playground& ground, Then then = Then::runs) {
    ground.program("interpreter", "/bin/sh");
    write_file(ground.dir / "script", "#!" + (ground.dir / "interpreter") + "\nexit 3\n", 0755);
    // Whoever waits goes on a moment before a file that is closed is nobody's to write to.
    const int mode = then == Then::runs ? O_RDONLY : O_RDWR;
    file_.reset(::open((ground.dir / "interpreter").c_str(), mode | O_CLOEXEC));
    // The system asks for it back with a signal, which would else end the test.
    ::fcntl(file_.get(), F_SETSIG, SIGURG);
    held_ = ::fcntl(file_.get(), F_SETLEASE, F_WRLCK) == 0;
    if (!held_) MESSAGE("skipped: there are no leases on these files");
  }
  explicit operator bool() const { return held_; }

  void let_go() { ::fcntl(file_.get(), F_SETLEASE, F_UNLCK); }
  /// Those who come now run it, whatever became of the others.
  void close() { file_.reset(); }

 private:
  UniqueFd file_;
  bool held_ = false;
};

/// A job that is told of, and what is told.
struct Told {
  int started = 0;
  std::optional<tl::expected<Result, StartError>> end;
  std::shared_ptr<Process> job;

  /// Orders the script, and waits until its process is known. It has not been executed then.
  void order(Playground& ground, Given given = {}) {
    begin(ground, std::move(given), [this] { ++started; });
  }
  /// The same, where nobody asks to hear that it was.
  void order_quietly(Playground& ground, Given given = {}) { begin(ground, std::move(given), {}); }

 private:
  void begin(Playground& ground, Given given, OnStarted on_started) {
    auto ordered = ground.order(
        "script", std::move(given), [this](auto result) { end = std::move(result); },
        std::move(on_started));
    REQUIRE(ordered.has_value());
    job = *ordered;
    REQUIRE(ground.until([this] { return job->info().pid > 0; }));
    // What has no session of its own yet would be taken for a slot.
    const pid_t process = job->info().pid;
    REQUIRE(ground.until([process] { return ::getsid(process) == process; }));
    ground.poll();
    CHECK(started == 0);
    CHECK_FALSE(end.has_value());
  }
};

EngineOptions options_of(Tracking tracking) {
  EngineOptions options;
  options.tracking = tracking;
  return options;
}

}  // namespace

TEST_CASE("a process is known before its program is executed, and started when it is") {
  for (const Tracking tracking : trackings()) {
    Playground ground(options_of(tracking));
    HeldScript script(ground);
    if (!script) return;
    Told told;
    told.order(ground);
    script.let_go();
    REQUIRE(ground.until([&] { return told.end.has_value(); }));
    CHECK(told.started == 1);
    REQUIRE(told.end->has_value());
    CHECK((*told.end)->exit_code == 3);
  }
}

TEST_CASE("a program that was ended for what it printed was started, whoever hears of it first") {
  Playground ground;
  ground.script("flood", "while :; do echo flooding; done\n");
  Limits limits;
  limits.output_bytes = 1000;
  for (int i = 0; i < 20; ++i) {
    bool started = false;
    std::optional<tl::expected<Result, StartError>> end;
    const auto job = ground.order(
        "flood", {.limits = limits}, [&](auto result) { end = std::move(result); },
        [&] { started = true; });
    REQUIRE(job.has_value());
    // What has no session of its own yet would be taken for a slot.
    REQUIRE(ground.until([&] {
      const pid_t process = (*job)->info().pid;
      return end || (process > 0 && ::getsid(process) == process);
    }));
    // Where the processors are busy, what it prints is read before the slot's news of it.
    for (const pid_t slot : slots()) ::kill(slot, SIGSTOP);
    REQUIRE(ground.until([&] { return end.has_value(); }));
    for (const pid_t slot : slots()) ::kill(slot, SIGCONT);
    CHECK(started);
    REQUIRE(end->has_value());
    CHECK((*end)->limit == "output");
  }
}

TEST_CASE("a job that is killed before its program is executed was never started") {
  for (const Tracking tracking : trackings()) {
    Playground ground(options_of(tracking));
    HeldScript script(ground);
    if (!script) return;
    Told told;
    told.order(ground);
    told.job->kill();
    REQUIRE(ground.until([&] { return told.end.has_value(); }));
    CHECK(told.started == 0);
    REQUIRE(told.end->has_value());
    CHECK((*told.end)->status == Status::killed);
    Told late;
    late.order(ground, {.limits = {.wall = std::chrono::milliseconds(300)}});
    REQUIRE(ground.until([&] { return late.end.has_value(); }));
    CHECK(late.started == 0);
    REQUIRE(late.end->has_value());
    CHECK((*late.end)->status == Status::timed_out);
    script.let_go();
    CHECK(ground.run("script").exit_code == 3);
    ground.settle();
    CHECK(children().empty());
  }
}

TEST_CASE("a process that cannot execute its program after all gives no result") {
  for (const Tracking tracking : trackings()) {
    Playground ground(options_of(tracking));
    HeldScript script(ground, HeldScript::Then::fails);
    if (!script) return;
    ground.program("true", "/bin/true");
    ground.run("true");
    ground.settle();
    const auto before = slots();
    Told heard, quiet;
    heard.order(ground, {.working_directory = ground.dir / "made/for/it"});
    quiet.order_quietly(ground);
    REQUIRE(ground.until([&] { return std::filesystem::exists(ground.dir / "made/for/it"); }));
    script.let_go();
    REQUIRE(ground.until([&] { return heard.end && quiet.end; }));
    for (const Told* told : {&heard, &quiet}) {
      CHECK(told->started == 0);
      REQUIRE_FALSE(told->end->has_value());
      CHECK(told->end->error().step == "execveat");
      CHECK(told->end->error().error_number == ETXTBSY);
    }
    CHECK_FALSE(std::filesystem::exists(ground.dir / "made"));
    CHECK(ground.table.running() == 0);
    CHECK(children().empty());
    ground.settle();
    // Their slots are as good as before.
    const auto after = slots();
    for (const pid_t slot : before) {
      CHECK(std::find(after.begin(), after.end(), slot) != after.end());
    }
    script.close();
    CHECK(ground.run("script").exit_code == 3);
  }
}

TEST_CASE("a job that was killed has been killed, even if it could not be executed") {
  Playground ground;
  HeldScript script(ground, HeldScript::Then::fails);
  if (!script) return;
  Told told;
  told.order(ground);
  ::kill(told.job->info().pid, SIGSTOP);
  script.let_go();
  told.job->kill();
  REQUIRE(ground.until([&] { return told.end.has_value(); }));
  CHECK(told.started == 0);
  REQUIRE(told.end->has_value());
  CHECK((*told.end)->status == Status::killed);
}

TEST_CASE("a slot that ends between a process and its program fails who waits for that alone") {
  Playground ground;
  HeldScript script(ground);
  if (!script) return;
  Told heard, quiet;
  heard.order(ground);
  quiet.order_quietly(ground);
  const pid_t process = heard.job->info().pid;
  for (const pid_t slot : slots()) ::kill(slot, SIGKILL);
  REQUIRE(ground.until([&] { return heard.end.has_value(); }));
  CHECK(heard.started == 0);
  REQUIRE_FALSE(heard.end->has_value());
  CHECK(heard.end->error().step == "slot");
  CHECK_FALSE(alive(process));
  CHECK_FALSE(quiet.end.has_value());
  script.let_go();
  REQUIRE(ground.until([&] { return quiet.end.has_value(); }));
  REQUIRE(quiet.end->has_value());
  CHECK((*quiet.end)->exit_code == 3);
  CHECK(ground.run("script").exit_code == 3);
}

TEST_CASE("an engine that goes away takes with it what has not executed its program yet") {
  for (const Tracking tracking : trackings()) {
    Playground ground(options_of(tracking));
    HeldScript script(ground);
    if (!script) return;
    Told heard, quiet;
    heard.order(ground);
    quiet.order_quietly(ground);
    ground.engine.reset();
    CHECK(children().empty());
    CHECK_FALSE(heard.end.has_value());
    CHECK_FALSE(quiet.end.has_value());
  }
}

}  // namespace cosmoo::sandbox::testing
