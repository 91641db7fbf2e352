// Maps. Lua has one kind of table: a list is a map whose keys are its indices, and counts as one.
#include <fmt/format.h>

#include <optional>

#include "builtins/bounds.h"
#include "builtins/common.h"
#include "builtins/families.h"

namespace cosmoo {
namespace {

// The first argument as a map; a list's items by their indices. None: the task cannot pay for it.
std::optional<Value> take_map(Call& call) {
  Value value = call.take(0);
  if (value.is_map()) return value;
  constexpr std::size_t kEntriesPerTick = 8;
  const auto ticks = static_cast<std::int64_t>(value.list().size() / kEntriesPerTick);
  if (!afford(call, ticks)) return std::nullopt;
  Map map;
  std::int64_t index = 0;
  for (const Value& item : value.list()) map.emplace_hint(map.end(), Value(++index), item);
  return Value(std::move(map));
}

Error no_key(std::string_view builtin, const Value& key) {
  return Error(ErrorCode::range,
               fmt::format("{}(): there is no key {}", builtin, to_literal(key).substr(0, 200)));
}

Outcome mapkeys(Call& call) {
  const auto map = take_map(call);
  if (!map) return Value();
  List keys;
  keys.reserve(map->map().size());
  for (const auto& [key, value] : map->map()) keys.push_back(key);
  return Value(std::move(keys));
}

// mapvalues(map [, key...])
Outcome mapvalues(Call& call) {
  constexpr std::string_view kName = "mapvalues";
  const auto map = take_map(call);
  if (!map) return Value();
  Gathered values(call, kName);
  if (call.size() == 1) {
    for (const auto& [key, value] : map->map()) {
      if (auto fits = values.add(value); !fits) return fits.error();
    }
  }
  for (std::size_t i = 1; i < call.size(); ++i) {
    const auto found = map->map().find(call[i]);
    if (found == map->map().end()) return no_key(kName, call[i]);
    if (auto fits = values.add(found->second); !fits) return fits.error();
  }
  return Value(values.take());
}

Outcome mapdelete(Call& call) {
  auto map = take_map(call);
  if (!map) return Value();
  Map& entries = map->mutable_map();
  if (!call[1].is_list()) {
    if (entries.erase(call[1]) == 0) return no_key("mapdelete", call[1]);
    return std::move(*map);
  }
  for (const Value& key : call[1].list()) {
    if (entries.erase(key) == 0) return no_key("mapdelete", key);
  }
  return std::move(*map);
}

Outcome maphaskey(Call& call) {
  const auto map = take_map(call);
  if (!map) return Value();
  return Value(map->map().contains(call[1]));
}

}  // namespace

std::span<const Builtin> map_builtins() {
  using namespace types;
  static const Builtin kRows[] = {
      {"mapkeys",
       {{"map", kMap}},
       1,
       Access::everyone,
       mapkeys,
       "list",
       "A map's keys, in order: booleans, numbers, strings (by their bytes), objects, errors."},
      {"mapvalues",
       {{"map", kMap}},
       1,
       Access::everyone,
       mapvalues,
       "list",
       "A map's values in the order of mapkeys(); with keys behind the map, the values of these. "
       "E_RANGE for a key that is not there; E_QUOTA when the result is too large.",
       true},
      {"mapdelete",
       {{"map", kMap}, {"key", kValue}},
       2,
       Access::everyone,
       mapdelete,
       "map",
       "The map without the key, or without each key of a list. E_RANGE for a key that is not "
       "there."},
      {"maphaskey",
       {{"map", kMap}, {"key", kValue}},
       2,
       Access::everyone,
       maphaskey,
       "boolean",
       "Whether the map has the key. The case of strings matters, as everywhere in Lua."},
  };
  return kRows;
}

}  // namespace cosmoo
