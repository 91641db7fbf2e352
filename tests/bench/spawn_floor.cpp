#include "tests/bench/spawn_floor.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <system_error>

namespace cosmoo::bench {

namespace {

using Clock = std::chrono::steady_clock;

struct Run {
  pid_t pid = -1;
  int input = -1;  ///< Unless it was closed at once.
  int output = -1;
  int errors = -1;
};

[[noreturn]] void fail(int error_number, const char* what) {
  throw std::system_error(error_number, std::generic_category(), what);
}

void make_pipe(int (&ends)[2]) {
  if (::pipe2(ends, O_CLOEXEC) != 0) fail(errno, "pipe2");
}

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

enum class Input { none, pipe };

Run start(const char* program, Input kind = Input::none) {
  int input[2], output[2], errors[2];
  make_pipe(input);
  make_pipe(output);
  make_pipe(errors);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, input[0], 0);
  ::posix_spawn_file_actions_adddup2(&actions, output[1], 1);
  ::posix_spawn_file_actions_adddup2(&actions, errors[1], 2);
  char path[] = "PATH=/bin:/usr/bin";
  char* environment[] = {path, nullptr};
  char* arguments[] = {const_cast<char*>(program), nullptr};
  Run run;
  const int error = ::posix_spawn(&run.pid, program, &actions, nullptr, arguments, environment);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(input[0]);
  if (kind == Input::none) {
    ::close(input[1]);
  } else {
    run.input = input[1];
  }
  ::close(output[1]);
  ::close(errors[1]);
  run.output = output[0];
  run.errors = errors[0];
  if (error != 0) fail(error, "posix_spawn");
  return run;
}

/// One read; true at the end of the stream, which is then closed.
bool read_some(int fd) {
  char buffer[64 * 1024];
  const ssize_t got = ::read(fd, buffer, sizeof buffer);
  if (got < 0 && errno != EINTR) fail(errno, "read");
  if (got != 0) return false;
  ::close(fd);
  return true;
}

void reap(const Run& run) {
  int status = 0;
  while (::waitpid(run.pid, &status, 0) < 0) {
    if (errno != EINTR) fail(errno, "waitpid");
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    throw std::runtime_error("the program did not end with code 0");
  }
}

}  // namespace

double spawn_once(const char* program) {
  const auto begin = Clock::now();
  const Run run = start(program);
  while (!read_some(run.output)) {
  }
  while (!read_some(run.errors)) {
  }
  reap(run);
  return seconds_since(begin);
}

std::vector<double> spawn_sequentially(const char* program, std::size_t times) {
  std::vector<double> seconds;
  seconds.reserve(times);
  while (seconds.size() < times) seconds.push_back(spawn_once(program));
  return seconds;
}

double spawn_at_once(const char* program, std::size_t count) {
  const auto begin = Clock::now();
  std::vector<Run> runs;
  std::vector<pollfd> open;
  runs.reserve(count);
  open.reserve(2 * count);
  for (std::size_t i = 0; i < count; ++i) {
    runs.push_back(start(program));
    open.push_back({runs.back().output, POLLIN, 0});
    open.push_back({runs.back().errors, POLLIN, 0});
  }
  while (!open.empty()) {
    if (::poll(open.data(), open.size(), -1) < 0 && errno != EINTR) fail(errno, "poll");
    std::erase_if(open, [](const pollfd& entry) { return entry.revents && read_some(entry.fd); });
  }
  for (const Run& run : runs) reap(run);
  return seconds_since(begin);
}

double pump_through(const char* program, const std::string& bytes) {
  const auto begin = Clock::now();
  const Run run = start(program, Input::pipe);
  ::fcntl(run.input, F_SETFL, O_NONBLOCK);
  std::string got(bytes.size() + 1, '\0');
  std::size_t written = 0;
  std::size_t have = 0;
  bool ended = false;
  pollfd entries[] = {{run.output, POLLIN, 0}, {run.input, POLLOUT, 0}};
  while (!ended) {
    if (::poll(entries, written < bytes.size() ? 2 : 1, -1) < 0) fail(errno, "poll");
    if (entries[0].revents != 0) {
      const ssize_t size = ::read(run.output, got.data() + have, got.size() - have);
      if (size < 0) fail(errno, "read");
      have += static_cast<std::size_t>(size);
      ended = size == 0;
    }
    if (written < bytes.size() && entries[1].revents != 0) {
      const ssize_t size = ::write(run.input, bytes.data() + written, bytes.size() - written);
      if (size < 0 && errno != EAGAIN) fail(errno, "write");
      if (size > 0) written += static_cast<std::size_t>(size);
      if (written == bytes.size()) ::close(run.input);
    }
  }
  ::close(run.output);
  while (!read_some(run.errors)) {
  }
  reap(run);
  const double seconds = seconds_since(begin);
  got.resize(have);
  if (got != bytes) throw std::runtime_error("the program gave back something else");
  return seconds;
}

}  // namespace cosmoo::bench
