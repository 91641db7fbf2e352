// Objects in Lua: light userdata that hold the number, so that they cost nothing, compare by
// themselves and serve as table keys.
#include "vm/lua/convert.h"
#include "vm/lua/runtime.h"
#include "vm/lua/self_call.h"
#include "vm/world/access.h"

namespace cosmoo::lua {
namespace {

ObjectId object_at(lua_State* L, int index) {
  return ObjectId{
      static_cast<std::int64_t>(reinterpret_cast<std::intptr_t>(lua_touserdata(L, index)))};
}

std::string_view text_at(lua_State* L, int index) {
  std::size_t size = 0;
  const char* text = lua_tolstring(L, index, &size);
  return {text, size};
}

// For a name that is no symbol: nothing can have it.
[[noreturn]] void raise_no_property(lua_State* L, ObjectId object, int name) {
  const std::string label = to_string(object) + "." + std::string(text_at(L, name).substr(0, 80));
  if (runtime(L).world.valid(object)) {
    raise(L, Error(ErrorCode::propnf, label + ": no such property"));
  }
  raise(L, Error(ErrorCode::invind, label + ": " + to_string(object) + " is not a valid object"));
}

// obj.name, and the first half of obj:name(...). Upvalue: the functions that call a verb.
int object_index_l(lua_State* L) {
  Runtime& rt = runtime(L);
  if (lua_type(L, 2) != LUA_TSTRING) {
    raise(L, ErrorCode::type, "an object is indexed by a name, not by %s", describe(L, 2));
  }
  if (called_as_method(L)) {
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(1)) == LUA_TNIL) push_verb_caller(L, 2);
    return 1;
  }
  const ObjectId object = object_at(L, 1);
  const std::optional<Symbol> name = to_symbol(L, 2);
  if (!name) {
    if (rt.world.find_verb(object, text_at(L, 2))) {
      push_verb_caller(L, 2);
      return 1;
    }
    raise_no_property(L, object, 2);
  }
  const ObjectId programmer = rt.current->top().programmer;
  Result<Value> value = read_property(rt.world, object, *name, programmer);
  if (value) {
    if ((value->is_list() || value->is_map()) && !SymbolTable::is_builtin(*name)) {
      push_view(L, object, *name);
    } else {
      push_value(L, *value);
    }
    return 1;
  }
  // A verb that no property hides can be had as a function.
  if (value.error().code == ErrorCode::propnf && rt.world.find_verb(object, *name)) {
    push_verb_caller(L, 2);
    return 1;
  }
  raise(L, value.error());
}

int object_newindex_l(lua_State* L) {
  Runtime& rt = runtime(L);
  if (lua_type(L, 2) != LUA_TSTRING) {
    raise(L, ErrorCode::type, "an object is indexed by a name, not by %s", describe(L, 2));
  }
  rt.current->check_doom(L);
  Result<Value> value = to_value(L, 3);
  if (!value) {
    raise(L, value.error().code, "%s.%s: %s", to_string(object_at(L, 1)).c_str(),
          lua_tostring(L, 2), value.error().message.c_str());
  }
  const std::optional<Symbol> name = to_symbol(L, 2);
  if (!name) raise_no_property(L, object_at(L, 1), 2);
  const Result<void> written = write_property(rt.world, object_at(L, 1), *name, std::move(*value),
                                              rt.current->top().programmer);
  if (!written) raise(L, written.error());
  return 0;
}

int object_tostring_l(lua_State* L) {
  lua_pushfstring(L, "#%I", static_cast<LUAI_UACINT>(object_at(L, 1).number));
  return 1;
}

// toobj(4), toobj("#4"), toobj("4"): also what the literal #4 stands for.
int toobj_l(lua_State* L) {
  if (lua_isinteger(L, 1)) {
    push_object(L, ObjectId{lua_tointeger(L, 1)});
    return 1;
  }
  if (lua_type(L, 1) == LUA_TSTRING) {
    const char* text = lua_tostring(L, 1);
    if (*text == '#') ++text;
    if (lua_stringtonumber(L, text) != 0 && lua_isinteger(L, -1)) {
      push_object(L, ObjectId{lua_tointeger(L, -1)});
      return 1;
    }
    raise(L, ErrorCode::invarg, "toobj(): \"%s\" is not an object number", lua_tostring(L, 1));
  }
  if (lua_type(L, 1) == LUA_TLIGHTUSERDATA) {
    lua_settop(L, 1);
    return 1;
  }
  raise(L, ErrorCode::type, "toobj() takes an integer or a string, not %s", describe(L, 1));
}

}  // namespace

int concat_texts_l(lua_State* L) {
  luaL_tolstring(L, 1, nullptr);
  luaL_tolstring(L, 2, nullptr);
  lua_concat(L, 2);
  return 1;
}

void push_object(lua_State* L, ObjectId id) {
  lua_pushlightuserdata(L, reinterpret_cast<void*>(static_cast<std::intptr_t>(id.number)));
}

std::optional<ObjectId> to_object(lua_State* L, int index) {
  if (lua_type(L, index) != LUA_TLIGHTUSERDATA) return std::nullopt;
  return object_at(L, index);
}

std::optional<Symbol> to_symbol(lua_State* L, int index) {
  std::size_t size = 0;
  const char* text = lua_tolstring(L, index, &size);
  return runtime(L).symbols.find({text, size});
}

void open_objects(lua_State* L) {
  // All light userdata share one metatable, and objects are the only light userdata there are.
  push_object(L, kNothing);
  lua_newtable(L);
  lua_rawgeti(L, LUA_REGISTRYINDEX, runtime(L).verb_callers);
  lua_pushcclosure(L, object_index_l, 1);
  lua_setfield(L, -2, "__index");
  constexpr luaL_Reg kMethods[] = {{"__newindex", object_newindex_l},
                                   {"__tostring", object_tostring_l},
                                   {"__concat", concat_texts_l},
                                   {nullptr, nullptr}};
  luaL_setfuncs(L, kMethods, 0);
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_setmetatable(L, -2);
  lua_pop(L, 1);

  lua_rawgeti(L, LUA_REGISTRYINDEX, runtime(L).globals);
  lua_pushcfunction(L, toobj_l);
  lua_setfield(L, -2, "toobj");
  push_object(L, kSystem);
  lua_setfield(L, -2, "system");
  lua_pop(L, 1);
}

}  // namespace cosmoo::lua
