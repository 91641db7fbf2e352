// The command line.
#pragma once

#include <variant>

#include "server/config.h"

namespace cosmoo {

/// The process is to end at once with this code; what was to be said has been said.
struct ExitNow {
  int code = 0;
};

/// The configuration file, if one is named, overlaid with the options. Prints --help, --version and
/// --print-config to standard output, errors to standard error.
std::variant<Config, ExitNow> read_options(int argc, char** argv);

}  // namespace cosmoo
