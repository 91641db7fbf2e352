// Lists: taking parts, changing copies, finding, sorting.
//
// A list here is what Lua calls a sequence. None of these changes its argument: they return a
// list. Values are equal as Lua's == has it, and lists and maps when their contents are.
#include <algorithm>
#include <bit>
#include <numeric>

#include "builtins/bounds.h"
#include "builtins/common.h"
#include "builtins/families.h"
#include "builtins/text_order.h"

namespace cosmoo {
namespace {

Outcome length(Call& call) {
  const Value& value = call[0];
  const std::size_t size = value.is_string() ? value.string().size()
                           : value.is_list() ? value.list().size()
                                             : value.map().size();
  return Value(static_cast<std::int64_t>(size));
}

Outcome equal(Call& call) { return Value(call[0] == call[1]); }

// A copy of `list` with `value` as its item `place`, which is cut to fit.
Value inserted(Value list, Value value, std::int64_t place) {
  List& items = list.mutable_list();
  const auto size = static_cast<std::int64_t>(items.size());
  items.insert(items.begin() + (std::clamp<std::int64_t>(place, 1, size + 1) - 1),
               std::move(value));
  return list;
}

Outcome listappend(Call& call) {
  const auto size = static_cast<std::int64_t>(call[0].list().size());
  const std::int64_t behind = call.has(2) ? std::min(call[2].integer(), size) : size;
  return inserted(call.take(0), call.take(1), behind + 1);
}

Outcome listinsert(Call& call) {
  return inserted(call.take(0), call.take(1), call.has(2) ? call[2].integer() : 1);
}

Result<std::size_t> need_place(const Call& call, std::string_view builtin, std::int64_t place) {
  const std::size_t size = call[0].list().size();
  if (place < 1 || static_cast<std::uint64_t>(place) > size) {
    return fail(ErrorCode::range, std::string(builtin) + "(): there is no item " +
                                      std::to_string(place) + " in a list of " +
                                      std::to_string(size));
  }
  return static_cast<std::size_t>(place - 1);
}

Outcome listdelete(Call& call) {
  const auto place = need_place(call, "listdelete", call[1].integer());
  if (!place) return place.error();
  Value list = call.take(0);
  List& items = list.mutable_list();
  items.erase(items.begin() + static_cast<std::ptrdiff_t>(*place));
  return list;
}

Outcome listset(Call& call) {
  const auto place = need_place(call, "listset", call[2].integer());
  if (!place) return place.error();
  Value list = call.take(0);
  list.mutable_list()[*place] = call.take(1);
  return list;
}

Outcome setadd(Call& call) {
  const List& items = call[0].list();
  if (std::find(items.begin(), items.end(), call[1]) != items.end()) return call.take(0);
  Value list = call.take(0);
  list.mutable_list().push_back(call.take(1));
  return list;
}

Outcome setremove(Call& call) {
  const List& items = call[0].list();
  const auto found = std::find(items.begin(), items.end(), call[1]);
  if (found == items.end()) return call.take(0);
  const auto place = found - items.begin();
  Value list = call.take(0);
  List& rest = list.mutable_list();
  rest.erase(rest.begin() + place);
  return list;
}

// Strings, at the top or within, may differ in case.
bool equal_without_case(const Value& a, const Value& b) {
  if (a.is_string() && b.is_string()) {
    return std::ranges::equal(a.string(), b.string(),
                              [](char x, char y) { return folded(x) == folded(y); });
  }
  if (a.is_list() && b.is_list()) {
    return std::ranges::equal(a.list(), b.list(), equal_without_case);
  }
  if (a.is_map() && b.is_map()) {
    return std::ranges::equal(a.map(), b.map(), [](const auto& x, const auto& y) {
      return x.first == y.first && equal_without_case(x.second, y.second);
    });
  }
  return a == b;
}

// Whether an item is what is sought: (value, list [, case_matters]).
bool is_sought(const Call& call, const Value& item) {
  const bool exact = !call.has(2) || is_on(call[2]);
  return exact ? item == call[0] : equal_without_case(item, call[0]);
}

Outcome is_member(Call& call) {
  const List& items = call[1].list();
  const auto found =
      std::ranges::find_if(items, [&](const Value& v) { return is_sought(call, v); });
  return Value(found == items.end() ? std::int64_t{0} : found - items.begin() + 1);
}

Outcome all_members(Call& call) {
  List places;
  std::int64_t place = 0;
  for (const Value& item : call[1].list()) {
    ++place;
    if (is_sought(call, item)) places.emplace_back(place);
  }
  return Value(std::move(places));
}

Outcome reverse(Call& call) {
  if (call[0].is_string()) {
    std::string text = call.take(0).take_string();
    std::ranges::reverse(text);
    return Value(std::move(text));
  }
  Value list = call.take(0);
  std::ranges::reverse(list.mutable_list());
  return list;
}

// --- slice

// The part of a list, string or map that an index names: nil if there is none.
Result<Value> part_of(const Value& item, const Value& index) {
  const bool number = index.type() == Value::Type::integer;
  if (item.is_map()) {
    const auto found = item.map().find(index);
    return found == item.map().end() ? Value() : found->second;
  }
  const bool empty_map = item.is_list() && item.list().empty() && !number;
  if (empty_map) return Value();
  if (!number || !(item.is_list() || item.is_string())) {
    return fail(ErrorCode::invarg, "slice(): " + std::string(name_of(item.type())) +
                                       " has no item " + to_literal(index));
  }
  const std::int64_t place = index.integer();
  const std::size_t size = item.is_list() ? item.list().size() : item.string().size();
  if (place < 1 || static_cast<std::uint64_t>(place) > size) return Value();
  const auto at = static_cast<std::size_t>(place - 1);
  return item.is_list() ? item.list()[at] : Value(item.string().substr(at, 1));
}

// As part_of, but where nothing is, the default; without one, a string index skips (nil).
Result<Value> part_or_default(const Call& call, const Value& item, const Value& index) {
  Result<Value> part = part_of(item, index);
  if (!part || !part->is_nil()) return part;
  if (call.has(2)) return call[2];
  if (index.is_string()) return Value();
  return fail(ErrorCode::range,
              "slice(): there is no item " + to_literal(index) + " in one of the items");
}

Outcome slice(Call& call) {
  constexpr std::string_view kName = "slice";
  const Value index = call.has(1) ? call[1] : Value(1);
  if (index.is_list() && index.list().empty()) {
    return Error(ErrorCode::range, "slice(): the list of indices is empty");
  }
  // Each index is looked for in each item, and may be in none.
  if (!afford(call, ticks_for_bytes(call[0].list().size() * index.bytes()))) return Value();
  Gathered rows(call, kName);
  Gathered parts(call, kName);  // of all rows: a list of indices repeats them
  for (const Value& item : call[0].list()) {
    Value row;
    if (index.is_list()) {
      List cells;
      for (const Value& each : index.list()) {
        if (each.type() != Value::Type::integer && !each.is_string()) {
          return Error(ErrorCode::invarg, "slice(): an index is an integer or a string");
        }
        Result<Value> part = part_or_default(call, item, each);
        if (!part) return part.error();
        if (part->is_nil()) continue;
        if (auto fits = parts.add(*part); !fits) return fits.error();
        cells.push_back(std::move(*part));
      }
      row = Value(std::move(cells));
      if (auto fits = rows.add(std::move(row)); !fits) return fits.error();
      continue;
    }
    Result<Value> part = part_or_default(call, item, index);
    if (!part) return part.error();
    if (part->is_nil()) continue;
    if (auto fits = rows.add(std::move(*part)); !fits) return fits.error();
  }
  return Value(rows.take());
}

// --- sort

bool is_number(const Value& value) {
  return value.type() == Value::Type::integer || value.type() == Value::Type::float_;
}

// E_TYPE unless all keys can be compared with each other.
Result<void> check_keys(const List& keys) {
  for (const Value& key : keys) {
    if (key.is_list() || key.is_map()) {
      return fail(ErrorCode::type, "sort(): " + std::string(name_of(key.type())) +
                                       "s have no order; sort them by keys");
    }
    const bool alike =
        key.type() == keys.front().type() || (is_number(key) && is_number(keys.front()));
    if (!alike) {
      return fail(ErrorCode::type, "sort(): " + std::string(name_of(keys.front().type())) +
                                       " and " + std::string(name_of(key.type())) +
                                       " cannot be compared");
    }
  }
  return {};
}

// What n·log n comparisons of these may cost, each as long as the texts are.
std::int64_t ticks_to_sort(const List& keys) {
  constexpr std::size_t kBytesOfComparing = 16;
  std::size_t bytes = 0;
  for (const Value& key : keys) {
    bytes += kBytesOfComparing + (key.is_string() ? key.string().size() : 0);
  }
  return ticks_for_bytes(bytes) * std::bit_width(keys.size()) / 2;
}

Outcome sort(Call& call) {
  const List& items = call[0].list();
  const bool by_keys = call.has(1) && !call[1].list().empty();
  const List& keys = by_keys ? call[1].list() : items;
  if (keys.size() != items.size()) {
    return Error(ErrorCode::invarg, "sort(): there are " + std::to_string(items.size()) +
                                        " items and " + std::to_string(keys.size()) + " keys");
  }
  if (auto comparable = check_keys(keys); !comparable) return comparable.error();
  if (!afford(call, ticks_to_sort(keys))) return Value();
  const auto compare_strings = is_on(call[2]) ? compare_naturally : compare_texts;
  const auto less = [&](std::size_t a, std::size_t b) {
    return keys[a].is_string() ? compare_strings(keys[a].string(), keys[b].string()) < 0
                               : keys[a] < keys[b];
  };
  std::vector<std::size_t> order(items.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (is_on(call[3])) {
    std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) { return less(b, a); });
  } else {
    std::ranges::stable_sort(order, less);
  }
  List sorted;
  sorted.reserve(items.size());
  for (const std::size_t place : order) sorted.push_back(items[place]);
  return Value(std::move(sorted));
}

}  // namespace

