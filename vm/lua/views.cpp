// Views: how a property that holds a list or map looks to a script.
//
// A view names a place (object, property, keys) and looks there at each use, so that it always
// shows what the property holds now; writing through it changes the property in place. Permissions
// are checked at each use too.
#include <boost/container/small_vector.hpp>
#include <new>

#include "vm/lua/convert.h"
#include "vm/lua/runtime.h"
#include "vm/world/access.h"

namespace cosmoo::lua {
namespace {

// The keys that lead from the property's value to the list or map stand in its user values: it owns
// nothing that a finalizer would have to give back, for that would cost more than all the rest.
struct View {
  ObjectId object;
  Symbol property;
  int depth;  // how many keys
};

using Path = boost::container::small_vector<Value, 4>;

// An access costs as much as some hundred instructions; `next` and the like look at the clock too.
void charge_access(lua_State* L) {
  constexpr unsigned kAccessesPerTick = 8;
  Runtime& rt = runtime(L);
  if (++rt.view_accesses % kAccessesPerTick == 0) rt.current->charge(L, 1);
}

const View& view_at(lua_State* L, int index) {
  return *static_cast<const View*>(runtime(L).views.check(L, index));
}

std::string name_of_view(lua_State* L, const View& view) {
  return to_string(view.object) + "." + runtime(L).world.symbols().name_of(view.property);
}

// The item of a list or map, or null.
const Value* item_of(const Value& container, const Value& key) {
  if (container.is_list()) {
    if (key.type() != Value::Type::integer) return nullptr;
    const std::int64_t index = key.integer();
    const List& list = container.list();
    if (index < 1 || static_cast<std::size_t>(index) > list.size()) return nullptr;
    return &list[static_cast<std::size_t>(index - 1)];
  }
  if (container.is_map()) {
    const auto it = container.map().find(key);
    return it == container.map().end() ? nullptr : &it->second;
  }
  return nullptr;
}

Error gone(lua_State* L, const View& view) {
  return Error(ErrorCode::range,
               name_of_view(L, view) + " no longer has the list or map that was read");
}

// The key by which the view at `index` goes from one level to the next; the first is level 1.
Result<Value> key_of(lua_State* L, int index, int level) {
  lua_getiuservalue(L, index, level);
  Result<Value> key = to_value(L, -1);
  lua_pop(L, 1);
  return key;
}

// The item of the view at `index` that `key` leads to.
void push_item(lua_State* L, int index, const Value& key, const Value& item) {
  if (!item.is_list() && !item.is_map()) {
    push_value(L, item);
    return;
  }
  const View& view = view_at(L, index);
  void* memory = lua_newuserdatauv(L, sizeof(View), view.depth + 1);
  new (memory) View{view.object, view.property, view.depth + 1};
  for (int i = 1; i <= view.depth; ++i) {
    lua_getiuservalue(L, index, i);
    lua_setiuservalue(L, -2, i);
  }
  push_value(L, key);
  lua_setiuservalue(L, -2, view.depth + 1);
  runtime(L).views.give(L);
}

// What the view at `index` shows; good until the next change of the world.
Result<const Value*> shown_at(lua_State* L, int index) {
  const View& view = view_at(L, index);
  Runtime& rt = runtime(L);
  Result<const Value*> shown =
      stored_property(rt.world, view.object, view.property, rt.current->top().programmer);
  for (int level = 1; shown && level <= view.depth; ++level) {
    const Result<Value> key = key_of(L, index, level);
    if (!key) return tl::unexpected(key.error());
    shown = item_of(**shown, *key);
    if (*shown == nullptr) return tl::unexpected(gone(L, view));
  }
  if (shown && !(*shown)->is_list() && !(*shown)->is_map()) return tl::unexpected(gone(L, view));
  return shown;
}

int view_index_l(lua_State* L) {
  charge_access(L);
  const Result<Value> key = to_value(L, 2);
  const Result<const Value*> container = shown_at(L, 1);
  if (!container) raise(L, container.error());
  if (!key) raise(L, key.error());
  if (const Value* item = item_of(**container, *key)) {
    push_item(L, 1, *key, *item);
  } else {
    lua_pushnil(L);
  }
  return 1;
}

std::int64_t bytes_of(const Value& value) { return static_cast<std::int64_t>(value.bytes()); }

// By how many bytes a list grows when list[key] = item; or why that cannot be. `name` tells the
// list's name, for that.
template <typename Name>
Result<std::int64_t> growth_of_list(const List& list, const Value& key, const Value& item,
                                    const Name& name) {
  const std::int64_t size = std::ssize(list);
  if (key.type() != Value::Type::integer) {
    return fail(ErrorCode::type, name() + " is a list: its items are numbered, " + to_literal(key) +
                                     " is no number of an item");
  }
  const std::int64_t index = key.integer();
  if (index < 1 || index > size + 1) {
    return fail(ErrorCode::range, name() + " has " + std::to_string(size) +
                                      " items; there is no item " + std::to_string(index));
  }
  if (item.is_nil() && index < size) {
    return fail(ErrorCode::range, name() +
                                      ": only the last item of a list can be set to nil; "
                                      "table.remove() takes out another");
  }
  const std::int64_t before =
      index > size ? 0 : bytes_of(list[static_cast<std::size_t>(index - 1)]);
  return (item.is_nil() ? 0 : bytes_of(item)) - before;
}

std::int64_t growth_of_map(const Map& map, const Value& key, const Value& item) {
  const std::int64_t entry = static_cast<std::int64_t>(Value::kMapEntryBytes) + bytes_of(key);
  const auto it = map.find(key);
  const std::int64_t before = it == map.end() ? 0 : entry + bytes_of(it->second);
  return (item.is_nil() ? 0 : entry + bytes_of(item)) - before;
}

// An empty list becomes a map when it gets a key that is no index.
bool becomes_map(const Value& container, const Value& key, const Value& item) {
  return container.is_list() && container.list().empty() &&
         !(key.type() == Value::Type::integer && key.integer() == 1) && !item.is_nil();
}

template <typename Name>
Result<std::int64_t> growth_of(const Value& container, const Value& key, const Value& item,
                               const Name& name) {
  if (becomes_map(container, key, item)) {
    return growth_of_map(Map{}, key, item) + bytes_of(Value(Map{})) - bytes_of(Value(List{}));
  }
  if (container.is_list()) return growth_of_list(container.list(), key, item, name);
  return growth_of_map(container.map(), key, item);
}

void set_in_list(List& list, std::int64_t index, Value item) {
  if (index > std::ssize(list)) {
    if (!item.is_nil()) list.push_back(std::move(item));
  } else if (item.is_nil()) {
    list.pop_back();
  } else {
    list[static_cast<std::size_t>(index - 1)] = std::move(item);
  }
}

// Sets container[key] = item, where growth_of() has found nothing against it.
void set_item(Value& container, const Value& key, Value item) {
  if (becomes_map(container, key, item)) container = Value(Map{});
  if (container.is_list()) {
    set_in_list(container.mutable_list(), key.integer(), std::move(item));
  } else if (item.is_nil()) {
    container.mutable_map().erase(key);
  } else {
    container.mutable_map().insert_or_assign(key, std::move(item));
  }
}

// All keys of the view at `index`.
Result<Path> path_of(lua_State* L, int index, const View& view) {
  Path path;
  for (int level = 1; level <= view.depth; ++level) {
    Result<Value> key = key_of(L, index, level);
    if (!key) return tl::unexpected(key.error());
    path.push_back(std::move(*key));
  }
  return path;
}

// The container that `path` leads to inside a property's value; null: it is there no more.
const Value* container_at(const Value& root, const Path& path) {
  const Value* value = &root;
  for (const Value& key : path) {
    value = item_of(*value, key);
    if (value == nullptr) return nullptr;
  }
  return value->is_list() || value->is_map() ? value : nullptr;
}

// The same for changing in place, where container_at() has found it.
Value& open_container(Value* value, const Path& path) {
  for (const Value& key : path) {
    value = value->is_list() ? &value->mutable_list()[static_cast<std::size_t>(key.integer() - 1)]
                             : &value->mutable_map().find(key)->second;
  }
  return *value;
}

int view_newindex_l(lua_State* L) {
  const View& view = view_at(L, 1);
  Runtime& rt = runtime(L);
  charge_access(L);
  rt.current->check_doom(L);
  Result<Value> key = to_value(L, 2);
  Result<Value> item = to_value(L, 3);
  if (!key || !item) {
    const Error& error = key ? item.error() : key.error();
    raise(L, error.code, "%s: %s", name_of_view(L, view).c_str(), error.message.c_str());
  }
  if (key->is_nil()) raise(L, ErrorCode::type, "%s: nil is no key", name_of_view(L, view).c_str());
  const auto fits = check_measure(rt, measure(*item), view.depth + 1);
  if (!fits) raise(L, fits.error());
  const Result<Path> path = path_of(L, 1, view);
  if (!path) raise(L, path.error());
  const auto growth = [&](const Value& now) -> Result<std::int64_t> {
    const Value* container = container_at(now, *path);
    if (container == nullptr) return tl::unexpected(gone(L, view));
    return growth_of(*container, *key, *item, [&] { return name_of_view(L, view); });
  };
  Result<Value*> root = update_property(rt.world, view.object, view.property,
                                        rt.current->top().programmer, std::cref(growth));
  if (!root) raise(L, root.error());
  set_item(open_container(*root, *path), *key, std::move(*item));
  return 0;
}

int view_len_l(lua_State* L) {
  const Result<const Value*> shown = shown_at(L, 1);
  if (!shown) raise(L, shown.error());
  const Value& value = **shown;
  lua_pushinteger(
      L, static_cast<lua_Integer>(value.is_list() ? value.list().size() : value.map().size()));
  return 1;
}

int view_eq_l(lua_State* L) {
  const Result<Value> a = to_value(L, 1);
  const Result<Value> b = to_value(L, 2);
  lua_pushboolean(L, a && b && *a == *b);
  return 1;
}

int view_tostring_l(lua_State* L) {
  const Result<Value> value = view_value(L, 1);
  if (!value) raise(L, value.error());
  constexpr std::size_t kBytesPerTick = 256;
  runtime(L).current->charge(L, static_cast<std::int64_t>(value->bytes() / kBytesPerTick));
  const std::string text = to_literal(*value);
  lua_pushlstring(L, text.data(), text.size());
  return 1;
}

// next(view, key): the item after `key`, in order.
int view_next_l(lua_State* L) {
  charge_access(L);
  lua_settop(L, 2);
  const Result<Value> key = to_value(L, 2);
  const Result<const Value*> shown = shown_at(L, 1);
  if (!shown) raise(L, shown.error());
  if (!key) raise(L, key.error());
  const Value& container = **shown;
  if (container.is_list()) {
    const Value next(key->is_nil() ? std::int64_t{1} : key->integer() + 1);
    const Value* item = item_of(container, next);
    if (item == nullptr) {
      lua_pushnil(L);
      return 1;
    }
    push_value(L, next);
    push_item(L, 1, next, *item);
    return 2;
  }
  const Map& map = container.map();
  const auto it = key->is_nil() ? map.begin() : map.upper_bound(*key);
  if (it == map.end()) {
    lua_pushnil(L);
    return 1;
  }
  push_value(L, it->first);
  push_item(L, 1, it->first, it->second);
  return 2;
}

int view_pairs_l(lua_State* L) {
  runtime(L).views.check(L, 1);
  lua_pushcfunction(L, view_next_l);
  lua_pushvalue(L, 1);
  lua_pushnil(L);
  return 3;
}

// next() for tables and views alike.
int next_l(lua_State* L) {
  if (is_view(L, 1)) return view_next_l(L);
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 2);
  if (lua_next(L, 1)) return 2;
  lua_pushnil(L);
  return 1;
}

}  // namespace

void push_view(lua_State* L, ObjectId object, Symbol property) {
  void* memory = lua_newuserdatauv(L, sizeof(View), 0);
  new (memory) View{object, property, 0};
  runtime(L).views.give(L);
}

bool is_view(lua_State* L, int index) { return runtime(L).views.test(L, index) != nullptr; }

Result<Value> view_value(lua_State* L, int index) {
  const Result<const Value*> shown = shown_at(L, index);
  if (!shown) return tl::unexpected(shown.error());
  return **shown;
}

void open_views(lua_State* L) {
  runtime(L).views.open(L);
  constexpr luaL_Reg kMethods[] = {
      {"__index", view_index_l}, {"__newindex", view_newindex_l}, {"__len", view_len_l},
      {"__eq", view_eq_l},       {"__tostring", view_tostring_l}, {"__pairs", view_pairs_l},
      {nullptr, nullptr}};
  luaL_setfuncs(L, kMethods, 0);
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 1);

  lua_rawgeti(L, LUA_REGISTRYINDEX, runtime(L).globals);
  lua_pushcfunction(L, next_l);
  lua_setfield(L, -2, "next");
  lua_pop(L, 1);
}

}  // namespace cosmoo::lua
