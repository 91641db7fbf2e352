// Text that no terminal takes for orders, for what one player's code shows to another.
#pragma once

#include <string>
#include <string_view>

namespace cosmoo {

/// `text` without control characters (tab and newline stay), U+0080 to U+009F among them; bytes
/// that are not UTF-8 become `?`, for a terminal of eight bits may obey them.
std::string plain_text(std::string_view text);

}  // namespace cosmoo
