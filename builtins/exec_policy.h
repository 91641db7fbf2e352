// What the configuration says about exec().
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace cosmoo {

struct ExecPolicy {
  struct Program {
    std::optional<std::chrono::milliseconds> timeout;
    std::optional<std::size_t> output_bytes;
  };

  std::chrono::milliseconds timeout{60'000};  ///< 0, here and below: never.
  std::size_t output_bytes = 1 << 20;         ///< Of each stream.
  std::size_t input_bytes = 64 << 20;
  std::vector<std::string> allowed;  ///< Empty: every program beneath executables/.
  bool allow_loader_environment = false;
  std::map<std::string, Program> programs;  ///< What differs, by name.
};

}  // namespace cosmoo
