// Tells obj:name(...) from obj.name inside an __index metamethod.
//
// Both reach __index alike, and Lua's debug interface does not say which it was; but a MOO needs to
// know: a property hides a verb from `.`, never from `:`, and what is missing is E_PROPNF there and
// E_VERBNF here. The instruction that asked tells: OP_SELF or not. It is reached through the call
// record that lua_getstack() hands out, whose first fields have been the same in every Lua 5.4.
// calibrate() runs both forms once and learns what they look like; on a Lua where they look the
// same (or not as learnt) the engine refuses to start, so nothing is ever guessed.
#pragma once

#include <lua5.4/lua.hpp>

namespace cosmoo::lua {

/// Learns the instruction of `:` on this Lua. False: it cannot be told from `.` here.
bool calibrate_self_calls();

/// In an __index metamethod that a script's code ran into: whether it was a method call.
bool called_as_method(lua_State* L);

}  // namespace cosmoo::lua
