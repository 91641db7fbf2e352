// Jobs kept in leaves of a cgroup2 hierarchy: see tree.h.
//
// Rules: (1) a leaf is made ahead or kept for the next job, because making one costs more than
// anything else in a start; (2) a leaf that was killed is never used again: newer kernels kill
// whatever is born there afterwards; (3) a directory belongs to a living server as long as the
// lock on it is held; one that can be locked is a dead server's and is removed.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "sandbox/process/tree.h"

namespace cosmoo::sandbox {

class CgroupTree final : public ProcessTree {
 public:
  /// Null when there is no cgroup2 hierarchy in which this process may create and enter groups.
  static std::unique_ptr<CgroupTree> create(Launcher& launcher);
  ~CgroupTree() override;

  std::string_view method() const override { return "cgroup2"; }
  tl::expected<Place, StartError> enter() override;
  void started(const Place&, pid_t) override {}
  void kill(const Place& place, pid_t leader) override;
  Leftovers leave(const Place& place, pid_t leader) override;
  bool restless() const override;
  bool tend() override;
  int groups() const override { return base_.get(); }
  std::string group(const Place& place) const override { return leaves_[place.leaf].name; }

 private:
  struct Leaf {
    std::string name;
    UniqueFd fd;
    UniqueFd events;  ///< Kept open: read after every job.
    bool killed = false;
  };
  struct Dying {
    std::string name;
    int attempts = 0;
  };

  CgroupTree(UniqueFd parent, UniqueFd base, std::string name);
  /// 0, or the errno of the step that failed.
  int add_leaf();
  bool populated(const Leaf& leaf) const;
  void retire(Leaf& leaf);

  UniqueFd parent_;
  UniqueFd base_;  ///< Locked.
  std::string name_;
  std::deque<Leaf> leaves_;          ///< Indexed by Place::leaf; addresses stay.
  std::vector<std::size_t> free_;    ///< Empty leaves that wait for a job.
  std::vector<std::size_t> vacant_;  ///< Indices in leaves_ whose directory was given up.
  std::vector<Dying> dying_;
  std::uint64_t last_name_ = 0;
  bool has_memory_ = false;
};

}  // namespace cosmoo::sandbox
