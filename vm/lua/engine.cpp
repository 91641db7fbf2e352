#include "vm/lua/engine.h"

#include <algorithm>
#include <stdexcept>

#include "vm/lua/compile.h"
#include "vm/lua/profiler.h"
#include "vm/lua/runtime.h"
#include "vm/lua/self_call.h"

namespace cosmoo {
namespace lua {
namespace {

constexpr int kDeepestCalls = 150;  // Lua nests 200 C calls; metamethods and pcall need some too

int panic_l(lua_State*) {
  throw std::runtime_error("an unprotected error in Lua");  // rule 2 of runtime.h was broken
}

int open_l(lua_State* L) {
  Runtime& rt = runtime(L);
  lua_newtable(L);
  rt.globals = luaL_ref(L, LUA_REGISTRYINDEX);
  open_globals(L);
  open_libraries(L);
  open_errors(L);
  open_views(L);
  open_calls(L);
  open_objects(L);
  open_fork(L);
  open_builtins(L);
  open_profiler(L);
  lua_gc(L, LUA_GCSTOP);  // but for collect()
  return 0;
}

class LuaEngine final : public Engine {
 public:
  LuaEngine(World& world, Scheduler& scheduler, const BuiltinTable& builtins, Services& services,
            LuaOptions options)
      : rt_{world, scheduler, builtins, services, options} {
    rt_.options.call_depth = std::clamp(options.call_depth, 1, kDeepestCalls);
    if (!calibrate_self_calls()) {
      throw std::runtime_error("this Lua does not let obj:name() be told from obj.name");
    }
    rt_.memory.engine_limit = rt_.memory.limit = options.engine_memory_bytes;
    rt_.main = lua_newstate(allocate, &rt_.memory);
    if (rt_.main == nullptr) throw std::runtime_error("no memory for Lua");
    *static_cast<Runtime**>(lua_getextraspace(rt_.main)) = &rt_;
    lua_atpanic(rt_.main, panic_l);
    lua_pushcfunction(rt_.main, open_l);
    if (lua_pcall(rt_.main, 0, 0, 0) != LUA_OK) {
      const std::string why = lua_tostring(rt_.main, -1);
      lua_close(rt_.main);
      throw std::runtime_error("Lua cannot be set up: " + why);
    }
    scheduler.ask_for_memory([this](ObjectId owner) { return may_keep_memory(rt_, owner); });
  }

  ~LuaEngine() override {
    rt_.scheduler.ask_for_memory(nullptr);
    rt_.spare_threads.clear();
    lua_close(rt_.main);
  }

  Result<std::unique_ptr<Execution>> call(VerbCall call) override {
    const Verb* verb = rt_.world.verb(call.verb);
    if (verb == nullptr) return fail(ErrorCode::verbnf, "there is no such verb");
    auto execution = std::make_unique<LuaExecution>(rt_);
    execution->start = std::make_unique<VerbCall>(std::move(call));
    return execution;
  }

  std::unique_ptr<Execution> planned_call(TaskId task) override {
    auto execution = std::make_unique<LuaExecution>(rt_);
    execution->start = LuaExecution::Planned{task};
    const PlannedCall* const call = rt_.world.planned().find(task);
    execution->hold(sizeof(Task) + execution->bytes() + (call != nullptr ? call->bytes() : 0));
    return execution;
  }

  std::unique_ptr<Execution> evaluate(std::string source, ObjectId player,
                                      ObjectId programmer) override {
    auto execution = std::make_unique<LuaExecution>(rt_);
    execution->start = LuaExecution::Source{std::move(source)};
    execution->activations.push_back(
        {kNothing, kNothing, programmer, player, player, rt_.world.symbols().intern("eval")});
    return execution;
  }

  std::optional<SyntaxError> check(std::string_view source) override {
    if (rt_.current != nullptr) {
      rt_.current->spend(static_cast<std::int64_t>(source.size() / kSourcePerTick));
      if (rt_.current->doomed()) return place_of(source, 0, "too large to compile");
    }
    Check work{source, longest_compile(rt_.current), std::nullopt};
    lua_pushcfunction(rt_.main, check_l);
    lua_pushlightuserdata(rt_.main, &work);
    if (lua_pcall(rt_.main, 1, 0, 0) != LUA_OK) {
      lua_pop(rt_.main, 1);
      return place_of(source, 0, "too large to compile");
    }
    return work.error;
  }

  std::size_t memory_used() const override { return rt_.memory.used; }

 private:
  struct Check {
    std::string_view source;
    std::chrono::nanoseconds most;
    std::optional<SyntaxError> error;
  };
  static int check_l(lua_State* L) {
    auto* work = static_cast<Check*>(lua_touserdata(L, 1));
    work->error = check_verb_code(L, work->source, work->most);
    return 0;
  }

  Runtime rt_;
};

}  // namespace
}  // namespace lua

std::unique_ptr<Engine> make_lua_engine(World& world, Scheduler& scheduler,
                                        const BuiltinTable& builtins, Services& services,
                                        LuaOptions options) {
  return std::make_unique<lua::LuaEngine>(world, scheduler, builtins, services, options);
}

}  // namespace cosmoo
