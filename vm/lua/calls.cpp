// Verb calls: obj:verb(...), pass(...), eval(...), fork(...), and the first call of every task.
//
// Each makes an activation with the verb owner's permissions; arguments and results cross as inert
// values. The activation is gone when the call returns; an error leaves it for pcall to cut away.
#include "vm/lua/compile.h"
#include "vm/lua/convert.h"
#include "vm/lua/runtime.h"

namespace cosmoo::lua {
namespace {

constexpr std::size_t kMostCompiled = 20'000;

std::string verb_text(const Runtime& rt, ObjectId object, Symbol name) {
  return to_string(object) + ":" + rt.world.symbols().name_of(name);
}

// "#4:look": the verb's first name, without its star.
std::string chunk_name(const VerbRef& ref, const Verb& verb) {
  std::string name = verb.names.substr(0, verb.names.find(' '));
  std::erase(name, '*');
  return "=" + to_string(ref.definer) + ":" + name;
}

void push_word(lua_State* L, const Command* command, std::string Command::*word) {
  if (command == nullptr) {
    lua_pushliteral(L, "");
  } else {
    lua_pushlstring(L, (command->*word).data(), (command->*word).size());
  }
}

void push_variable(lua_State* L, std::size_t variable, int first_arg, int last_arg) {
  Runtime& rt = runtime(L);
  const Activation& activation = rt.current->top();
  const Command* command = rt.current->command.get();
  switch (variable) {
    case 0:
      return push_object(L, activation.this_object);
    case 1:
    case 11:  // me
      return push_object(L, activation.player);
    case 2:
      return push_object(L, activation.caller);
    case 3: {
      const std::string& name = rt.world.symbols().name_of(activation.verb);
      lua_pushlstring(L, name.data(), name.size());
      return;
    }
    case 4:
      lua_createtable(L, last_arg - first_arg + 1, 0);
      for (int i = first_arg; i <= last_arg; ++i) {
        lua_pushvalue(L, i);
        lua_rawseti(L, -2, i - first_arg + 1);
      }
      return;
    case 5:
      return push_word(L, command, &Command::argstr);
    case 6:
      return push_object(L, command != nullptr ? command->dobj : kNothing);
    case 7:
      return push_word(L, command, &Command::dobjstr);
    case 8:
      return push_object(L, command != nullptr ? command->iobj : kNothing);
    case 9:
      return push_word(L, command, &Command::iobjstr);
    case 10:
      return push_word(L, command, &Command::prepstr);
    default: {  // here
      const Object* player = rt.world.find(activation.player);
      return push_object(L, player != nullptr ? player->location : kNothing);
    }
  }
}

// Makes what a call returned inert, and ends its activation.
int leave_activation(lua_State* L, int first_result) {
  runtime(L).current->activations.pop_back();
  for (int i = first_result; i <= lua_gettop(L); ++i) {
    const Result<void> inert = make_inert(L, i);
    if (!inert) raise(L, inert.error());
  }
  return lua_gettop(L) - first_result + 1;
}

int verb_returned_k(lua_State* L, int, lua_KContext first_result) {
  return leave_activation(L, static_cast<int>(first_result));
}

void enter_activation(lua_State* L, const Activation& activation) {
  LuaExecution& execution = *runtime(L).current;
  const int depth = runtime(L).options.call_depth;
  if (execution.activations.size() >= static_cast<std::size_t>(depth)) {
    raise(L, ErrorCode::maxrec, "more than %d verb calls within each other", depth);
  }
  execution.activations.push_back(activation);
}

int call_verb(lua_State* L, const VerbRef& ref, ObjectId object, Symbol name, int first_arg) {
  Runtime& rt = runtime(L);
  const CompiledVerb code = compiled_verb(L, ref);
  for (int i = first_arg; i <= lua_gettop(L); ++i) {
    const Result<void> inert = make_inert(L, i);
    if (!inert) {
      raise(L, inert.error().code, "argument %d of %s: %s", i - first_arg + 1,
            verb_text(rt, object, name).c_str(), inert.error().message.c_str());
    }
  }
  const Activation& caller = rt.current->top();
  enter_activation(
      L, {object, ref.definer, rt.world.verb(ref)->owner, caller.player, caller.this_object, name});
  call_in_activation(L, code, first_arg, verb_returned_k);
  return leave_activation(L, first_arg);
}

// Upvalues: the name as written, its symbol.
int call_verb_l(lua_State* L) {
  Runtime& rt = runtime(L);
  rt.current->charge(L, 1);
  const auto name = static_cast<Symbol>(lua_tointeger(L, lua_upvalueindex(2)));
  const std::optional<ObjectId> object = to_object(L, 1);
  if (!object) {
    raise(L, ErrorCode::type, "verb %s is called on %s, not on an object",
          lua_tostring(L, lua_upvalueindex(1)), describe(L, 1));
  }
  const std::optional<VerbRef> ref = rt.world.find_verb(*object, name);
  if (!ref && !rt.world.valid(*object)) {
    raise(L, ErrorCode::invind, "%s: there is no object %s", verb_text(rt, *object, name).c_str(),
          to_string(*object).c_str());
  }
  if (!ref) {
    raise(L, ErrorCode::verbnf, "%s has no verb %s", to_string(*object).c_str(),
          lua_tostring(L, lua_upvalueindex(1)));
  }
  return call_verb(L, *ref, *object, name, 2);
}

int pass_l(lua_State* L) {
  Runtime& rt = runtime(L);
  rt.current->charge(L, 1);
  const Activation here = rt.current->top();
  const auto ref = rt.world.find_verb_above(here.this_object, here.definer, here.verb);
  if (!ref) {
    raise(L, ErrorCode::verbnf, "no ancestor of %s above %s has a verb %s",
          to_string(here.this_object).c_str(), to_string(here.definer).c_str(),
          rt.world.symbols().name_of(here.verb).c_str());
  }
  return call_verb(L, *ref, here.this_object, here.verb, 1);
}

// --- eval

int eval_returned_k(lua_State* L, int, lua_KContext) {
  leave_activation(L, 2);
  return lua_gettop(L);
}

// eval(code) -> true, results... | false, message, incomplete
int eval_l(lua_State* L) {
  Runtime& rt = runtime(L);
  rt.current->charge(L, 1);
  if (lua_gettop(L) != 1) raise(L, ErrorCode::args, "eval() takes one argument");
  if (lua_type(L, 1) != LUA_TSTRING) {
    raise(L, ErrorCode::type, "eval() takes a string, not %s", describe(L, 1));
  }
  const Activation caller = rt.current->top();
  const Object* programmer = rt.world.find(caller.programmer);
  if (programmer == nullptr || !(programmer->is(kProgrammer) || programmer->is(kWizard))) {
    raise(L, ErrorCode::perm, "eval() is for programmers; %s is none",
          to_string(caller.programmer).c_str());
  }
  std::size_t size = 0;
  const char* text = lua_tolstring(L, 1, &size);
  rt.current->charge(L, static_cast<std::int64_t>(size / 100));
  CompiledVerb code;
  if (const auto error = push_eval_function(L, {text, size}, code.variables)) {
    lua_pushboolean(L, 0);
    lua_pushstring(L, describe(*error).c_str());
    lua_pushboolean(L, error->incomplete);
    return 3;
  }
  lua_pushboolean(L, 1);
  lua_replace(L, 1);
  enter_activation(L, {kNothing, kNothing, caller.programmer, caller.player, caller.this_object,
                       rt.world.symbols().intern("eval")});
  call_in_activation(L, code, 2, eval_returned_k);
  return eval_returned_k(L, LUA_OK, 0);
}

// --- tasks

int task_ended_k(lua_State* L, int, lua_KContext) {
  if (lua_gettop(L) == 0) return 0;
  // What is no value (a function) is nobody's business outside: the task simply has no result.
  Result<Value> value = to_value(L, 1);
  if (value) runtime(L).current->result = std::move(*value);
  return 0;
}

int fork_l(lua_State* L) {
  Runtime& rt = runtime(L);
  LuaExecution& parent = *rt.current;
  parent.charge(L, 1);
  if (lua_type(L, 1) != LUA_TNUMBER) {
    raise(L, ErrorCode::type, "fork() takes seconds first, not %s", describe(L, 1));
  }
  if (lua_type(L, 2) != LUA_TFUNCTION) {
    raise(L, ErrorCode::type, "fork() takes a function second, not %s", describe(L, 2));
  }
  const double seconds = lua_tonumber(L, 1);
  if (!(seconds >= 0 && seconds <= 1e9)) {
    raise(L, ErrorCode::invarg, "fork(): %f seconds are not possible", seconds);
  }
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
  child->activations.push_back(parent.top());
  child->command = parent.command;
  const Activation& activation = parent.top();
  const Result<TaskId> id =
      rt.scheduler.start(activation.player, activation.programmer, std::move(child),
                         Scheduler::Ground::background, std::chrono::duration<double>(seconds));
  if (!id) raise(L, id.error());
  lua_pushinteger(L, *id);
  return 1;
}

}  // namespace

void call_in_activation(lua_State* L, const CompiledVerb& code, int first_arg, lua_KFunction k) {
  const int last_arg = lua_gettop(L);
  luaL_checkstack(L, static_cast<int>(kVerbVariables.size()) + 2, "verb call");
  int pushed = 0;
  if (code.function != LUA_NOREF) {
    lua_rawgeti(L, LUA_REGISTRYINDEX, code.function);
    ++pushed;
  }
  // An eval's function is on the stack already, where its arguments would be.
  const int args_end = code.function != LUA_NOREF ? last_arg : first_arg - 1;
  for (std::size_t i = 0; i < kVerbVariables.size(); ++i) {
    if ((code.variables >> i & 1u) == 0) continue;
    push_variable(L, i, first_arg, args_end);
    ++pushed;
  }
  if (code.function != LUA_NOREF) lua_rotate(L, first_arg, pushed);
  lua_callk(L, lua_gettop(L) - first_arg, LUA_MULTRET, first_arg, k);
}

CompiledVerb compiled_verb(lua_State* L, const VerbRef& ref) {
  Runtime& rt = runtime(L);
  const Verb& verb = *rt.world.verb(ref);
  if (const auto it = rt.compiled.find(verb.version); it != rt.compiled.end()) return it->second;
  if (rt.compiled.size() >= kMostCompiled) {
    for (const auto& [version, code] : rt.compiled) {
      luaL_unref(L, LUA_REGISTRYINDEX, code.function);
    }
    rt.compiled.clear();
  }
  const std::uint64_t version = verb.version;
  const std::string name = chunk_name(ref, verb);
  CompiledVerb code;
  if (const auto error = push_verb_function(L, verb.code, name.c_str(), code.variables)) {
    raise(L, ErrorCode::invarg, "%s does not compile: %s", name.c_str() + 1,
          describe(*error).c_str());
  }
  code.function = luaL_ref(L, LUA_REGISTRYINDEX);
  rt.compiled.emplace(version, code);
  return code;
}

int task_main_l(lua_State* L) {
  Runtime& rt = runtime(L);
  LuaExecution& execution = *rt.current;
  lua_settop(L, 0);
  if (auto* call = std::get_if<std::unique_ptr<VerbCall>>(&execution.start)) {
    const std::unique_ptr<VerbCall> given = std::move(*call);
    VerbCall& start = *given;
    const Verb* verb = rt.world.verb(start.verb);
    if (verb == nullptr) raise(L, ErrorCode::verbnf, "the verb is gone");
    execution.activations.push_back({start.this_object, start.verb.definer, verb->owner,
                                     start.player, start.player,
                                     rt.world.symbols().intern(start.name)});
    const CompiledVerb code = compiled_verb(L, start.verb);
    luaL_checkstack(L, static_cast<int>(start.args.size()), "arguments");
    for (const Value& argument : start.args) push_value(L, argument);
    if (!start.command.verb.empty()) {
      execution.command = std::make_shared<const Command>(std::move(start.command));
    }
    call_in_activation(L, code, 1, task_ended_k);
  } else if (auto* source = std::get_if<LuaExecution::Source>(&execution.start)) {
    CompiledVerb code;
    if (const auto error = push_eval_function(L, source->text, code.variables)) {
      raise(L, ErrorCode::invarg, "%s", describe(*error).c_str());
    }
    source->text.clear();
    call_in_activation(L, code, 1, task_ended_k);
  } else {
    auto& fork = std::get<LuaExecution::Fork>(execution.start);
    lua_rawgeti(L, LUA_REGISTRYINDEX, fork.packed);
    luaL_unref(L, LUA_REGISTRYINDEX, std::exchange(fork.packed, LUA_NOREF));
    lua_getfield(L, 1, "n");
    const auto count = static_cast<int>(lua_tointeger(L, -1));
    lua_pop(L, 1);
    luaL_checkstack(L, count + 1, "arguments");
    for (int i = 1; i <= count; ++i) lua_rawgeti(L, 1, i);
    lua_remove(L, 1);
    lua_callk(L, count - 1, LUA_MULTRET, 0, task_ended_k);
  }
  return task_ended_k(L, LUA_OK, 0);
}

bool is_activation_boundary(lua_CFunction function) {
  return function == call_verb_l || function == pass_l || function == eval_l ||
         function == task_main_l;
}

void push_verb_caller(lua_State* L, int name_index) {
  const int name = lua_absindex(L, name_index);
  lua_rawgeti(L, LUA_REGISTRYINDEX, runtime(L).verb_callers);
  lua_pushvalue(L, name);
  if (lua_rawget(L, -2) == LUA_TNIL) {
    lua_pop(L, 1);
    lua_pushvalue(L, name);
    lua_pushvalue(L, name);
    lua_pushinteger(L, static_cast<lua_Integer>(to_symbol(L, name)));
    lua_pushcclosure(L, call_verb_l, 2);
    lua_rawset(L, -3);
    lua_pushvalue(L, name);
    lua_rawget(L, -2);
  }
  lua_remove(L, -2);
}

void open_calls(lua_State* L) {
  // Weak values: a caller that nobody is about to use can be made again.
  lua_newtable(L);
  lua_newtable(L);
  lua_pushliteral(L, "v");
  lua_setfield(L, -2, "__mode");
  lua_setmetatable(L, -2);
  runtime(L).verb_callers = luaL_ref(L, LUA_REGISTRYINDEX);

  lua_rawgeti(L, LUA_REGISTRYINDEX, runtime(L).globals);
  constexpr luaL_Reg kFunctions[] = {
      {"pass", pass_l}, {"eval", eval_l}, {"fork", fork_l}, {nullptr, nullptr}};
  luaL_setfuncs(L, kFunctions, 0);
  lua_pop(L, 1);
}

}  // namespace cosmoo::lua
