// The language that the server speaks: Lua, with every family of builtins.
#pragma once

#include "server/language.h"

namespace cosmoo {

/// Errors, E_FILE: the executables directory cannot be opened.
Result<std::unique_ptr<Language>> make_language(const Foundation& foundation);

}  // namespace cosmoo
