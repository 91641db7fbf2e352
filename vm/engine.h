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

/// An object as a file describes it; see world_files.h for the form.
struct ObjectSource {
  struct PropertySource {
    std::string name;
    Value value;
    std::string permissions = "r";
  };
  struct VerbSource {
    std::string names;
    std::string args = "this none this";
    std::string permissions = "rxd";
    std::string code;
    int line = 0;  ///< Where its code begins in the file.
  };
  std::string name;
  std::vector<std::string> parents;     ///< System names.
  std::optional<std::string> location;  ///< System name.
  std::string flags;  ///< Words: player programmer wizard readable writable fertile.
  std::vector<PropertySource> properties;
  std::vector<VerbSource> verbs;
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
  /// Reads an object's file. `resolve` gives the object of a system name, for ref(). E_INVARG says
  /// what is wrong with the file, "FILE:LINE: ...".
  virtual Result<ObjectSource> read_object(
      std::string_view text, const std::string& file_name,
      const std::function<std::optional<ObjectId>(std::string_view)>& resolve) = 0;
  /// Bytes that the language's heap holds.
  virtual std::size_t memory_used() const = 0;
};

}  // namespace cosmoo
