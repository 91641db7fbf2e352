// Error values in Lua: E_PERM and its kin, raise, error, pcall and xpcall.
//
// An error value carries a code, a message and a value; err == E_PERM compares the codes. Errors of
// Lua itself (a nil indexed, error("text")) stay strings, as Lua programmers know them.
#include <cstdarg>
#include <new>

#include "vm/lua/convert.h"
#include "vm/lua/runtime.h"

namespace cosmoo::lua {
namespace {

// What an error holds beside its userdata.
std::size_t bytes_outside(const ErrorValue& error) {
  return error.message.size() + (error.value.is_nil() ? 0 : measure(error.value).bytes);
}

int error_gc_l(lua_State* L) {
  auto* error = static_cast<ErrorValue*>(lua_touserdata(L, 1));
  release_outside(L, bytes_outside(*error));
  error->~ErrorValue();
  return 0;
}

int error_index_l(lua_State* L) {
  const auto* error = static_cast<const ErrorValue*>(runtime(L).errors.check(L, 1));
  const std::string_view key = luaL_checkstring(L, 2);
  if (key == "code") {
    push_error(L, ErrorValue{error->code, std::string(text_of(error->code)), Value()});
  } else if (key == "message") {
    lua_pushlstring(L, error->message.data(), error->message.size());
  } else if (key == "value") {
    push_value(L, error->value);
  } else if (key == "name") {
    lua_pushlstring(L, name_of(error->code).data(), name_of(error->code).size());
  } else {
    lua_pushnil(L);
  }
  return 1;
}

int error_eq_l(lua_State* L) {
  const ErrorValue* a = to_error(L, 1);
  const ErrorValue* b = to_error(L, 2);
  lua_pushboolean(L, a != nullptr && b != nullptr && a->code == b->code);
  return 1;
}

void push_error_text(lua_State* L, const ErrorValue& error) {
  const std::string_view name = name_of(error.code);
  lua_pushlstring(L, name.data(), name.size());
  if (error.message == text_of(error.code)) return;
  lua_pushliteral(L, ": ");
  lua_pushlstring(L, error.message.data(), error.message.size());
  lua_concat(L, 3);
}

int error_tostring_l(lua_State* L) {
  push_error_text(L, *static_cast<const ErrorValue*>(runtime(L).errors.check(L, 1)));
  return 1;
}

// --- pcall and its kin

// What ends a task passes every pcall. Being refused memory is such an end too.
void rethrow_if_doomed(lua_State* L, int status) {
  LuaExecution& execution = *runtime(L).current;
  if (status == LUA_ERRMEM) execution.doom(Budget::memory);
  if (execution.doomed()) lua_error(L);
  execution.forget_traceback();
}

// stack: true, results... | true, error
int pcall_k(lua_State* L, int status, lua_KContext) {
  if (status == LUA_OK || status == LUA_YIELD) return lua_gettop(L);
  rethrow_if_doomed(L, status);
  lua_pushboolean(L, 0);
  lua_replace(L, 1);
  return 2;
}

int pcall_l(lua_State* L) {
  luaL_checkany(L, 1);
  runtime(L).current->charge(L, 1);
  lua_pushboolean(L, 1);
  lua_insert(L, 1);
  return pcall_k(L, lua_pcallk(L, lua_gettop(L) - 2, LUA_MULTRET, 0, 0, pcall_k), 0);
}

// xpcall's handler is called after the error was caught, in the activation that called xpcall:
// called where the error was raised it would run with another verb's permissions.
int xpcall_handled_k(lua_State* L, int, lua_KContext) { return lua_gettop(L) - 1; }

// stack: handler, true, results... | handler, true, error
int xpcall_k(lua_State* L, int status, lua_KContext) {
  if (status == LUA_OK || status == LUA_YIELD) return lua_gettop(L) - 1;
  rethrow_if_doomed(L, status);
  lua_pushboolean(L, 0);
  lua_replace(L, 2);
  lua_pushvalue(L, 1);
  lua_insert(L, 3);  // handler, false, handler, error
  lua_callk(L, 1, LUA_MULTRET, 0, xpcall_handled_k);
  return lua_gettop(L) - 1;
}

int xpcall_l(lua_State* L) {
  luaL_checktype(L, 2, LUA_TFUNCTION);
  runtime(L).current->charge(L, 1);
  lua_pushvalue(L, 2);
  lua_remove(L, 2);
  lua_insert(L, 1);
  lua_pushboolean(L, 1);
  lua_insert(L, 2);  // handler, true, function, args...
  return xpcall_k(L, lua_pcallk(L, lua_gettop(L) - 3, LUA_MULTRET, 0, 0, xpcall_k), 0);
}

// raise(code [, message [, value]])
int raise_l(lua_State* L) {
  const ErrorValue* given = to_error(L, 1);
  if (given == nullptr) {
    raise(L, ErrorCode::type, "raise() takes an error such as E_INVARG first, not %s",
          describe(L, 1));
  }
  if (lua_gettop(L) == 1) {
    lua_settop(L, 1);
    return lua_error(L);
  }
  const char* message = luaL_optstring(L, 2, given->message.c_str());
  lua_settop(L, 3);
  Result<Value> value = to_value(L, 3);
  if (!value) raise(L, value.error());
  push_error(L, ErrorValue{given->code, message, std::move(*value)});
  return lua_error(L);
}

}  // namespace

void push_error(lua_State* L, const ErrorValue& error) {
  Runtime& rt = runtime(L);
  if (error.value.is_nil() && error.message == text_of(error.code) &&
      rt.error_constants != LUA_NOREF) {
    lua_rawgeti(L, LUA_REGISTRYINDEX, rt.error_constants);
    lua_rawgeti(L, -1, static_cast<lua_Integer>(error.code));
    lua_remove(L, -2);
    return;
  }
  void* memory = lua_newuserdatauv(L, sizeof(ErrorValue), 0);
  hold_outside(L, bytes_outside(error));
  new (memory) ErrorValue(error);
  rt.errors.give(L);
}

const ErrorValue* to_error(lua_State* L, int index) {
  return static_cast<const ErrorValue*>(runtime(L).errors.test(L, index));
}

void raise(lua_State* L, ErrorCode code, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const char* message = lua_pushvfstring(L, format, arguments);
  va_end(arguments);
  push_error(L, ErrorValue{code, message, Value()});
  lua_error(L);
  std::abort();  // not reached: lua_error does not return
}

void raise(lua_State* L, const Error& error) {
  push_error(L, ErrorValue{error.code, error.message, Value()});
  lua_error(L);
  std::abort();  // not reached
}

void open_errors(lua_State* L) {
  runtime(L).errors.open(L);
  constexpr luaL_Reg kMethods[] = {{"__gc", error_gc_l},         {"__index", error_index_l},
                                   {"__eq", error_eq_l},         {"__tostring", error_tostring_l},
                                   {"__concat", concat_texts_l}, {nullptr, nullptr}};
  luaL_setfuncs(L, kMethods, 0);
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 1);

  lua_createtable(L, kErrorCodes, 0);
  for (int i = 0; i < kErrorCodes; ++i) {
    const auto code = static_cast<ErrorCode>(i);
    push_error(L, ErrorValue{code, std::string(text_of(code)), Value()});
    lua_rawgeti(L, LUA_REGISTRYINDEX, runtime(L).globals);
    lua_pushvalue(L, -2);
    lua_setfield(L, -2, std::string(name_of(code)).c_str());
    lua_pop(L, 1);
    lua_rawseti(L, -2, i);
  }
  runtime(L).error_constants = luaL_ref(L, LUA_REGISTRYINDEX);

  lua_rawgeti(L, LUA_REGISTRYINDEX, runtime(L).globals);
  constexpr luaL_Reg kFunctions[] = {
      {"pcall", pcall_l}, {"xpcall", xpcall_l}, {"raise", raise_l}, {nullptr, nullptr}};
  luaL_setfuncs(L, kFunctions, 0);
  lua_pop(L, 1);
}

}  // namespace cosmoo::lua
