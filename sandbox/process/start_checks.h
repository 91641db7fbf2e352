// Before a launch: what the caller has wrong. After a failed one: what that means.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sandbox/job.h"
#include "sandbox/process/executable.h"
#include "sandbox/process/launch.h"

namespace cosmoo::sandbox {

/// What is wrong with the arguments, environment or working directory, if anything.
std::optional<StartError> objection_to(const Context& context);

/// What execve wants: pointers into `strings`, then a null.
std::vector<char*> pointers(std::vector<std::string>& strings);

/// A failed launch in words.
StartError explain(const LaunchFailure& failure, const Executable& executable,
                   const Context& context);

}  // namespace cosmoo::sandbox
