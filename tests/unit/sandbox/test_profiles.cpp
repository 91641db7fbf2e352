// What a profile promises: each promise is tried from inside.
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "sandbox/process/unique_fd.h"
#include "tests/unit/sandbox/playground.h"

namespace cosmoo::sandbox::testing {

namespace {

namespace fs = std::filesystem;

/// What this machine gives of a profile's walls decides what can be tested.
struct Walled : Playground {
  explicit Walled(std::string name, EngineOptions options = {})
      : Playground(std::move(options)), profile(std::move(name)) {
    program("trouble", COSMOO_TROUBLE);
    const Result probe = cause({"exit", "0"});
    for (const auto& wall : probe.not_enforced) missing += " " + wall;
  }

  Result cause(std::vector<std::string> args) { return within("trouble", std::move(args)); }
  Result within(const std::string& name, std::vector<std::string> args = {}) {
    Given given;
    given.args = std::move(args);
    given.profile = profile;
    return run(name, std::move(given));
  }
  /// What `trouble` says to that: "ok", or the name of an error.
  std::string attempt(std::vector<std::string> args) {
    const Result result = cause(std::move(args));
    std::string answer = result.stdout_bytes;
    if (!answer.empty()) answer.pop_back();
    return answer.empty() ? "signal " + std::to_string(result.signal) : answer;
  }

  std::string profile;
  std::string missing;
};

constexpr const char* kWalls[] = {"confined", "sealed"};

/// Says so and returns true if this machine has not all walls.
bool skipped(const Walled& ground) {
  if (ground.missing.empty()) return false;
  MESSAGE("skipped: this machine has not", ground.missing);
  return true;
}

/// A socket that listens on a free port of this machine.
struct Listening {
  Listening() : fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    REQUIRE(::bind(fd.get(), reinterpret_cast<sockaddr*>(&at), size) == 0);
    REQUIRE(::listen(fd.get(), 1) == 0);
    REQUIRE(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&at), &size) == 0);
    port = std::to_string(ntohs(at.sin_port));
  }
  UniqueFd fd;
  std::string port;
};

}  // namespace

