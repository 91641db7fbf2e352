#include "sandbox/process/slot/confine.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "sandbox/process/slot/landlock.h"
#include "sandbox/process/unique_fd.h"

namespace cosmoo::sandbox::slot {

namespace {

constexpr int kMostCapabilities = 64;
constexpr char kHostName[] = "sandbox";

bool write_file(int directory, const std::string& name, const std::string& text) {
  const UniqueFd file(::openat(directory, name.c_str(), O_WRONLY | O_CLOEXEC));
  return file && ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

/// "ID ID 1": that one is itself, and there is no other.
std::string map_of(std::int64_t id) { return std::to_string(id) + " " + std::to_string(id) + " 1"; }

/// A process of the slot's that does one thing when it is told to, with rights or in a place that
/// the slot has not.
class Helper {
 public:
  /// `work` runs in the helper and returns an errno.
  template <typename Work>
  bool start(Work work) {
    int ours[2], theirs[2];
    if (::pipe2(ours, O_CLOEXEC) != 0) return false;
    UniqueFd go_read(ours[0]), go_write(ours[1]);
    if (::pipe2(theirs, O_CLOEXEC) != 0) return false;
    UniqueFd done_read(theirs[0]), done_write(theirs[1]);
    pid_ = ::fork();
    if (pid_ < 0) return false;
    if (pid_ == 0) {
      // Should the slot be killed, whoever adopts this one must not take it for the server's own.
      ::setsid();
      go_write.reset();
      done_read.reset();
      work(go_read.get(), done_write.get());
      ::_exit(0);
    }
    go_ = std::move(go_write);
    done_ = std::move(done_read);
    return true;
  }

  /// Tells it to go on and returns what it says: an errno.
  int tell() {
    char order = 1;
    int error = EPIPE;
    if (::write(go_.get(), &order, 1) != 1) return EPIPE;
    return ::read(done_.get(), &error, sizeof error) == sizeof error ? error : EPIPE;
  }

  /// It ends when this process does.
  void leave_alone() {
    go_.release();
    done_.reset();
  }
  void join() {
    go_.reset();
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }

 private:
  pid_t pid_ = -1;
  UniqueFd go_;
  UniqueFd done_;
};

bool wait_for_order(int go) {
  char order;
  return ::read(go, &order, 1) == 1;
}

void say(int done, int error) {
  if (::write(done, &error, sizeof error) != sizeof error) ::_exit(1);
}

/// The first process of a process namespace: mounts its /proc, reaps, and ends with the slot, which
/// ends everything else in there.
void be_init(int go, int done, std::int64_t uid, std::int64_t gid) {
  // Children that have ended are taken away by the kernel then.
  ::signal(SIGCHLD, SIG_IGN);
  ::prctl(PR_SET_NAME, "init", 0, 0, 0);
  for (int fd = 3; fd < 64; ++fd) {
    if (fd != go && fd != done) ::close(fd);
  }
  if (wait_for_order(go)) {
    const std::string target = std::string(kNewRoot) + "/proc";
    int error = 0;
    // Old kernels know neither option.
    const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
    if (::mount("proc", target.c_str(), "proc", flags, "hidepid=invisible,subset=pid") != 0 &&
        ::mount("proc", target.c_str(), "proc", flags, "hidepid=2") != 0) {
      error = errno;
    }
    say(done, error);
  }
  ::close(done);
  if (gid != kNobody) ::syscall(SYS_setresgid, gid, gid, gid);
  if (uid != kNobody) ::syscall(SYS_setresuid, uid, uid, uid);
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  wait_for_order(go);  // for ever: its other end closes with the slot
}

/// Builds the confinement step by step and keeps account of what could not be had.
class Builder {
 public:
  explicit Builder(const Confinement& wanted)
      : wanted_(wanted),
        privileged_(::geteuid() == 0),
        proc_(::open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC)) {}

  Ready run() {
    Helper mapper;
    bool mapping = false;
    if (wants(kUserNs) && privileged_) {
      const pid_t slot = ::getpid();
      mapping = mapper.start([&](int go, int done) {
        if (wait_for_order(go)) say(done, write_maps("/proc/" + std::to_string(slot)));
      });
    }
    // Without rights, a user namespace is what gives them for all the others.
    if (wants(kUserNs) && !privileged_) own_user_namespace();
    unshare_all();
    Helper init;
    const bool has_init = wants(kPidNs) && has(kPidNs) && start_init(init);
    if (wants(kMountNs) && has(kMountNs)) make_root(init, has_init);
    if (has_init) init.leave_alone();
    if (privileged_ && (wants(kUserNs) || wants(kNoRights))) ::setgroups(0, nullptr);
    if (wants(kUserNs) && privileged_) {
      if (!mapping || ::unshare(CLONE_NEWUSER) != 0) {
        miss(kUserNs, "user namespace", errno);
      } else if (const int error = mapper.tell()) {
        miss(kUserNs, "map of users", error);
      }
    }
    if (mapping) mapper.join();
    if (wants(kOneUserNs)) forbid_user_namespaces();
    if (wants(kNoRights)) drop_rights();
    if (wants(kLandlock)) {
      const Tcp tcp = wants(kNetNs) ? Tcp::denied : Tcp::allowed;
      if (!restrict_by_landlock(writable(), tcp)) miss(kLandlock, "landlock", errno);
    }
    if (wants(kSeccomp)) install_filter();
    return ready_;
  }

 private:
  bool wants(Feature feature) const { return (wanted_.features & feature) != 0; }
  bool has(Feature feature) const { return (ready_.missing & feature) == 0; }

  void miss(Feature feature, const char* step, int error) {
    if (ready_.missing == 0) {
      ready_.error_number = error;
      std::strncpy(ready_.step, step, sizeof ready_.step - 1);
    }
    ready_.missing |= feature;
  }

  int write_maps(const std::string& process) {
    if (!write_file(AT_FDCWD, process + "/gid_map", map_of(wanted_.gid)) ||
        !write_file(AT_FDCWD, process + "/uid_map", map_of(wanted_.uid))) {
      return errno;
    }
    return 0;
  }

  void own_user_namespace() {
    if (::unshare(CLONE_NEWUSER) != 0) return miss(kUserNs, "user namespace", errno);
    write_file(proc_.get(), "self/setgroups", "deny");
    if (const int error = write_maps("/proc/self")) miss(kUserNs, "map of users", error);
  }

  void unshare_all() {
    constexpr struct {
      Feature feature;
      int flag;
      const char* name;
    } kNamespaces[] = {{kMountNs, CLONE_NEWNS, "mount namespace"},
                       {kNetNs, CLONE_NEWNET, "network namespace"},
                       {kUtsNs, CLONE_NEWUTS, "uts namespace"},
                       {kIpcNs, CLONE_NEWIPC, "ipc namespace"},
                       {kPidNs, CLONE_NEWPID, "process namespace"}};
    for (const auto& [feature, flag, name] : kNamespaces) {
      if (wants(feature) && ::unshare(flag) != 0) miss(feature, name, errno);
    }
    if (wants(kUtsNs) && has(kUtsNs)) ::sethostname(kHostName, sizeof kHostName - 1);
  }

  bool start_init(Helper& init) {
    const bool started = init.start([&](int go, int done) {
      be_init(go, done, privileged_ ? wanted_.uid : kNobody, privileged_ ? wanted_.gid : kNobody);
    });
    if (!started) {
      miss(kPidNs, "fork of the init", errno);
      return false;
    }
    ready_.processes = 2;
    return true;
  }

  void make_root(Helper& init, bool has_init) {
    if (const char* step = build_root(wanted_.root)) return miss(kMountNs, step, errno);
    if (has_init) {
      if (const int error = init.tell()) miss(kPidNs, "mount of /proc", error);
    }
    if (const char* step = enter_root()) miss(kMountNs, step, errno);
  }

  std::vector<std::string> writable() const {
    std::vector<std::string> paths = wanted_.root.writable;
    paths.push_back("/tmp");
    return paths;
  }

  void forbid_user_namespaces() {
    if (!write_file(proc_.get(), "sys/user/max_user_namespaces", "0")) {
      miss(kOneUserNs, "max_user_namespaces", errno);
    }
  }

  void drop_rights() {
    for (int capability = 0; capability < kMostCapabilities; ++capability) {
      // Fails beyond the last that the kernel knows, and for one that was never there.
      ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
    }
    ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) miss(kNoRights, "no_new_privs", errno);
  }

  void install_filter() {
    std::vector<sock_filter> program(wanted_.filter.size() / sizeof(sock_filter));
    std::memcpy(program.data(), wanted_.filter.data(), program.size() * sizeof(sock_filter));
    const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
    if (program.empty() || ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) != 0) {
      miss(kSeccomp, "seccomp", program.empty() ? ENOSYS : errno);
    }
  }

  const Confinement& wanted_;
  const bool privileged_;
  UniqueFd proc_;  ///< The machine's, which is out of sight in the end.
  Ready ready_;
};

}  // namespace

Ready confine(const Confinement& wanted) { return Builder(wanted).run(); }

}  // namespace cosmoo::sandbox::slot
