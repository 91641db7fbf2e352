// The variables that every verb has: `this`, `player`, `args` and the others.
#pragma once

#include "vm/lua/runtime.h"
#include "vm/lua/source.h"

namespace cosmoo::lua {

/// What they are taken from.
struct VerbScope {
  const Activation& activation;
  std::string_view called;
  const Command* command;  ///< Null: no command was typed.
  int first_arg;           ///< Where the arguments stand on Lua's stack.
  int last_arg;
};

/// Pushes those of `variables`, in the order of their bits; with kRest the arguments after them.
/// The caller has made room: for a value each.
void push_verb_variables(lua_State* L, const VerbScope& scope, std::uint32_t variables);

}  // namespace cosmoo::lua
