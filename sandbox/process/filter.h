// The system calls that a walled-in job may not make.
#pragma once

#include <string>

#include "sandbox/process/profile.h"

namespace cosmoo::sandbox {

/// The filter of `profile` as BPF instructions; empty if this machine cannot have one. What it
/// denies fails with EPERM. The slot lives behind it too: it must allow what a launch takes.
std::string system_call_filter(const Profile& profile);

}  // namespace cosmoo::sandbox
