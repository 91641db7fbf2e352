// A small world with a Lua engine and no server: what the engine's tests run in.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "vm/builtin.h"
#include "vm/lua/engine.h"
#include "vm/scheduler.h"
#include "vm/world/world.h"

namespace cosmoo {

/// What the tests' builtins reach: the lines that were told, and tickets that wait.
struct Services {
  std::vector<std::string> told;
  std::vector<Ticket> tickets;
  Scheduler* scheduler = nullptr;
};

/// #0 the system, #1 the root, #2 a wizard, #3 a programmer.
class LuaWorld {
 public:
  explicit LuaWorld(SchedulerLimits limits = {}, LuaOptions options = {});
  ~LuaWorld() { scheduler.kill_all(); }  // tasks end before their language

  /// Defines `object`:`name`, owned by `owner`, callable; arguments this/none/this.
  void verb(ObjectId object, const std::string& name, const std::string& code,
            ObjectId owner = ObjectId{2});
  void property(ObjectId object, const std::string& name, Value value, ObjectId owner = ObjectId{2},
                std::uint8_t permissions = kRead);

  /// Runs code as an eval of `programmer` until nothing is ready any more; what it returned as a
  /// literal, or "error: " and the first line of the traceback.
  std::string run(const std::string& code, ObjectId programmer = ObjectId{2});
  /// Runs what is ready and due.
  void turn();

  Services services;
  World world;
  Scheduler scheduler;
  BuiltinTable builtins;
  std::unique_ptr<Engine> engine;
  std::vector<std::string> last_traceback;
};

/// Budgets of memory that are soon used up.
LuaOptions small_memory();
/// A hundred times the usual ticks and seconds: for what is no test of them and takes its time, as
/// in a build with sanitizers or on a busy machine.
SchedulerLimits plenty_of_budget();

bool has(const std::string& text, std::string_view part);

}  // namespace cosmoo
