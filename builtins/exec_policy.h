// What the configuration says about exec(), process.spawn() and sandbox.run().
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sandbox/guest/engine.h"
#include "sandbox/process/handle_table.h"

namespace cosmoo {

struct ExecPolicy {
  struct Program {
    std::optional<std::chrono::milliseconds> timeout;
    std::optional<std::size_t> output_bytes;
    std::optional<std::string> profile;
  };

  std::chrono::milliseconds timeout{60'000};  ///< 0, here and below: never.
  std::size_t output_bytes = 1 << 20;         ///< Of each stream.
  std::size_t input_bytes = 64 << 20;
  std::vector<std::string> allowed;  ///< Empty: every program beneath executables/.
  bool allow_loader_environment = false;
  std::map<std::string, Program> programs;  ///< What differs, by name.
};

/// What the configuration says about process.spawn(), besides what holds for exec().
struct ProcessPolicy {
  std::chrono::milliseconds timeout{0};
  std::string shell = "sh";  ///< The program that runs commands, beneath executables/.
  sandbox::HandleOptions handles;
};

/// What the configuration says about sandbox.run().
struct GuestPolicy {
  sandbox::GuestLimits limits;        ///< Of a run that asks for nothing else; wall 0: never.
  sandbox::GuestQuotas quotas;        ///< Of each programmer.
  sandbox::GuestQuotas together;      ///< Of all.
  std::size_t data_bytes = 16 << 20;  ///< Of all data files of a run together.
};

}  // namespace cosmoo
