// A guest that begins with another function than its main().
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "sandbox/moxie/machine.h"
#include "sandbox/moxie/symbols.h"

namespace cosmoo::sandbox {

/// Lets a fresh guest run as far as its main(), so that its C library is ready, and has it go on in
/// `function` with these arguments instead: argc, argv; what that returns is the exit code. The
/// instructions up to there count. Fails, with a reason, when there is no such function, no main(),
/// when main() is not reached within `most` instructions, or there is no room for the arguments.
tl::expected<void, std::string> start_in_function(
    moxie::Machine& machine, const moxie::Symbols& symbols, const std::string& function,
    const std::vector<std::string>& arguments, std::uint64_t most, const std::atomic<bool>& killed);

}  // namespace cosmoo::sandbox
