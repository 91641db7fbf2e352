#include "vm/lua/file_values.h"

#include <cmath>
#include <new>

#include "vm/world/codec.h"

namespace cosmoo::lua {
namespace {

constexpr const char* kErrorType = "error";
constexpr const char* kStoredType = "stored";
// Metatables that mark what a table is meant as.
constexpr const char* kMapMark = "map";
constexpr const char* kListMark = "list";

// --- words

// A Value within Lua, for what has no Lua form of its own.
int value_gc_l(lua_State* L) {
  static_cast<Value*>(lua_touserdata(L, 1))->~Value();
  return 0;
}

void push_boxed(lua_State* L, const char* type, Value value) {
  void* place = lua_newuserdatauv(L, sizeof(Value), 0);
  new (place) Value(std::move(value));
  if (luaL_newmetatable(L, type) != 0) {
    lua_pushcfunction(L, value_gc_l);
    lua_setfield(L, -2, "__gc");
  }
  lua_setmetatable(L, -2);
}

const Value* boxed(lua_State* L, int index) {
  for (const char* type : {kErrorType, kStoredType}) {
    if (void* value = luaL_testudata(L, index, type)) return static_cast<const Value*>(value);
  }
  return nullptr;
}

int toobj_l(lua_State* L) {
  push_file_object(L, ObjectId{luaL_checkinteger(L, 1)});
  return 1;
}

template <const char* const& mark>
int mark_l(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  luaL_newmetatable(L, mark);
  lua_setmetatable(L, 1);
  return 1;
}

bool is_marked(lua_State* L, int index, const char* mark) {
  if (lua_getmetatable(L, index) == 0) return false;
  luaL_getmetatable(L, mark);
  const bool same = lua_rawequal(L, -1, -2) != 0;
  lua_pop(L, 2);
  return same;
}

// failure(code, message [, value])
int failure_l(lua_State* L) {
  const auto* code = static_cast<const Value*>(luaL_checkudata(L, 1, kErrorType));
  std::size_t size = 0;
  const char* message = luaL_checklstring(L, 2, &size);
  ErrorValue error{code->error().code, std::string(message, size), Value()};
  Result<Value> carried = file_value(L, 3);
  if (!carried) luaL_error(L, "%s", carried.error().message.c_str());
  error.value = std::move(*carried);
  push_boxed(L, kErrorType, Value(std::move(error)));
  return 1;
}

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int stored_l(lua_State* L) {
  std::size_t size = 0;
  const char* text = luaL_checklstring(L, 1, &size);
  std::string bytes;
  for (std::size_t i = 0; i + 1 < size; i += 2) {
    if (digit(text[i]) < 0 || digit(text[i + 1]) < 0) break;
    bytes += static_cast<char>(digit(text[i]) * 16 + digit(text[i + 1]));
  }
  if (bytes.size() * 2 != size) luaL_error(L, "stored takes pairs of hexadecimal digits");
  Result<Value> value = decode(bytes);
  if (!value) luaL_error(L, "stored: %s", value.error().message.c_str());
  push_boxed(L, kStoredType, std::move(*value));
  return 1;
}

// --- reading

Result<Value> read_value(lua_State* L, int index, int depth);

Result<Value> read_list(lua_State* L, int index, lua_Integer length, int depth) {
  List list;
  for (lua_Integer i = 1; i <= length; ++i) {
    lua_rawgeti(L, index, i);
    Result<Value> item = read_value(L, -1, depth + 1);
    lua_pop(L, 1);
    if (!item) return item;
    list.push_back(std::move(*item));
  }
  return Value(std::move(list));
}

Result<Value> read_marked_list(lua_State* L, int index, int depth) {
  if (lua_getfield(L, index, "n") != LUA_TNUMBER || !lua_isinteger(L, -1) ||
      lua_tointeger(L, -1) < 0 || lua_tointeger(L, -1) > (1 << 24)) {
    lua_pop(L, 1);
    return fail(ErrorCode::type, "list { ... } needs n, the number of its items");
  }
  const lua_Integer length = lua_tointeger(L, -1);
  lua_pop(L, 1);
  return read_list(L, index, length, depth);
}

Result<Value> read_pairs(lua_State* L, int index, int depth) {
  Map map;
  const auto count = static_cast<lua_Integer>(lua_rawlen(L, index));
  for (lua_Integer i = 1; i <= count; ++i) {
    if (lua_rawgeti(L, index, i) != LUA_TTABLE) {
      lua_pop(L, 1);
      return fail(ErrorCode::type, "map { ... } takes pairs: map { { key, value } }");
    }
    lua_rawgeti(L, -1, 1);
    Result<Value> key = read_value(L, -1, depth + 1);
    lua_rawgeti(L, -2, 2);
    Result<Value> item = read_value(L, -1, depth + 1);
    lua_pop(L, 3);
    if (!key || !item) return key ? item : key;
    if (!map.emplace(std::move(*key), std::move(*item)).second) {
      return fail(ErrorCode::type, "a map has each key once");
    }
  }
  return Value(std::move(map));
}

bool is_sequence(lua_State* L, int index) {
  const auto length = lua_rawlen(L, index);
  lua_Unsigned keys = 0;
  lua_pushnil(L);
  while (lua_next(L, index) != 0) {
    lua_pop(L, 1);
    const lua_Integer key = lua_isinteger(L, -1) ? lua_tointeger(L, -1) : 0;
    if (key < 1 || static_cast<lua_Unsigned>(key) > length) {
      lua_pop(L, 1);
      return false;
    }
    ++keys;
  }
  return keys == length;
}

Result<Value> read_table(lua_State* L, int index, int depth) {
  if (is_marked(L, index, kMapMark)) return read_pairs(L, index, depth);
  if (is_marked(L, index, kListMark)) return read_marked_list(L, index, depth);
  if (is_sequence(L, index)) {
    return read_list(L, index, static_cast<lua_Integer>(lua_rawlen(L, index)), depth);
  }
  Map map;
  lua_pushnil(L);
  while (lua_next(L, index) != 0) {
    Result<Value> item = read_value(L, -1, depth + 1);
    lua_pop(L, 1);
    Result<Value> key = read_value(L, -1, depth + 1);
    if (!key || !item) {
      lua_pop(L, 1);
      return key ? item : key;
    }
    map.insert_or_assign(std::move(*key), std::move(*item));
  }
  return Value(std::move(map));
}

Result<Value> read_value(lua_State* L, int index, int depth) {
  if (depth > kMostNesting || lua_checkstack(L, 8) == 0) {
    return fail(ErrorCode::quota, "it is nested too deep");
  }
  switch (lua_type(L, index)) {
    case LUA_TNONE:
    case LUA_TNIL:
      return Value();
    case LUA_TBOOLEAN:
      return Value(lua_toboolean(L, index) != 0);
    case LUA_TNUMBER:
      if (lua_isinteger(L, index) != 0) return Value(std::int64_t{lua_tointeger(L, index)});
      return Value(static_cast<double>(lua_tonumber(L, index)));
    case LUA_TSTRING: {
      std::size_t size = 0;
      const char* bytes = lua_tolstring(L, index, &size);
      return Value(std::string_view(bytes, size));
    }
    case LUA_TLIGHTUSERDATA:
      return Value(*file_object(L, index));
    case LUA_TUSERDATA:
      if (const Value* value = boxed(L, index)) return *value;
      break;
    case LUA_TTABLE:
      return read_table(L, lua_absindex(L, index), depth);
    default:
      break;
  }
  return fail(ErrorCode::type, std::string("a ") + luaL_typename(L, index) + " is not a value");
}

}  // namespace

void push_file_object(lua_State* L, ObjectId id) {
  lua_pushlightuserdata(L, reinterpret_cast<void*>(static_cast<std::intptr_t>(id.number)));
}

std::optional<ObjectId> file_object(lua_State* L, int index) {
  if (lua_type(L, index) != LUA_TLIGHTUSERDATA) return std::nullopt;
  return ObjectId{
      static_cast<std::int64_t>(reinterpret_cast<std::intptr_t>(lua_touserdata(L, index)))};
}

Result<Value> file_value(lua_State* L, int index) { return read_value(L, index, 0); }

void add_file_values(lua_State* L) {
  constexpr luaL_Reg kFunctions[] = {{"toobj", toobj_l},          {"map", mark_l<kMapMark>},
                                     {"list", mark_l<kListMark>}, {"failure", failure_l},
                                     {"stored", stored_l},        {nullptr, nullptr}};
  luaL_setfuncs(L, kFunctions, 0);
  for (int code = 0; code < kErrorCodes; ++code) {
    const auto error = static_cast<ErrorCode>(code);
    push_boxed(L, kErrorType, Value(error));
    lua_setfield(L, -2, std::string(name_of(error)).c_str());
  }
  lua_createtable(L, 0, 2);
  lua_pushnumber(L, HUGE_VAL);
  lua_setfield(L, -2, "huge");
  lua_pushinteger(L, LUA_MININTEGER);
  lua_setfield(L, -2, "mininteger");
  lua_setfield(L, -2, "math");
}

}  // namespace cosmoo::lua
