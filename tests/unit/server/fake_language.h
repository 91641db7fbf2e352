// A language for tests of the server: a verb's code is the name of a C++ function (see the end of
// fake_language.cpp).
#pragma once

#include "server/language.h"

namespace cosmoo::test {

inline constexpr std::string_view kPassword = "open-sesame";

/// Makes a world with the wizard #2 and the players #3 "bob" and #4 "carol" in the room #1; all
/// have kPassword, the wizard from COSMOO_WIZARD_PASSWORD.
Result<std::unique_ptr<Language>> make_fake_language(const Foundation& foundation);

}  // namespace cosmoo::test
