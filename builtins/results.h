// What comes back of jobs, as values: one wording for every kind of job.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "sandbox/job.h"
#include "vm/value.h"

namespace cosmoo {

/// status, exit_code, usage, started_at, ended_at; signal and limit where there was one,
/// not_enforced where a limit could not be. The
/// outputs are not among them: which there are depends on the kind of job.
Map as_map(const sandbox::Result& result);

/// {cpu_s, wall_s, memory_peak_bytes, instructions, cpu_from, memory_from}; the last two say who
/// has counted: "cgroup", "rusage" or "engine".
Value as_value(const sandbox::Usage& usage);

/// In UTC, with milliseconds: "2026-01-31T09:05:00.123Z".
std::string rfc3339(std::chrono::system_clock::time_point time);

/// 0 to 255: the program's own; 128 + N: killed by signal N; -1: stopped by a limit.
int exit_number(const sandbox::Result& result);

/// Why a job could not be started: E_INVARG, E_QUOTA or E_EXEC. `who` begins the text: "exec()".
Error start_error(std::string_view who, const sandbox::StartError& error);

}  // namespace cosmoo
