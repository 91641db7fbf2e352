// Lets gdb have a guest: a connection on loopback around GdbStub.
#pragma once

#include <cstdint>
#include <string>
#include <tl/expected.hpp>

#include "sandbox/moxie/machine.h"

namespace cosmoo::moxie::cli {

/// Waits on `port` of 127.0.0.1 (0: any; it is told on standard error) for one debugger, and does
/// as it says until it leaves or kills the guest. A guest that it left alone runs to its end.
/// Returns why the guest stopped last; the error is the system's reason.
tl::expected<Stop, std::string> debug(Machine& machine, std::uint64_t budget, std::uint16_t port);

}  // namespace cosmoo::moxie::cli
