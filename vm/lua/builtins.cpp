// The trampoline between scripts and builtins: arguments to values, checks from the row, and the
// outcome back, be it a value, an error or a wait.
#include <fmt/format.h>
#include <boost/container/small_vector.hpp>

#include "vm/lua/convert.h"
#include "vm/lua/runtime.h"

namespace cosmoo::lua {
namespace {

using Arguments = boost::container::small_vector<Value, 6>;

std::string count_text(const Builtin& builtin) {
  const std::size_t most = builtin.parameters.size();
  if (builtin.variadic) return fmt::format("at least {}", builtin.required);
  if (most == builtin.required) return std::to_string(most);
  return fmt::format("{} to {}", builtin.required, most);
}

bool takes(const Builtin& builtin, std::size_t index, const Value& value) {
  if (index >= builtin.parameters.size()) return true;
  if (index >= builtin.required && value.is_nil()) return true;
  return (builtin.parameters[index].types & type_bit(value.type())) != 0;
}

void check_arguments(lua_State* L, const Builtin& builtin, const Arguments& arguments) {
  const std::size_t given = arguments.size();
  if (given < builtin.required || (given > builtin.parameters.size() && !builtin.variadic)) {
    raise(L, Error(ErrorCode::args,
                   fmt::format("{}() takes {} argument{}, not {}", builtin.name,
                               count_text(builtin), count_text(builtin) == "1" ? "" : "s", given)));
  }
  for (std::size_t i = 0; i < given; ++i) {
    if (takes(builtin, i, arguments[i])) continue;
    raise(L, Error(ErrorCode::type,
                   fmt::format("{}(): argument {} ({}) must be {}, not {}", builtin.name, i + 1,
                               builtin.parameters[i].name, text_of(builtin.parameters[i].types),
                               name_of(arguments[i].type()))));
  }
}

// Runs when what the builtin waited for has come.
int builtin_woken_k(lua_State* L, int, lua_KContext) {
  LuaExecution& execution = *runtime(L).current;
  execution.check_doom(L);
  const Resumption with = std::exchange(execution.resumption, Value());
  if (const Error* error = std::get_if<Error>(&with)) raise(L, *error);
  if (const ErrorValue* error = std::get_if<ErrorValue>(&with)) {
    push_error(L, *error);
    return lua_error(L);
  }
  push_value(L, std::get<Value>(with));
  return 1;
}

const Builtin& builtin_of(lua_State* L) {
  return *static_cast<const Builtin*>(lua_touserdata(L, lua_upvalueindex(1)));
}

Call make_call(LuaExecution& execution, const Runtime& rt, Arguments& arguments) {
  const Activation& activation = execution.top();
  return Call(rt.services, rt.scheduler, execution.task(), activation.programmer, activation.player,
              {arguments.data(), arguments.size()}, execution.ticks_left());
}

// What the unfinished builtin comes to, now that its verb has returned.
Outcome go_on(lua_State* L) {
  Runtime& rt = runtime(L);
  LuaExecution& execution = *rt.current;
  auto& unfinished = execution.unfinished;
  // Above it may be what an error has ended, and the verb has caught.
  while (unfinished.back().depth > execution.activations.size()) unfinished.pop_back();
  const auto then = std::move(unfinished.back().then);
  unfinished.pop_back();
  Result<Value> value = to_value(L, -1);
  if (!value) raise(L, value.error());
  execution.check_doom(L);
  lua_settop(L, 0);
  Arguments none;
  Call call = make_call(execution, rt, none);
  Outcome outcome = then(call, std::move(*value));
  execution.spend(call.spent());
  return outcome;
}

int end_builtin(lua_State* L, Outcome outcome);

int verb_returned_k(lua_State* L, int, lua_KContext) { return end_builtin(L, go_on(L)); }

// Calls the verb as a script would, so that all of a verb call's rules hold. If it waits, the
// builtin goes on in verb_returned_k.
Outcome call_verb_first(lua_State* L, CallVerb first) {
  LuaExecution& execution = *runtime(L).current;
  auto& unfinished = execution.unfinished;
  const std::size_t depth = execution.activations.size();
  while (!unfinished.empty() && unfinished.back().depth >= depth) unfinished.pop_back();
  unfinished.push_back({depth, std::move(first.then)});
  lua_settop(L, 0);
  luaL_checkstack(L, static_cast<int>(first.args.size()) + 4, "verb call");
  lua_pushlstring(L, first.verb.data(), first.verb.size());
  push_verb_caller(L, 1);
  push_object(L, first.object);
  for (const Value& argument : first.args) push_value(L, argument);
  lua_callk(L, static_cast<int>(first.args.size()) + 1, 1, 0, verb_returned_k);
  return go_on(L);
}

Outcome call_without_verb(lua_State* L, const CallVerb& first) {
  LuaExecution& execution = *runtime(L).current;
  execution.check_doom(L);
  Arguments none;
  Call call = make_call(execution, runtime(L), none);
  Outcome outcome = first.then(call, std::nullopt);
  execution.spend(call.spent());
  return outcome;
}

int wait_for(lua_State* L, Wait wait) {
  LuaExecution& execution = *runtime(L).current;
  const bool interrupted = runtime(L).scheduler.interrupted();
  if (lua_isyieldable(L) && !execution.doomed() && !interrupted) {
    execution.wait = std::move(wait);
    return lua_yieldk(L, 0, 0, builtin_woken_k);
  }
  // What it began is ended, and would have come to a wait that never was.
  if (wait.on_kill) wait.on_kill();
  ++execution.task().wait_number;
  execution.check_doom(L);
  if (interrupted) {
    raise(L, Error(ErrorCode::intrpt, fmt::format("{}() cannot wait: the server is shutting down",
                                                  builtin_of(L).name)));
  }
  raise(L, Error(ErrorCode::invarg,
                 fmt::format("{}() cannot wait inside of a function that is called by sort(), "
                             "gsub() or a metamethod",
                             builtin_of(L).name)));
}

int end_builtin(lua_State* L, Outcome outcome) {
  Runtime& rt = runtime(L);
  LuaExecution& execution = *rt.current;
  while (auto* next = std::get_if<CallVerb>(&outcome)) {  // a loop: there may be many, one by one
    CallVerb first = std::move(*next);
    outcome = rt.world.find_verb(first.object, first.verb) ? call_verb_first(L, std::move(first))
                                                           : call_without_verb(L, first);
  }
  if (auto* waits = std::get_if<Wait>(&outcome)) return wait_for(L, std::move(*waits));
  execution.check_doom(L);  // kill_task() of the running task ends here
  if (const auto* error = std::get_if<Error>(&outcome)) raise(L, *error);
  const Value& value = std::get<Value>(outcome);
  if (value.is_list() || value.is_map()) execution.spend(ticks_for(measure(value)));
  push_value(L, value);
  return 1;
}

int builtin_l(lua_State* L) {
  const Builtin& builtin = builtin_of(L);
  Runtime& rt = runtime(L);
  LuaExecution& execution = *rt.current;
  execution.charge(L, 1);
  Arguments arguments;
  const int given = lua_gettop(L);
  arguments.reserve(static_cast<std::size_t>(given));
  std::size_t left = rt.options.task_memory_bytes;  // one string, given a thousand times, is many
  for (int i = 1; i <= given; ++i) {
    Result<Value> value = to_value(L, i, left);
    if (!value) {
      raise(L, Error(value.error().code,
                     fmt::format("{}(): argument {}: {}", builtin.name, i, value.error().message)));
    }
    arguments.push_back(std::move(*value));
  }
  execution.check_doom(L);
  check_arguments(L, builtin, arguments);
  check_access(L, builtin.name, builtin.access);
  Call call = make_call(execution, rt, arguments);
  Outcome outcome = builtin.run(call);
  execution.spend(call.spent());
  return end_builtin(L, std::move(outcome));
}

// --- what only the language knows: the calls and budgets of the running task

int callers_l(lua_State* L) {
  constexpr std::int64_t kTicks = 20;  // it looks at a few hundred levels of Lua's stack
  runtime(L).current->charge(L, kTicks);
  const std::vector<Frame> frames = runtime(L).current->callers();
  lua_createtable(L, static_cast<int>(frames.size()), 0);
  for (std::size_t i = 1; i < frames.size(); ++i) {
    push_value(L, as_value(frames[i]));
    lua_rawseti(L, -2, static_cast<lua_Integer>(i));
  }
  return 1;
}

int set_task_perms_l(lua_State* L) {
  Runtime& rt = runtime(L);
  Activation& activation = rt.current->top();
  const std::optional<ObjectId> who = to_object(L, 1);
  if (!who) raise(L, ErrorCode::type, "set_task_perms() takes an object, not %s", describe(L, 1));
  if (*who != activation.programmer && !rt.world.is_wizard(activation.programmer)) {
    raise(L, ErrorCode::perm, "set_task_perms(): %s is neither a wizard nor %s",
          to_string(activation.programmer).c_str(), to_string(*who).c_str());
  }
  activation.programmer = *who;
  return 0;
}

int caller_perms_l(lua_State* L) {
  const auto& activations = runtime(L).current->activations;
  const std::optional<ObjectId> otherwise = to_object(L, 1);
  const ObjectId planned_by = runtime(L).current->called_by;
  if (activations.size() >= 2) {
    push_object(L, activations[activations.size() - 2].programmer);
  } else {
    push_object(L, planned_by != kNothing ? planned_by : otherwise.value_or(kNothing));
  }
  return 1;
}

int task_perms_l(lua_State* L) {
  push_object(L, runtime(L).current->top().programmer);
  return 1;
}

int ticks_left_l(lua_State* L) {
  lua_pushinteger(L, runtime(L).current->ticks_left());
  return 1;
}

int seconds_left_l(lua_State* L) {
  lua_pushnumber(L, runtime(L).current->seconds_left());
  return 1;
}

constexpr luaL_Reg kNative[] = {{"callers", callers_l},
                                {"set_task_perms", set_task_perms_l},
                                {"caller_perms", caller_perms_l},
                                {"task_perms", task_perms_l},
                                {"ticks_left", ticks_left_l},
                                {"seconds_left", seconds_left_l},
                                {nullptr, nullptr}};

}  // namespace

void check_access(lua_State* L, std::string_view builtin, Access access) {
  if (access == Access::everyone) return;
  const ObjectId programmer = runtime(L).current->top().programmer;
  const Object* object = runtime(L).world.find(programmer);
  const bool wizard = object != nullptr && object->is(kWizard);
  const bool allowed =
      wizard || (access == Access::programmer && object != nullptr && object->is(kProgrammer));
  if (allowed) return;
  raise(L, Error(ErrorCode::perm, fmt::format("{}() is for {}; {} is none", builtin,
                                              access == Access::wizard ? "wizards" : "programmers",
                                              to_string(programmer))));
}

// Sets globals[name], or globals[a][b] for "a.b", to the function on top, and pops it.
void set_global(lua_State* L, std::string_view name) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, runtime(L).globals);
  const std::size_t dot = name.find('.');
  if (dot != std::string_view::npos) {
    const std::string family(name.substr(0, dot));
    lua_pushstring(L, family.c_str());
    if (lua_rawget(L, -2) == LUA_TNIL) {
      lua_pop(L, 1);
      push_read_only_table(L);
      lua_pushvalue(L, -1);
      lua_setfield(L, -3, family.c_str());
    }
    lua_remove(L, -2);
    name.remove_prefix(dot + 1);
    lua_getmetatable(L, -1);
    lua_getfield(L, -1, "__index");
    lua_replace(L, -3);
    lua_pop(L, 1);
  }
  lua_pushvalue(L, -2);
  lua_setfield(L, -2, std::string(name).c_str());
  lua_pop(L, 2);
}

void open_builtins(lua_State* L) {
  Runtime& rt = runtime(L);
  lua_rawgeti(L, LUA_REGISTRYINDEX, rt.globals);
  luaL_setfuncs(L, kNative, 0);
  lua_pop(L, 1);
  for (const Builtin& row : rt.builtins.rows()) {
    if (row.run == nullptr) continue;
    lua_pushlightuserdata(L, const_cast<Builtin*>(&row));
    lua_pushcclosure(L, builtin_l, 1);
    set_global(L, row.name);
  }
}

}  // namespace cosmoo::lua
