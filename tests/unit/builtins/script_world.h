// Scripts that call the real builtins, in a world without a server.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <span>
#include <string>

#include "builtins/services.h"

namespace cosmoo {

/// #0 the system, #1 a wizard, #2 a programmer.
class ScriptWorld {
 public:
  static constexpr ObjectId kWizardPlayer{1}, kProgrammerPlayer{2};

  explicit ScriptWorld(SchedulerLimits limits = {});
  ~ScriptWorld();
  ScriptWorld(const ScriptWorld&) = delete;
  ScriptWorld& operator=(const ScriptWorld&) = delete;

  /// What an expression or a block with `return` comes to, as a literal; "E_PERM: why" if it raises
  /// an error, "aborted: why" if it is ended.
  std::string run(const std::string& code, ObjectId programmer = kProgrammerPlayer);

  World& world();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// A script and what it comes to; of an error, the beginning of its text.
struct Example {
  std::string code;
  std::string result;
};
void check_examples(std::span<const Example> examples);

}  // namespace cosmoo
