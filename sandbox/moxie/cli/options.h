// The command line of cosmoo-sandbox.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "sandbox/moxie/machine.h"

namespace cosmoo::moxie::cli {

/// How cosmoo-sandbox ends when the guest does not say so by exiting itself.
enum ExitCode : int {
  kBudgetSpent = 124,
  kFailed = 125,      ///< Nothing was run, or a result could not be written.
  kSignalBase = 128,  ///< A fault adds its signal's number, as in a shell.
};

struct Options {
  std::vector<std::string> programs;         ///< -e: files, or SHA-256 in hexadecimal digits.
  std::vector<std::string> program_folders;  ///< -E: where such programs are looked for.
  std::vector<std::string> data;             ///< -d
  std::vector<std::string> data_folders;     ///< -D
  std::string output;                        ///< -o; empty: nowhere, "-": standard output.
  std::string state;                         ///< --state, the same.
  std::string profile;                       ///< -p; empty: none.
  std::optional<std::uint16_t> gdb_port;     ///< -g
  std::uint64_t budget = Machine::kUnlimited;
  std::uint64_t heap_bytes = 0x0fffffff;
  std::uint64_t stack_bytes = 64 << 10;
  Engine engine = Engine::automatic;  ///< --engine
  bool step = false;                  ///< --engine step: run_observed(), watched or not.
  bool trace = false;
  bool json = false;
  bool disassemble = false;
};

/// What was asked for, or how to end at once: 0 after help, kFailed after a message.
tl::expected<Options, int> parse_options(int argc, char** argv);

}  // namespace cosmoo::moxie::cli
