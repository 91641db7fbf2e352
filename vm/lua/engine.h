// The Lua engine: makes an Engine whose verbs are Lua 5.4. The only header of this folder that the
// rest of the server includes; lua.h stays behind it.
#pragma once

#include <memory>

#include "vm/builtin.h"
#include "vm/engine.h"
#include "vm/scheduler.h"

namespace cosmoo {

struct LuaOptions {
  std::size_t task_memory_bytes = 64u << 20;   ///< What one task's slices may allocate and keep.
  std::size_t engine_memory_bytes = 1u << 30;  ///< All of Lua's heap.
  int call_depth = 50;                         ///< Verb calls within verb calls; 150 at most.
};

/// Everything passed in must outlive the engine. Throws std::runtime_error if this machine's Lua
/// cannot be used (see self_call.h).
std::unique_ptr<Engine> make_lua_engine(World& world, Scheduler& scheduler,
                                        const BuiltinTable& builtins, Services& services,
                                        LuaOptions options);

/// The builtins that the language itself implements (pcall, fork, eval, ...), for the table that
/// help and function_info() are made from. make_lua_engine() expects them in its table.
std::span<const Builtin> lua_builtins();

}  // namespace cosmoo
