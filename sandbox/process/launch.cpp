#include "sandbox/process/launch.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/futex.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <system_error>
#include <type_traits>

#include "sandbox/process/slot/protocol.h"

// The child runs in the launcher's memory while the sanitizers' runtimes believe that one thread
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

#if defined(__x86_64__)
/// Whether a child may run beside its launcher: not where system_call() uses errno, which both
/// have.
constexpr bool kBeside = true;

template <typename T>
COSMOO_CHILD_CODE long word(T value) {
  if constexpr (std::is_pointer_v<T>) {
    return reinterpret_cast<long>(value);
  } else {
    return static_cast<long>(value);
  }
}

/// A negative result is an errno.
template <typename... T>
COSMOO_CHILD_CODE long system_call(long number, T... arguments) {
  const long words[6] = {word(arguments)...};
  register long fourth asm("r10") = words[3];
  register long fifth asm("r8") = words[4];
  register long sixth asm("r9") = words[5];
  asm volatile("syscall"
               : "+a"(number)
               : "D"(words[0]), "S"(words[1]), "d"(words[2]), "r"(fourth), "r"(fifth), "r"(sixth)
               : "rcx", "r11", "memory");
  return number;
}
#else
constexpr bool kBeside = false;

template <typename... T>
COSMOO_CHILD_CODE long system_call(long number, T... arguments) {
  const long result = ::syscall(number, arguments...);
  return result < 0 ? -errno : result;
}
#endif

}  // namespace

/// What parent and child share during a launch.
struct Launcher::Handover {
  LaunchPlan plan;
  enum class Task { execute, end_at_once } task = Task::execute;
  pid_t server = -1;  ///< The parent that it must have, or -1 if it cannot see that.
  const char* volatile failed_step = nullptr;
  volatile int error_number = 0;
  volatile std::size_t made_directory = 0;
  slot::Answer report;
  /// Not 0 as long as the child uses this memory: the system sets it to 0, and wakes who waits.
  std::atomic<std::uint32_t> busy = 0;
};

