// What every script sees: the safe part of Lua's libraries, all of it read-only.
#include "vm/lua/convert.h"
#include "vm/lua/runtime.h"

namespace cosmoo::lua {
namespace {

int read_only_l(lua_State* L) {
  if (lua_type(L, 2) == LUA_TSTRING) {
    raise(L, ErrorCode::perm, "%s cannot be set: globals are read-only; write \"local %s = ...\"",
          lua_tostring(L, 2), lua_tostring(L, 2));
  }
  raise(L, ErrorCode::perm, "this table is read-only");
}

int undefined_l(lua_State* L) {
  if (lua_type(L, 2) != LUA_TSTRING) return 0;
  raise(L, ErrorCode::varnf, "there is no variable or function %s", lua_tostring(L, 2));
}

int read_only_pairs_l(lua_State* L) {
  lua_getglobal(L, "next");
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_pushnil(L);
  return 3;
}

int type_l(lua_State* L) {
  luaL_checkany(L, 1);
  if (lua_type(L, 1) == LUA_TLIGHTUSERDATA) {
    lua_pushliteral(L, "object");
  } else if (to_error(L, 1) != nullptr) {
    lua_pushliteral(L, "error");
  } else if (is_view(L, 1)) {
    lua_pushliteral(L, "table");
  } else {
    lua_pushstring(L, luaL_typename(L, 1));
  }
  return 1;
}

// typeof(x): the type of the value that x is: views are what they show, tables lists or maps.
int typeof_l(lua_State* L) {
  if (lua_gettop(L) != 1) {
    raise(L, ErrorCode::args, "typeof() takes 1 argument, not %d", lua_gettop(L));
  }
  auto type = Value::Type::nil;
  switch (lua_type(L, 1)) {
    case LUA_TNIL:
      break;
    case LUA_TBOOLEAN:
      type = Value::Type::boolean;
      break;
    case LUA_TNUMBER:
      type = lua_isinteger(L, 1) ? Value::Type::integer : Value::Type::float_;
      break;
    case LUA_TSTRING:
      type = Value::Type::string;
      break;
    case LUA_TLIGHTUSERDATA:
      type = Value::Type::object;
      break;
    case LUA_TTABLE: {
      if (lua_getmetatable(L, 1)) return type_l(L);  // no value
      constexpr lua_Unsigned kItemsPerTick = 1024;
      runtime(L).current->charge(L,
                                 1 + static_cast<std::int64_t>(lua_rawlen(L, 1) / kItemsPerTick));
      type = is_sequence(L, 1) ? Value::Type::list : Value::Type::map;
      break;
    }
    default: {
      if (to_error(L, 1) != nullptr) {
        type = Value::Type::error;
        break;
      }
      if (!is_view(L, 1)) return type_l(L);
      const Result<Value> shown = view_value(L, 1);
      if (!shown) raise(L, shown.error());
      type = shown->type();
    }
  }
  const std::string_view name = name_of(type);
  lua_pushlstring(L, name.data(), name.size());
  return 1;
}

// What typeof() returns, under MOO's names.
void set_type_constants(lua_State* L) {
  using enum Value::Type;
  static constexpr std::pair<const char*, Value::Type> kConstants[] = {
      {"NIL", nil},    {"BOOL", boolean}, {"INT", integer}, {"NUM", integer}, {"FLOAT", float_},
      {"STR", string}, {"OBJ", object},   {"ERR", error},   {"LIST", list},   {"MAP", map}};
  for (const auto& [constant, type] : kConstants) {
    const std::string_view name = name_of(type);
    lua_pushlstring(L, name.data(), name.size());
    lua_setfield(L, -2, constant);
  }
}

int rawset_l(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  luaL_checkany(L, 2);
  luaL_checkany(L, 3);
  if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL) {
    raise(L, ErrorCode::perm, "this table is read-only");
  }
  lua_settop(L, 3);
  lua_rawset(L, 1);
  return 1;
}

int setmetatable_l(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  luaL_argexpected(L, lua_isnil(L, 2) || lua_istable(L, 2), 2, "nil or table");
  if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL) {
    raise(L, ErrorCode::perm, "this table's metatable is protected");
  }
  if (lua_istable(L, 2)) {
    // What runs when nobody called it, or while an error passes, has no owner.
    for (const char* field : {"__gc", "__close"}) {
      lua_pushstring(L, field);
      if (lua_rawget(L, 2) != LUA_TNIL) {
        raise(L, ErrorCode::invarg, "a metatable cannot have %s", field);
      }
      lua_pop(L, 1);
    }
  }
  lua_settop(L, 2);
  lua_setmetatable(L, 1);
  return 1;
}

