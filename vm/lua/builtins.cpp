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

std::string types_text(TypeSet types) {
  std::string text;
  for (int i = 0; i <= static_cast<int>(Value::Type::map); ++i) {
    const auto type = static_cast<Value::Type>(i);
    if ((types & type_bit(type)) == 0) continue;
    if (!text.empty()) text += " or ";
    text += name_of(type);
  }
  return text;
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
                               builtin.parameters[i].name, types_text(builtin.parameters[i].types),
                               name_of(arguments[i].type()))));
  }
}

// Runs when what the builtin waited for has come.
int builtin_woken_k(lua_State* L, int, lua_KContext) {
  LuaExecution& execution = *runtime(L).current;
  execution.check_doom(L);
  const Resumption with = std::exchange(execution.resumption, Value());
  if (const Error* error = std::get_if<Error>(&with)) raise(L, *error);
  push_value(L, std::get<Value>(with));
  return 1;
}

int builtin_l(lua_State* L) {
  const auto& builtin = *static_cast<const Builtin*>(lua_touserdata(L, lua_upvalueindex(1)));
  Runtime& rt = runtime(L);
  LuaExecution& execution = *rt.current;
  execution.charge(L, 1);
  const Activation& activation = execution.top();
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
  Call call(rt.services, rt.scheduler, execution.task(), activation.programmer, activation.player,
            {arguments.data(), arguments.size()}, execution.ticks_left());
  Outcome outcome = builtin.run(call);
  execution.spend(call.spent());
  if (auto* waits = std::get_if<Wait>(&outcome)) {
    if (!lua_isyieldable(L) || execution.doomed() || rt.scheduler.interrupted()) {
      // What it began is ended, and would have come to a wait that never was.
      if (waits->on_kill) waits->on_kill();
      ++execution.task().wait_number;
      execution.check_doom(L);
      if (rt.scheduler.interrupted()) {
        raise(L, Error(ErrorCode::intrpt,
                       fmt::format("{}() cannot wait: the server is shutting down", builtin.name)));
      }
      raise(L, Error(ErrorCode::invarg,
                     fmt::format("{}() cannot wait inside of a function that is called by sort(), "
                                 "gsub() or a metamethod",
                                 builtin.name)));
    }
    execution.wait = std::move(*waits);
    return lua_yieldk(L, 0, 0, builtin_woken_k);
  }
  execution.check_doom(L);  // kill_task() of the running task ends here
  if (const auto* error = std::get_if<Error>(&outcome)) raise(L, *error);
  const Value& value = std::get<Value>(outcome);
  if (value.is_list() || value.is_map()) execution.spend(ticks_for(measure(value)));
  push_value(L, value);
  return 1;
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
