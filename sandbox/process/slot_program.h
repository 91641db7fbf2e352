// The program that slots run, which is part of this one.
#pragma once

#include "sandbox/process/unique_fd.h"

namespace cosmoo::sandbox {

/// A file in memory that holds it, to be executed; none, with errno, if the system refuses that.
UniqueFd open_slot_program();

}  // namespace cosmoo::sandbox