namespace {

using Handover = Launcher::Handover;

/// Says it to whoever has ordered the launch.
COSMOO_CHILD_CODE void report(Handover* handover, slot::Told told) {
  if (handover->plan.report_to < 0) return;
  slot::Answer* answer = &handover->report;
  answer->order = handover->plan.order;
  answer->told = told;
  answer->error_number = handover->error_number;
  const char* step = handover->failed_step;
  for (std::size_t i = 0; step && step[i] != '\0' && i + 1 < sizeof answer->step; ++i) {
    answer->step[i] = step[i];
  }
  while (system_call(SYS_sendto, handover->plan.report_to, answer, sizeof *answer, MSG_NOSIGNAL, 0,
                     0) == -EINTR) {
  }
}

COSMOO_CHILD_CODE void give_up(Handover* handover, const char* step, long result) {
  handover->error_number = static_cast<int>(-result);
  handover->failed_step = step;
  report(handover, slot::Told::gave_up);
  for (;;) system_call(SYS_exit_group, 127);
}

COSMOO_CHILD_CODE void must(Handover* handover, const char* step, long result) {
  if (result < 0) give_up(handover, step, result);
}

COSMOO_CHILD_CODE void set_descriptors(Handover* handover, const LaunchPlan& plan) {
  must(handover, "dup3", system_call(SYS_dup3, plan.standard_input, 0, 0));
  must(handover, "dup3", system_call(SYS_dup3, plan.standard_output, 1, 0));
  must(handover, "dup3", system_call(SYS_dup3, plan.standard_error, 2, 0));
  static_assert(kScriptFd == kKeptFd);
  unsigned first_to_close = kScriptFd;
  const int kept = plan.is_script ? plan.program : plan.kept;
  if (kept >= 0) {
    if (kept == kKeptFd) {
      must(handover, "fcntl", system_call(SYS_fcntl, kKeptFd, F_SETFD, 0));
    } else {
      must(handover, "dup3", system_call(SYS_dup3, kept, kKeptFd, 0));
    }
    ++first_to_close;
  }
  // Marked, not closed: the program itself is executed through one of them.
  must(handover, "close_range",
       system_call(SYS_close_range, first_to_close, ~0U, CLOSE_RANGE_CLOEXEC));
}

COSMOO_CHILD_CODE void reset_signals(Handover* handover, const LaunchPlan& plan) {
  const KernelAction standard{0, 0, 0, 0};
  for (int signal = 1; signal <= kSignals; ++signal) {
    if ((plan.signals >> (signal - 1) & 1) == 0) continue;
    // Refused for SIGKILL and SIGSTOP, which have no other action anyway.
    system_call(SYS_rt_sigaction, signal, &standard, 0, kKernelSetSize);
  }
  const std::uint64_t none = 0;
  must(handover, "rt_sigprocmask",
       system_call(SYS_rt_sigprocmask, SIG_SETMASK, &none, 0, kKernelSetSize));
}

/// `beyond` is how much more the system lets pass before it no longer asks politely.
COSMOO_CHILD_CODE void set_limit(Handover* handover, int which, std::int64_t most,
                                 std::uint64_t beyond = 0) {
  if (most == kAsIs) return;
  const auto value = static_cast<std::uint64_t>(most);
  const std::uint64_t limit[2] = {value, value + beyond};
  const long result = system_call(SYS_prlimit64, 0, which, limit, 0);
  if (result == 0) return;
  // What the caller itself may not have is not more than what was asked for.
  std::uint64_t now[2] = {0, 0};
  if (result == -EPERM && system_call(SYS_prlimit64, 0, which, 0, now) == 0 && now[1] <= value) {
    return;
  }
  give_up(handover, "setrlimit", result);
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
  if (!path) return;
  const long entered = system_call(SYS_chdir, path);
  if (entered == 0) return;
  if (entered != -ENOENT) give_up(handover, "chdir", entered);
  // Before it is so: whoever is told must see to the removal.
  report(handover, slot::Told::makes_directory);
  char prefix[PATH_MAX];
  std::size_t size = 0;
  for (;; ++size) {
    if (size == sizeof prefix) give_up(handover, "mkdir", -ENAMETOOLONG);
    prefix[size] = path[size];
    const bool end = path[size] == '\0';
    if (size == 0 || (!end && path[size] != '/')) {
      if (end) break;
      continue;
    }
    prefix[size] = '\0';
    const long made = system_call(SYS_mkdirat, AT_FDCWD, prefix, 0755);
    if (made == 0) {
      if (handover->made_directory == 0) handover->made_directory = size;
      if ((plan.own.uid != kAsIs || plan.own.gid != kAsIs) &&
          plan.rights == LaunchPlan::Rights::kept) {
        must(handover, "chown",
             system_call(SYS_fchownat, AT_FDCWD, prefix, static_cast<uid_t>(plan.own.uid),
                         static_cast<gid_t>(plan.own.gid), AT_SYMLINK_NOFOLLOW));
      }
    } else if (made != -EEXIST) {
      give_up(handover, "mkdir", made);
    }
    prefix[size] = path[size];
    if (end) break;
  }
}

COSMOO_CHILD_CODE void change_user(Handover* handover, const LaunchPlan& plan) {
  if (plan.own.uid != kAsIs || plan.own.gid != kAsIs) {
    // Refused in a user namespace of somebody without rights, who had none to drop.
    const long dropped = system_call(SYS_setgroups, 0, 0);
    if (plan.rights == LaunchPlan::Rights::kept) must(handover, "setgroups", dropped);
  }
  const auto gid = static_cast<gid_t>(plan.own.gid);
  const auto uid = static_cast<uid_t>(plan.own.uid);
  if (plan.own.gid != kAsIs) {
    must(handover, "setresgid", system_call(SYS_setresgid, gid, gid, gid));
  }
  if (plan.own.uid != kAsIs) {
    must(handover, "setresuid", system_call(SYS_setresuid, uid, uid, uid));
  }
  if (plan.rights == LaunchPlan::Rights::dropped) {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    const __user_cap_data_struct none[2] = {};
    must(handover, "capset", system_call(SYS_capset, &header, none));
  }
}

/// The child's whole life in the launcher's memory (rule 1). Never returns.
COSMOO_CHILD_CODE int child(void* argument) {
  auto* handover = static_cast<Handover*>(argument);
  if (handover->task == Handover::Task::end_at_once) {
    for (;;) system_call(SYS_exit_group, 0);
  }
  const LaunchPlan& plan = handover->plan;
  if (plan.session == LaunchPlan::Session::own) must(handover, "setsid", system_call(SYS_setsid));
  set_limits(handover, plan);
  system_call(SYS_umask, 022);
  const bool makes_it_itself = plan.rights == LaunchPlan::Rights::dropped;
  if (!makes_it_itself) enter_directory(handover, plan);
  change_user(handover, plan);
  if (makes_it_itself) enter_directory(handover, plan);
  if (plan.working_directory) {
    must(handover, "chdir", system_call(SYS_chdir, plan.working_directory));
  }
  system_call(SYS_umask, plan.umask);
  // After the change of user, which would undo it.
  if (plan.orphaned == LaunchPlan::Orphaned::dies) {
    must(handover, "prctl", system_call(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0));
  }
  if (handover->server >= 0 && system_call(SYS_getppid) != handover->server) {
    give_up(handover, "getppid", -ESRCH);
  }
  set_descriptors(handover, plan);
  reset_signals(handover, plan);
  set_limit(handover, RLIMIT_NOFILE, plan.own.open_files);
  give_up(handover, "execveat",
          system_call(SYS_execveat, plan.is_script ? kScriptFd : plan.program, "", plan.arguments,
                      plan.environment, AT_EMPTY_PATH));
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

/// Whether the launcher sleeps until the child executes, or goes on.
enum class Meanwhile { sleeps, goes_on };

/// What is asked of the kernel, besides a child that shares memory until it executes.
struct CloneRequest {
  int cgroup = -1;
  std::uint64_t flags = 0;
  Meanwhile meanwhile = Meanwhile::sleeps;
};

CloneResult clone_child(void* stack, const CloneRequest& request, Handover& handover) {
  CloneResult result;
  clone_args arguments{};
  const bool goes_on = kBeside && request.meanwhile == Meanwhile::goes_on;
  arguments.flags = CLONE_VM | CLONE_PIDFD | request.flags;
  arguments.flags |= goes_on ? CLONE_CHILD_CLEARTID : CLONE_VFORK;
  arguments.pidfd = reinterpret_cast<std::uintptr_t>(&result.pidfd);
  arguments.child_tid = reinterpret_cast<std::uintptr_t>(&handover.busy);
  // A sibling has the caller's own signal.
  arguments.exit_signal = (request.flags & CLONE_PARENT) != 0 ? 0 : SIGCHLD;
  arguments.stack = reinterpret_cast<std::uintptr_t>(stack) + kGuardSize;
  arguments.stack_size = kStackSize;
  if (request.cgroup >= 0) {
    arguments.flags |= CLONE_INTO_CGROUP;
    arguments.cgroup = static_cast<std::uint64_t>(request.cgroup);
  }
  handover.busy = goes_on ? 1 : 0;
  result.pid = clone3_onto(&arguments, child, &handover);
  if (result.pid == -ENOSYS && request.cgroup < 0) {
    // The older call does all but the cgroup, on every architecture.
    handover.busy = 0;
    void* top = static_cast<char*>(stack) + kGuardSize + kStackSize;
    const auto flags = static_cast<int>(static_cast<unsigned>(
        CLONE_VM | CLONE_VFORK | CLONE_PIDFD | request.flags | arguments.exit_signal));
    result.pid = ::clone(child, top, flags, &handover, &result.pidfd);
    if (result.pid < 0) result.pid = -errno;
  }
  if (result.pid < 0) {
    handover.busy = 0;
    result.error_number = static_cast<int>(-result.pid);
  }
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

Launcher::Launcher() : handover_(std::make_unique<Handover>()) {
  stack_ = ::mmap(nullptr, kGuardSize + kStackSize, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (stack_ == MAP_FAILED || ::mprotect(stack_, kGuardSize, PROT_NONE) != 0) {
    throw std::system_error(errno, std::generic_category(), "stack for launching processes");
  }
}

Launcher::~Launcher() {
  settle();
  ::munmap(stack_, kGuardSize + kStackSize);
}

Launcher::Handover& Launcher::fresh(const LaunchPlan& plan) {
  settle();
  handover_->plan = plan;
  handover_->task = Handover::Task::execute;
  handover_->server = -1;
  handover_->failed_step = nullptr;
  handover_->error_number = 0;
  handover_->made_directory = 0;
  handover_->report = slot::Answer{};
  return *handover_;
}

tl::expected<Launched, LaunchFailure> Launcher::launch(const LaunchPlan& plan) {
  Handover& handover = fresh(plan);
  handover.server = ::getpid();
  const CloneResult clone =
      clone_with_signals_blocked(stack_, {plan.cgroup, plan.namespaces}, handover);
  if (clone.error_number != 0) return tl::unexpected(LaunchFailure{"clone", clone.error_number});
  Launched launched{static_cast<pid_t>(clone.pid), UniqueFd(clone.pidfd)};
  if (!handover.failed_step) return launched;
  reap(launched.pidfd.get());
  return tl::unexpected(LaunchFailure{handover.failed_step, handover.error_number});
}

tl::expected<Launched, LaunchFailure> Launcher::begin_sibling(const LaunchPlan& plan) {
  const CloneRequest request{plan.cgroup, plan.namespaces | CLONE_PARENT, Meanwhile::goes_on};
  const CloneResult clone = clone_with_signals_blocked(stack_, request, fresh(plan));
  if (clone.error_number != 0) return tl::unexpected(LaunchFailure{"clone", clone.error_number});
  return Launched{static_cast<pid_t>(clone.pid), UniqueFd(clone.pidfd)};
}

std::size_t Launcher::settle() {
  while (handover_->busy != 0) {
    ::syscall(SYS_futex, &handover_->busy, FUTEX_WAIT, 1, nullptr, nullptr, 0);
  }
  return handover_->made_directory;
}

bool Launcher::can_enter(int cgroup) {
  Handover& handover = fresh({});
  handover.task = Handover::Task::end_at_once;
  const CloneResult clone = clone_with_signals_blocked(stack_, {cgroup, 0}, handover);
  if (clone.error_number != 0) return false;
  const UniqueFd pidfd(clone.pidfd);
  reap(pidfd.get());
  return true;
}

}  // namespace cosmoo::sandbox
