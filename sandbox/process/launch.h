// Starts one child process without copying the server's page tables.
//
// The child is cloned with the launcher's memory (CLONE_VM), which it has until it executes its
// program, so the price does not depend on the launcher's size. The launcher waits for that
// (CLONE_VFORK), or goes on beside it.
// Rules: (1) between clone and exec the child makes raw system calls only, on a stack of its own,
// with every signal blocked and every handler removed, and without errno, which is the launcher's;
// (2) it writes nothing but its report; (3) what it inherits is what the plan names: descriptors 0
// to 2, arguments, environment.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <tl/expected.hpp>

#include "sandbox/process/unique_fd.h"

namespace cosmoo::sandbox {

/// A number for setrlimit() or a user that is not to be set.
inline constexpr std::int64_t kAsIs = -1;

/// What a child sets for itself before it executes its program. Plain numbers: slots are sent it.
struct ChildSettings {
  std::int64_t uid = kAsIs;  ///< With it, or with gid, supplementary groups are dropped.
  std::int64_t gid = kAsIs;
  std::int64_t open_files = kAsIs;
  std::int64_t file_size = kAsIs;
  std::int64_t address_space = kAsIs;
  std::int64_t cpu_seconds = kAsIs;
};

/// Everything is borrowed until the child has executed. Descriptors are 3 or above.
struct LaunchPlan {
  enum class Session { own, callers };
  enum class Rights { kept, dropped };  ///< Dropped: all capabilities.
  /// What comes of it when the thread ends that launched it (of a sibling: that thread's parent).
  enum class Orphaned { dies, lives };

  int program = -1;        ///< The opened file to execute.
  bool is_script = false;  ///< Its interpreter opens it anew: it stays open, as descriptor 3.
  char* const* arguments = nullptr;
  char* const* environment = nullptr;
  int standard_input = -1;
  int standard_output = -1;
  int standard_error = -1;
  int kept = -1;  ///< One more, which becomes descriptor 3; not with a script.
  /// Null: the caller's. Made with mode 0755 if it is not there, for `uid`.
  const char* working_directory = nullptr;
  mode_t umask = 022;
  int cgroup = -1;               ///< Descriptor of the cgroup2 directory to be born in, or -1.
  std::uint64_t namespaces = 0;  ///< CLONE_NEW... that it gets for itself.
  Session session = Session::own;
  Rights rights = Rights::kept;
  Orphaned orphaned = Orphaned::dies;
  /// Those that the launcher ignores or handles, and the child is not to: bit n - 1 is signal n.
  std::uint64_t signals = ~std::uint64_t{0};
  int report_to = -1;  ///< A socket on which the child sends slot::Answers; -1: nobody listens.
  std::uint32_t order = 0;  ///< What it calls itself there.
  ChildSettings own;
};

struct Launched {
  pid_t pid = -1;
  UniqueFd pidfd;
};

/// The step that failed.
struct LaunchFailure {
  std::string step;
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

  /// Waits until the child has executed its program. Of one that fails nothing is left.
  tl::expected<Launched, LaunchFailure> launch(const LaunchPlan& plan);

  /// Does not wait, and fails with "clone" alone. The child is one of this process's parent, which
  /// has to reap it and with which it dies; it reports by itself what comes between. What the plan
  /// borrows stays until settle() has returned.
  tl::expected<Launched, LaunchFailure> begin_sibling(const LaunchPlan& plan);
  /// Waits until the child has executed its program, or has ended. Of the working directory so many
  /// bytes name what it has made.
  std::size_t settle();

  /// Whether a child can be born in this cgroup: tries it with one that ends at once.
  bool can_enter(int cgroup);

  struct Handover;

 private:
  /// For the next child.
  Handover& fresh(const LaunchPlan& plan);

  void* stack_ = nullptr;
  std::unique_ptr<Handover> handover_;
};

}  // namespace cosmoo::sandbox
