// Connects the scripting language, its builtins and what they execute to the server.
#pragma once

#include "server/language.h"

namespace cosmoo {

/// The language of this build. What App is given.
Result<std::unique_ptr<Language>> make_language(const Foundation& foundation);

}  // namespace cosmoo
