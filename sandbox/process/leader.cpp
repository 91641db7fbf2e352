#include "sandbox/process/leader.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "sandbox/process/readable.h"

namespace cosmoo::sandbox {

namespace {

/// waitid() as the kernel has it, which tells the resources used as well.
long wait_for(int pidfd, siginfo_t& info, int options, rusage* usage) {
  long waited;
  do {
    info.si_pid = 0;
    waited = ::syscall(SYS_waitid, P_PIDFD, pidfd, &info, options, usage);
  } while (waited < 0 && errno == EINTR);
  return waited;
}

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

bool Leader::has_ended() const {
  siginfo_t info{};
  const long waited = wait_for(process_.pidfd.get(), info, WEXITED | WNOHANG | WNOWAIT, nullptr);
  return waited != 0 || info.si_pid != 0;
}

bool Leader::ends_before(std::chrono::steady_clock::time_point deadline) const {
  return readable_before(process_.pidfd.get(), deadline);
}

std::optional<Death> Leader::reap() {
  siginfo_t info{};
  rusage used{};
  const long waited = wait_for(process_.pidfd.get(), info, WEXITED | WNOHANG, &used);
  if (waited != 0 || info.si_pid == 0) return std::nullopt;
  Death death;
  if (info.si_code == CLD_EXITED) {
    death.exit_code = info.si_status;
  } else {
    death.signal = info.si_status;
  }
  death.cpu_s = seconds(used.ru_utime) + seconds(used.ru_stime);
  death.memory_peak_bytes = static_cast<std::uint64_t>(used.ru_maxrss) * 1024;
  return death;
}

}  // namespace cosmoo::sandbox
