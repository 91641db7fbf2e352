// What a guest does and what it is made of, in lines for people, with the names of its functions.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "sandbox/moxie/machine.h"
#include "sandbox/moxie/program.h"
#include "sandbox/moxie/symbols.h"

namespace cosmoo::moxie::cli {

/// A sink for a Tracer that writes each line to standard error with the name of its place:
///   0000100a  main+0x4                      ldi.l $r0, 0x2000          $r0=00002000
/// `symbols` must outlive it.
std::function<void(std::string_view line)> named_lines(const Symbols& symbols);

/// The read-only segments of a program that `machine` holds, under the names of their functions.
std::string listing(const Machine& machine, const Program& program, const Symbols& symbols);

}  // namespace cosmoo::moxie::cli
