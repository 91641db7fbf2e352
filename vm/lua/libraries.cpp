// string, table and utf8 as scripts see them: what could run long in C is charged for, in ticks.
#include <algorithm>
#include <cstring>
#include <new>

#include "vm/lua/convert.h"
#include "vm/lua/pattern.h"
#include "vm/lua/runtime.h"

namespace cosmoo::lua {
namespace {

constexpr std::int64_t kBytesPerTick = 1000;  // looked at by C code
constexpr std::int64_t kItemsPerTick = 50;    // moved by C code
constexpr std::int64_t kTicksPerSpend = 10;   // a thousand steps of a pattern

void charge(lua_State* L, std::int64_t ticks) { runtime(L).current->charge(L, ticks); }

std::string_view check_text(lua_State* L, int index) {
  std::size_t size = 0;
  const char* text = luaL_checklstring(L, index, &size);
  return {text, size};
}

void push_text(lua_State* L, std::string_view text) {
  lua_pushlstring(L, text.data(), text.size());
}

// A library function behind a charge for the strings it is given. Upvalue: the function.
int charged_l(lua_State* L) {
  std::int64_t bytes = 0;
  for (int i = lua_gettop(L); i > 0; --i) {
    if (lua_type(L, i) == LUA_TSTRING) bytes += static_cast<std::int64_t>(lua_rawlen(L, i));
  }
  if (bytes >= kBytesPerTick) charge(L, bytes / kBytesPerTick);
  return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

// --- patterns

Pattern check_pattern(lua_State* L, int index) {
  const std::string_view text = check_text(L, index);
  charge(L, 1 + static_cast<std::int64_t>(text.size()) / kItemsPerTick);
  Result<Pattern> pattern = Pattern::compile(text);
  if (!pattern) raise(L, pattern.error());
  return std::move(*pattern);
}

std::function<void()> spender(lua_State* L) {
  return [L] { charge(L, kTicksPerSpend); };
}

// A 1-based start, counted from the end if negative, as an offset; past the end if there is none.
std::size_t check_start(lua_State* L, int index, std::size_t size) {
  const lua_Integer start = luaL_optinteger(L, index, 1);
  if (start > 0) return static_cast<std::size_t>(start - 1);
  if (start == 0 || -start > static_cast<lua_Integer>(size)) return 0;
  return size - static_cast<std::size_t>(-start);
}

void push_capture(lua_State* L, std::string_view subject, const Capture& capture) {
  if (capture.length == Capture::kPosition) {
    lua_pushinteger(L, static_cast<lua_Integer>(capture.start + 1));
  } else {
    push_text(L, subject.substr(capture.start, capture.length));
  }
}

int push_captures(lua_State* L, std::string_view subject, const std::vector<Capture>& captures) {
  luaL_checkstack(L, static_cast<int>(captures.size()), "captures");
  for (const Capture& capture : captures) push_capture(L, subject, capture);
  return static_cast<int>(captures.size());
}

// What memmem() may take: it compares a short text at many places.
std::int64_t ticks_to_find(std::size_t subject, std::size_t text) {
  constexpr std::size_t kLongestCompared = 256;
  return static_cast<std::int64_t>(subject * (1 + std::min(text, kLongestCompared) / 32)) /
         kBytesPerTick;
}

int find_l(lua_State* L) {
  const std::string_view subject = check_text(L, 1);
  const std::string_view text = check_text(L, 2);
  const std::size_t from = check_start(L, 3, subject.size());
  if (from > subject.size()) {
    lua_pushnil(L);
    return 1;
  }
  const bool plain =
      lua_toboolean(L, 4) != 0 || text.find_first_of("^$*+?.([%-") == std::string_view::npos;
  if (plain) {
    charge(L, ticks_to_find(subject.size() - from, text.size()));
    const void* found = text.empty() ? subject.data() + from
                                     : memmem(subject.data() + from, subject.size() - from,
                                              text.data(), text.size());
    if (found == nullptr) {
      lua_pushnil(L);
      return 1;
    }
    const auto at = static_cast<const char*>(found) - subject.data();
    lua_pushinteger(L, at + 1);
    lua_pushinteger(L, at + static_cast<lua_Integer>(text.size()));
    return 2;
  }
  const Pattern pattern = check_pattern(L, 2);
  Matcher matcher(pattern, subject, spender(L));
  std::size_t end = 0;
  const std::size_t start = matcher.search(from, end);
  if (start == Matcher::kNone) {
    lua_pushnil(L);
    return 1;
  }
  lua_pushinteger(L, static_cast<lua_Integer>(start + 1));
  lua_pushinteger(L, static_cast<lua_Integer>(end));
  const auto captures = matcher.captures(start, end);
  return pattern.captures() == 0 ? 2 : 2 + push_captures(L, subject, captures);
}

int match_l(lua_State* L) {
  const std::string_view subject = check_text(L, 1);
  const Pattern pattern = check_pattern(L, 2);
  const std::size_t from = check_start(L, 3, subject.size());
  Matcher matcher(pattern, subject, spender(L));
  std::size_t end = 0;
  const std::size_t start = from > subject.size() ? Matcher::kNone : matcher.search(from, end);
  if (start == Matcher::kNone) {
    lua_pushnil(L);
    return 1;
  }
  return push_captures(L, subject, matcher.captures(start, end));
}

constexpr const char* kSearchType = "cosmoo.gmatch";

struct Search {
  Pattern pattern;
  std::size_t next = 0;
  std::size_t last_end = Matcher::kNone;  // an empty match may not end where the last one did
};

// Upvalues: the subject, the Search.
int gmatch_next_l(lua_State* L) {
  const std::string_view subject = check_text(L, lua_upvalueindex(1));
  auto& search = *static_cast<Search*>(lua_touserdata(L, lua_upvalueindex(2)));
  Matcher matcher(search.pattern, subject, spender(L));
  for (; search.next <= subject.size(); ++search.next) {
    const std::size_t end = matcher.match_at(search.next);
    if (end == Matcher::kNone || end == search.last_end) continue;
    const std::size_t start = search.next;
    search.next = search.last_end = end;
    return push_captures(L, subject, matcher.captures(start, end));
  }
  return 0;
}

int gmatch_l(lua_State* L) {
  const std::size_t size = check_text(L, 1).size();
  Pattern pattern = check_pattern(L, 2);
  const std::size_t from = check_start(L, 3, size);
  lua_pushvalue(L, 1);
  void* memory = lua_newuserdatauv(L, sizeof(Search), 0);
  hold_outside(L, pattern.bytes());
  new (memory) Search{std::move(pattern), from};
  luaL_setmetatable(L, kSearchType);
  lua_pushcclosure(L, gmatch_next_l, 2);
  return 1;
}

int search_gc_l(lua_State* L) {
  auto* search = static_cast<Search*>(lua_touserdata(L, 1));
  release_outside(L, search->pattern.bytes());
  search->~Search();
  return 0;
}

// What gsub() makes: paid for as it grows, and no larger than a task may hold.
class Replaced {
 public:
  explicit Replaced(lua_State* L) : L_(L), limit_(runtime(L).options.task_memory_bytes) {}

  void add(std::string_view part) {
    if (part.size() > limit_ - text_.size()) {
      raise(L_, ErrorCode::quota, "gsub(): the result is too large");
    }
    text_ += part;
    const std::size_t unpaid = text_.size() - paid_;
    if (unpaid < kLeastCharge) return;
    paid_ = text_.size();
    charge(L_, static_cast<std::int64_t>(unpaid) / kBytesPerTick);
  }
  const std::string& text() const { return text_; }

 private:
  static constexpr std::size_t kLeastCharge = 64u << 10;

  lua_State* const L_;
  const std::size_t limit_;
  std::string text_;
  std::size_t paid_ = 0;
};

// Adds what a template makes of one match.
void add_from_template(lua_State* L, Replaced& out, std::string_view wanted,
                       std::string_view subject, std::string_view whole,
                       const std::vector<Capture>& captures) {
  for (std::size_t at = 0; at < wanted.size();) {
    const std::size_t sign = std::min(wanted.find('%', at), wanted.size());
    out.add(wanted.substr(at, sign - at));
    if (sign == wanted.size()) return;
    at = sign + 2;
    const char c = sign + 1 < wanted.size() ? wanted[sign + 1] : '\0';
    if (c == '%') {
      out.add("%");
    } else if (c == '0') {
      out.add(whole);
    } else if (c >= '1' && c <= '9' && static_cast<std::size_t>(c - '1') < captures.size()) {
      push_capture(L, subject, captures[static_cast<std::size_t>(c - '1')]);
      out.add(check_text(L, -1));
      lua_pop(L, 1);
    } else {
      raise(L, ErrorCode::invarg, "gsub(): %%%c in the replacement means nothing here", c);
    }
  }
}

// Adds what replaces one match: argument 3 is a template, a table or a function.
void add_replacement(lua_State* L, Replaced& out, std::string_view subject, std::string_view whole,
                     const std::vector<Capture>& captures) {
  const int type = lua_type(L, 3);
  if (type == LUA_TSTRING || type == LUA_TNUMBER) {
    add_from_template(L, out, check_text(L, 3), subject, whole, captures);
    return;
  }
  if (type == LUA_TFUNCTION) {
    lua_pushvalue(L, 3);
    lua_call(L, push_captures(L, subject, captures), 1);
  } else {
    push_capture(L, subject, captures[0]);
    lua_gettable(L, 3);
  }
  if (!lua_toboolean(L, -1)) {
    out.add(whole);
  } else if (lua_isstring(L, -1)) {
    out.add(check_text(L, -1));
  } else {
    raise(L, ErrorCode::type, "gsub(): a match cannot be replaced by %s", describe(L, -1));
  }
  lua_pop(L, 1);
}

int gsub_l(lua_State* L) {
  const std::string_view subject = check_text(L, 1);
  const Pattern pattern = check_pattern(L, 2);
  const int type = lua_type(L, 3);
  if (type != LUA_TSTRING && type != LUA_TNUMBER && type != LUA_TFUNCTION && type != LUA_TTABLE &&
      !is_view(L, 3)) {
    raise(L, ErrorCode::type, "gsub() replaces by a string, table or function, not by %s",
          describe(L, 3));
  }
  const lua_Integer most = luaL_optinteger(L, 4, static_cast<lua_Integer>(subject.size()) + 1);
  Matcher matcher(pattern, subject, spender(L));
  Replaced out(L);
  std::size_t at = 0;
  std::size_t last_end = Matcher::kNone;
  lua_Integer count = 0;
  while (count < most) {
    const std::size_t end = matcher.match_at(at);
    if (end != Matcher::kNone && end != last_end) {
      ++count;
      add_replacement(L, out, subject, subject.substr(at, end - at), matcher.captures(at, end));
      at = last_end = end;
    } else if (at < subject.size()) {
      out.add(subject.substr(at++, 1));
    } else {
      break;
    }
    if (pattern.anchored()) break;
    if (count % 64 == 0) charge(L, 0);
  }
  if (at < subject.size()) out.add(subject.substr(at));
  charge(L, static_cast<std::int64_t>(out.text().size()) / kBytesPerTick);
  push_text(L, out.text());
  lua_pushinteger(L, count);
  return 2;
}

int rep_l(lua_State* L) {
  const auto size = static_cast<std::int64_t>(check_text(L, 1).size());
  const std::int64_t times = std::max<std::int64_t>(luaL_checkinteger(L, 2), 0);
  const auto separator = static_cast<std::int64_t>(luaL_optstring(L, 3, "") ? lua_rawlen(L, 3) : 0);
  const double bytes = static_cast<double>(size + separator) * static_cast<double>(times);
  // Lua would copy nothing that many times, which takes as long as if it were something.
  if (bytes == 0) {
    lua_pushliteral(L, "");
    return 1;
  }
  const auto limit = static_cast<double>(runtime(L).options.task_memory_bytes);
  // More than a task may hold: it is over its memory before a byte is made.
  if (bytes > limit) {
    runtime(L).current->doom(Budget::memory);
    charge(L, 0);
  }
  charge(L, static_cast<std::int64_t>(bytes) * 2 / kBytesPerTick);  // made, and copied
  return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

// --- table

lua_Integer length_of(lua_State* L, int index) { return luaL_len(L, index); }

// Charges for a number of items, which may be absurd: a metatable may claim any length.
void charge_items(lua_State* L, double items) {
  if (items > 0) charge(L, static_cast<std::int64_t>(std::min(items / kItemsPerTick, 1e15)));
}

int table_insert_l(lua_State* L) {
  if (lua_gettop(L) == 3 && lua_isinteger(L, 2)) {
    charge_items(L,
                 static_cast<double>(length_of(L, 1)) - static_cast<double>(lua_tointeger(L, 2)));
  }
  return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

int table_remove_l(lua_State* L) {
  if (lua_isinteger(L, 2)) {
    charge_items(L,
                 static_cast<double>(length_of(L, 1)) - static_cast<double>(lua_tointeger(L, 2)));
  }
  return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

int table_move_l(lua_State* L) {
  charge_items(L, static_cast<double>(luaL_checkinteger(L, 3)) -
                      static_cast<double>(luaL_checkinteger(L, 2)));
  return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

int table_concat_l(lua_State* L) {
  const auto last = lua_isnoneornil(L, 4) ? length_of(L, 1) : luaL_checkinteger(L, 4);
  charge_items(L, static_cast<double>(last) - static_cast<double>(luaL_optinteger(L, 3, 1)));
  return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

int table_unpack_l(lua_State* L) {
  const auto last = lua_isnoneornil(L, 3) ? length_of(L, 1) : luaL_checkinteger(L, 3);
  charge_items(L, static_cast<double>(last) - static_cast<double>(luaL_optinteger(L, 2, 1)));
  return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

// Compares as sort() does by itself, which for long strings takes long and is no instruction.
int paid_less_l(lua_State* L) {
  if (lua_type(L, 1) == LUA_TSTRING && lua_type(L, 2) == LUA_TSTRING) {
    const auto bytes = static_cast<std::int64_t>(std::min(lua_rawlen(L, 1), lua_rawlen(L, 2)));
    if (bytes >= kBytesPerTick) charge(L, bytes / kBytesPerTick);
  }
  lua_pushboolean(L, lua_compare(L, 1, 2, LUA_OPLT));
  return 1;
}

// Whether the table at 1 may have strings that are long to compare.
bool may_have_long_strings(lua_State* L) {
  if (lua_type(L, 1) != LUA_TTABLE) return true;
  if (lua_getmetatable(L, 1)) {
    lua_pop(L, 1);
    return true;
  }
  const auto items = static_cast<lua_Integer>(lua_rawlen(L, 1));
  for (lua_Integer i = 1; i <= items; ++i) {
    const bool text = lua_rawgeti(L, 1, i) == LUA_TSTRING;
    const auto bytes = text ? static_cast<std::int64_t>(lua_rawlen(L, -1)) : 0;
    lua_pop(L, 1);
    if (bytes >= kBytesPerTick) return true;
  }
  return false;
}

int table_sort_l(lua_State* L) {
  const auto items = static_cast<double>(length_of(L, 1));
  charge_items(L, items * 20);  // comparisons: n log n
  if (lua_isnoneornil(L, 2) && may_have_long_strings(L)) {
    lua_settop(L, 1);
    lua_pushcfunction(L, paid_less_l);
  }
  return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

// Replaces library[name] (the table on top) by `wrapper` with the old function as its upvalue.
void wrap(lua_State* L, const char* name, lua_CFunction wrapper) {
  lua_getfield(L, -1, name);
  lua_pushcclosure(L, wrapper, 1);
  lua_setfield(L, -2, name);
}

void wrap_all(lua_State* L, lua_CFunction wrapper) {
  const int library = lua_gettop(L);
  lua_pushnil(L);
  while (lua_next(L, library)) {
    if (lua_iscfunction(L, -1)) {
      lua_pushcclosure(L, wrapper, 1);
      lua_pushvalue(L, -2);
      lua_insert(L, -2);
      lua_rawset(L, library);
    } else {
      lua_pop(L, 1);
    }
  }
}

void open_string(lua_State* L) {
  luaL_newmetatable(L, kSearchType);
  lua_pushcfunction(L, search_gc_l);
  lua_setfield(L, -2, "__gc");
  lua_pop(L, 1);

  luaL_requiref(L, "string", luaopen_string, 0);
  for (const char* name : {"dump", "find", "match", "gmatch", "gsub"}) {
    lua_pushnil(L);
    lua_setfield(L, -2, name);
  }
  wrap(L, "rep", rep_l);
  for (const char* name :
       {"upper", "lower", "reverse", "format", "byte", "pack", "packsize", "unpack"}) {
    wrap(L, name, charged_l);
  }
  constexpr luaL_Reg kOwn[] = {{"find", find_l},
                               {"match", match_l},
                               {"gmatch", gmatch_l},
                               {"gsub", gsub_l},
                               {nullptr, nullptr}};
  luaL_setfuncs(L, kOwn, 0);
  // ("x"):upper() goes through the strings' metatable, made by luaopen_string.
  lua_pushliteral(L, "");
  lua_getmetatable(L, -1);
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 2);
  set_library(L, "string");
}

}  // namespace

void open_libraries(lua_State* L) {
  open_string(L);

  luaL_requiref(L, "table", luaopen_table, 0);
  wrap(L, "insert", table_insert_l);
  wrap(L, "remove", table_remove_l);
  wrap(L, "move", table_move_l);
  wrap(L, "concat", table_concat_l);
  wrap(L, "unpack", table_unpack_l);
  wrap(L, "sort", table_sort_l);
  set_library(L, "table");

  luaL_requiref(L, "utf8", luaopen_utf8, 0);
  wrap_all(L, charged_l);
  set_library(L, "utf8");

  lua_rawgeti(L, LUA_REGISTRYINDEX, runtime(L).globals);
  wrap(L, "tonumber", charged_l);
  lua_pop(L, 1);

  luaL_requiref(L, "os", luaopen_os, 0);
  for (const char* name :
       {"getenv", "execute", "exit", "remove", "rename", "setlocale", "tmpname"}) {
    lua_pushnil(L);
    lua_setfield(L, -2, name);
  }
  wrap(L, "date", charged_l);
  set_library(L, "os");
}

}  // namespace cosmoo::lua
