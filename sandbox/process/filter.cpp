#include "sandbox/process/filter.h"

#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "sandbox/process/unique_fd.h"

namespace cosmoo::sandbox {

namespace {

/// What looks at or changes the machine, other processes or the kernel: no job computes with it.
constexpr const char* kDenied[] = {
    // the tree of files
    "mount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree", "fsopen", "fsconfig",
    "fsmount", "fspick", "mount_setattr", "swapon", "swapoff", "quotactl", "quotactl_fd",
    "name_to_handle_at", "open_by_handle_at", "fanotify_init", "mknod", "mknodat",
    // other processes
    "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "kcmp", "pidfd_getfd",
    // namespaces
    "unshare", "setns",
    // the kernel and the machine
    "bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter",
    "io_uring_register", "init_module", "finit_module", "delete_module", "kexec_load",
    "kexec_file_load", "reboot", "syslog", "acct", "settimeofday", "clock_settime", "clock_adjtime",
    "adjtimex", "sethostname", "setdomainname", "iopl", "ioperm", "vhangup", "lookup_dcookie",
    "nfsservctl", "uselib", "ustat", "sysfs", "_sysctl", "modify_ldt",
    // keys outlive a job
    "add_key", "request_key", "keyctl"};

/// Of what goes through them, only sockets of this machine's kernel-less kind.
constexpr int kLocalSockets = AF_UNIX;

class Filter {
 public:
  Filter() : context_(::seccomp_init(SCMP_ACT_ALLOW), ::seccomp_release) {}

  template <typename... Conditions>
  void deny(const char* name, Conditions... conditions) {
    const int number = ::seccomp_syscall_resolve_name(name);
    // A call that this machine has not needs no rule.
    if (number == __NR_SCMP_ERROR || number < 0 || !context_) return;
    const scmp_arg_cmp list[] = {conditions..., scmp_arg_cmp{}};
    const int error = ::seccomp_rule_add_array(context_.get(), SCMP_ACT_ERRNO(EPERM), number,
                                               sizeof...(conditions), list);
    if (error != 0) context_.reset();
  }

  std::string instructions() const {
    const UniqueFd file(::memfd_create("filter", MFD_CLOEXEC));
    if (!context_ || !file || ::seccomp_export_bpf(context_.get(), file.get()) != 0) return {};
    const off_t size = ::lseek(file.get(), 0, SEEK_END);
    std::string bytes(static_cast<std::size_t>(size > 0 ? size : 0), '\0');
    if (::pread(file.get(), bytes.data(), bytes.size(), 0) != size) return {};
    return bytes;
  }

 private:
  std::unique_ptr<void, void (*)(scmp_filter_ctx)> context_;
};

scmp_arg_cmp argument(unsigned which, scmp_compare compare, scmp_datum_t value,
                      scmp_datum_t second = 0) {
  return scmp_arg_cmp{which, compare, value, second};
}

}  // namespace

std::string system_call_filter(const Profile& profile) {
  Filter filter;
  for (const char* name : kDenied) filter.deny(name);
  filter.deny("clone", argument(0, SCMP_CMP_MASKED_EQ, CLONE_NEWUSER, CLONE_NEWUSER));
  // What is typed into a terminal is read by a shell.
  filter.deny("ioctl", argument(1, SCMP_CMP_MASKED_EQ, 0xffffffffu, TIOCSTI));
  if (profile.walls == Profile::Walls::sealed) {
    filter.deny("socket");
  } else if (profile.network == Profile::Network::none) {
    filter.deny("socket", argument(0, SCMP_CMP_NE, kLocalSockets));
  } else {
    // Packets as they are, and the kernel's own families, are no network for programs.
    for (const int family : {AF_PACKET, AF_VSOCK, AF_ALG, AF_KEY}) {
      filter.deny("socket", argument(0, SCMP_CMP_EQ, static_cast<scmp_datum_t>(family)));
    }
  }
  return filter.instructions();
}

}  // namespace cosmoo::sandbox
