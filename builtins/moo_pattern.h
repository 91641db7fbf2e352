// MOO's regular expressions, in which % does what \ does elsewhere: "%(a%|b%)%1", "%<word%>".
#pragma once

#include <string>
#include <string_view>

#include "vm/error.h"

namespace cosmoo {

/// The pattern in PCRE2's syntax, for matching bytes. E_INVARG says what is malformed, and where.
Result<std::string> translate_moo_pattern(std::string_view pattern);

}  // namespace cosmoo
