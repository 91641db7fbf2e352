// Guests made up at random, each the same for its seed.
#pragma once

#include <cstdint>
#include <memory>
#include <random>

#include "tests/unit/moxie/assemble.h"

namespace cosmoo::moxie::testing {

/// Mostly sensible: targets within the code, addresses around the data; sometimes any bytes.
Bytes random_code(std::mt19937& random);

/// With this code, some writable data, and registers that point into it.
std::unique_ptr<Machine> random_guest(const Bytes& code, std::uint32_t seed,
                                      Engine engine = Engine::interpreter);

/// All its ranges, one behind the other.
Bytes memory_of(const Machine& machine);

}  // namespace cosmoo::moxie::testing
