#include "sandbox/process/cgroup_tree.h"

#include <fcntl.h>
#include <signal.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string_view>

#include "sandbox/process/cgroup_files.h"
#include "sandbox/process/start_errors.h"

namespace cosmoo::sandbox {

namespace {

using std::chrono::milliseconds;

constexpr std::size_t kPrepared = 16;   ///< Leaves that wait for jobs, made ahead.
constexpr std::size_t kMostIdle = 256;  ///< Leaves kept after a burst of jobs.
constexpr int kRemovalsPerTend = 32;
constexpr int kAdditionsPerTend = 8;
constexpr int kMostAttempts = 400;
constexpr milliseconds kPatienceAtEnd{1000};

constexpr const char* kServersOwn = "cosmoo-server";

/// Lets the groups beneath `group` have the controllers that limit jobs, as far as it has them.
void hand_down_controllers(int group) {
  for (const char* controller : {"+memory", "+pids", "+cpu"}) {
    cgroup::write(group, "cgroup.subtree_control", controller);
  }
}

/// A group with processes cannot hand controllers down: this server goes to a group of its own, if
/// it is alone here.
void make_room(int group) {
  if (cgroup::read(group, "cgroup.subtree_control").value_or("").size() > 1) return;
  const std::string own = std::to_string(::getpid());
  if (cgroup::read(group, "cgroup.controllers").value_or("").size() <= 1 ||
      cgroup::read(group, "cgroup.procs").value_or("") != own + "\n" ||
      (::mkdirat(group, kServersOwn, 0755) != 0 && errno != EEXIST)) {
    return;
  }
  cgroup::write(group, std::string(kServersOwn) + "/cgroup.procs", own);
}

/// The directory beneath which jobs have theirs.
std::optional<std::string> home() {
  auto path = cgroup::own_directory();
  const std::string own = std::string("/") + kServersOwn;
  if (path && path->ends_with(own)) path->resize(path->size() - own.size());
  return path;
}

}  // namespace

CgroupTree::CgroupTree(UniqueFd parent, UniqueFd base, std::string name)
    : parent_(std::move(parent)), base_(std::move(base)), name_(std::move(name)) {}

std::unique_ptr<CgroupTree> CgroupTree::create(Launcher& launcher) {
  const auto path = home();
  if (!path) return nullptr;
  UniqueFd parent(::open(path->c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!parent) return nullptr;
  cgroup::remove_leftovers(parent.get());
  make_room(parent.get());
  hand_down_controllers(parent.get());
  std::string name = cgroup::new_name();
  UniqueFd base = cgroup::make_locked(parent.get(), name);
  if (!base) return nullptr;
  hand_down_controllers(base.get());
  std::unique_ptr<CgroupTree> tree(
      new CgroupTree(std::move(parent), std::move(base), std::move(name)));
  if (tree->add_leaf() != 0) return nullptr;
  const Leaf& first = tree->leaves_.front();
  if (::faccessat(first.fd.get(), "cgroup.kill", W_OK, AT_EACCESS) != 0 ||
      !launcher.can_enter(first.fd.get())) {
    return nullptr;
  }
  // A peak that older kernels cannot forget is not the next job's.
  tree->has_memory_ = ::faccessat(first.fd.get(), "memory.max", W_OK, AT_EACCESS) == 0;
  while (tree->free_.size() < kPrepared && tree->add_leaf() == 0) {
  }
  return tree;
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
  leaf.fd = cgroup::open_group(base_.get(), leaf.name);
  if (!leaf.fd) {
    const int error = errno;
    ::unlinkat(base_.get(), leaf.name.c_str(), AT_REMOVEDIR);
    return error;
  }
  leaf.events =
      above_stdio(UniqueFd(::openat(leaf.fd.get(), "cgroup.events", O_RDONLY | O_CLOEXEC)));
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
  char text[256];
  const ssize_t size = ::pread(leaf.events.get(), text, sizeof text, 0);
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

Leftovers CgroupTree::leave(const Place& place, pid_t leader) {
  Leaf& leaf = leaves_[place.leaf];
  if (populated(leaf)) kill(place, leader);
  const Leftovers left = leaf.killed ? Leftovers::some : Leftovers::none;
  if (leaf.killed || free_.size() >= kMostIdle || (has_memory_ && leader > 0)) {
    retire(leaf);
    vacant_.push_back(place.leaf);
  } else {
    free_.push_back(place.leaf);
  }
  return left;
}

void CgroupTree::retire(Leaf& leaf) {
  leaf.fd.reset();
  leaf.events.reset();
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
    const UniqueFd directory = cgroup::open_group(base_.get(), dying.name);
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
