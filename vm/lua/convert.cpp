#include "vm/lua/convert.h"

#include <cmath>

namespace cosmoo::lua {
namespace {

constexpr const char* kTooDeep =
    "a table that contains itself, or is nested deeper than 100 levels, is not a value";

Error not_a_value(lua_State* L, int index) {
  return Error(ErrorCode::type, std::string(describe(L, index)) +
                                    " is not a value: it cannot be stored or passed on");
}

// Items that an entry of a map counts as, besides its key and value: it is looked for, and has a
// place of its own in memory.
constexpr std::size_t kItemsOfEntry = 8;

class Reader {
 public:
  Reader(lua_State* L, std::size_t& left) : L_(L), left_(left), limit_(left) {}
  ~Reader() {
    if (LuaExecution* execution = runtime(L_).current) {
      execution->spend(ticks_for({limit_ - left_, items_, 0}));
    }
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  Result<Value> read(int index, int depth) {
    constexpr std::size_t kItemsBetweenLooks = 4096;
    if (++items_ % kItemsBetweenLooks == 0) {
      if (auto paid = afford(0); !paid) return tl::unexpected(paid.error());
    }
    switch (lua_type(L_, index)) {
      case LUA_TNIL:
        return Value();
      case LUA_TBOOLEAN:
        return Value(lua_toboolean(L_, index) != 0);
      case LUA_TNUMBER:
        if (lua_isinteger(L_, index)) return Value(std::int64_t{lua_tointeger(L_, index)});
        return Value(static_cast<double>(lua_tonumber(L_, index)));
      case LUA_TSTRING: {
        std::size_t size = 0;
        const char* bytes = lua_tolstring(L_, index, &size);
        if (auto fits = spend(size); !fits) return tl::unexpected(fits.error());
        return Value(std::string_view(bytes, size));
      }
      case LUA_TLIGHTUSERDATA:
        return Value(*to_object(L_, index));
      case LUA_TUSERDATA:
        if (const ErrorValue* error = to_error(L_, index)) return checked(Value(*error), depth);
        if (is_view(L_, index)) return read_view(index, depth);
        return tl::unexpected(not_a_value(L_, index));
      case LUA_TTABLE:
        return read_table(lua_absindex(L_, index), depth);
      default:
        return tl::unexpected(not_a_value(L_, index));
    }
  }

 private:
  Result<void> spend(std::size_t bytes) {
    if (bytes > left_) return fail(ErrorCode::quota, "the value is too large to keep");
    left_ -= bytes;
    return {};
  }

  // A value of millions of items takes longer than others should wait: what the task cannot pay for
  // is not begun, or not gone on with.
  Result<void> afford(std::size_t more) {
    const LuaExecution* execution = runtime(L_).current;
    if (execution == nullptr || ticks_for({0, items_ + more, 0}) <= execution->ticks_left()) {
      return {};
    }
    items_ += more;
    return fail(ErrorCode::quota, "the value takes more ticks than are left");
  }

  // A view's value is shared, not copied, but counts as if it were: else a list that holds itself
  // twice, sixty times over, would be small here and endless when it is read.
  Result<Value> read_view(int index, int depth) {
    Result<Value> value = view_value(L_, index);
    return value ? checked(std::move(*value), depth) : value;
  }

  // An error may carry a value too, and that another error: a chain without end, if nobody counted.
  Result<Value> checked(Value value, int depth) {
    const std::size_t outer = value.is_list()  ? value.list().size()
                              : value.is_map() ? value.map().size() * kItemsOfEntry
                                               : 0;
    if (auto paid = afford(outer); !paid) return tl::unexpected(paid.error());
    const Measure size = measure(value);
    items_ += size.items;
    if (depth + size.depth > kMaxValueDepth) return fail(ErrorCode::type, kTooDeep);
    if (auto fits = spend(size.bytes); !fits) return tl::unexpected(fits.error());
    return value;
  }

  Result<Value> read_table(int index, int depth) {
    if (depth >= kMaxValueDepth) return fail(ErrorCode::type, kTooDeep);
    if (lua_getmetatable(L_, index)) {
      lua_pop(L_, 1);
      return fail(ErrorCode::type, "a table with a metatable is not a value");
    }
    if (!lua_checkstack(L_, 4)) return fail(ErrorCode::type, kTooDeep);
    if (auto fits = spend(64); !fits) return tl::unexpected(fits.error());
    if (auto paid = afford(lua_rawlen(L_, index)); !paid) return tl::unexpected(paid.error());
    return is_sequence(L_, index) ? read_list(index, depth) : read_map(index, depth);
  }

  Result<Value> read_list(int index, int depth) {
    const auto length = static_cast<lua_Integer>(lua_rawlen(L_, index));
    if (auto fits = spend(static_cast<std::size_t>(length) * sizeof(Value)); !fits) {
      return tl::unexpected(fits.error());
    }
    List list;
    list.reserve(static_cast<std::size_t>(length));
    for (lua_Integer i = 1; i <= length; ++i) {
      lua_rawgeti(L_, index, i);
      Result<Value> item = read(-1, depth + 1);
      lua_pop(L_, 1);
      if (!item) return item;
      list.push_back(std::move(*item));
    }
    return Value(std::move(list));
  }

  Result<Value> read_map(int index, int depth) {
    Map map;
    lua_pushnil(L_);
    while (lua_next(L_, index)) {
      items_ += kItemsOfEntry;
      Result<Value> item = spend(64).and_then([&] { return read(-1, depth + 1); });
      // The key is read from a copy: converting in place would confuse lua_next.
      lua_pushvalue(L_, -2);
      Result<Value> key = read(-1, depth + 1);
      lua_pop(L_, 2);
      if (!item || !key) {
        lua_pop(L_, 1);
        return item ? key : item;
      }
      map.insert_or_assign(std::move(*key), std::move(*item));
    }
    return Value(std::move(map));
  }

  lua_State* L_;
  std::size_t& left_;
  const std::size_t limit_;
  std::size_t items_ = 0;
};

void measure_into(const Value& value, int depth, Measure& total) {
  total.bytes += sizeof(Value);
  ++total.items;
  if (depth > total.depth) total.depth = depth;
  if (value.is_string()) {
    total.bytes += value.string().size();
  } else if (value.type() == Value::Type::error) {
    total.bytes += value.error().message.size();
    measure_into(value.error().value, depth + 1, total);
  } else if (value.is_list()) {
    for (const Value& item : value.list()) measure_into(item, depth + 1, total);
  } else if (value.is_map()) {
    for (const auto& [key, item] : value.map()) {
      total.bytes += 48;
      total.items += kItemsOfEntry;
      measure_into(key, depth + 1, total);
      measure_into(item, depth + 1, total);
    }
  }
}

}  // namespace

Measure measure(const Value& value) {
  Measure total;
  measure_into(value, 0, total);
  return total;
}

std::int64_t ticks_for(const Measure& size) {
  constexpr std::size_t kBytesPerTick = 1024;
  constexpr std::size_t kItemsPerTick = 16;
  return static_cast<std::int64_t>(size.bytes / kBytesPerTick + size.items / kItemsPerTick);
}

Result<void> check_measure(const Runtime& rt, const Measure& size, int depth) {
  if (depth + size.depth > kMaxValueDepth) return fail(ErrorCode::type, kTooDeep);
  if (size.bytes > rt.options.task_memory_bytes) {
    return fail(ErrorCode::quota, "the value is too large to keep");
  }
  return {};
}

Result<Value> to_value(lua_State* L, int index) {
  switch (lua_type(L, index)) {  // what needs no reader is most of what there is
    case LUA_TNIL:
      return Value();
    case LUA_TNUMBER:
      if (lua_isinteger(L, index)) return Value(std::int64_t{lua_tointeger(L, index)});
      return Value(static_cast<double>(lua_tonumber(L, index)));
    case LUA_TLIGHTUSERDATA:
      return Value(*to_object(L, index));
    default:
      break;
  }
  std::size_t left = runtime(L).options.task_memory_bytes;
  return to_value(L, index, left);
}

Result<Value> to_value(lua_State* L, int index, std::size_t& left) {
  return Reader(L, left).read(lua_absindex(L, index), 0);
}

bool is_sequence(lua_State* L, int index) {
  const int table = lua_absindex(L, index);
  const auto length = lua_rawlen(L, table);
  lua_Unsigned keys = 0;
  lua_pushnil(L);
  while (lua_next(L, table)) {
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

void push_value(lua_State* L, const Value& value) {
  switch (value.type()) {
    case Value::Type::nil:
      lua_pushnil(L);
      break;
    case Value::Type::boolean:
      lua_pushboolean(L, value.boolean());
      break;
    case Value::Type::integer:
      lua_pushinteger(L, value.integer());
      break;
    case Value::Type::float_:
      lua_pushnumber(L, value.number());
      break;
    case Value::Type::string:
      lua_pushlstring(L, value.string().data(), value.string().size());
      break;
    case Value::Type::object:
      push_object(L, value.object());
      break;
    case Value::Type::error:
      push_error(L, value.error());
      break;
    case Value::Type::list: {
      luaL_checkstack(L, 4, "value");
      const List& list = value.list();
      lua_createtable(L, static_cast<int>(list.size()), 0);
      for (std::size_t i = 0; i < list.size(); ++i) {
        push_value(L, list[i]);
        lua_rawseti(L, -2, static_cast<lua_Integer>(i + 1));
      }
      break;
    }
    case Value::Type::map: {
      luaL_checkstack(L, 4, "value");
      lua_createtable(L, 0, static_cast<int>(value.map().size()));
      for (const auto& [key, item] : value.map()) {
        push_value(L, key);
        push_value(L, item);
        // A NaN key cannot be a Lua key; nil items are simply absent.
        if (key.is_nil() || (key.type() == Value::Type::float_ && std::isnan(key.number()))) {
          lua_pop(L, 2);
        } else {
          lua_rawset(L, -3);
        }
      }
      break;
    }
  }
}

Result<void> make_inert(lua_State* L, int index) {
  switch (lua_type(L, index)) {
    case LUA_TNIL:
    case LUA_TBOOLEAN:
    case LUA_TNUMBER:
    case LUA_TSTRING:
    case LUA_TLIGHTUSERDATA:
      return {};
    default:
      break;
  }
  if (to_error(L, index) != nullptr) return {};
  const int at = lua_absindex(L, index);
  Result<Value> value = to_value(L, at);
  if (!value) return tl::unexpected(value.error());
  push_value(L, *value);
  lua_replace(L, at);
  return {};
}

const char* describe(lua_State* L, int index) {
  switch (lua_type(L, index)) {
    case LUA_TNIL:
      return "nil";
    case LUA_TBOOLEAN:
      return "a boolean";
    case LUA_TNUMBER:
      return lua_isinteger(L, index) ? "an integer" : "a float";
    case LUA_TSTRING:
      return "a string";
    case LUA_TTABLE:
      return "a table";
    case LUA_TFUNCTION:
      return "a function";
    case LUA_TTHREAD:
      return "a coroutine";
    case LUA_TLIGHTUSERDATA:
      return "an object";
    default:
      if (to_error(L, index) != nullptr) return "an error";
      return is_view(L, index) ? "a list or map" : "a userdata";
  }
}

}  // namespace cosmoo::lua
