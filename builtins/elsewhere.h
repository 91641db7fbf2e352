// Work on another thread, for a builtin that would else hold up the world.
#pragma once

#include "builtins/services.h"

namespace cosmoo {

/// Runs `work` on another thread; the task waits for its answer. `label` is what queued_tasks()
/// shows. Raises what Scheduler::may_wait() refuses, and does nothing then.
Outcome run_elsewhere(Call& call, std::string label, std::function<Resumption()> work);

/// The same, but the answer is that of `finish`, which runs on the loop when `work` is done; not if
/// the task was killed meanwhile.
Outcome run_elsewhere(Call& call, std::string label, std::function<void()> work,
                      std::function<Resumption()> finish);

}  // namespace cosmoo
