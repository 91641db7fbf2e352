// The program that frame hosts run, which is part of this one.
#pragma once

#include "sandbox/process/unique_fd.h"

namespace cosmoo::sandbox {

/// As program_file().
UniqueFd open_host_program();

}  // namespace cosmoo::sandbox
