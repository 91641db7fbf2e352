// MOO's binary strings: bytes as printable text, ~0A for a newline, ~7E for the tilde itself.
#pragma once

#include <string>
#include <string_view>

#include "vm/error.h"

namespace cosmoo {

/// Printable ASCII but `~`, and the space, stand for themselves; every other byte is ~XX.
std::string encode_binary(std::string_view bytes);

/// E_INVARG names the place of a `~` that is not followed by two hexadecimal digits.
Result<std::string> decode_binary(std::string_view text);

}  // namespace cosmoo
