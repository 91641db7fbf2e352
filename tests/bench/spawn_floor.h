// The least that running a program and collecting its output can cost: what the engine is
// measured against. Plain system calls, no event loop, nothing checked but errors.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace cosmoo::bench {

/// Runs `program` without arguments or input: three pipes, posix_spawn, both outputs read to
/// their ends, waitpid. Returns the seconds it took. Throws std::system_error, or
/// std::runtime_error if the program does not end with code 0.
double spawn_once(const char* program);

/// `times` runs one after another: the seconds of each.
std::vector<double> spawn_sequentially(const char* program, std::size_t times);

/// `count` runs started before the first is waited for, their outputs collected with poll():
/// the seconds until all have ended. Needs five descriptors a run.
double spawn_at_once(const char* program, std::size_t count);

/// Sends `bytes` through a program that copies its input to its output, without blocking on either,
/// and collects what comes: the seconds until it has ended. Throws std::runtime_error if something
/// else comes back.
double pump_through(const char* program, const std::string& bytes);

}  // namespace cosmoo::bench
