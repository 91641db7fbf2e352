#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/sandbox/playground.h"

namespace cosmoo::sandbox::testing {

namespace {

/// What "kind: " says in a text like /proc/self/status.
std::string field(const std::string& status, const std::string& name) {
  const auto at = status.find(name + ":");
  REQUIRE(at != std::string::npos);
  const auto begin = status.find_first_not_of(" \t", at + name.size() + 1);
  return status.substr(begin, status.find('\n', begin) - begin);
}

}  // namespace

TEST_CASE("a program gets its arguments byte for byte") {
  Playground ground;
  ground.program("printf", "/usr/bin/printf");
  std::string all;
  for (int byte = 1; byte < 256; ++byte) all += static_cast<char>(byte);
  const Result result = ground.run("printf", {.args = {"<%s>", "", "a b", "\"'\\$(id)`", all}});
  CHECK(result.status == Status::exited);
  CHECK(result.exit_code == 0);
  CHECK(result.stdout_bytes == "<><a b><\"'\\$(id)`><" + all + ">");
}

TEST_CASE("a program gets the environment that it is given and nothing of the server's") {
  ::setenv("COSMOO_SECRET", "of the server", 1);
  Playground ground;
  ground.program("printenv", "/usr/bin/printenv");
  CHECK(ground.run("printenv", {.env = {"B=2", "A=1=1", "C=", "B=3"}}).stdout_bytes ==
        "B=2\nA=1=1\nC=\nB=3\n");
  CHECK(ground.run("printenv", {.env = {}}).stdout_bytes.empty());
  ::unsetenv("COSMOO_SECRET");
}

TEST_CASE("a program sees the name that it was started by") {
  Playground ground;
  ground.program("sh", "/bin/sh");
  CHECK(ground.run("sh", {.args = {"-c", "echo $0 $1", "zero", "one"}}).stdout_bytes ==
        "zero one\n");
  ground.program("env", "/usr/bin/env");
  const Result result = ground.run("env", {.args = {"--no-such-option"}});
  CHECK(result.stderr_bytes.rfind("env: ", 0) == 0);
}

// The attack: a program uses what the server has open, say its listening sockets or its world.
TEST_CASE("a program has its three descriptors and no other") {
  Playground ground;
  ground.program("ls", "/bin/ls");
  const UniqueFd careless(::open("/dev/null", O_RDONLY));  // not close-on-exec
  REQUIRE(careless);
  // ls has one for the listing itself.
  CHECK(ground.run("ls", {.args = {"/proc/self/fd"}}).stdout_bytes == "0\n1\n2\n3\n");
  CHECK(ground.run("ls", {.args = {"/proc/self/fd"}, .input = "x"}).stdout_bytes == "0\n1\n2\n3\n");
}

TEST_CASE("a script has its own file besides, and no other") {
  Playground ground;
  ground.script("list", "exec /bin/ls /proc/self/fd\n");
  const UniqueFd careless(::open("/dev/null", O_RDONLY));
  const std::string listed = ground.run("list").stdout_bytes;
  // 3 is the script as it was opened by the server, 4 what ls lists; a shell may keep its own.
  CHECK(listed.rfind("0\n1\n2\n3\n4\n", 0) == 0);
  CHECK(listed.find(std::to_string(careless.get()) + "\n") >= std::string("0\n1\n2\n3\n").size());
  ground.script("read", "exec /bin/readlink /proc/self/fd/3\n");
  CHECK(ground.run("read").stdout_bytes == (ground.dir / "read") + "\n");
}

TEST_CASE("a script with an interpreter in arguments works") {
  Playground ground;
  write_file(ground.dir / "awk", "#!/usr/bin/awk -f\nBEGIN { print \"from awk\" }\n", 0755);
  CHECK(ground.run("awk").stdout_bytes == "from awk\n");
}

TEST_CASE("no signal is blocked or ignored in a program, whatever the server does with it") {
  Playground ground;
  ground.program("cat", "/bin/cat");
  struct sigaction ignore {
  }, before_hup{}, before_rt{};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGHUP, &ignore, &before_hup);
  ::sigaction(SIGRTMIN + 3, &ignore, &before_rt);
  sigset_t blocked, before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR1);
  sigaddset(&blocked, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &blocked, &before);
  const std::string status = ground.run("cat", {.args = {"/proc/self/status"}}).stdout_bytes;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::sigaction(SIGHUP, &before_hup, nullptr);
  ::sigaction(SIGRTMIN + 3, &before_rt, nullptr);
  const std::string none(16, '0');
  CHECK(field(status, "SigBlk") == none);
  CHECK(field(status, "SigIgn") == none);
  CHECK(field(status, "SigCgt") == none);
  CHECK(field(status, "SigPnd") == none);
}

