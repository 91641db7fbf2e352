#include "sandbox/process/cgroup_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
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

/// The path of this process's group within the cgroup2 hierarchy, from its root.
std::optional<std::string> own_path() {
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    if (line.rfind("0::", 0) == 0) return line.substr(3);
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

std::optional<std::string> own_directory() {
  const auto path = own_path();
  if (!path || path->find("/..") != std::string::npos) return std::nullopt;
  std::ifstream mounts("/proc/self/mountinfo");
  for (std::string line; std::getline(mounts, line);) {
    const auto separator = line.find(" - ");
    if (separator == std::string::npos || line.compare(separator + 3, 8, "cgroup2 ") != 0) continue;
    std::istringstream fields(line);
    std::string id, parent, device, root, mount_point;
    fields >> id >> parent >> device >> root >> mount_point;
    root = unescaped(root);
    if (root == "/") root.clear();
    // Only the part of the hierarchy beneath `root` is visible here.
    if (path->compare(0, root.size(), root) != 0) continue;
    const std::string rest = path->substr(root.size());
    if (!rest.empty() && rest[0] != '/') continue;
    return unescaped(mount_point) + (rest == "/" ? "" : rest);
  }
  return std::nullopt;
}

bool kill_all(int directory) {
  const UniqueFd fd(::openat(directory, "cgroup.kill", O_WRONLY | O_CLOEXEC));
  return fd && ::write(fd.get(), "1", 1) == 1;
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
