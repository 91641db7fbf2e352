#include "sandbox/process/cgroup_tree.h"

#include <fcntl.h>
#include <signal.h>
#include <spdlog/spdlog.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <string_view>

#include "sandbox/process/cgroup_files.h"
#include "sandbox/process/start_errors.h"

namespace cosmoo::sandbox {

namespace {

using std::chrono::milliseconds;

constexpr std::string_view kPrefix = "cosmoo-jobs-";
constexpr std::size_t kPrepared = 16;   ///< Leaves that wait for jobs, made ahead.
constexpr std::size_t kMostIdle = 256;  ///< Leaves kept after a burst of jobs.
constexpr int kRemovalsPerTend = 32;
constexpr int kAdditionsPerTend = 8;
constexpr int kMostAttempts = 400;
constexpr milliseconds kPatienceAtStart{200};
constexpr milliseconds kPatienceAtEnd{1000};

UniqueFd open_directory(int parent, const std::string& name) {
  return UniqueFd(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

/// Ends and removes what servers that are no more have left (rule 3).
void remove_leftovers(int parent) {
  for (const auto& name : cgroup::children(parent)) {
    if (name.compare(0, kPrefix.size(), kPrefix) != 0) continue;
    const UniqueFd directory = open_directory(parent, name);
    if (!directory || ::flock(directory.get(), LOCK_EX | LOCK_NB) != 0) continue;
    cgroup::kill_all(directory.get());
    if (cgroup::remove_waiting(parent, name, kPatienceAtStart)) {
      spdlog::info("removed the control group {} of a server that is gone", name);
    }
  }
}

}  // namespace

CgroupTree::CgroupTree(UniqueFd parent, UniqueFd base, std::string name)
    : parent_(std::move(parent)), base_(std::move(base)), name_(std::move(name)) {}

std::unique_ptr<CgroupTree> CgroupTree::create(Launcher& launcher) {
  const auto path = cgroup::own_directory();
  if (!path) return nullptr;
  UniqueFd parent(::open(path->c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!parent) return nullptr;
  remove_leftovers(parent.get());
  for (int attempt = 0; attempt < 8; ++attempt) {
    std::string name(kPrefix);
    name += std::to_string(::getpid()) + "-" +
            std::to_string(std::chrono::steady_clock::now().time_since_epoch().count());
    if (::mkdirat(parent.get(), name.c_str(), 0755) != 0) return nullptr;
    UniqueFd base = open_directory(parent.get(), name);
    // Another server that starts just now may have taken it for a left-over one.
    if (!base || ::flock(base.get(), LOCK_EX | LOCK_NB) != 0) continue;
    std::unique_ptr<CgroupTree> tree(
        new CgroupTree(std::move(parent), std::move(base), std::move(name)));
    const int error = tree->add_leaf();
    if (error == ENOENT) {
      parent = std::move(tree->parent_);
      continue;
    }
    if (error != 0) return nullptr;
    const Leaf& first = tree->leaves_.front();
    if (::faccessat(first.fd.get(), "cgroup.kill", W_OK, AT_EACCESS) != 0 ||
        !launcher.can_enter(first.fd.get())) {
      return nullptr;
    }
    while (tree->free_.size() < kPrepared && tree->add_leaf() == 0) {
    }
    return tree;
  }
  return nullptr;
}

CgroupTree::~CgroupTree() {
  if (!parent_) return;
  cgroup::kill_all(base_.get());
  if (!cgroup::remove_waiting(parent_.get(), name_, kPatienceAtEnd)) {
    spdlog::warn("control group {} could not be removed: something in it does not end", name_);
  }
}

int CgroupTree::add_leaf() {
  Leaf leaf;
  leaf.name = std::to_string(++last_name_);
  if (::mkdirat(base_.get(), leaf.name.c_str(), 0755) != 0) return errno;
  leaf.fd = open_directory(base_.get(), leaf.name);
  if (!leaf.fd) {
    const int error = errno;
    ::unlinkat(base_.get(), leaf.name.c_str(), AT_REMOVEDIR);
    return error;
  }
  if (vacant_.empty()) {
    free_.push_back(leaves_.size());
    leaves_.push_back(std::move(leaf));
  } else {
    free_.push_back(vacant_.back());
    leaves_[vacant_.back()] = std::move(leaf);
    vacant_.pop_back();
  }
  return 0;
}

tl::expected<Place, StartError> CgroupTree::enter() {
  if (free_.empty()) {
    const int error = add_leaf();
    if (error != 0)
      return tl::unexpected(system_failure("control group for a job", "mkdir", error));
  }
  const std::size_t index = free_.back();
  free_.pop_back();
  return Place{leaves_[index].fd.get(), index};
}

bool CgroupTree::populated(const Leaf& leaf) const {
  const UniqueFd fd(::openat(leaf.fd.get(), "cgroup.events", O_RDONLY | O_CLOEXEC));
  char text[256];
  const ssize_t size = fd ? ::read(fd.get(), text, sizeof text) : -1;
  // When in doubt, something lives there.
  return size <= 0 || std::string_view(text, static_cast<std::size_t>(size)).find("populated 0") ==
                          std::string_view::npos;
}

void CgroupTree::kill(const Place& place, pid_t leader) {
  Leaf& leaf = leaves_[place.leaf];
  leaf.killed = true;
  cgroup::kill_all(leaf.fd.get());
  // Besides, should there have been no descriptor for that, or should a job that runs as root have
  // moved its leader elsewhere.
  if (leader <= 0) return;
  ::kill(-leader, SIGKILL);
  ::kill(leader, SIGKILL);
}

void CgroupTree::leave(const Place& place, pid_t leader) {
  Leaf& leaf = leaves_[place.leaf];
  if (populated(leaf)) kill(place, leader);
  if (leaf.killed || free_.size() >= kMostIdle) {
    retire(leaf);
    vacant_.push_back(place.leaf);
  } else {
    free_.push_back(place.leaf);
  }
}

void CgroupTree::retire(Leaf& leaf) {
  leaf.fd.reset();
  dying_.push_back({std::move(leaf.name), 0});
  leaf = Leaf{};
}

bool CgroupTree::restless() const { return !dying_.empty() || free_.size() < kPrepared / 2; }

bool CgroupTree::tend() {
  int budget = kRemovalsPerTend;
  std::erase_if(dying_, [&](Dying& dying) {
    if (budget == 0) return false;
    --budget;
    if (cgroup::remove(base_.get(), dying.name)) return true;
    // Once more, should the first order have been refused.
    const UniqueFd directory = open_directory(base_.get(), dying.name);
    if (directory) cgroup::kill_all(directory.get());
    if (++dying.attempts < kMostAttempts) return false;
    spdlog::warn("control group {}/{} stays: something in it does not end", name_, dying.name);
    return true;
  });
  int error = 0;
  for (int made = 0; made < kAdditionsPerTend && free_.size() < kPrepared && error == 0; ++made) {
    error = add_leaf();
  }
  return !dying_.empty() || (free_.size() < kPrepared && error == 0);
}

}  // namespace cosmoo::sandbox