TEST_CASE("a launch leaves the server's own signals as they were") {
  Playground ground;
  ground.program("true", "/bin/true");
  sigset_t blocked, before, after;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR2);
  ::pthread_sigmask(SIG_BLOCK, &blocked, &before);
  ground.run("true");
  ::pthread_sigmask(SIG_SETMASK, &before, &after);
  CHECK(sigismember(&after, SIGUSR2) == 1);
  CHECK(sigismember(&after, SIGTERM) == 0);
  struct sigaction pipe {};
  ::sigaction(SIGPIPE, nullptr, &pipe);
  CHECK((pipe.sa_handler == SIG_IGN));
}

TEST_CASE("a program leads a session and a process group of its own, and has no terminal") {
  Playground ground;
  ground.program("cat", "/bin/cat");
  const Result result = ground.run("cat", {.args = {"/proc/self/stat"}});
  int pid = 0, parent = 0, group = 0, session = 0, terminal = 0;
  REQUIRE(std::sscanf(result.stdout_bytes.c_str(), "%d (cat) %*c %d %d %d %d", &pid, &parent,
                      &group, &session, &terminal) == 5);
  CHECK(parent == ::getpid());
  CHECK(group == pid);
  CHECK(session == pid);
  CHECK(terminal == 0);
}

TEST_CASE("a program has the umask of the options, not the server's") {
  EngineOptions options;
  options.umask = 027;
  Playground ground(options);
  ground.script("umask", "umask\n");
  const mode_t before = ::umask(0);
  const Result result = ground.run("umask");
  ::umask(before);
  CHECK(result.stdout_bytes == "0027\n");
}

TEST_CASE("a program runs in the working directory that it is given, else in the server's") {
  Playground ground;
  ground.program("pwd", "/bin/pwd");
  CHECK(ground.run("pwd", {.env = {}}).stdout_bytes ==
        std::filesystem::current_path().native() + "\n");
  CHECK(ground.run("pwd", {.env = {}, .working_directory = "/usr"}).stdout_bytes == "/usr\n");
  const auto refused = ground.start("pwd", {.working_directory = ground.dir / "pwd"});
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().kind == StartError::Kind::bad_argument);
  CHECK(refused.error().step == "chdir");
  CHECK(refused.error().error_number == ENOTDIR);
}

TEST_CASE("a server without standard descriptors of its own gives its jobs theirs") {
  Playground ground;
  ground.program("cat", "/bin/cat");
  ground.script("both", "cat; echo errors >&2\n");
  const UniqueFd kept[] = {UniqueFd(::fcntl(0, F_DUPFD_CLOEXEC, 10)),
                           UniqueFd(::fcntl(1, F_DUPFD_CLOEXEC, 10)),
                           UniqueFd(::fcntl(2, F_DUPFD_CLOEXEC, 10))};
  for (int fd = 0; fd < 3; ++fd) ::close(fd);
  const Result binary = ground.run("cat", {.input = "text"});
  const Result script = ground.run("both", {.input = "text"});
  for (int fd = 0; fd < 3; ++fd) ::dup2(kept[fd].get(), fd);
  CHECK(binary.stdout_bytes == "text");
  CHECK(script.stdout_bytes == "text");
  CHECK(script.stderr_bytes == "errors\n");
}

// A child shares the server's memory until it executes its program: that must not be counted.
TEST_CASE("the memory of the server is not counted as the job's") {
  Playground ground;
  const std::string ballast(64 << 20, 'x');
  ground.program("true", "/bin/true");
  ground.program("awk", "/usr/bin/awk");
  CHECK(ground.run("true").usage.memory_peak_bytes < ballast.size());
  const auto large = std::to_string(2 * ballast.size());
  const Result result = ground.run(
      "awk", {.args = {"BEGIN { s = \"x\"; while (length(s) < " + large + ") s = s s; exit 0 }"}});
  CHECK(result.exit_code == 0);
  const auto peak = result.usage.memory_peak_bytes;
  CHECK((peak == 0 || peak > 2 * ballast.size()));
}

TEST_CASE("a result tells when it was, how long, and how much of the machine") {
  Playground ground;
  ground.script("work", "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done\n");
  const auto before = std::chrono::system_clock::now();
  const Result result = ground.run("work");
  CHECK(result.exit_code == 0);
  CHECK(result.started_at >= before);
  CHECK(result.ended_at >= result.started_at);
  CHECK(result.ended_at <= std::chrono::system_clock::now());
  CHECK(result.usage.wall_s > 0);
  CHECK(result.usage.cpu_s > 0);
  CHECK(result.usage.instructions == 0);
}

}  // namespace cosmoo::sandbox::testing
