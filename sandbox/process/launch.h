// Starts one child process without copying the server's page tables.
//
// The child is cloned with the server's memory (CLONE_VM) while the server's thread waits
// (CLONE_VFORK) until it executes its program, so the price does not depend on the server's size.
// Rules: (1) between clone and exec the child makes raw system calls only, on a stack of its own,
// with every signal blocked and every handler removed; (2) it writes nothing but its report;
// (3) what it inherits is what the plan names: descriptors 0 to 2, arguments, environment.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <tl/expected.hpp>

#include "sandbox/process/unique_fd.h"

namespace cosmoo::sandbox {

/// Everything is borrowed for the duration of the call. Descriptors are 3 or above.
struct LaunchPlan {
  int program = -1;        ///< The opened file to execute.
  bool is_script = false;  ///< Its interpreter opens it anew: it stays open, as descriptor 3.
  char* const* arguments = nullptr;
  char* const* environment = nullptr;
  int standard_input = -1;
  int standard_output = -1;
  int standard_error = -1;
  const char* working_directory = nullptr;  ///< Null: the server's.
  mode_t umask = 022;
  int cgroup = -1;  ///< Descriptor of the cgroup2 directory to be born in, or -1.
};

struct Launched {
  pid_t pid = -1;
  UniqueFd pidfd;
};

/// The step that failed; nothing is left of the child.
struct LaunchFailure {
  const char* step = "";
  int error_number = 0;
};

/// Owns the stack that children run on until they execute. Use by one thread only: children die
/// with the thread that launched them (PR_SET_PDEATHSIG), so this is the one that lives longest.
class Launcher {
 public:
  Launcher();  ///< Throws std::system_error when there is no memory for the stack.
  ~Launcher();
  Launcher(const Launcher&) = delete;
  Launcher& operator=(const Launcher&) = delete;

  tl::expected<Launched, LaunchFailure> launch(const LaunchPlan& plan);

  /// Whether a child can be born in this cgroup: tries it with one that ends at once.
  bool can_enter(int cgroup);

 private:
  void* stack_ = nullptr;
};

}  // namespace cosmoo::sandbox
