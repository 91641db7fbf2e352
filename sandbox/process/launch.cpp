#include "sandbox/process/launch.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>

// The child runs in the server's memory while the sanitizers' runtimes believe that one thread
// runs there: its code is compiled without them.
#define COSMOO_CHILD_CODE \
  __attribute__((noinline, no_sanitize("address"), no_sanitize("undefined"), no_sanitize("thread")))

namespace cosmoo::sandbox {

namespace {

constexpr std::size_t kStackSize = 64 * 1024;
constexpr std::size_t kGuardSize = 4096 * 4;
constexpr int kSignals = 64;
constexpr int kScriptFd = 3;
/// Sizes of a signal set and an action as the kernel, not the C library, defines them.
constexpr std::size_t kKernelSetSize = 8;
struct KernelAction {
  std::uintptr_t handler, flags, restorer, mask;
};

/// What parent and child share during a launch.
struct Handover {
  const LaunchPlan* plan = nullptr;  ///< Null: end at once.
  pid_t server = -1;
  const char* volatile failed_step = nullptr;
  volatile int error_number = 0;
};

COSMOO_CHILD_CODE void give_up(Handover* handover, const char* step) {
  handover->error_number = errno;
  handover->failed_step = step;
  for (;;) ::syscall(SYS_exit_group, 127);
}

COSMOO_CHILD_CODE void set_descriptors(Handover* handover, const LaunchPlan& plan) {
  if (::syscall(SYS_dup3, plan.standard_input, 0, 0) < 0 ||
      ::syscall(SYS_dup3, plan.standard_output, 1, 0) < 0 ||
      ::syscall(SYS_dup3, plan.standard_error, 2, 0) < 0) {
    give_up(handover, "dup3");
  }
  unsigned first_to_close = kScriptFd;
  if (plan.is_script) {
    if (plan.program == kScriptFd) {
      if (::syscall(SYS_fcntl, kScriptFd, F_SETFD, 0) < 0) give_up(handover, "fcntl");
    } else if (::syscall(SYS_dup3, plan.program, kScriptFd, 0) < 0) {
      give_up(handover, "dup3");
    }
    ++first_to_close;
  }
  // Marked, not closed: the program itself is executed through one of them.
  if (::syscall(SYS_close_range, first_to_close, ~0U, CLOSE_RANGE_CLOEXEC) < 0) {
    give_up(handover, "close_range");
  }
}

COSMOO_CHILD_CODE void reset_signals(Handover* handover) {
  const KernelAction standard{0, 0, 0, 0};
  for (int signal = 1; signal <= kSignals; ++signal) {
    // Refused for SIGKILL and SIGSTOP, which have no other action anyway.
    ::syscall(SYS_rt_sigaction, signal, &standard, nullptr, kKernelSetSize);
  }
  const std::uint64_t none = 0;
  if (::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, nullptr, kKernelSetSize) < 0) {
    give_up(handover, "rt_sigprocmask");
  }
}

/// The child's whole life in the server's memory (rule 1). Never returns.
COSMOO_CHILD_CODE int child(void* argument) {
  auto* handover = static_cast<Handover*>(argument);
  if (!handover->plan) {
    for (;;) ::syscall(SYS_exit_group, 0);
  }
  const LaunchPlan& plan = *handover->plan;
  if (::syscall(SYS_setsid) < 0) give_up(handover, "setsid");
  if (::syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0) give_up(handover, "prctl");
  if (::syscall(SYS_getppid) != handover->server) give_up(handover, "getppid");
  ::syscall(SYS_umask, plan.umask);
  if (plan.working_directory && ::syscall(SYS_chdir, plan.working_directory) < 0) {
    give_up(handover, "chdir");
  }
  set_descriptors(handover, plan);
  reset_signals(handover);
  ::syscall(SYS_execveat, plan.is_script ? kScriptFd : plan.program, "", plan.arguments,
            plan.environment, AT_EMPTY_PATH);
  give_up(handover, "execveat");
  return 127;
}

#if defined(__x86_64__)
/// clone3 with a stack of the child's own, which the C library does not offer.
COSMOO_CHILD_CODE long clone3_onto(clone_args* arguments, int (*function)(void*), void* argument) {
  long result = SYS_clone3;
  asm volatile(
      "syscall\n\t"
      "testq %%rax, %%rax\n\t"
      "jnz 1f\n\t"
      "xorl %%ebp, %%ebp\n\t"
      "movq %[argument], %%rdi\n\t"
      "callq *%[function]\n\t"
      "hlt\n"
      "1:\n\t"
      : "+a"(result)
      : "D"(arguments), "S"(sizeof *arguments), [function] "r"(function), [argument] "r"(argument)
      : "rcx", "r11", "memory", "cc");
  return result;
}
#else
long clone3_onto(clone_args*, int (*)(void*), void*) { return -ENOSYS; }
#endif

struct CloneResult {
  long pid = -1;
  int error_number = 0;
  int pidfd = -1;
};

CloneResult clone_child(void* stack, int cgroup, Handover& handover) {
  CloneResult result;
  clone_args arguments{};
  arguments.flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD;
  arguments.pidfd = reinterpret_cast<std::uintptr_t>(&result.pidfd);
  arguments.exit_signal = SIGCHLD;
  arguments.stack = reinterpret_cast<std::uintptr_t>(stack) + kGuardSize;
  arguments.stack_size = kStackSize;
  if (cgroup >= 0) {
    arguments.flags |= CLONE_INTO_CGROUP;
    arguments.cgroup = static_cast<std::uint64_t>(cgroup);
  }
  result.pid = clone3_onto(&arguments, child, &handover);
  if (result.pid == -ENOSYS && cgroup < 0) {
    // The older call does all but the cgroup, on every architecture.
    void* top = static_cast<char*>(stack) + kGuardSize + kStackSize;
    result.pid = ::clone(child, top, CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, &handover,
                         &result.pidfd);
    if (result.pid < 0) result.pid = -errno;
  }
  if (result.pid < 0) result.error_number = static_cast<int>(-result.pid);
  return result;
}

CloneResult clone_with_signals_blocked(void* stack, int cgroup, Handover& handover) {
  // All of them, those that the C library keeps for itself too: a handler must not run in a
  // child that shares the server's memory.
  const std::uint64_t all = ~std::uint64_t{0};
  std::uint64_t before = 0;
  ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before, kKernelSetSize);
  const CloneResult result = clone_child(stack, cgroup, handover);
  ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before, nullptr, kKernelSetSize);
  return result;
}

