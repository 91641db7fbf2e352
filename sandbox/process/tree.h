// Finds and kills everything that a job has started, however it tried to get away.
//
// Two ways, chosen once at the start. "cgroup2": each job is born in a leaf of the control group
// hierarchy, which no descendant can leave unnoticed and which is killed as a whole. "sessions",
// where no such hierarchy can be written: each job is a session of its own, and what leaves it is
// found by its parents, as this process adopts every orphan (PR_SET_CHILD_SUBREAPER).
//
// Rules: (1) nothing here waits: what dies slowly is seen to by tend(); (2) a leader is not reaped
// before leave() has returned, so that its process id names nobody else.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "sandbox/job.h"
#include "sandbox/process/launch.h"

namespace cosmoo::sandbox {

enum class Tracking {
  best,      ///< cgroup2 where it works, else sessions.
  sessions,  ///< Without cgroups, even where they would work.
};

/// Where one job is kept. Worthless after leave().
struct Place {
  int cgroup = -1;       ///< For LaunchPlan::cgroup; owned by the tree.
  std::size_t leaf = 0;  ///< The tree's own.
};

/// Whether a job has left processes behind, which have been killed and may be dying still.
enum class Leftovers { none, some, unknown };

class ProcessTree {
 public:
  virtual ~ProcessTree() = default;

  /// "cgroup2" or "sessions".
  virtual std::string_view method() const = 0;
  /// A place for a job about to be launched. Fails when the system allows no more of them.
  virtual tl::expected<Place, StartError> enter() = 0;
  /// The job in `place` runs; `leader` is the process that was launched.
  virtual void started(const Place& place, pid_t leader) = 0;
  /// Kills the leader and everything it started. May be called again.
  virtual void kill(const Place& place, pid_t leader) = 0;
  /// The leader has ended (or was never started: -1). Kills what is left and gives `place` back.
  virtual Leftovers leave(const Place& place, pid_t leader) = 0;
  /// Descriptor of the directory that holds the places' control groups, or -1: there are none.
  virtual int groups() const { return -1; }
  /// The name of that one's group in there.
  virtual std::string group(const Place&) const { return {}; }
  /// Whether tend() is needed.
  virtual bool restless() const = 0;
  /// Sees to what is still dying. Call again some milliseconds later as long as it returns true.
  virtual bool tend() = 0;
};

/// Looks for what works here. Ends what a dead server of this kind has left behind in its cgroups.
std::unique_ptr<ProcessTree> make_process_tree(Tracking tracking, Launcher& launcher);

}  // namespace cosmoo::sandbox
