// A frame host: the process in which a library of a stranger's is opened, and its functions run.
//
// The server starts it as a job, so that a job's limits, walls and kill hold for all that happens
// here. It opens the library, constructors and all, and then waits. For each call it forks: a
// process takes over the constructors' work as it is, and whatever the function does to it ends
// with it. With Isolation::library it forks once, ahead, and that process makes one call after the
// other; what watches over it is the one that forked.
//
// Rules: (1) it lives as long as its server: at the end of its orders it ends; (2) nothing of the
// protocol is in reach of a forked call's descriptors; (3) a call is over when its process is and
// what it had printed by then is told; whether something is left behind is told as well, and the
// server sees to that.
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>

#include "sandbox/frame/host/library.h"
#include "sandbox/frame/host/protocol.h"
#include "sandbox/frame/host/run.h"
#include "sandbox/frame/host/wire.h"

namespace cosmoo::sandbox::frame_host {

namespace {

int own(int fd) {
  const int moved = ::fcntl(fd, F_DUPFD_CLOEXEC, kFirstOwn);
  ::close(fd);
  return moved;
}

std::int64_t microseconds(const rusage& usage) {
  const auto of = [](const timeval& time) {
    return std::int64_t{time.tv_sec} * 1'000'000 + time.tv_usec;
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

/// Whether a process lives that a call has started. All that are orphaned become the host's.
bool anything_left() {
  for (;;) {
    const pid_t pid = ::waitpid(-1, nullptr, WNOHANG);
    if (pid > 0 || (pid < 0 && errno == EINTR)) continue;
    return pid == 0;
  }
}

class Host {
 public:
  Host(int orders, int answers) : orders_(orders), answers_(answers) {}

  /// Until the server is gone.
  int live() {
    Isolation isolation{};
    if (!open(isolation)) return 1;
    if (isolation == Isolation::library) return watch_over();
    if (!make_pipes()) return 1;
    serve([this](const Request& request, const Function& function) {
      return call_forked(request, function);
    });
    return 0;
  }

 private:
  bool say(Word word, const void* bytes, std::size_t size) {
    return answer(answers_, word, bytes, size);
  }
  bool fail(const char* text) { return say(Word::failed, text, std::strlen(text)); }
  bool refuse(const char* step, int error) {
    char text[128];
    std::snprintf(text, sizeof text, "%s: %s", step, std::strerror(error));
    return fail(text);
  }

  bool open(Isolation& isolation) {
    Header header;
    Library order;
    if (!orders_.read(&header, sizeof header) || header.word != Word::library ||
        !orders_.read(&order, sizeof order)) {
      return false;
    }
    isolation = order.isolation;
    const int file = own(::memfd_create("module", MFD_CLOEXEC));
    if (!orders_.copy(header.size - sizeof order, file)) return false;
    char path[64];
    std::snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    const bool opened = library_.open(path);
    const char* const text = opened ? nullptr : ::dlerror();
    // What constructors have left in the streams' buffers is not for each call to print.
    std::fflush(nullptr);
    ::close(file);
    if (!opened) {
      const char* const colon = text ? std::strstr(text, ": ") : nullptr;
      fail(colon ? colon + 2 : "it cannot be opened");
      return false;
    }
    const int null = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    ::dup2(null, STDERR_FILENO);
    ::close(null);
    // Nobody else's calls look into the host's memory.
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    const Address handle{reinterpret_cast<std::uint64_t>(library_.handle())};
    return say(Word::ready, &handle, sizeof handle);
  }

  bool make_pipes() {
    for (auto* pipe : {output_, errors_}) {
      int ends[2];
      if (::pipe2(ends, O_CLOEXEC) != 0) return false;
      pipe[0] = own(ends[0]);
      pipe[1] = own(ends[1]);
      ::fcntl(pipe[0], F_SETFL, O_NONBLOCK);
    }
    return true;
  }

  /// Reads orders and has `call` make the calls, which returns false when the server is gone.
  template <typename MakeCall>
  void serve(const MakeCall& call) {
    Header header;
    while (orders_.read(&header, sizeof header)) {
      bool goes_on = false;
      switch (header.word) {
        case Word::find:
          goes_on = find(header.size);
          break;
        case Word::list:
          goes_on = list();
          break;
        case Word::call: {
          Request request;
          if (!request.read(orders_, header.size)) return;
          const char* why = nullptr;
          const Function function = library_.find(request.symbol(), why);
          goes_on = function.address ? call(request, function) : fail(why);
          break;
        }
        default:
          break;
      }
      if (!goes_on) return;
    }
  }

  bool find(std::uint64_t size) {
    char name[4096] = {};
    if (size >= sizeof name || !orders_.read(name, size)) return false;
    const char* why = nullptr;
    const Function function = library_.find(name, why);
    if (!function.address) return fail(why);
    const Address address{reinterpret_cast<std::uint64_t>(function.address)};
    return say(Word::found, &address, sizeof address);
  }

  bool list() {
    std::size_t size = 0;
    char* const names = library_.names(size);
    const bool said = say(Word::names, names, size);
    std::free(names);
    return said;
  }

  // --- A process for each call ---

  bool call_forked(const Request& request, const Function& function) {
    const pid_t host = ::getpid();
    const pid_t child = ::fork();
    if (child == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
      if (::getppid() != host) ::_exit(1);
      ::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
      request.take_place(output_[1], errors_[1]);
      ::close_range(kFirstOwn, ~0U, 0);
      std::exit(request.run(function) & 0xff);
    }
    if (child < 0) return refuse("fork", errno);
    const int process = static_cast<int>(::syscall(SYS_pidfd_open, child, 0));
    const int error = errno;
    if (process < 0) {
      ::kill(child, SIGKILL);
    } else {
      pass_on_until_end(process);
      ::close(process);
    }
    Ended ended;
    rusage usage{};
    while (::wait4(child, &ended.status, 0, &usage) < 0 && errno == EINTR) {
    }
    if (process < 0) return refuse("pidfd_open", error);
    ended.left_behind = anything_left() ? 1 : 0;
    ended.cpu_us = microseconds(usage);
    ended.peak_bytes = std::int64_t{usage.ru_maxrss} * 1024;
    return say(Word::ended, &ended, sizeof ended);
  }

  void pass_on_until_end(int process) {
    // The process first: when its end is seen, whatever it has printed is seen as well.
    pollfd looked_at[] = {{process, POLLIN, 0}, {output_[0], POLLIN, 0}, {errors_[0], POLLIN, 0}};
    for (;;) {
      if (::poll(looked_at, 3, -1) < 0) continue;
      const bool printed = looked_at[1].revents != 0 || looked_at[2].revents != 0;
      if (looked_at[1].revents != 0) relay(answers_, Word::output, output_[0]);
      if (looked_at[2].revents != 0) relay(answers_, Word::errors, errors_[0]);
      if (!printed && looked_at[0].revents != 0) return;
    }
  }

  // --- One process for all calls ---

  /// What the worker and who watches over it both see.
  struct Shared {
    volatile std::uint32_t busy;
    volatile std::uint64_t output_bytes;  ///< The most that the call may print.
  };

  int watch_over() {
    void* const memory =
        ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    output_[0] = own(::memfd_create("output", MFD_CLOEXEC));
    errors_[0] = own(::memfd_create("errors", MFD_CLOEXEC));
    if (memory == MAP_FAILED || output_[0] < 0 || errors_[0] < 0) return 1;
    auto* const shared = static_cast<Shared*>(memory);
    const pid_t host = ::getpid();
    for (;;) {
      const pid_t worker = ::fork();
      if (worker < 0) return 1;
      if (worker == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        if (::getppid() != host) ::_exit(1);
        serve([this, shared](const Request& request, const Function& function) {
          return call_here(request, function, *shared);
        });
        ::_exit(0);
      }
      if (!wait_for(worker, *shared)) return 1;
      Ended ended;
      rusage usage{};
      while (::wait4(worker, &ended.status, 0, &usage) < 0 && errno == EINTR) {
      }
      // With no call to blame, or no server to tell.
      if (shared->busy == 0) return ended.status == 0 ? 0 : 1;
      shared->busy = 0;
      ended.left_behind = anything_left() ? 1 : 0;
      ended.cpu_us = microseconds(usage);
      ended.peak_bytes = std::int64_t{usage.ru_maxrss} * 1024;
      if (!tell_printed() || !say(Word::ended, &ended, sizeof ended)) return 1;
    }
  }

  /// Until it has ended. What it prints stays in memory until then: one that prints more than the
  /// server would take is ended.
  bool wait_for(pid_t worker, const Shared& shared) {
    constexpr int kLook = 20;  // Milliseconds.
    pollfd end = {static_cast<int>(::syscall(SYS_pidfd_open, worker, 0)), POLLIN, 0};
    if (end.fd < 0) {
      refuse("pidfd_open", errno);
      ::kill(worker, SIGKILL);
      return false;
    }
    while (::poll(&end, 1, kLook) <= 0) {
      const std::uint64_t most = shared.output_bytes;
      if (shared.busy == 0) continue;
      if (size_of(output_[0]) > most || size_of(errors_[0]) > most) ::kill(worker, SIGKILL);
    }
    ::close(end.fd);
    return true;
  }

  static std::uint64_t size_of(int file) {
    struct stat status {};
    return ::fstat(file, &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
  }

  bool call_here(const Request& request, const Function& function, Shared& shared) {
    const pid_t self = ::getpid();
    rusage before{}, after{};
    ::getrusage(RUSAGE_SELF, &before);
    request.take_place(output_[0], errors_[0]);
    shared.output_bytes = request.output_bytes();
    shared.busy = 1;
    const int code = request.run(function) & 0xff;
    // A process that the function has forked, and that returns as well.
    if (::getpid() != self) std::exit(code);
    std::fflush(nullptr);
    Ended ended;
    ended.status = code << 8;
    ::getrusage(RUSAGE_SELF, &after);
    ended.cpu_us = microseconds(after) - microseconds(before);
    ended.peak_bytes = std::int64_t{after.ru_maxrss} * 1024;
    environ = nothing_;
    shared.busy = 0;
    return tell_printed() && say(Word::ended, &ended, sizeof ended);
  }

  /// What the worker's calls print goes to files, which nobody needs to empty meanwhile.
  bool tell_printed() {
    return tell_file(Word::output, output_[0]) && tell_file(Word::errors, errors_[0]);
  }

  bool tell_file(Word word, int file) {
    if (::lseek(file, 0, SEEK_END) == 0) return true;
    ::lseek(file, 0, SEEK_SET);
    while (relay(answers_, word, file)) {
    }
    if (::ftruncate(file, 0) != 0) return false;
    return ::lseek(file, 0, SEEK_SET) == 0;
  }

  Orders orders_;
  const int answers_;
  OpenLibrary library_;
  int output_[2] = {-1, -1};  ///< A pipe; or of a worker, a file.
  int errors_[2] = {-1, -1};
  char* nothing_[1] = {nullptr};
};

int run() {
  ::prctl(PR_SET_NAME, "cosmoo-host", 0, 0, 0);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  const int orders = own(STDIN_FILENO);
  const int answers = own(STDOUT_FILENO);
  if (orders < 0 || answers < 0 || ::open("/dev/null", O_RDONLY) != STDIN_FILENO ||
      ::open("/dev/null", O_WRONLY) != STDOUT_FILENO) {
    return 1;
  }
  static Host host(orders, answers);
  return host.live();
}

}  // namespace

}  // namespace cosmoo::sandbox::frame_host

int main() { return cosmoo::sandbox::frame_host::run(); }