constexpr const char* kBase[] = {"assert", "error",    "getmetatable", "ipairs",
                                 "pairs",  "rawequal", "rawget",       "rawlen",
                                 "select", "tonumber", "tostring",     "_VERSION"};

void copy_field(lua_State* L, int from, const char* name) {
  lua_getfield(L, from, name);
  lua_setfield(L, -2, name);
}

}  // namespace

// Pushes an empty table whose reads go to a new hidden table, and which cannot be written.
void push_read_only_table(lua_State* L) {
  lua_newtable(L);
  lua_createtable(L, 0, 4);
  lua_newtable(L);
  lua_pushvalue(L, -1);
  lua_pushcclosure(L, read_only_pairs_l, 1);
  lua_setfield(L, -3, "__pairs");
  lua_setfield(L, -2, "__index");
  lua_pushcfunction(L, read_only_l);
  lua_setfield(L, -2, "__newindex");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_setmetatable(L, -2);
}

// Puts the read-only form of the library table on top into globals[name], and pops it.
void set_library(lua_State* L, const char* name) {
  const int library = lua_gettop(L);
  push_read_only_table(L);
  lua_getmetatable(L, -1);
  lua_getfield(L, -1, "__index");
  lua_pushnil(L);
  while (lua_next(L, library)) {
    lua_pushvalue(L, -2);
    lua_insert(L, -2);
    lua_rawset(L, -4);
  }
  lua_pop(L, 2);
  lua_rawgeti(L, LUA_REGISTRYINDEX, runtime(L).globals);
  lua_insert(L, -2);
  lua_setfield(L, -2, name);
  lua_pop(L, 2);
}

void open_globals(lua_State* L) {
  Runtime& rt = runtime(L);
  luaL_requiref(L, "_G", luaopen_base, 1);
  const int base = lua_gettop(L);
  lua_rawgeti(L, LUA_REGISTRYINDEX, rt.globals);
  for (const char* name : kBase) copy_field(L, base, name);
  constexpr luaL_Reg kOwn[] = {{"type", type_l},
                               {"typeof", typeof_l},
                               {"rawset", rawset_l},
                               {"setmetatable", setmetatable_l},
                               {nullptr, nullptr}};
  luaL_setfuncs(L, kOwn, 0);
  set_type_constants(L);
  lua_pop(L, 2);

  luaL_requiref(L, "math", luaopen_math, 0);
  lua_pushnil(L);
  lua_setfield(L, -2, "randomseed");  // one generator serves all
  set_library(L, "math");

  // The table behind, where what is missing is an error; and the read-only one in front.
  lua_rawgeti(L, LUA_REGISTRYINDEX, rt.globals);
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, undefined_l);
  lua_setfield(L, -2, "__index");
  lua_setmetatable(L, -2);
  lua_newtable(L);
  lua_createtable(L, 0, 3);
  lua_pushvalue(L, -3);
  lua_setfield(L, -2, "__index");
  lua_pushcfunction(L, read_only_l);
  lua_setfield(L, -2, "__newindex");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_setmetatable(L, -2);
  rt.environment = luaL_ref(L, LUA_REGISTRYINDEX);
  lua_pop(L, 1);
}

}  // namespace cosmoo::lua
