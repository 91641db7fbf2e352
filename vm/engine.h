// What the rest of the server asks of a scripting language. vm/lua implements it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vm/task.h"
#include "vm/world/command.h"
#include "vm/world/world.h"

namespace cosmoo {

/// A verb to run as the first activation of a new task.
struct VerbCall {
  VerbRef verb;
  ObjectId this_object;
  ObjectId player;
  std::optional<ObjectId> caller{};  ///< The verb's `caller` variable; none: the player.
  std::string name;                  ///< As it was called: the verb's `verb` variable.
  std::vector<Value> args;
  Command command;  ///< The words of the command line; empty when no command was typed.
};

/// Where a piece of source does not fit its language. Lines and columns count from 1.
struct SyntaxError {
  int line = 0;
  int column = 0;
  std::string message;
  bool incomplete = false;  ///< It ends too early: more lines could make it right.
};

class Engine {
 public:
  virtual ~Engine() = default;
  /// E_INVARG with the syntax error if the verb's code does not compile.
  virtual Result<std::unique_ptr<Execution>> call(VerbCall call) = 0;
  /// Makes the call that the world has planned for that task, when it runs.
  virtual std::unique_ptr<Execution> planned_call(TaskId task) = 0;
  /// Code that runs with `programmer`'s permissions, as eval does.
  virtual std::unique_ptr<Execution> evaluate(std::string source, ObjectId player,
                                              ObjectId programmer) = 0;
  virtual std::optional<SyntaxError> check(std::string_view source) = 0;
  /// Bytes that the language's heap holds.
  virtual std::size_t memory_used() const = 0;
};

}  // namespace cosmoo
