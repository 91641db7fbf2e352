// What the language itself implements, for help and function_info(): rows without a function.
#include <array>

#include "vm/lua/engine.h"

namespace cosmoo {

std::span<const Builtin> lua_builtins() {
  using namespace types;
  static const std::array kRows{
      Builtin{"pcall",
              {{"function"}},
              1,
              Access::everyone,
              nullptr,
              "true, results... | false, error",
              "Calls the function with the further arguments and catches an error it raises. What "
              "ends a task (a budget that is used up, kill_task) cannot be caught.",
              true},
      Builtin{
          "xpcall",
          {{"function"}, {"handler"}},
          2,
          Access::everyone,
          nullptr,
          "true, results... | false, handler's results...",
          "As pcall(), and gives a caught error to the handler. The handler is called after the "
          "error has left the verbs it passed through.",
          true},
      Builtin{"raise",
              {{"error", kError}, {"message", kString}, {"value"}},
              1,
              Access::everyone,
              nullptr,
              "nothing",
              "Raises an error such as E_INVARG, with a message for people and a value for "
              "programs. A caught error has the fields code, name, message and value, and equals "
              "its code: err == E_INVARG."},
      Builtin{"pass",
              {},
              0,
              Access::everyone,
              nullptr,
              "results...",
              "Calls the verb of this name that the verb which calls it overrides, on the same "
              "object. E_VERBNF if there is none.",
              true},
      Builtin{"eval",
              {{"code", kString}},
              1,
              Access::programmer,
              nullptr,
              "true, results... | false, message, incomplete",
              "Runs Lua code, an expression or statements, with the caller's permissions. The "
              "second form is a syntax error with its line and column; `incomplete` tells that "
              "more lines could make it right. Errors of the code are raised."},
      Builtin{"fork",
              {{"seconds", kNumber}, {"function or object"}},
              2,
              Access::everyone,
              nullptr,
              "integer",
              "Starts a task after that many seconds; returns its id. fork(seconds, function, "
              "...) calls the function, with the permissions of the verb that forked it. "
              "fork(seconds, object, \"verb\", ...) calls the verb, as that verb would, and is "
              "kept with the world: after a restart it runs at its time, or at once if that has "
              "passed. With names: fork{seconds = 5, object = me, verb = \"wake\", args = {1}}, "
              "or fork{seconds = 5, func = f, args = {1}}. The task has background budgets. "
              "E_TYPE, E_INVARG for what cannot be; E_INVIND, E_VERBNF if there is no such "
              "object or verb; E_QUOTA if too many of your tasks wait.",
              true},
      Builtin{
          "callers",
          {{"lines", kFlag}},
          0,
          Access::everyone,
          nullptr,
          "list of lists",
          "The verb calls that led here, innermost first, without the one that asks: "
          "{this, verb name, programmer, verb location, player, line}. The line is there always, "
          "whether or not it is asked for."},
      Builtin{"set_task_perms",
              {{"who", kObject}},
              1,
              Access::everyone,
              nullptr,
              "nothing",
              "From here on the verb runs with the permissions of `who`. E_PERM unless it has a "
              "wizard's permissions, or those of `who` already."},
      Builtin{
          "caller_perms",
          {{"otherwise", kObject}},
          0,
          Access::everyone,
          nullptr,
          "object",
          "Whose permissions the calling verb has, or the one that forked the call; `otherwise`, "
          "or #-1, when a command called, or a function was forked. A command begins with "
          "set_task_perms(caller_perms(player)) to act for "
          "whoever wants it."},
      Builtin{"task_perms",
              {},
              0,
              Access::everyone,
              nullptr,
              "object",
              "Whose permissions this verb has now."},
      Builtin{
          "ticks_left",
          {},
          0,
          Access::everyone,
          nullptr,
          "integer",
          "Ticks that the task may use until it ends or suspends. A tick is a call of a verb or "
          "builtin, or a microsecond of computing."},
      Builtin{"seconds_left",
              {},
              0,
              Access::everyone,
              nullptr,
              "float",
              "Seconds that the task may run on until it ends or suspends."},
      Builtin{"typeof",
              {{"value"}},
              1,
              Access::everyone,
              nullptr,
              "string",
              "What a value is: \"integer\", \"float\", \"string\", \"object\", \"error\", "
              "\"list\", \"map\", \"boolean\" or \"nil\"; for what cannot be stored, what "
              "type() says. The constants INT (also NUM), FLOAT, STR, OBJ, ERR, LIST, MAP, BOOL "
              "and NIL are these strings: typeof(x) == STR. The empty table is a list."},
      Builtin{"profile_verbs",
              {{"on", kBoolean}},
              1,
              Access::wizard,
              nullptr,
              "nothing",
              "Begins to count where ticks and time go, anew, or stops; see verb_profile()."},
      Builtin{"verb_profile",
              {},
              0,
              Access::wizard,
              nullptr,
              "list of maps",
              "What was counted since profile_verbs(true), the verb that took the most time first: "
              "object (where it is defined, #-1 for eval), verb, calls, ticks, seconds. A verb's "
              "figures do not hold those of the verbs it calls, nor the time it is suspended."},
      Builtin{"toobj",
              {{"value", kInteger | kString | kObject}},
              1,
              Access::everyone,
              nullptr,
              "object",
              "The object with that number; the string may be \"#4\" or \"4\". #4 in a "
              "verb's code is short for toobj(4). The object need not exist: see valid()."},
  };
  return kRows;
}

}  // namespace cosmoo
