// UTF-8 from strangers made whole.
#pragma once

#include <string>
#include <string_view>

namespace cosmoo {

/// Appends `bytes` to `out` as valid UTF-8: each maximal part of an invalid sequence becomes U+FFFD
/// (Unicode 15, 3.9, table 3-8), and the control characters U+0080 to U+009F, which terminals obey,
/// are left out.
void append_utf8(std::string& out, std::string_view bytes);

/// Whether any byte is outside ASCII.
bool has_high_bytes(std::string_view bytes);

}  // namespace cosmoo
