// From what a script gives to a program that may be started: what exec() and process.spawn() have
// in common, under the rules of the configuration.
//
// `who` begins the text of each error: "exec()".
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "builtins/services.h"

namespace cosmoo {

/// A timeout of 0 in the configuration.
inline constexpr std::chrono::milliseconds kNever{0};

/// A program and all that it is started with, but for its environment and input.
struct Program {
  sandbox::Executable executable;
  sandbox::Context context;              ///< Its arguments, and its limit on output.
  std::string label;                     ///< The command line as people are shown it, shortened.
  std::chrono::milliseconds longest{0};  ///< What it may take at most; kNever: as long as it likes.
};

/// A command line as people are shown it, shortened.
std::string label_of(const std::vector<std::string>& words);

/// E_INVARG unless all are strings without NUL bytes, and there is one. `what` names the list.
Result<std::vector<std::string>> read_words(std::string_view who, std::string_view what,
                                            const List& given);

/// The program that the first of `words` names. E_PERM if the configuration does not allow it,
/// E_INVARG, E_QUOTA or E_EXEC if it cannot be had. `longest` is for a program that the
/// configuration gives no timeout of its own.
Result<Program> find_program(std::string_view who, const Services& services,
                             std::vector<std::string> words, std::chrono::milliseconds longest);

/// "NAME=VALUE" as a list, or NAME = "VALUE" as a map, and PATH besides; nil: PATH alone. E_INVARG
/// for what is not right, and for what would have the loader or a shell run other code.
Result<std::vector<std::string>> read_environment(std::string_view who, const Value& given,
                                                  const ExecPolicy& policy);

/// E_QUOTA for more input than is allowed.
Result<void> check_input_size(std::string_view who, std::size_t bytes, const ExecPolicy& policy);

/// The sooner of what a script asks for, in milliseconds, and what a program may take.
std::optional<std::chrono::milliseconds> wall_limit(std::optional<double> asked,
                                                    std::chrono::milliseconds longest);

}  // namespace cosmoo
