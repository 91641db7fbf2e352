// Which limits of a job its groups tell to be reached, and when to look again.
#pragma once

#include <chrono>

#include "sandbox/job.h"
#include "sandbox/process/controls.h"

namespace cosmoo::sandbox {

/// What groups have counted for a job alone that found `before` in them.
GroupFigures since(const GroupFigures& before, GroupFigures now);

/// The name of the limit that is reached, or null; `own` is the job's.
const char* reached(const Limits& limits, const GroupFigures& own);

/// After the start of a job that has limits to look at; 0: it has none.
std::chrono::milliseconds until_first_look(const Limits& limits);
std::chrono::milliseconds until_next_look(const Limits& limits, const GroupFigures& own);

}  // namespace cosmoo::sandbox