std::span<const Builtin> list_builtins() {
  using namespace types;
  static const Builtin kRows[] = {
      {"length",
       {{"value", kString | kMap}},
       1,
       Access::everyone,
       length,
       "integer",
       "How many bytes a string has, how many items a list or map."},
      {"equal",
       {{"a"}, {"b"}},
       2,
       Access::everyone,
       equal,
       "boolean",
       "Whether two values are the same: strings with their case, numbers by what they count "
       "(1 and 1.0 are equal), lists and maps by all that is in them, errors by their code."},
      {"listappend",
       {{"list", kList}, {"value", kValue}, {"index", kInteger}},
       2,
       Access::everyone,
       listappend,
       "list",
       "The list with the value behind item `index`, or at its end. An index before the list puts "
       "it first, one beyond it last. E_TYPE for nil: a list has no holes."},
      {"listinsert",
       {{"list", kList}, {"value", kValue}, {"index", kInteger}},
       2,
       Access::everyone,
       listinsert,
       "list",
       "The list with the value before item `index`, or before all. An index before the list puts "
       "it first, one beyond it last. E_TYPE for nil."},
      {"listdelete",
       {{"list", kList}, {"index", kInteger}},
       2,
       Access::everyone,
       listdelete,
       "list",
       "The list without its item `index`. E_RANGE if there is none."},
      {"listset",
       {{"list", kList}, {"value", kValue}, {"index", kInteger}},
       3,
       Access::everyone,
       listset,
       "list",
       "The list with the value in place of its item `index`. E_RANGE if there is none; E_TYPE "
       "for nil."},
      {"setadd",
       {{"list", kList}, {"value", kValue}},
       2,
       Access::everyone,
       setadd,
       "list",
       "The list with the value at its end, unless an item equals it already, as equal() has it."},
      {"setremove",
       {{"list", kList}, {"value", kValue}},
       2,
       Access::everyone,
       setremove,
       "list",
       "The list without the first item that equals the value, as equal() has it."},
      {"is_member",
       {{"value", kValue}, {"list", kList}, {"case_matters", kFlag}},
       2,
       Access::everyone,
       is_member,
       "integer",
       "The index of the first item that equals the value, 0 if there is none (which Lua takes for "
       "true: compare it). Case matters unless it is given as false."},
      {"all_members",
       {{"value", kValue}, {"list", kList}, {"case_matters", kFlag}},
       2,
       Access::everyone,
       all_members,
       "list of integers",
       "The indices of all items that equal the value. Case matters unless it is given as false."},
      {"reverse",
       {{"value", kList | kString}},
       1,
       Access::everyone,
       reverse,
       "list | string",
       "The list, or the string's bytes, from the last to the first."},
      {"slice",
       {{"list", kList}, {"index", kInteger | kString | kList}, {"default", kValue}},
       1,
       Access::everyone,
       slice,
       "list",
       "One part of each item: its item `index` (1 if none is given), a string's byte, a map's "
       "value; or, for a list of indices, a list of these parts. Where an item has no such part, "
       "`default`; without one E_RANGE, or nothing for a string index. E_INVARG for items and "
       "indices that do not fit; E_QUOTA when the result is too large."},
      {"sort",
       {{"list", kList}, {"keys", kList}, {"natural", kFlag}, {"reverse", kFlag}},
       1,
       Access::everyone,
       sort,
       "list",
       "The items in order: numbers by size, objects by number, errors by code, false before true, "
       "strings without regard to case (those that differ in nothing else by their bytes). With "
       "keys, each item goes where its key belongs. `natural` takes digits in strings for numbers, "
       "so that \"b9\" comes before \"b10\". Items of equal keys stay as they were. E_TYPE when "
       "they cannot be compared: strings with numbers, lists, maps. E_INVARG when there are not as "
       "many keys as items."},
  };
  return kRows;
}

}  // namespace cosmoo
