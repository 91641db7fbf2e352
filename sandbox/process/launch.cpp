#include "sandbox/process/launch.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
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
constexpr int kKeptFd = 3;
/// Sizes of a signal set and an action as the kernel, not the C library, defines them.
constexpr std::size_t kKernelSetSize = 8;
struct KernelAction {
  std::uintptr_t handler, flags, restorer, mask;
};

/// What parent and child share during a launch.
struct Handover {
  const LaunchPlan* plan = nullptr;  ///< Null: end at once.
  pid_t server = -1;                 ///< The parent that it must have, or -1 if it cannot see that.
  const char* volatile failed_step = nullptr;
  volatile int error_number = 0;
  volatile std::size_t made_directory = 0;
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
  static_assert(kScriptFd == kKeptFd);
  unsigned first_to_close = kScriptFd;
  const int kept = plan.is_script ? plan.program : plan.kept;
  if (kept >= 0) {
    if (kept == kKeptFd) {
      if (::syscall(SYS_fcntl, kKeptFd, F_SETFD, 0) < 0) give_up(handover, "fcntl");
    } else if (::syscall(SYS_dup3, kept, kKeptFd, 0) < 0) {
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

/// `beyond` is how much more the system lets pass before it no longer asks politely.
COSMOO_CHILD_CODE void set_limit(Handover* handover, int which, std::int64_t most,
                                 std::uint64_t beyond = 0) {
  if (most == kAsIs) return;
  const auto value = static_cast<std::uint64_t>(most);
  const std::uint64_t limit[2] = {value, value + beyond};
  if (::syscall(SYS_prlimit64, 0, which, limit, nullptr) == 0) return;
  // What the caller itself may not have is not more than what was asked for.
  std::uint64_t now[2] = {0, 0};
  if (errno == EPERM && ::syscall(SYS_prlimit64, 0, which, nullptr, now) == 0 && now[1] <= value) {
    return;
  }
  give_up(handover, "setrlimit");
}

COSMOO_CHILD_CODE void set_limits(Handover* handover, const LaunchPlan& plan) {
  set_limit(handover, RLIMIT_CORE, 0);
  set_limit(handover, RLIMIT_FSIZE, plan.own.file_size);
  set_limit(handover, RLIMIT_AS, plan.own.address_space);
  set_limit(handover, RLIMIT_CPU, plan.own.cpu_seconds, 1);
}

/// Goes to the working directory, and first makes what is missing of it (mkdir -p).
COSMOO_CHILD_CODE void enter_directory(Handover* handover, const LaunchPlan& plan) {
  const char* path = plan.working_directory;
  if (!path || ::syscall(SYS_chdir, path) == 0) return;
  if (errno != ENOENT) give_up(handover, "chdir");
  char prefix[PATH_MAX];
  std::size_t size = 0;
  for (;; ++size) {
    if (size == sizeof prefix) {
      errno = ENAMETOOLONG;
      give_up(handover, "mkdir");
    }
    prefix[size] = path[size];
    const bool end = path[size] == '\0';
    if (size == 0 || (!end && path[size] != '/')) {
      if (end) break;
      continue;
    }
    prefix[size] = '\0';
    if (::syscall(SYS_mkdirat, AT_FDCWD, prefix, 0755) == 0) {
      if (handover->made_directory == 0) handover->made_directory = size;
      if ((plan.own.uid != kAsIs || plan.own.gid != kAsIs) &&
          plan.rights == LaunchPlan::Rights::kept &&
          ::syscall(SYS_fchownat, AT_FDCWD, prefix, static_cast<uid_t>(plan.own.uid),
                    static_cast<gid_t>(plan.own.gid), AT_SYMLINK_NOFOLLOW) < 0) {
        give_up(handover, "chown");
      }
    } else if (errno != EEXIST) {
      give_up(handover, "mkdir");
    }
    prefix[size] = path[size];
    if (end) break;
  }
}

COSMOO_CHILD_CODE void change_user(Handover* handover, const LaunchPlan& plan) {
  if (plan.own.uid != kAsIs || plan.own.gid != kAsIs) {
    // Refused in a user namespace of somebody without rights, who had none to drop.
    if (::syscall(SYS_setgroups, 0, nullptr) < 0 && plan.rights == LaunchPlan::Rights::kept) {
      give_up(handover, "setgroups");
    }
  }
  const auto gid = static_cast<gid_t>(plan.own.gid);
  const auto uid = static_cast<uid_t>(plan.own.uid);
  if (plan.own.gid != kAsIs && ::syscall(SYS_setresgid, gid, gid, gid) < 0) {
    give_up(handover, "setresgid");
  }
  if (plan.own.uid != kAsIs && ::syscall(SYS_setresuid, uid, uid, uid) < 0) {
    give_up(handover, "setresuid");
  }
  if (plan.rights == LaunchPlan::Rights::dropped) {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    const __user_cap_data_struct none[2] = {};
    if (::syscall(SYS_capset, &header, none) < 0) give_up(handover, "capset");
  }
}

/// The child's whole life in the server's memory (rule 1). Never returns.
COSMOO_CHILD_CODE int child(void* argument) {
  auto* handover = static_cast<Handover*>(argument);
  if (!handover->plan) {
    for (;;) ::syscall(SYS_exit_group, 0);
  }
  const LaunchPlan& plan = *handover->plan;
  if (plan.session == LaunchPlan::Session::own && ::syscall(SYS_setsid) < 0) {
    give_up(handover, "setsid");
  }
  set_limits(handover, plan);
  ::syscall(SYS_umask, 022);
  const bool makes_it_itself = plan.rights == LaunchPlan::Rights::dropped;
  if (!makes_it_itself) enter_directory(handover, plan);
  change_user(handover, plan);
  if (makes_it_itself) enter_directory(handover, plan);
  if (plan.working_directory && ::syscall(SYS_chdir, plan.working_directory) < 0) {
    give_up(handover, "chdir");
  }
  ::syscall(SYS_umask, plan.umask);
  // After the change of user, which would undo it.
  if (plan.orphaned == LaunchPlan::Orphaned::dies &&
      ::syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0) {
    give_up(handover, "prctl");
  }
  if (handover->server >= 0 && ::syscall(SYS_getppid) != handover->server) {
    give_up(handover, "getppid");
  }
  set_descriptors(handover, plan);
  reset_signals(handover);
  set_limit(handover, RLIMIT_NOFILE, plan.own.open_files);
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

/// What is asked of the kernel, besides a child that shares memory until it executes.
struct CloneRequest {
  int cgroup = -1;
  std::uint64_t flags = 0;
};

CloneResult clone_child(void* stack, const CloneRequest& request, Handover& handover) {
  CloneResult result;
  clone_args arguments{};
  arguments.flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | request.flags;
  arguments.pidfd = reinterpret_cast<std::uintptr_t>(&result.pidfd);
  // A sibling has the caller's own signal.
  arguments.exit_signal = (request.flags & CLONE_PARENT) != 0 ? 0 : SIGCHLD;
  arguments.stack = reinterpret_cast<std::uintptr_t>(stack) + kGuardSize;
  arguments.stack_size = kStackSize;
  if (request.cgroup >= 0) {
    arguments.flags |= CLONE_INTO_CGROUP;
    arguments.cgroup = static_cast<std::uint64_t>(request.cgroup);
  }
  result.pid = clone3_onto(&arguments, child, &handover);
  if (result.pid == -ENOSYS && request.cgroup < 0) {
    // The older call does all but the cgroup, on every architecture.
    void* top = static_cast<char*>(stack) + kGuardSize + kStackSize;
    const auto flags = static_cast<int>(static_cast<unsigned>(
        CLONE_VM | CLONE_VFORK | CLONE_PIDFD | request.flags | arguments.exit_signal));
    result.pid = ::clone(child, top, flags, &handover, &result.pidfd);
    if (result.pid < 0) result.pid = -errno;
  }
  if (result.pid < 0) result.error_number = static_cast<int>(-result.pid);
  return result;
}

CloneResult clone_with_signals_blocked(void* stack, const CloneRequest& request,
                                       Handover& handover) {
  // All of them, those that the C library keeps for itself too: a handler must not run in a
  // child that shares the server's memory.
  const std::uint64_t all = ~std::uint64_t{0};
  std::uint64_t before = 0;
  ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before, kKernelSetSize);
  const CloneResult result = clone_child(stack, request, handover);
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
  const bool sibling = plan.kin == LaunchPlan::Kin::sibling;
  Handover handover;
  handover.plan = &plan;
  if (!sibling) handover.server = ::getpid();
  const CloneRequest request{plan.cgroup, plan.namespaces | (sibling ? CLONE_PARENT : 0)};
  const CloneResult clone = clone_with_signals_blocked(stack_, request, handover);
  if (clone.error_number != 0) {
    return tl::unexpected(LaunchFailure{"clone", clone.error_number, -1, 0});
  }
  Launched launched{static_cast<pid_t>(clone.pid), UniqueFd(clone.pidfd), handover.made_directory};
  if (!handover.failed_step) return launched;
  if (!sibling) reap(launched.pidfd.get());
  return tl::unexpected(LaunchFailure{handover.failed_step, handover.error_number,
                                      sibling ? launched.pid : -1, handover.made_directory});
}

bool Launcher::can_enter(int cgroup) {
  Handover handover;
  const CloneResult clone = clone_with_signals_blocked(stack_, {cgroup, 0}, handover);
  if (clone.error_number != 0) return false;
  const UniqueFd pidfd(clone.pidfd);
  reap(pidfd.get());
  return true;
}

}  // namespace cosmoo::sandbox
