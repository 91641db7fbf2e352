#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sandbox/process/proc_table.h"
#include "tests/unit/sandbox/playground.h"

namespace cosmoo::sandbox::testing {

namespace {

StartError refusal(Playground::Started started) {
  REQUIRE_FALSE(started.has_value());
  CHECK_FALSE(started.error().message.empty());
  return started.error();
}

bool says(const StartError& error, std::string_view words) {
  CAPTURE(error.message);
  return error.message.find(words) != std::string::npos;
}

/// Leaves exactly `count` numbers for new descriptors while it lives.
struct FewDescriptors {
  explicit FewDescriptors(int count) {
    ::getrlimit(RLIMIT_NOFILE, &before);
    rlimit low = before;
    low.rlim_cur = 0;
    for (int left = count;; ++low.rlim_cur) {
      if (::fcntl(static_cast<int>(low.rlim_cur), F_GETFD) >= 0) continue;
      if (left-- == 0) break;
    }
    ::setrlimit(RLIMIT_NOFILE, &low);
  }
  ~FewDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before); }
  rlimit before{};
};

}  // namespace

TEST_CASE("arguments and environments that cannot be are the caller's mistake") {
  Playground ground;
  ground.program("true", "/bin/true");
  using Strings = std::vector<std::string>;
  const auto with = [&](Strings args, Strings env) {
    const StartError error = refusal(ground.start("true", {.args = args, .env = env}));
    CHECK(error.kind == StartError::Kind::bad_argument);
    return error;
  };
  CHECK(says(with({std::string("a\0b", 3)}, {}), "argument 1 contains a NUL"));
  CHECK(says(with({}, {std::string("A=\0", 3)}), "NUL"));
  CHECK(says(with({}, {"A=1", "NOTHING"}), "'NOTHING' has no '='"));
  CHECK(says(with({}, {"=1"}), "no name"));
  CHECK(says(with({}, {""}), "no '='"));
  CHECK(says(with({"x", std::string(128 * 1024, 'x')}, {}), "argument 2 has 131072 bytes"));
  CHECK(says(with({}, {"BIG=" + std::string(128 * 1024, 'x')}), "'BIG'"));
  CHECK(says(with(Strings(100, std::string(100 * 1024, 'x')), {}), "too long for the system"));
  CHECK(ground.run("true", {.args = {std::string(128 * 1024 - 1, 'x')}}).exit_code == 0);
  Context empty;
  const auto started =
      ground.engine->start(std::move(*ground.directory.find("true")), empty, "", 1, {});
  REQUIRE_FALSE(started.has_value());
  CHECK(started.error().kind == StartError::Kind::bad_argument);
  CHECK(ground.table.running() == 0);
}

TEST_CASE("a file that the system cannot execute is named with the reason, and sh is not tried") {
  Playground ground;
  write_file(ground.dir / "text", "echo ran > \"$0.ran\"\n", 0755);
  write_file(ground.dir / "empty", "", 0755);
  write_file(ground.dir / "lost", "#!/no/such/interpreter -x\n", 0755);
  write_file(ground.dir / "folder", "#!/tmp\n", 0755);
  write_file(ground.dir / "elf",
             std::string("\x7f"
                         "ELF and then nothing"),
             0755);
  for (const char* name : {"text", "empty", "elf"}) {
    const StartError error = refusal(ground.start(name));
    CHECK(error.kind == StartError::Kind::system);
    CHECK(error.step == "execveat");
    CHECK(error.error_number == ENOEXEC);
    CHECK(says(error, "neither a program"));
  }
  const StartError lost = refusal(ground.start("lost"));
  CHECK(lost.error_number == ENOENT);
  CHECK(says(lost, "'/no/such/interpreter' does not exist"));
  const StartError folder = refusal(ground.start("folder"));
  CHECK(folder.error_number == EACCES);
  CHECK(says(folder, "'/tmp'"));
  CHECK(children().empty());
  CHECK(ground.table.running() == 0);
}

TEST_CASE("a program that is being written to cannot be started") {
  Playground ground;
  ground.program("busy", "/bin/true");
  const UniqueFd writer(::open((ground.dir / "busy").c_str(), O_WRONLY | O_CLOEXEC));
  REQUIRE(writer);
  const StartError error = refusal(ground.start("busy"));
  CHECK(error.kind == StartError::Kind::system);
  CHECK(error.error_number == ETXTBSY);
  CHECK(says(error, "being written"));
}