TEST_CASE("every profile runs a program and gives its end as it was") {
  for (const char* profile : {"open", "confined", "sealed"}) {
    CAPTURE(profile);
    Walled ground(profile);
    CHECK(ground.cause({"exit", "7"}).exit_code == 7);
    // No job is the first process of its namespace, which the system would treat differently.
    CHECK(ground.cause({"abort"}).signal == 6);
    ground.program("cat", "/bin/cat");
    Given given;
    given.profile = profile;
    given.input = std::string(300'000, 'x');
    CHECK(ground.run("cat", given).stdout_bytes == given.input);
    const auto job = ground.launch("trouble", {.args = {"spin"}, .profile = profile});
    CHECK(job->info().profile == profile);
    job->kill();
    CHECK(ground.until([&] { return ground.table.running() == 0; }));
    CHECK(ground.cause({"exit", "8"}).exit_code == 8);
  }
}

TEST_CASE("a profile that does not exist is the caller's mistake") {
  Playground ground;
  ground.program("true", "/bin/true");
  const auto started = ground.start("true", {.profile = "safe"});
  REQUIRE_FALSE(started.has_value());
  CHECK(started.error().kind == StartError::Kind::bad_argument);
  CHECK(started.error().message == "there is no profile 'safe'; there are open confined sealed");
}

TEST_CASE("the engine's profile is that of jobs that name none") {
  EngineOptions options;
  options.profile = "confined";
  Playground ground(options);
  ground.program("trouble", COSMOO_TROUBLE);
  CHECK(ground.run("trouble", {.args = {"mount"}}).stdout_bytes == "EPERM\n");
}

TEST_CASE("scripts run in confined, and have nothing to run them in sealed") {
  Walled confined("confined");
  if (skipped(confined)) return;
  confined.script("hello", "echo hello; pwd; hostname\n");
  CHECK(confined.within("hello").stdout_bytes == "hello\n/tmp\nsandbox\n");
  Walled sealed("sealed");
  sealed.script("hello", "echo hello\n");
  const auto started = sealed.start("hello", {.profile = "sealed"});
  REQUIRE_FALSE(started.has_value());
  CHECK(started.error().message ==
        "cannot start 'hello': its interpreter '/bin/sh' does not exist");
}

// The attack: data is carried away over the network.
TEST_CASE("a walled-in job reaches no network") {
  const Listening server;
  CHECK(Walled("open").attempt({"connect", server.port}) == "ok");
  for (const char* profile : kWalls) {
    CAPTURE(profile);
    Walled ground(profile);
    if (skipped(ground)) return;
    CHECK(ground.attempt({"connect", server.port}) == "EPERM");
  }
  CHECK(Walled("confined").attempt({"local"}) == "ok");
  CHECK(Walled("sealed").attempt({"local"}) == "EPERM");
}

TEST_CASE("a profile with a network reaches it, and still nothing else") {
  EngineOptions options;
  Profile online = *find_profile(options.profiles, "confined");
  online.name = "online";
  online.network = Profile::Network::host;
  options.profiles.push_back(online);
  const Listening server;
  Walled ground("online", options);
  if (skipped(ground)) return;
  CHECK(ground.attempt({"connect", server.port}) == "ok");
  CHECK(ground.attempt({"mount"}) == "EPERM");
}

// The attack: the machine's passwords and the world's database are read.
TEST_CASE("a walled-in job reads no secrets") {
  for (const char* profile : kWalls) {
    CAPTURE(profile);
    Walled ground(profile);
    if (skipped(ground)) return;
    write_file(ground.dir / "world.db", "all passwords", 0644);
    for (const std::string& path :
         {std::string("/etc/shadow"), ground.dir / "world.db", std::string("/root"),
          std::string("/proc/1/environ"), std::string("/proc/kcore"), std::string("/sys/kernel")}) {
      CAPTURE(path);
      const std::string answer = ground.attempt({"read", path});
      CHECK((answer == "ENOENT" || answer == "EACCES"));
    }
    CHECK(ground.attempt({"read", "/dev/null"}) == "ok");
  }
}

TEST_CASE("a walled-in job writes to its own /tmp alone, and the next one finds nothing there") {
  for (const char* profile : kWalls) {
    CAPTURE(profile);
    Walled ground(profile);
    if (skipped(ground)) return;
    for (const char* path : {"/new", "/usr/new", "/lib/new", "/etc/new", "/dev/new", "/proc/new"}) {
      CAPTURE(path);
      const std::string answer = ground.attempt({"write", path});
      CHECK((answer == "EROFS" || answer == "EACCES" || answer == "ENOENT" || answer == "EPERM"));
    }
    CHECK(ground.attempt({"write", ground.dir / "new"}) == "ENOENT");
    const std::string name = "/tmp/left-" + std::to_string(::getpid());
    CHECK(ground.attempt({"write", name}) == "ok");
    CHECK_FALSE(fs::exists(name));
    CHECK(ground.attempt({"read", name}) == "ENOENT");
  }
}

// The attack: all memory of the machine is filled through files.
TEST_CASE("the private /tmp has an end") {
  for (const char* profile : kWalls) {
    Walled ground(profile);
    if (skipped(ground)) return;
    CHECK(ground.attempt({"write", "/tmp/large", "200000000"}) == "ENOSPC");
  }
}

TEST_CASE("a walled-in job sees no other process, and touches none") {
  const std::string server = std::to_string(::getpid());
  for (const char* profile : kWalls) {
    CAPTURE(profile);
    Walled ground(profile);
    if (skipped(ground)) return;
    CHECK(ground.attempt({"kill", server}) == "ESRCH");
    CHECK(ground.attempt({"ptrace", server}) == "EPERM");
    CHECK(ground.attempt({"ptrace", "1"}) == "EPERM");
    CHECK(ground.attempt({"read", "/proc/" + server + "/status"}) == "ENOENT");
  }
  Walled ground("confined");
  ground.script("look", "echo /proc/[0-9]*\n");
  // Itself alone: not even the first process of its namespace.
  const std::string seen = ground.within("look").stdout_bytes;
  CHECK(std::count(seen.begin(), seen.end(), ' ') == 0);
  CHECK(seen != "/proc/[0-9]*\n");
}

TEST_CASE("a walled-in job cannot change walls, machine or kernel") {
  for (const char* profile : kWalls) {
    CAPTURE(profile);
    Walled ground(profile);
    if (skipped(ground)) return;
    for (const char* what : {"mount", "unshare", "chroot", "keys", "bpf", "type", "hostname"}) {
      CAPTURE(what);
      CHECK(ground.attempt({what}) == "EPERM");
    }
    const std::string nested = ground.attempt({"userns"});
    CHECK((nested == "ENOSPC" || nested == "EPERM"));
    CHECK(ground.attempt({"setuid"}) != "ok");
  }
}

TEST_CASE("a walled-in job has no rights and gets none") {
  Walled ground("confined");
  if (skipped(ground)) return;
  ground.script("status", "exec cat /proc/self/status\n");
  const std::string status = ground.within("status").stdout_bytes;
  for (const char* line : {"CapInh:\t0000000000000000", "CapPrm:\t0000000000000000",
                           "CapEff:\t0000000000000000", "CapBnd:\t0000000000000000",
                           "CapAmb:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2"}) {
    CAPTURE(line);
    CHECK(status.find(line) != std::string::npos);
  }
  ground.script("users", "cat /proc/self/uid_map | wc -l; ls /proc/self/fd | wc -l\n");
  // One user; and besides the three the script and ls's own.
  CHECK(ground.within("users").stdout_bytes == "1\n5\n");
}

// The attack: a link within the job's reach that points out of it.
TEST_CASE("a symbolic link leads a walled-in job nowhere") {
  Walled ground("confined");
  if (skipped(ground)) return;
  write_file(ground.dir / "world.db", "all passwords", 0644);
  ground.script("follow",
                "ln -s / /tmp/root; ln -s \"$1\" /tmp/out; cat /tmp/out/world.db; "
                "cat /tmp/root/../../\"$1\"/world.db; ls /tmp/root/root; echo end\n");
  CHECK(ground.within("follow", {ground.dir.path()}).stdout_bytes == "end\n");
}

// The attack: a process that leaves session, group and parents, keeps no stream, and stays.
TEST_CASE("a daemon of a walled-in job dies with it, and finds no place in the next one") {
  for (const Tracking tracking : trackings()) {
    EngineOptions options;
    options.tracking = tracking;
    Walled ground("confined", options);
    if (skipped(ground)) return;
    ground.script("daemonise",
                  "(setsid sh -c 'exec sleep 31.4159' </dev/null >/dev/null 2>&1 &)\n");
    CHECK(ground.within("daemonise").exit_code == 0);
    ground.script("look", "for p in /proc/[0-9]*; do tr '\\0' ' ' <$p/cmdline; done\n");
    CHECK(ground.within("look").stdout_bytes.find("31.4159") == std::string::npos);
    CHECK(ground.until([] {
      for (const auto& entry : fs::directory_iterator("/proc")) {
        if (read_file(entry.path() / "cmdline").find("31.4159") != std::string::npos) return false;
      }
      return true;
    }));
  }
}

TEST_CASE("a working directory of a walled-in job is made within its walls") {
  Walled ground("confined");
  if (skipped(ground)) return;
  ground.script("look", "pwd; stat -c %a .; echo x >file\n");
  Given given;
  given.profile = "confined";
  given.working_directory = "/tmp/new/work";
  CHECK(ground.run("look", given).stdout_bytes == "/tmp/new/work\n755\n");
  CHECK_FALSE(fs::exists("/tmp/new/work"));
  given.working_directory = "/usr/new";
  const auto started = ground.start("look", given);
  REQUIRE_FALSE(started.has_value());
  CHECK(started.error().kind == StartError::Kind::bad_argument);
}

TEST_CASE("a profile shows directories, to read or to write") {
  EngineOptions options;
  const TempDir shown;
  fs::create_directory(shown.path() / "in");
  fs::create_directory(shown.path() / "out");
  REQUIRE(::chmod((shown / "out").c_str(), 0777) == 0);
  write_file(shown / "in/data", "read me", 0644);
  Profile own = *find_profile(options.profiles, "confined");
  own.name = "worker";
  own.readable.push_back(shown / "in");
  own.writable.push_back(shown / "out");
  options.profiles.push_back(own);
  Walled ground("worker", options);
  if (skipped(ground)) return;
  ground.script("work",
                "cat \"$1/in/data\"; echo done >\"$1/out/result\"; echo no >\"$1/in/no\"\n");
  const Result result = ground.within("work", {shown.path()});
  CHECK(result.stdout_bytes == "read me");
  CHECK(read_file(shown / "out/result") == "done\n");
  CHECK_FALSE(fs::exists(shown / "in/no"));
}

TEST_CASE("the user of a walled-in job can be chosen, and limits of its profile hold") {
  if (::geteuid() != 0) {
    MESSAGE("skipped: only root can run a job as somebody else");
    return;
  }
  EngineOptions options;
  Profile own = *find_profile(options.profiles, "confined");
  own.name = "worker";
  own.uid = 4321;
  own.limits.open_files = 12;
  options.profiles.push_back(own);
  Walled ground("worker", options);
  if (skipped(ground)) return;
  ground.script("who", "id -u; id -g; ulimit -n\n");
  CHECK(ground.within("who").stdout_bytes == "4321\n4321\n12\n");
  CHECK(ground.attempt({"files"}) == "12 EMFILE");
}

}  // namespace cosmoo::sandbox::testing
