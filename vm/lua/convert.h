// Values into Lua and out of it; and inert copies between activations.
#pragma once

#include "vm/lua/runtime.h"

namespace cosmoo::lua {

/// How deep lists and maps may be nested, and how large one value may be.
inline constexpr int kMaxValueDepth = 100;

/// The Lua value at `index` as a value. E_TYPE for what is none (a function, a coroutine, a table
/// with a metatable, a cycle), E_QUOTA when it is larger than a task's memory.
Result<Value> to_value(lua_State* L, int index);
/// As above, when several values share a limit: takes what this one holds off `left`, in bytes.
Result<Value> to_value(lua_State* L, int index, std::size_t& left);

/// Whether the table at `index` is read as a list: its keys are the numbers from 1 to its length.
/// It looks at all of them.
bool is_sequence(lua_State* L, int index);

/// Pushes a value; lists and maps become fresh tables. Allocates (rule 2).
void push_value(lua_State* L, const Value& value);

/// Makes the Lua value at `index` inert in place: tables and views become fresh copies. The error
/// names what cannot cross.
Result<void> make_inert(lua_State* L, int index);

/// "a function", "a string": for error texts; knows objects, errors and views.
const char* describe(lua_State* L, int index);

/// Size and depth of a value, for checks before it is stored.
struct Measure {
  std::size_t bytes = 0;
  std::size_t items = 0;  ///< Values in it, itself included.
  int depth = 0;
};
Measure measure(const Value& value);
/// What it costs to convert or to look through a value of this measure.
std::int64_t ticks_for(const Measure& measure);
/// E_QUOTA or E_TYPE when a value of this measure, placed `depth` levels down, may not be kept.
Result<void> check_measure(const Runtime& rt, const Measure& measure, int depth);

}  // namespace cosmoo::lua
