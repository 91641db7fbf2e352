// What a client's names for its terminal say about what it can show.
#pragma once

#include <string>
#include <vector>

#include "vm/connections.h"

namespace cosmoo {

/// Judges the names that a client has given itself, in its order (RFC 1091 and MTTS): its colours,
/// and whether it shows UTF-8 or reads aloud. The window's size is not among them.
Terminal judge_terminal(std::vector<std::string> names);

}  // namespace cosmoo
