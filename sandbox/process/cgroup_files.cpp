#include "sandbox/process/cgroup_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <spdlog/spdlog.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>
#include <string_view>
#include <thread>

#include "sandbox/process/unique_fd.h"

namespace cosmoo::sandbox::cgroup {

namespace {

/// A job may have made groups in its own; each level costs a descriptor while it is removed.
constexpr int kDeepestNesting = 64;

constexpr std::string_view kPrefix = "cosmoo-jobs-";
constexpr std::chrono::milliseconds kPatienceAtStart{200};

bool is_listed(std::string_view list, std::string_view name) {
  for (std::size_t at = 0; at <= list.size();) {
    const std::size_t end = std::min(list.find(',', at), list.size());
    if (list.substr(at, end - at) == name) return true;
    at = end + 1;
  }
  return false;
}

/// The path of this process's group within the hierarchy, from its root. Lines of /proc/self/cgroup
/// are "number:controllers:path"; of cgroup2 the controllers are empty.
std::optional<std::string> own_path(std::string_view controller, const std::string& root) {
  std::ifstream groups(root + "/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const auto controllers = std::string_view(line).substr(first + 1, second - first - 1);
    if (controller.empty() ? controllers.empty() : is_listed(controllers, controller)) {
      return line.substr(second + 1);
    }
  }
  return std::nullopt;
}

/// mountinfo writes blanks and backslashes as three octal digits.
std::string unescaped(std::string_view field) {
  std::string text;
  for (std::size_t at = 0; at < field.size(); ++at) {
    if (field[at] == '\\' && at + 3 < field.size()) {
      text += static_cast<char>((field[at + 1] - '0') * 64 + (field[at + 2] - '0') * 8 +
                                (field[at + 3] - '0'));
      at += 3;
    } else {
      text += field[at];
    }
  }
  return text;
}

}  // namespace

std::optional<std::string> own_directory(std::string_view controller, const std::string& root) {
  const auto path = own_path(controller, root);
  if (!path || path->find("/..") != std::string::npos) return std::nullopt;
  const std::string type = controller.empty() ? "cgroup2" : "cgroup";
  std::ifstream mounts(root + "/proc/self/mountinfo");
  for (std::string line; std::getline(mounts, line);) {
    const auto separator = line.find(" - ");
    if (separator == std::string::npos) continue;
    std::istringstream after(line.substr(separator + 3));
    std::string kind, source, options;
    after >> kind >> source >> options;
    if (kind != type || (!controller.empty() && !is_listed(options, controller))) continue;
    std::istringstream fields(line);
    std::string id, parent, device, mounted, mount_point;
    fields >> id >> parent >> device >> mounted >> mount_point;
    mounted = unescaped(mounted);
    if (mounted == "/") mounted.clear();
    // Only the part of the hierarchy beneath `mounted` is visible here.
    if (path->compare(0, mounted.size(), mounted) != 0) continue;
    const std::string rest = path->substr(mounted.size());
    if (!rest.empty() && rest[0] != '/') continue;
    return root + unescaped(mount_point) + (rest == "/" ? "" : rest);
  }
  return std::nullopt;
}

UniqueFd open_group(int parent, const std::string& name) {
  constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  return above_stdio(UniqueFd(::openat(parent, name.c_str(), kFlags)));
}

std::optional<std::string> read(int directory, const std::string& file) {
  const UniqueFd fd(::openat(directory, file.c_str(), O_RDONLY | O_CLOEXEC));
  char text[4096];
  const ssize_t size = fd ? ::read(fd.get(), text, sizeof text) : -1;
  if (size < 0) return std::nullopt;
  return std::string(text, static_cast<std::size_t>(size));
}

bool write(int directory, const std::string& file, const std::string& value) {
  const UniqueFd fd(::openat(directory, file.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC));
  return fd && ::write(fd.get(), value.data(), value.size()) == static_cast<ssize_t>(value.size());
}

std::string new_name() {
  // Two engines of one process are two servers.
  static std::atomic<unsigned> made{0};
  return std::string(kPrefix) + std::to_string(::getpid()) + "-" +
         std::to_string(std::chrono::steady_clock::now().time_since_epoch().count()) + "-" +
         std::to_string(++made);
}

UniqueFd make_locked(int parent, const std::string& name) {
  for (int attempt = 0; attempt < 8; ++attempt) {
    if (::mkdirat(parent, name.c_str(), 0755) != 0 && errno != EEXIST) return UniqueFd();
    UniqueFd directory = open_group(parent, name);
    if (!directory || ::flock(directory.get(), LOCK_EX | LOCK_NB) != 0) continue;
    // Another server that starts just now may have taken it for a left-over one, and removed it.
    struct stat locked {
    }, named{};
    if (::fstat(directory.get(), &locked) == 0 &&
        ::fstatat(parent, name.c_str(), &named, AT_SYMLINK_NOFOLLOW) == 0 &&
        locked.st_ino == named.st_ino) {
      return directory;
    }
  }
  return UniqueFd();
}

void remove_leftovers(int parent) {
  for (const auto& name : children(parent)) {
    if (name.compare(0, kPrefix.size(), kPrefix) != 0) continue;
    const UniqueFd directory = open_group(parent, name);
    if (!directory || ::flock(directory.get(), LOCK_EX | LOCK_NB) != 0) continue;
    kill_all(directory.get());
    if (remove_waiting(parent, name, kPatienceAtStart)) {
      spdlog::info("removed the control group {} of a server that is gone", name);
    }
  }
}

namespace {

void kill_each(int directory, int depth) {
  const auto processes = read(directory, "cgroup.procs").value_or("");
  for (std::size_t at = 0; at < processes.size();) {
    const pid_t pid = std::atoi(processes.c_str() + at);
    if (pid > 0) ::kill(pid, SIGKILL);
    at = processes.find('\n', at);
    if (at == std::string::npos) break;
    ++at;
  }
  if (depth == kDeepestNesting) return;
  for (const auto& child : children(directory)) {
    if (const UniqueFd group = open_group(directory, child)) kill_each(group.get(), depth + 1);
  }
}

}  // namespace

bool kill_all(int directory) {
  if (write(directory, "cgroup.kill", "1")) return true;
  if (::faccessat(directory, "cgroup.procs", R_OK, AT_EACCESS) != 0) return false;
  kill_each(directory, 0);
  return true;
}

std::vector<std::string> children(int directory) {
  std::vector<std::string> names;
  const int fd = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return names;
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(::fdopendir(fd), ::closedir);
  if (!listing) {
    ::close(fd);
    return names;
  }
  while (const dirent* entry = ::readdir(listing.get())) {
    const std::string_view name = entry->d_name;
    if (entry->d_type == DT_DIR && name != "." && name != "..") names.emplace_back(name);
  }
  return names;
}

namespace {

bool remove_nested(int parent, const std::string& name, int depth) {
  if (::unlinkat(parent, name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) return true;
  const UniqueFd directory(
      ::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!directory) return errno == ENOENT;
  if (depth == kDeepestNesting) return false;
  for (const auto& child : children(directory.get())) {
    remove_nested(directory.get(), child, depth + 1);
  }
  return ::unlinkat(parent, name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT;
}

}  // namespace

bool remove(int parent, const std::string& name) { return remove_nested(parent, name, 0); }

bool remove_waiting(int parent, const std::string& name, std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!remove(parent, name)) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

}  // namespace cosmoo::sandbox::cgroup