/// For a child that has given up: it is gone, or about to be.
void reap(int pidfd) {
  siginfo_t info{};
  while (::waitid(P_PIDFD, static_cast<id_t>(pidfd), &info, WEXITED) < 0 && errno == EINTR) {
  }
}

}  // namespace

Launcher::Launcher() {
  stack_ = ::mmap(nullptr, kGuardSize + kStackSize, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (stack_ == MAP_FAILED || ::mprotect(stack_, kGuardSize, PROT_NONE) != 0) {
    throw std::system_error(errno, std::generic_category(), "stack for launching processes");
  }
}

Launcher::~Launcher() { ::munmap(stack_, kGuardSize + kStackSize); }

tl::expected<Launched, LaunchFailure> Launcher::launch(const LaunchPlan& plan) {
  Handover handover;
  handover.plan = &plan;
  handover.server = ::getpid();
  const CloneResult clone = clone_with_signals_blocked(stack_, plan.cgroup, handover);
  if (clone.error_number != 0) return tl::unexpected(LaunchFailure{"clone", clone.error_number});
  Launched launched{static_cast<pid_t>(clone.pid), UniqueFd(clone.pidfd)};
  if (handover.failed_step) {
    reap(launched.pidfd.get());
    return tl::unexpected(LaunchFailure{handover.failed_step, handover.error_number});
  }
  return launched;
}

bool Launcher::can_enter(int cgroup) {
  Handover handover;
  const CloneResult clone = clone_with_signals_blocked(stack_, cgroup, handover);
  if (clone.error_number != 0) return false;
  const UniqueFd pidfd(clone.pidfd);
  reap(pidfd.get());
  return true;
}

}  // namespace cosmoo::sandbox
