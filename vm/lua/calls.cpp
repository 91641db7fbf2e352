// Verb calls: obj:verb(...), pass(...), eval(...), and the first call of every task.
//
// Each makes an activation with the verb owner's permissions; arguments, results and errors cross
// as inert values. An error stops at each border, where the activation ends, and goes on from
// there: what Lua runs while an error passes (__close) never finds another verb's permissions.
#include "vm/lua/compile.h"
#include "vm/lua/convert.h"
#include "vm/lua/profiler.h"
#include "vm/lua/runtime.h"
#include "vm/lua/verb_variables.h"

namespace cosmoo::lua {
namespace {

constexpr std::size_t kMostCompiled = 20'000;
constexpr std::size_t kMostCompiledSource = 16u << 20;

std::string verb_text(ObjectId object, std::string_view name) {
  return to_string(object) + ":" + std::string(name.substr(0, 80));
}

// What a verb is called: a symbol, and the word if it is none. Words that anybody may make up, such
// as those that :huh is called for, fill no table.
struct CalledName {
  Symbol symbol;
  std::string_view word = {};
};

CalledName called_name(Runtime& rt, const VerbRef& ref, std::string_view called) {
  SymbolTable& symbols = rt.world.symbols();
  if (const auto known = symbols.find(called)) return {*known};
  const std::string& names = rt.world.verb(ref)->names;
  if (verb_name_matches(names, called)) {
    if (const auto symbol = symbols.intern_called(called)) return {*symbol};
  }
  constexpr std::size_t kLongest = 255;  // it is kept outside of Lua's heap
  const std::string_view first = std::string_view(names).substr(0, names.find(' '));
  const auto symbol = symbols.find(first);
  return {symbol ? *symbol : symbols.intern("(verb)"), called.size() <= kLongest ? called : first};
}

// "#4:look": the verb's first name, without its star.
std::string chunk_name(const VerbRef& ref, const Verb& verb) {
  std::string name = verb.names.substr(0, verb.names.find(' '));
  std::erase(name, '*');
  return "=" + to_string(ref.definer) + ":" + name;
}

// Called where an error is raised, while the stack still tells where that is.
int error_raised_l(lua_State* L) {
  runtime(L).current->note_traceback(L);
  return 1;
}

// For the callee of call_in_activation(), and its handler.
void make_room_for_callee(lua_State* L, int arguments) {
  luaL_checkstack(L, static_cast<int>(kVerbVariables.size()) + 3 + arguments, "verb call");
}

std::string_view text_of(const Runtime& rt, const CalledName& name) {
  return name.word.empty() ? rt.world.symbols().name_of(name.symbol) : name.word;
}

// Pushes the verb's function and what it is called with; an eval's function is there already.
void push_callee(lua_State* L, const Activation& activation, std::string_view called,
                 const CompiledVerb& code, int first_arg, int last_arg) {
  if (code.function != LUA_NOREF) {
    lua_rawgeti(L, LUA_REGISTRYINDEX, code.function);
  } else {
    lua_pushvalue(L, last_arg);
    last_arg = first_arg - 1;
  }
  const VerbScope scope{activation, called, runtime(L).current->command.get(), first_arg, last_arg};
  push_verb_variables(L, scope, code.variables);
}

// Adds an activation. Before it and before its end, the profiler counts what was done up to there.
void enter_activation(Runtime& rt, const Activation& activation, std::string_view word) {
  LuaExecution& execution = *rt.current;
  if (rt.profiling) {
    if (!execution.activations.empty()) {
      rt.profiler->count(execution.top(), execution.ticks_left());
    }
    rt.profiler->count_call(activation);
  }
  execution.activations.push_back(activation);
  if (!word.empty()) {
    execution.words.push_back({execution.activations.size(), std::string(word)});
  }
}

// Ends the call whose handler is at `base`: its results, which stand above it, are made inert, or
// its error goes on. The number of results.
int leave_activation(lua_State* L, int status, int base) {
  Runtime& rt = runtime(L);
  LuaExecution& execution = *rt.current;
  if (rt.profiling) rt.profiler->count(execution.top(), execution.ticks_left());
  if (!execution.words.empty() && execution.words.back().depth == execution.activations.size()) {
    execution.words.pop_back();
  }
  execution.activations.pop_back();
  if (status != LUA_OK && status != LUA_YIELD) {
    if (status == LUA_ERRMEM) execution.doom(Budget::memory);
    if (!execution.doomed() && !make_inert(L, -1)) {
      lua_pop(L, 1);
      lua_pushliteral(L, "(the error object is not a value)");
    }
    lua_error(L);
  }
  const int last = lua_gettop(L);
  for (int i = base + 1; i <= last; ++i) {
    const Result<void> inert = make_inert(L, i);
    if (!inert) raise(L, inert.error());
  }
  return last - base;
}

int verb_returned_k(lua_State* L, int status, lua_KContext base) {
  return leave_activation(L, status, static_cast<int>(base));
}

// Calls in an activation of its own. The arguments stand from `first_arg` up; an eval has none, but
// its function there. They stay where they are, below the results.
int call_in_activation(lua_State* L, const Activation& activation, const CalledName& name,
                       const CompiledVerb& code, int first_arg, lua_KFunction k = verb_returned_k) {
  Runtime& rt = runtime(L);
  const int depth = rt.options.call_depth;
  if (rt.current->activations.size() >= static_cast<std::size_t>(depth)) {
    raise(L, ErrorCode::maxrec, "more than %d verb calls within each other", depth);
  }
  const int last_arg = lua_gettop(L);
  make_room_for_callee(L, last_arg - first_arg + 1);
  lua_pushcfunction(L, error_raised_l);
  const int handler = last_arg + 1;
  push_callee(L, activation, text_of(rt, name), code, first_arg, last_arg);
  // Nothing between here and the call may raise: the activation would stay.
  enter_activation(rt, activation, name.word);
  const int status = lua_pcallk(L, lua_gettop(L) - handler - 1, LUA_MULTRET, handler, handler, k);
  return leave_activation(L, status, handler);
}

// With the arguments from `first_arg` up.
int call_target(lua_State* L, const CallTarget& target, ObjectId object, const CalledName& name,
                int first_arg) {
  Runtime& rt = runtime(L);
  const int last_arg = lua_gettop(L);
  for (int i = first_arg; i <= last_arg; ++i) {
    const Result<void> inert = make_inert(L, i);
    if (!inert) {
      raise(L, inert.error().code, "argument %d of %s: %s", i - first_arg + 1,
            verb_text(object, text_of(rt, name)).c_str(), inert.error().message.c_str());
    }
  }
  const Activation& caller = rt.current->top();
  return call_in_activation(
      L, {object, target.definer, target.owner, caller.player, caller.this_object, name.symbol},
      name, target.code, first_arg);
}

CallTarget target_of(lua_State* L, const VerbRef& ref) {
  const CompiledVerb code = compiled_verb(L, ref);
  return {ref.definer, runtime(L).world.verb(ref)->owner, code};
}

// Upvalues: the name as written, and its symbol if it was one then.
int call_verb_l(lua_State* L) {
  Runtime& rt = runtime(L);
  rt.current->charge(L, 1);
  const std::optional<ObjectId> object = to_object(L, 1);
  const auto* const symbol = static_cast<const Symbol*>(lua_touserdata(L, lua_upvalueindex(2)));
  if (object && symbol != nullptr) {
    const CallTarget* const known = rt.calls.find(*object, *symbol);
    if (known != nullptr) return call_target(L, CallTarget(*known), *object, {*symbol}, 2);
    if (const auto ref = rt.world.find_verb(*object, *symbol)) {
      const CallTarget target = target_of(L, *ref);
      rt.calls.remember(*object, *symbol, target);
      return call_target(L, target, *object, {*symbol}, 2);
    }
  }
  std::size_t size = 0;
  const char* text = lua_tolstring(L, lua_upvalueindex(1), &size);
  const std::string_view called(text, size);
  if (!object) {
    raise(L, ErrorCode::type, "verb %s is called on %s, not on an object", text, describe(L, 1));
  }
  if (symbol == nullptr) {
    if (const auto ref = rt.world.find_verb(*object, called)) {
      return call_target(L, target_of(L, *ref), *object, called_name(rt, *ref, called), 2);
    }
  }
  if (!rt.world.valid(*object)) {
    raise(L, ErrorCode::invind, "%s: there is no object %s", verb_text(*object, called).c_str(),
          to_string(*object).c_str());
  }
  raise(L, ErrorCode::verbnf, "%s has no verb %s", to_string(*object).c_str(),
        std::string(called.substr(0, 80)).c_str());
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
  return call_target(L, target_of(L, *ref), here.this_object, {here.verb}, 1);
}

// --- eval

// What it returns stands on top, `true` before it.
int eval_returned(lua_State* L, int results) {
  lua_pushboolean(L, 1);
  lua_insert(L, -1 - results);
  return 1 + results;
}

int eval_returned_k(lua_State* L, int status, lua_KContext base) {
  return eval_returned(L, leave_activation(L, status, static_cast<int>(base)));
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
  check_access(L, "eval", Access::programmer);
  std::size_t size = 0;
  const char* text = lua_tolstring(L, 1, &size);
  rt.current->charge(L, static_cast<std::int64_t>(size / kSourcePerTick));
  CompiledVerb code;
  if (const auto error = push_eval_function(L, {text, size}, code.variables)) {
    lua_pushboolean(L, 0);
    lua_pushstring(L, describe(*error).c_str());
    lua_pushboolean(L, error->incomplete);
    return 3;
  }
  const Symbol name = rt.world.symbols().intern("eval");
  const int function = lua_gettop(L);
  const int results = call_in_activation(
      L, {kNothing, kNothing, caller.programmer, caller.player, caller.this_object, name}, {name},
      code, function, eval_returned_k);
  return eval_returned(L, results);
}

// --- tasks

// The results stand above what was `below` them before the call.
int task_ended_k(lua_State* L, int, lua_KContext below) {
  const int first = static_cast<int>(below) + 1;
  if (lua_gettop(L) < first) return 0;
  // What is no value (a function) is nobody's business outside: the task simply has no result.
  Result<Value> value = to_value(L, first);
  if (value) runtime(L).current->result = std::move(*value);
  return 0;
}

}  // namespace

CompiledVerb compiled_verb(lua_State* L, const VerbRef& ref) {
  Runtime& rt = runtime(L);
  const Verb& verb = *rt.world.verb(ref);
  if (const auto it = rt.compiled.find(verb.version); it != rt.compiled.end()) return it->second;
  if (rt.compiled.size() >= kMostCompiled || rt.compiled_source > kMostCompiledSource) {
    for (const auto& [version, code] : rt.compiled) {
      luaL_unref(L, LUA_REGISTRYINDEX, code.function);
    }
    rt.compiled.clear();
    rt.calls.clear();
    rt.compiled_source = 0;
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
  rt.compiled_source += verb.code.size();
  return code;
}

int task_main_l(lua_State* L) {
  Runtime& rt = runtime(L);
  LuaExecution& execution = *rt.current;
  lua_settop(L, 0);
  int below = 0;
  if (std::holds_alternative<LuaExecution::Planned>(execution.start)) begin_planned_call(L);
  if (auto* call = std::get_if<std::unique_ptr<VerbCall>>(&execution.start)) {
    const std::unique_ptr<VerbCall> given = std::move(*call);
    VerbCall& start = *given;
    const Verb* verb = rt.world.verb(start.verb);
    if (verb == nullptr) raise(L, ErrorCode::verbnf, "the verb is gone");
    const CalledName name = called_name(rt, start.verb, start.name);
    enter_activation(rt,
                     {start.this_object, start.verb.definer, verb->owner, start.player,
                      start.caller.value_or(start.player), name.symbol},
                     name.word);
    const CompiledVerb code = compiled_verb(L, start.verb);
    below = static_cast<int>(start.args.size());
    luaL_checkstack(L, below, "arguments");
    for (const Value& argument : start.args) push_value(L, argument);
    if (!start.command.verb.empty()) {
      execution.command = std::make_shared<const Command>(std::move(start.command));
    }
    make_room_for_callee(L, below);
    push_callee(L, execution.top(), text_of(rt, name), code, 1, below);
    lua_callk(L, lua_gettop(L) - below - 1, LUA_MULTRET, below, task_ended_k);
  } else if (auto* source = std::get_if<LuaExecution::Source>(&execution.start)) {
    CompiledVerb code;
    if (const auto error = push_eval_function(L, source->text, code.variables)) {
      raise(L, ErrorCode::invarg, "%s", describe(*error).c_str());
    }
    source->text.clear();
    below = lua_gettop(L);
    make_room_for_callee(L, 0);
    push_callee(L, execution.top(), rt.world.symbols().name_of(execution.top().verb), code, below,
                below);
    lua_callk(L, lua_gettop(L) - below - 1, LUA_MULTRET, below, task_ended_k);
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
  return task_ended_k(L, LUA_OK, below);
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
    if (const auto symbol = to_symbol(L, name)) {
      *static_cast<Symbol*>(lua_newuserdatauv(L, sizeof(Symbol), 0)) = *symbol;
    } else {
      lua_pushnil(L);
    }
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
  constexpr luaL_Reg kFunctions[] = {{"pass", pass_l}, {"eval", eval_l}, {nullptr, nullptr}};
  luaL_setfuncs(L, kFunctions, 0);
  lua_pop(L, 1);
}

}  // namespace cosmoo::lua