// The attack: the server is brought to its limit of descriptors; a start that fails half way must
// give back what it had.
TEST_CASE("without descriptors a start fails as too many and leaks none") {
  for (const Tracking tracking : trackings()) {
    EngineOptions options;
    options.tracking = tracking;
    Playground ground(options);
    ground.program("cat", "/bin/cat");
    const auto cat = ground.directory.find("cat");
    // Once in plenty: the sanitizers need descriptors too when they meet a type first. And what
    // is made ahead for jobs is made.
    ground.run("cat", {.input = std::string(100000, 'x')});
    ground.settle();
    const auto before = open_descriptors();
    int failures = 0;
    bool started = false;
    for (int room = 1; room < 20 && !started; ++room) {
      auto copy = cat->duplicate();
      REQUIRE(copy.has_value());
      auto result = [&] {
        const FewDescriptors few(room);
        return ground.start(std::move(*copy), {.input = std::string(100000, 'x')});
      }();
      started = result.has_value();
      if (started) break;
      ++failures;
      CHECK(result.error().kind == StartError::Kind::too_many);
      CHECK(result.error().error_number == EMFILE);
      // What is made ahead takes one or another number.
      CHECK(open_descriptors().size() <= before.size() + 3);
      CHECK(children().empty());
    }
    CHECK(started);
    CHECK(failures >= 5);
    REQUIRE(ground.until([&] { return ground.table.running() == 0; }));
    CHECK(open_descriptors().size() <= before.size() + 3);
  }
}

TEST_CASE("a name that is looked up without descriptors is not called missing") {
  Playground ground;
  ground.program("cat", "/bin/cat");
  const auto found = [&] {
    const FewDescriptors few(0);
    return ground.directory.find("cat");
  }();
  REQUIRE_FALSE(found.has_value());
  CHECK(found.error().kind == StartError::Kind::too_many);
}

TEST_CASE("no call-back runs inside start, and none after the engine is gone") {
  int results = 0;
  pid_t pid = -1;
  std::shared_ptr<Job> job;
  const auto before = open_descriptors();
  {
    Playground ground;
    ground.program("sleep", "/bin/sleep");
    ground.program("true", "/bin/true");
    job = ground.launch("sleep", {.args = {"1000"}, .input = std::string(200000, 'x')},
                        [&](Result) { ++results; });
    pid = job->info().pid;
    CHECK(alive(pid));
    for (int i = 0; i < 20; ++i) {
      REQUIRE(ground
                  .order(
                      "true", {}, [&](auto) { ++results; }, [&] { ++results; })
                  .has_value());
    }
    CHECK(results == 0);
    ground.engine.reset();
    CHECK_FALSE(alive(pid));
    CHECK(ground.table.running() == 0);
    ground.poll();
    CHECK(results == 0);
    job->kill();
  }
  // The handle outlives even the loop.
  job->kill();
  CHECK(job->info().pid == pid);
  CHECK(children().empty());
  CHECK(open_descriptors() == before);
}

TEST_CASE("a call-back may destroy the engine") {
  Playground ground;
  ground.program("true", "/bin/true");
  ground.program("sleep", "/bin/sleep");
  int results = 0;
  for (int i = 0; i < 10; ++i) {
    const auto ordered = ground.order("true", {}, [&](auto) {
      ++results;
      ground.engine.reset();
    });
    REQUIRE(ordered.has_value());
  }
  REQUIRE(ground.order("sleep", {.args = {"1000"}}, [&](auto) { ++results; }).has_value());
  REQUIRE(ground.until([&] { return results > 0; }));
  ground.poll();
  CHECK(results == 1);
  CHECK(ground.table.running() == 0);
  CHECK(children().empty());
}

TEST_CASE("a call-back may kill other jobs and start new ones") {
  Playground ground;
  ground.program("true", "/bin/true");
  ground.program("sleep", "/bin/sleep");
  std::vector<std::string> events;
  const auto victim = ground.launch("sleep", {.args = {"1000"}}, [&](Result r) {
    events.push_back("victim " + std::string(to_string(r.status)));
  });
  ground.launch("true", {}, [&](Result) {
    victim->kill();
    CHECK(ground.order("true", {}, [&](auto) { events.push_back("second"); }).has_value());
    events.push_back("first");
  });
  REQUIRE(ground.until([&] { return events.size() == 3; }));
  CHECK(events.front() == "first");
  CHECK(std::count(events.begin(), events.end(), "victim killed") == 1);
}

TEST_CASE("a call-back that throws costs no other job its result") {
  Playground ground;
  ground.program("true", "/bin/true");
  int results = 0;
  for (int i = 0; i < 10; ++i) {
    ground.launch("true", {}, [&](Result) {
      ++results;
      throw std::runtime_error("a mistake in a test");
    });
  }
  CHECK(ground.until([&] { return results == 10; }));
  CHECK(ground.table.running() == 0);
}

}  // namespace cosmoo::sandbox::testing
