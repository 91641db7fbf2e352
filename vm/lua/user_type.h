// Kinds of userdata, told by their metatables.
#pragma once

#include <lua5.4/lua.hpp>

namespace cosmoo::lua {

/// What luaL_setmetatable(), luaL_testudata() and luaL_checkudata() do, without a search for the
/// type's name at each use.
class UserType {
 public:
  /// `name` is for error texts: "view expected, got nil".
  explicit UserType(const char* name) : name_(name) {}

  /// Pushes a new table: the metatable of this kind from here on.
  void open(lua_State* L) {
    lua_newtable(L);
    lua_pushstring(L, name_);
    lua_setfield(L, -2, "__name");
    identity_ = lua_topointer(L, -1);
    lua_pushvalue(L, -1);
    metatable_ = luaL_ref(L, LUA_REGISTRYINDEX);
  }
  /// Makes the userdata on top one of this kind.
  void give(lua_State* L) const {
    lua_rawgeti(L, LUA_REGISTRYINDEX, metatable_);
    lua_setmetatable(L, -2);
  }
  /// Null: it is something else.
  void* test(lua_State* L, int index) const {
    void* const memory = lua_type(L, index) == LUA_TUSERDATA ? lua_touserdata(L, index) : nullptr;
    if (memory == nullptr || lua_getmetatable(L, index) == 0) return nullptr;
    const bool same = lua_topointer(L, -1) == identity_;
    lua_pop(L, 1);
    return same ? memory : nullptr;
  }
  /// Raises Lua's error about the argument if it is something else.
  void* check(lua_State* L, int index) const {
    void* const memory = test(L, index);
    if (memory == nullptr) luaL_typeerror(L, index, name_);
    return memory;
  }

 private:
  const char* name_;
  int metatable_ = LUA_NOREF;
  const void* identity_ = nullptr;
};

}  // namespace cosmoo::lua
