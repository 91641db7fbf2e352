#include "sandbox/process/slot/cleaning.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <vector>

#include "sandbox/process/unique_fd.h"

namespace cosmoo::sandbox::slot {

namespace {

UniqueFd open_directory(int parent, const std::string& name) {
  UniqueFd fd(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd && errno == EACCES && ::fchmodat(parent, name.c_str(), 0700, 0) == 0) {
    fd.reset(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  }
  return fd;
}

constexpr int kDeepest = 32;  ///< Levels that are gone down at once, with two descriptors each.

class Cleaner {
 public:
  explicit Cleaner(int top) : top_(top) {}

  bool run() {
    if (!empty(top_, 0)) return false;
    // What was brought up here may be as deep again.
    while (!waiting_.empty()) {
      const std::string name = std::move(waiting_.back());
      waiting_.pop_back();
      if (!remove_directory(top_, name, 1)) return false;
    }
    return true;
  }

 private:
  bool remove_directory(int parent, const std::string& name, int depth) {
    const UniqueFd directory = open_directory(parent, name);
    if (!directory) return errno == ENOENT;
    return empty(directory.get(), depth) && ::unlinkat(parent, name.c_str(), AT_REMOVEDIR) == 0;
  }

  bool empty(int directory, int depth) {
    ::fchmod(directory, 0700);
    const int copy = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (copy < 0) return false;
    const std::unique_ptr<DIR, int (*)(DIR*)> listing(::fdopendir(copy), ::closedir);
    if (!listing) {
      ::close(copy);
      return false;
    }
    while (const dirent* entry = ::readdir(listing.get())) {
      const std::string name = entry->d_name;
      if (name == "." || name == ".." || is_waiting(directory, name)) continue;
      if (::unlinkat(directory, name.c_str(), 0) == 0 ||
          ::unlinkat(directory, name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) {
        continue;
      }
      const bool done = depth < kDeepest ? remove_directory(directory, name, depth + 1)
                                         : bring_up(directory, name);
      if (!done) return false;
    }
    return true;
  }

  /// Deeper than descriptors should reach: it is taken apart from the top.
  bool bring_up(int directory, const std::string& name) {
    std::string here = ".deeper-" + std::to_string(++brought_);
    if (::renameat(directory, name.c_str(), top_, here.c_str()) != 0) return false;
    waiting_.push_back(std::move(here));
    return true;
  }

  bool is_waiting(int directory, const std::string& name) const {
    return directory == top_ && std::find(waiting_.begin(), waiting_.end(), name) != waiting_.end();
  }

  const int top_;
  std::vector<std::string> waiting_;
  std::uint64_t brought_ = 0;
};

}  // namespace

bool remove_tree(const std::string& path) {
  {
    const UniqueFd top = open_directory(AT_FDCWD, path);
    if (!top) return ::unlink(path.c_str()) == 0 || errno == ENOENT;
    if (!Cleaner(top.get()).run()) return false;
  }
  return ::rmdir(path.c_str()) == 0 || errno == ENOENT;
}

}  // namespace cosmoo::sandbox::slot
