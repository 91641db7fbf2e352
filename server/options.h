// The command line.
#pragma once

#include <span>
#include <string>
#include <variant>

#include "server/config.h"
#include "server/world_command.h"

namespace cosmoo {

/// The process is to end at once with this code; what was to be said has been said.
struct ExitNow {
  int code = 0;
};

/// An option that prints a text and ends the process.
struct PrintOption {
  const char* name;  ///< "--print-config"
  std::string (*text)();
  const char* help;
};

/// What the process is to do: serve as configured, or something with a world that is not served.
/// The configuration is the file, if one is named, overlaid with the options. Prints --help,
/// --version and the texts of `prints` to standard output, errors to standard error.
std::variant<Config, WorldCommand, ExitNow> read_options(int argc, char** argv,
                                                         std::span<const PrintOption> prints);

}  // namespace cosmoo
