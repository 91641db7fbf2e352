// What process.spawn() is given: a table of fields, read and checked.
#pragma once

#include "builtins/programs.h"

namespace cosmoo {

/// Everything to start the process with. E_INVARG for a field that does not exist or does not make
/// sense, E_TYPE for one of another type, both with its name; and whatever find_program(),
/// read_environment() and check_input_size() refuse.
Result<Program> read_spawn_fields(std::string_view who, const Services& services,
                                  const Value& fields);

/// Sets limits lower as a table of them asks for: E_INVARG for one that does not exist or cannot be
/// so, E_TYPE for what is no number.
Result<void> lower_limits(std::string_view who, const Value& given, sandbox::Limits& limits);

}  // namespace cosmoo
