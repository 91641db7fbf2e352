// Frames as scripts see them, and those that the world has bound as it keeps them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "builtins/services.h"

namespace cosmoo {

/// What frame.bind() is given: E_INVARG for a field that does not exist or does not make sense,
/// E_TYPE for one of another type, E_QUOTA for a value that is too long.
Result<sandbox::Frame> read_frame(std::string_view who, const Value& fields);

/// What was given to have a frame so, in frame.bind()'s terms.
Map as_map(const sandbox::Frame& frame);

/// Binds a frame for the world, and keeps it there: in #0.frames, which wizards alone can read.
/// What the tree refuses, E_QUOTA if there are too many, and what the world refuses.
Result<void> bind_for_world(std::string_view who, Services& services, sandbox::Frame frame);
Result<void> unbind_for_world(std::string_view who, Services& services, std::string_view path);

/// What a world that was opened has kept. Returns what could not be bound again, and why.
std::vector<std::string> bind_what_is_kept(const World& world, sandbox::FrameTree& tree);

}  // namespace cosmoo
