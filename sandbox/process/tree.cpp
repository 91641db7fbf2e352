#include "sandbox/process/tree.h"

#include "sandbox/process/cgroup_tree.h"
#include "sandbox/process/session_tree.h"

namespace cosmoo::sandbox {

std::unique_ptr<ProcessTree> make_process_tree(Tracking tracking, Launcher& launcher) {
  if (tracking == Tracking::best) {
    if (auto tree = CgroupTree::create(launcher)) return tree;
  }
  return std::make_unique<SessionTree>();
}

}  // namespace cosmoo::sandbox
