#include "sandbox/process/slot/root.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "sandbox/process/unique_fd.h"

namespace cosmoo::sandbox::slot {

namespace {

constexpr std::uint64_t kMostFilesInTmp = 16 * 1024;
constexpr const char* kDevices[] = {"null", "zero", "full", "random", "urandom"};

/// For mount_setattr(), which the C library does not know yet.
struct MountAttributes {
  std::uint64_t set = 0, clear = 0, propagation = 0, user_namespace = 0;
};
constexpr std::uint64_t kReadOnly = 1, kNoSetuid = 2, kNoDevices = 4;
constexpr int kRecursive = 0x8000;  // AT_RECURSIVE
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif

/// A path that is to be shown, held open because the new root may come to lie over it.
struct Source {
  std::string path;
  UniqueFd fd;
  struct stat what {};
  std::string link;  ///< Of a symbolic link: where it points.
  enum class Access { read, write } access = Access::read;
};

std::string in_new_root(const std::string& path) { return kNewRoot + path; }

/// Of what is made on the way to `path`, nothing is writable to others.
bool make_parents(const std::string& path) {
  for (std::size_t at = path.find('/', 1); at != std::string::npos; at = path.find('/', at + 1)) {
    if (::mkdir(path.substr(0, at).c_str(), 0755) != 0 && errno != EEXIST) return false;
  }
  return true;
}

bool touch(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0644));
  return static_cast<bool>(file);
}

bool add_source(std::vector<Source>& sources, const std::string& path, Source::Access access) {
  Source source;
  source.path = path;
  source.access = access;
  source.fd.reset(::open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!source.fd) return errno == ENOENT || errno == ENOTDIR || errno == EACCES;
  if (::fstat(source.fd.get(), &source.what) != 0) return false;
  if (S_ISLNK(source.what.st_mode)) {
    char target[4096];
    const ssize_t size = ::readlink(path.c_str(), target, sizeof target);
    if (size < 0) return false;
    source.link.assign(target, static_cast<std::size_t>(size));
  }
  sources.push_back(std::move(source));
  return true;
}

bool restrict_mount(const std::string& target, std::uint64_t attributes) {
  MountAttributes wanted;
  wanted.set = attributes;
  return ::syscall(SYS_mount_setattr, AT_FDCWD, target.c_str(), kRecursive, &wanted,
                   sizeof wanted) == 0;
}

bool bind(const Source& source, const std::string& target) {
  const std::string from = "/proc/self/fd/" + std::to_string(source.fd.get());
  return ::mount(from.c_str(), target.c_str(), nullptr, MS_BIND | MS_REC, nullptr) == 0;
}

bool show(const Source& source) {
  const std::string target = in_new_root(source.path);
  if (!make_parents(target)) return false;
  if (!source.link.empty()) {
    return ::symlink(source.link.c_str(), target.c_str()) == 0 || errno == EEXIST;
  }
  const bool made = S_ISDIR(source.what.st_mode)
                        ? ::mkdir(target.c_str(), 0755) == 0 || errno == EEXIST
                        : touch(target);
  if (!made || !bind(source, target)) return false;
  const std::uint64_t harmless = kNoSetuid | kNoDevices;
  return restrict_mount(target,
                        source.access == Source::Access::read ? harmless | kReadOnly : harmless);
}

const char* make_devices(const std::vector<Source>& devices) {
  for (const Source& device : devices) {
    const std::string target = in_new_root(device.path);
    if (!touch(target) || !bind(device, target)) return "mount of a device";
    if (!restrict_mount(target, kNoSetuid)) return "mount_setattr of a device";
  }
  constexpr const char* kLinks[][2] = {{"/proc/self/fd", "/dev/fd"},
                                       {"/proc/self/fd/0", "/dev/stdin"},
                                       {"/proc/self/fd/1", "/dev/stdout"},
                                       {"/proc/self/fd/2", "/dev/stderr"},
                                       {"/tmp", "/dev/shm"}};
  for (const auto& [to, name] : kLinks) {
    if (::symlink(to, in_new_root(name).c_str()) != 0) return "symlink in /dev";
  }
  return nullptr;
}

}  // namespace

const char* build_root(const RootPlan& plan) {
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return "mount private";
  std::vector<Source> sources;
  std::vector<Source> devices;
  for (const auto& path : plan.readable) {
    if (!add_source(sources, path, Source::Access::read)) return "open of what is readable";
  }
  for (const auto& path : plan.writable) {
    if (!add_source(sources, path, Source::Access::write)) return "open of what is writable";
  }
  for (const char* name : kDevices) {
    add_source(devices, std::string("/dev/") + name, Source::Access::write);
  }
  if (::mount("tmpfs", kNewRoot, "tmpfs", MS_NOSUID | MS_NODEV, "size=1m,mode=0755") != 0) {
    return "mount of the root";
  }
  for (const char* name : {"/dev", "/proc", "/tmp"}) {
    if (::mkdir(in_new_root(name).c_str(), 0755) != 0) return "mkdir in the root";
  }
  const std::string options = "mode=1777,size=" + std::to_string(plan.tmp_bytes) +
                              ",nr_inodes=" + std::to_string(kMostFilesInTmp);
  if (::mount("tmpfs", in_new_root("/tmp").c_str(), "tmpfs", MS_NOSUID | MS_NODEV,
              options.c_str()) != 0) {
    return "mount of /tmp";
  }
  for (const Source& source : sources) {
    if (!show(source)) return "mount of what is shown";
  }
  return make_devices(devices);
}

const char* enter_root() {
  if (::mount(nullptr, kNewRoot, nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV,
              nullptr) != 0) {
    return "remount of the root";
  }
  // The old root comes to lie over the new one and is taken away from there.
  if (::chdir(kNewRoot) != 0) return "chdir";
  if (::syscall(SYS_pivot_root, ".", ".") != 0) return "pivot_root";
  if (::umount2(".", MNT_DETACH) != 0) return "umount";
  return ::chdir("/") == 0 ? nullptr : "chdir";
}

}  // namespace cosmoo::sandbox::slot
