#include "tests/integration/support/server.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <system_error>
#include <thread>

namespace cosmoo::test {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

std::vector<const Server*>& running() {
  static std::vector<const Server*> all;
  return all;
}

std::string binary() {
  const char* const given = std::getenv("COSMOO_BINARY");
  return given != nullptr ? given : COSMOO_BINARY;
}

std::string contents(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

// For this process alone.
bool hide_control_groups() {
  return ::unshare(CLONE_NEWNS) == 0 &&
         ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         ::umount2("/sys/fs/cgroup", MNT_DETACH) == 0;
}

// Starts the server with standard output on `output` and standard error on `errors`.
pid_t spawn(const std::vector<std::string>& arguments, const std::vector<std::string>& environment,
            int output, int errors, int descriptors, Machine machine) {
  std::vector<std::string> words{binary()};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (descriptors > 0) {
    const rlimit limit{static_cast<rlim_t>(descriptors), static_cast<rlim_t>(descriptors)};
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
  if (machine == Machine::without_control_groups && !hide_control_groups()) ::_exit(126);
  for (const std::string& entry : environment) ::putenv(strdup(entry.c_str()));
  const int null = ::open("/dev/null", O_RDONLY);
  ::dup2(null, 0);
  ::dup2(output, 1);
  ::dup2(errors, 2);
  ::execv(argv[0], argv.data());
  ::_exit(127);
}

int exit_code_of(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// Appends what comes until a line end, the end of the file, or `until`. False: the latter.
bool read_up_to_line(int descriptor, std::string& text, Clock::time_point until) {
  while (text.find('\n') == std::string::npos) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
    pollfd entry{descriptor, POLLIN, 0};
    if (left <= 0 || ::poll(&entry, 1, static_cast<int>(left)) == 0) return false;
    std::array<char, 4096> buffer{};
    const ssize_t size = ::read(descriptor, buffer.data(), buffer.size());
    if (size <= 0) return true;
    text.append(buffer.data(), static_cast<std::size_t>(size));
  }
  return true;
}

std::string rest_of(int descriptor) {
  std::string text;
  std::array<char, 4096> buffer{};
  for (ssize_t size = 0; (size = ::read(descriptor, buffer.data(), buffer.size())) > 0;) {
    text.append(buffer.data(), static_cast<std::size_t>(size));
  }
  return text;
}

}  // namespace

TempDirectory::TempDirectory() {
  std::string name = (fs::temp_directory_path() / "cosmoo-test-XXXXXX").string();
  REQUIRE(::mkdtemp(name.data()) != nullptr);
  path_ = name;
}

TempDirectory::~TempDirectory() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

Server::Server(ServerOptions options)
    : data_(options.data.empty() ? directory_.path() / "data" : options.data) {
  std::vector<std::string> arguments{"--port", "0", "--data", data_.string()};
  // Passwords cheap to check: the tests check many.
  std::string config = options.config;
  if (config.find("[accounts]") == std::string::npos) {
    config += "\n[accounts]\nargon2_memory_mib = 1\nargon2_passes = 1\n";
  }
  std::ofstream(directory_.path() / "config.toml") << config;
  arguments.insert(arguments.end(), {"--config", (directory_.path() / "config.toml").string()});
  arguments.insert(arguments.end(), options.arguments.begin(), options.arguments.end());
  options.environment.insert(options.environment.begin(),
                             "COSMOO_WIZARD_PASSWORD=" + std::string(kWizardPassword));

  std::array<int, 2> pipe{};
  REQUIRE(::pipe2(pipe.data(), O_CLOEXEC) == 0);
  const int errors = ::open((directory_.path() / "log").c_str(),
                            O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
  pid_ =
      spawn(arguments, options.environment, pipe[1], errors, options.descriptors, options.machine);
  ::close(pipe[1]);
  ::close(errors);
  stdout_ = pipe[0];
  running().push_back(this);

  // A sanitizer's build takes its time.
  const bool in_time = read_up_to_line(stdout_, output_, Clock::now() + 6 * kDeadline);
  constexpr std::string_view kReady = "ready: telnet 127.0.0.1:";
  const bool ready = in_time && output_.starts_with(kReady);
  if (!ready) {
    const std::string errors_so_far = log();
    ::kill(pid_, SIGKILL);
    wait(kDeadline);
    std::erase(running(), this);
    ::close(stdout_);
    FAIL("the server did not become ready: ", output_, errors_so_far);
  }
  port_ = static_cast<std::uint16_t>(std::stoi(output_.substr(kReady.size())));
}

Server::~Server() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    wait(kDeadline);
  }
  std::erase(running(), this);
  if (stdout_ >= 0) ::close(stdout_);
}

std::string Server::log() const { return contents(directory_.path() / "log"); }

Client Server::log_in(std::string_view name, std::string_view password, int receive_buffer) const {
  Client client = connect(receive_buffer);
  client.line("connect " + std::string(name) + " " + std::string(password));
  client.line("PREFIX cosmoo-test-in");
  client.line(";1");
  client.expect("cosmoo-test-in\r\n");
  client.expect("=> 1\r\n");
  client.line("PREFIX");
  return client;
}

int Server::stop(int signal) {
  if (pid_ <= 0) return exit_code_;
  ::kill(pid_, signal);
  return wait(2 * kDeadline);
}

int Server::wait(std::chrono::milliseconds deadline) {
  const auto until = Clock::now() + deadline;
  int status = 0;
  pid_t ended = 0;
  while ((ended = ::waitpid(pid_, &status, WNOHANG)) == 0) {
    if (Clock::now() >= until) {
      ::kill(pid_, SIGKILL);
      ended = ::waitpid(pid_, &status, 0);
      break;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  pid_ = -1;
  exit_code_ = exit_code_of(status);
  if (stdout_ >= 0 && port_ != 0) output_ += rest_of(stdout_);
  return exit_code_;
}

std::size_t Server::memory() const {
  std::ifstream in("/proc/" + std::to_string(pid_) + "/statm");
  std::size_t size = 0;
  std::size_t resident = 0;
  in >> size >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

Run run_server(const std::vector<std::string>& arguments, Machine machine) {
  const TempDirectory directory;
  const auto open = [&](const char* name) {
    return ::open((directory.path() / name).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  };
  const int output = open("out");
  const int errors = open("err");
  const pid_t pid = spawn(arguments, {}, output, errors, 0, machine);
  ::close(output);
  ::close(errors);
  const auto until = Clock::now() + 6 * kDeadline;
  int status = 0;
  while (::waitpid(pid, &status, WNOHANG) == 0) {
    if (Clock::now() >= until) {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, &status, 0);
      FAIL("the server did not end: ", contents(directory.path() / "err"));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return {exit_code_of(status), contents(directory.path() / "out"),
          contents(directory.path() / "err")};
}

std::string logs_of_running_servers() {
  std::string text;
  for (const Server* server : running()) {
    text += "--- log of the server with pid " + std::to_string(server->pid()) + "\n";
    text += server->log();
  }
  return text;
}

}  // namespace cosmoo::test
