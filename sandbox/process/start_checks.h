// Before a launch: what the caller has wrong. After a failed one: what that means.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sandbox/job.h"
#include "sandbox/process/executable.h"
#include "sandbox/process/launch.h"
#include "sandbox/process/profile.h"

namespace cosmoo::sandbox {

/// What is wrong with the arguments, environment or working directory, if anything.
std::optional<StartError> objection_to(const Context& context);

StartError no_such_profile(const std::string& name, const std::vector<Profile>& profiles);

/// "cannot start 'NAME'"
std::string cannot_start(const Executable& executable);

/// A failed launch in words.
StartError explain(const LaunchFailure& failure, const Executable& executable,
                   const Context& context);

}  // namespace cosmoo::sandbox
