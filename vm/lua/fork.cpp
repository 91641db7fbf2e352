// fork(): tasks that begin later. A function of Lua lives as long as the server; a call of a verb
// is planned in the world (vm/world/planned_calls.h) and outlives it.
#include <algorithm>
#include <array>

#include "vm/lua/convert.h"
#include "vm/lua/runtime.h"

namespace cosmoo::lua {
namespace {

constexpr double kLongest = 1e9;

// Where fork()'s arguments stand; what follows them goes to the function or verb.
constexpr int kSeconds = 1, kWhat = 2, kVerb = 3;

std::int64_t due_after(double seconds) {
  using std::chrono::duration_cast, std::chrono::microseconds;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return duration_cast<microseconds>(now).count() +
         duration_cast<microseconds>(Scheduler::Delay(seconds)).count();
}

// --- fork{seconds = 5, object = here, verb = "open", args = {...}}

void push_named(lua_State* L, const char* name) {
  lua_pushstring(L, name);
  lua_rawget(L, 1);
}

void check_names(lua_State* L) {
  constexpr std::array<std::string_view, 5> kNames{"seconds", "func", "object", "verb", "args"};
  lua_pushnil(L);
  while (lua_next(L, 1) != 0) {
    lua_pop(L, 1);
    const bool is_text = lua_type(L, -1) == LUA_TSTRING;
    const std::string_view name = is_text ? lua_tostring(L, -1) : describe(L, -1);
    if (is_text && std::find(kNames.begin(), kNames.end(), name) != kNames.end()) continue;
    raise(L, Error(ErrorCode::invarg,
                   "fork{} takes seconds, object, verb and args, or seconds, "
                   "func and args; not " +
                       std::string(name.substr(0, 80))));
  }
}

void push_all(lua_State* L, int table) {
  const auto count = static_cast<lua_Integer>(lua_rawlen(L, table));
  runtime(L).current->charge(L, count / 100);
  luaL_checkstack(L, static_cast<int>(std::min<lua_Integer>(count, LUAI_MAXSTACK)),
                  "arguments of fork{}");
  for (lua_Integer i = 1; i <= count; ++i) lua_rawgeti(L, table, i);
}

// Puts the arguments where they stand when they have no names.
void spread_names(lua_State* L) {
  check_names(L);
  push_named(L, "seconds");
  push_named(L, "func");
  const bool is_function = !lua_isnil(L, -1);
  if (!is_function) {
    lua_pop(L, 1);
    push_named(L, "object");
  }
  push_named(L, "verb");
  if (is_function && !lua_isnil(L, -1)) {
    raise(L, ErrorCode::invarg, "fork{} takes func, or object and verb, not both");
  }
  if (is_function) lua_pop(L, 1);
  push_named(L, "args");
  const int args = lua_gettop(L);
  if (is_view(L, args)) {
    if (const auto inert = make_inert(L, args); !inert) raise(L, inert.error());
  }
  if (lua_istable(L, args)) {
    push_all(L, args);
  } else if (!lua_isnil(L, args)) {
    raise(L, ErrorCode::type, "fork{}: args must be a list, not %s", describe(L, args));
  }
  lua_remove(L, args);
  lua_remove(L, 1);
}

// --- the two kinds

// Queues the child; `bytes` is what it keeps besides itself.
TaskId start_child(lua_State* L, std::unique_ptr<LuaExecution> child, TaskId id,
                   std::size_t bytes) {
  Runtime& rt = runtime(L);
  const Activation& here = rt.current->top();
  child->hold(L, sizeof(Task) + child->bytes() + bytes);
  const Result<TaskId> started =
      rt.scheduler.start(here.player, here.programmer, std::move(child), Ground::background,
                         Scheduler::Delay(lua_tonumber(L, kSeconds)), id);
  if (!started) raise(L, started.error());
  return *started;
}

int fork_function(lua_State* L) {
  Runtime& rt = runtime(L);
  const int count = lua_gettop(L) - 1;
  lua_createtable(L, count, 1);
  for (int i = 1; i <= count; ++i) {
    lua_pushvalue(L, i + 1);
    lua_rawseti(L, -2, i);
  }
  lua_pushinteger(L, count);
  lua_setfield(L, -2, "n");
  auto child = std::make_unique<LuaExecution>(rt);
  child->start = LuaExecution::Fork{luaL_ref(L, LUA_REGISTRYINDEX)};
  child->inherited = rt.current->kept_now();
  child->activations.push_back(rt.current->top());
  const auto& words = rt.current->words;
  if (!words.empty() && words.back().depth == rt.current->activations.size()) {
    child->words.push_back({1, words.back().text});
  }
  child->command = rt.current->command;
  lua_pushinteger(L, start_child(L, std::move(child), rt.scheduler.next_id(), 0));
  return 1;
}

Value take_arguments(lua_State* L, int first) {
  Runtime& rt = runtime(L);
  List args;
  std::size_t left = rt.options.task_memory_bytes;
  for (int i = first; i <= lua_gettop(L); ++i) {
    Result<Value> value = to_value(L, i, left);
    if (!value) {
      raise(L, Error(value.error().code, "fork(): argument " + std::to_string(i - first + 1) +
                                             " of the verb: " + value.error().message));
    }
    args.push_back(std::move(*value));
  }
  Value list(std::move(args));
  const Measure size = measure(list);
  if (const auto kept = check_measure(rt, size, 0); !kept) raise(L, kept.error());
  rt.current->charge(L, ticks_for(size));
  return list;
}

int fork_verb(lua_State* L) {
  Runtime& rt = runtime(L);
  if (lua_type(L, kVerb) != LUA_TSTRING) {
    raise(L, ErrorCode::type, "fork() takes a verb's name after an object, not %s",
          describe(L, kVerb));
  }
  std::size_t size = 0;
  const char* const name = lua_tolstring(L, kVerb, &size);
  PlannedCall call;
  call.object = *to_object(L, kWhat);
  call.verb.assign(name, size);
  if (!rt.world.valid(call.object)) {
    raise(L, ErrorCode::invind, "fork(): there is no object %s", to_string(call.object).c_str());
  }
  if (!rt.world.find_verb(call.object, call.verb)) {
    raise(L, ErrorCode::verbnf, "fork(): %s has no verb %s", to_string(call.object).c_str(),
          call.verb.substr(0, 80).c_str());
  }
  call.args = take_arguments(L, kVerb + 1);
  const Activation& here = rt.current->top();
  call.programmer = here.programmer;
  call.caller = here.this_object;
  call.player = here.player;
  call.due_us = due_after(lua_tonumber(L, kSeconds));
  call.task = rt.scheduler.next_id();
  auto child = std::make_unique<LuaExecution>(rt);
  child->start = LuaExecution::Planned{call.task};
  start_child(L, std::move(child), call.task, call.bytes());
  lua_pushinteger(L, call.task);
  rt.world.planned().add(std::move(call));
  return 1;
}

int fork_l(lua_State* L) {
  runtime(L).current->charge(L, 1);
  if (lua_gettop(L) == 1 && lua_istable(L, 1)) spread_names(L);
  if (lua_type(L, kSeconds) != LUA_TNUMBER) {
    raise(L, ErrorCode::type, "fork() takes seconds first, not %s", describe(L, kSeconds));
  }
  const double seconds = lua_tonumber(L, kSeconds);
  if (!(seconds >= 0 && seconds <= kLongest)) {
    raise(L, ErrorCode::invarg, "fork(): %f seconds are not possible", seconds);
  }
  if (lua_type(L, kWhat) == LUA_TFUNCTION) return fork_function(L);
  if (to_object(L, kWhat)) return fork_verb(L);
  raise(L, ErrorCode::type, "fork() takes a function or an object second, not %s",
        describe(L, kWhat));
}

}  // namespace

void begin_planned_call(lua_State* L) {
  Runtime& rt = runtime(L);
  LuaExecution& execution = *rt.current;
  auto planned = rt.world.planned().take(std::get<LuaExecution::Planned>(execution.start).task);
  if (!planned) raise(L, ErrorCode::invarg, "the planned call is gone");
  const std::string name = to_string(planned->object) + ":" + planned->verb.substr(0, 80);
  if (!rt.world.valid(planned->object)) {
    raise(L, ErrorCode::invind, "%s was to be called, but there is no such object", name.c_str());
  }
  const auto verb = rt.world.find_verb(planned->object, planned->verb);
  if (!verb) raise(L, ErrorCode::verbnf, "%s was to be called, and is gone", name.c_str());
  auto call = std::make_unique<VerbCall>();
  call->verb = *verb;
  call->this_object = planned->object;
  call->player = planned->player;
  call->caller = planned->caller;
  call->name = std::move(planned->verb);
  call->args = planned->args.list();
  execution.called_by = planned->programmer;
  execution.start = std::move(call);
}

void open_fork(lua_State* L) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, runtime(L).globals);
  lua_pushcfunction(L, fork_l);
  lua_setfield(L, -2, "fork");
  lua_pop(L, 1);
}

}  // namespace cosmoo::lua
