#include "vm/lua/object_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <lua5.4/lua.hpp>
#include <new>
#include <utility>

#include "vm/lua/compile.h"
#include "vm/lua/file_values.h"
#include "vm/world/codec.h"
#include "vm/world/command.h"

namespace cosmoo {
namespace lua {
namespace {

constexpr int kMostInstructions = 10'000'000;
constexpr std::size_t kMostMemory = std::size_t{1} << 30;
constexpr std::size_t kMostProblems = 100;

struct Reading {
  const std::string& file_name;
  std::vector<std::string_view> lines;
  const ResolveName& resolve;
  ObjectFile& file;
  bool has_object = false;
  int line = 0;  // where the statement that is read begins

  void problem(int where, std::string_view what) {
    if (file.problems.size() >= kMostProblems) return;
    file.problems.push_back(where > 0 ? fmt::format("{}:{}: {}", file_name, where, what)
                                      : fmt::format("{}: {}", file_name, what));
  }
};

// The functions of a file find their Reading as their upvalue.
Reading& reading(lua_State* L) {
  return *static_cast<Reading*>(lua_touserdata(L, lua_upvalueindex(1)));
}

// --- fields of a statement's table, which is the argument

std::string string_at(lua_State* L, int index) {
  std::size_t size = 0;
  const char* bytes = lua_tolstring(L, index, &size);
  return {bytes, size};
}

std::optional<std::string> text_field(lua_State* L, const char* key) {
  std::optional<std::string> text;
  if (lua_getfield(L, 1, key) == LUA_TSTRING) {
    text = string_at(L, -1);
  } else if (!lua_isnil(L, -1)) {
    luaL_error(L, "%s must be a string", key);
  }
  lua_pop(L, 1);
  return text;
}

bool flag_field(lua_State* L, const char* key) {
  if (lua_getfield(L, 1, key) != LUA_TBOOLEAN && !lua_isnil(L, -1)) {
    luaL_error(L, "%s must be true or false", key);
  }
  const bool on = lua_toboolean(L, -1) != 0;
  lua_pop(L, 1);
  return on;
}

std::string text_item(lua_State* L, int index, const char* what) {
  if (lua_rawgeti(L, 1, index) != LUA_TSTRING) luaL_error(L, "%s is missing", what);
  std::string text = string_at(L, -1);
  lua_pop(L, 1);
  return text;
}

void only_fields(lua_State* L, std::initializer_list<std::string_view> known, int items) {
  lua_pushnil(L);
  while (lua_next(L, 1)) {
    lua_pop(L, 1);
    if (lua_isinteger(L, -1) && lua_tointeger(L, -1) >= 1 && lua_tointeger(L, -1) <= items) {
      continue;
    }
    const char* key = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "with a number";
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      luaL_error(L, "the field %s means nothing here", key);
    }
  }
}

ObjectId resolved(lua_State* L, const std::string& name) {
  const auto object = reading(L).resolve(name);
  if (!object) luaL_error(L, "there is no object called %s", name.c_str());
  return *object;
}

// "room", or #12 as a value.
ObjectId object_at(lua_State* L, int index, const char* what) {
  if (lua_type(L, index) == LUA_TSTRING) return resolved(L, string_at(L, index));
  const auto object = file_object(L, index);
  if (!object) luaL_error(L, "%s must be the name of an object, or #NUMBER", what);
  return *object;
}

std::optional<ObjectId> object_field(lua_State* L, const char* key) {
  std::optional<ObjectId> object;
  if (lua_getfield(L, 1, key) != LUA_TNIL) object = object_at(L, -1, key);
  lua_pop(L, 1);
  return object;
}

template <typename T>
T right(lua_State* L, const std::string& what, Result<T> result) {
  if (!result) luaL_error(L, "%s: %s", what.c_str(), result.error().message.c_str());
  return std::move(*result);
}

// --- statements

std::uint32_t parse_flags(lua_State* L, std::string_view text) {
  std::uint32_t flags = 0;
  while (true) {
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    if (text.empty()) return flags;
    const std::string_view word = text.substr(0, text.find(' '));
    const auto known = std::find_if(std::begin(kFlagWords), std::end(kFlagWords),
                                    [&](const FlagWord& row) { return row.word == word; });
    if (known == std::end(kFlagWords)) {
      luaL_error(L, "there is no flag %s", std::string(word).c_str());
    }
    flags |= known->flag;
    text.remove_prefix(word.size());
  }
}

constexpr lua_Integer kLastArrival = lua_Integer{1} << 53;

std::optional<std::int64_t> arrival_field(lua_State* L) {
  std::optional<std::int64_t> arrived;
  if (lua_getfield(L, 1, "arrived") != LUA_TNIL) {
    const lua_Integer number = lua_isinteger(L, -1) ? lua_tointeger(L, -1) : 0;
    if (number < 1 || number > kLastArrival) luaL_error(L, "arrived must be a number from 1 up");
    arrived = number;
  }
  lua_pop(L, 1);
  return arrived;
}

// object { name = "...", parents = { "root" }, owner = "wiz", flags = "fertile", location = #12,
//          arrived = 7 }
int object_l(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  Reading& in = reading(L);
  ObjectSource& object = in.file.object;
  if (std::exchange(in.has_object, true)) luaL_error(L, "a file describes one object");
  object.line = in.line;
  only_fields(L, {"name", "parents", "owner", "flags", "location", "arrived"}, 0);
  object.name = text_field(L, "name").value_or("");
  object.flags = parse_flags(L, text_field(L, "flags").value_or(""));
  object.owner = object_field(L, "owner");
  object.location = object_field(L, "location");
  object.arrived = arrival_field(L);
  if (object.arrived && !object.location) luaL_error(L, "arrived goes with a location");
  if (lua_getfield(L, 1, "parents") == LUA_TTABLE) {
    const auto count = static_cast<lua_Integer>(lua_rawlen(L, -1));
    for (lua_Integer i = 1; i <= count; ++i) {
      lua_rawgeti(L, -1, i);
      const ObjectId parent = object_at(L, -1, "a parent");
      const auto& known = object.parents;
      if (std::find(known.begin(), known.end(), parent) != known.end()) {
        luaL_error(L, "the parent %s is there twice", to_string(parent).c_str());
      }
      object.parents.push_back(parent);
      lua_pop(L, 1);
    }
  } else if (!lua_isnil(L, -1)) {
    luaL_error(L, "parents must be a list of names");
  }
  return 0;
}

// property { "name", value, perms = "rc", owner = "wiz" }, or clear = true in place of the value
int property_l(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  Reading& in = reading(L);
  only_fields(L, {"perms", "owner", "clear"}, 2);
  ObjectSource::PropertySource property;
  property.line = in.line;
  property.name = text_item(L, 1, "the property's name");
  for (const auto& other : in.file.object.properties) {
    if (same_name(other.name, property.name)) {
      luaL_error(L, "the property %s is there twice: in line %d too", property.name.c_str(),
                 other.line);
    }
  }
  lua_rawgeti(L, 1, 2);
  if (!flag_field(L, "clear")) {
    property.value = right(L, property.name, file_value(L, -1));
  } else if (!lua_isnil(L, -1)) {
    luaL_error(L, "%s: what is clear has no value", property.name.c_str());
  }
  property.owner = object_field(L, "owner");
  if (const auto letters = text_field(L, "perms")) {
    property.permissions = right(L, property.name, parse_property_permissions(*letters));
  }
  in.file.object.properties.push_back(std::move(property));
  return 0;
}

std::string_view trimmed(std::string_view line) {
  const std::size_t first = line.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return line.substr(first, line.find_last_not_of(" \t\r") + 1 - first);
}

// The lines between "function()" and its "end", less two spaces of indentation each.
std::string body_of(lua_State* L, const Reading& in, int first, int last) {
  const std::string_view head = trimmed(in.lines[static_cast<std::size_t>(first - 1)]);
  if (first == last || !(head.ends_with("function()") || head.ends_with("function(...)")) ||
      !trimmed(in.lines[static_cast<std::size_t>(last - 1)]).starts_with("end")) {
    luaL_error(L, "a verb's code stands between a line with function() and one with end");
  }
  std::string body;
  for (int line = first + 1; line < last; ++line) {
    std::string_view text = in.lines[static_cast<std::size_t>(line - 1)];
    if (text.starts_with("  ")) text.remove_prefix(2);
    if (line > first + 1) body += '\n';
    body += text;
  }
  return body;
}

// "any in front of this": the first word and the last are objects, what is between a preposition.
Result<VerbArgs> parse_args(const std::string& text) {
  const std::size_t first = text.find(' ');
  const std::size_t last = text.rfind(' ');
  if (first == std::string::npos || first == last) {
    return fail(ErrorCode::invarg,
                fmt::format("\"{}\" should be three words such as this none this", text));
  }
  return parse_verb_args(text.substr(0, first), text.substr(first + 1, last - first - 1),
                         text.substr(last + 1));
}

// The code of the verb whose function, if it has one, is on top of the stack; says where it begins.
std::string verb_code(lua_State* L, const Reading& in, const std::string& names, int& begins) {
  const auto text = text_field(L, "code");
  if (text) {
    if (!lua_isnil(L, -1)) luaL_error(L, "%s: it has code twice", names.c_str());
    begins = in.line;
    return *text;
  }
  if (!lua_isfunction(L, -1) || lua_iscfunction(L, -1)) {
    luaL_error(L, "%s: the code, a function, is missing", names.c_str());
  }
  lua_Debug record;
  lua_pushvalue(L, -1);
  lua_getinfo(L, ">S", &record);
  begins = record.linedefined + 1;
  return body_of(L, in, record.linedefined, record.lastlinedefined);
}

// verb { "l*ook", "none none none", perms = "rxd", owner = "wiz", function() ... end }, or
// code = "..." in place of the function, with unchecked = true if it is no right code
int verb_l(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  Reading& in = reading(L);
  only_fields(L, {"perms", "owner", "code", "unchecked"}, 3);
  ObjectSource::VerbSource verb;
  verb.line = in.line;
  verb.names = text_item(L, 1, "the verb's names");
  if (trimmed(verb.names).empty()) luaL_error(L, "a verb needs a name");
  verb.owner = object_field(L, "owner");
  if (const auto letters = text_field(L, "perms")) {
    verb.permissions = right(L, verb.names, parse_verb_permissions(*letters));
  }
  const bool has_args = lua_rawgeti(L, 1, 2) == LUA_TSTRING;
  if (has_args) verb.args = right(L, verb.names, parse_args(string_at(L, -1)));
  lua_rawgeti(L, 1, has_args ? 3 : 2);
  int begins = 0;
  verb.code = verb_code(L, in, verb.names, begins);
  if (!flag_field(L, "unchecked")) {
    if (const auto error = check_verb_code(L, verb.code)) {
      in.problem(begins + error->line - 1, fmt::format("{}: {}", verb.names, describe(*error)));
      return 0;
    }
  }
  in.file.object.verbs.push_back(std::move(verb));
  return 0;
}

// The lines that begin with -- right above a line, each with its end.
std::string comment_above(const Reading& in, int line) {
  int first = line;
  while (first > 1 && in.lines[static_cast<std::size_t>(first - 2)].starts_with("--")) --first;
  std::string comment;
  for (int i = first; i < line; ++i) {
    comment += in.lines[static_cast<std::size_t>(i - 1)];
    comment += '\n';
  }
  return comment;
}

// What is wrong with a statement is noted; the file goes on.
template <lua_CFunction read_statement>
int statement_l(lua_State* L) {
  Reading& in = reading(L);
  lua_Debug caller;
  in.line = 0;
  if (lua_getstack(L, 1, &caller) != 0 && lua_getinfo(L, "l", &caller) != 0) {
    in.line = caller.currentline;
  }
  ObjectSource& object = in.file.object;
  const std::size_t properties = object.properties.size();
  const std::size_t verbs = object.verbs.size();
  lua_settop(L, 1);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_pushcclosure(L, read_statement, 1);
  lua_insert(L, 1);
  if (lua_pcall(L, 1, 0, 0) != LUA_OK) {
    in.problem(in.line, luaL_tolstring(L, -1, nullptr));
    return 0;
  }
  if (in.line <= 0 || static_cast<std::size_t>(in.line) > in.lines.size()) return 0;
  if (object.properties.size() > properties) {
    object.properties.back().comment = comment_above(in, in.line);
  } else if (object.verbs.size() > verbs) {
    object.verbs.back().comment = comment_above(in, in.line);
  } else if (object.line == in.line) {
    object.comment = comment_above(in, in.line);
  }
  return 0;
}

// ref "room": the object of that file. `$room` is the same, read as system.room.
int ref_l(lua_State* L) {
  push_file_object(L, resolved(L, luaL_checkstring(L, 1)));
  return 1;
}

int system_index_l(lua_State* L) {
  push_file_object(L, resolved(L, luaL_checkstring(L, 2)));
  return 1;
}

void too_long_hook(lua_State* L, lua_Debug*) {
  luaL_where(L, 0);
  lua_pushliteral(L, "the file runs without end");
  lua_concat(L, 2);
  lua_error(L);
}

std::vector<std::string_view> split_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

// Pushes the table that is the file's _ENV.
void push_words(lua_State* L, Reading& in) {
  lua_newtable(L);
  lua_pushlightuserdata(L, &in);
  constexpr luaL_Reg kFunctions[] = {{"object", statement_l<object_l>},
                                     {"property", statement_l<property_l>},
                                     {"verb", statement_l<verb_l>},
                                     {"ref", ref_l},
                                     {nullptr, nullptr}};
  luaL_setfuncs(L, kFunctions, 1);
  lua_newtable(L);
  lua_newtable(L);
  lua_pushlightuserdata(L, &in);
  lua_pushcclosure(L, system_index_l, 1);
  lua_setfield(L, -2, "__index");
  lua_setmetatable(L, -2);
  lua_setfield(L, -2, "system");
  add_file_values(L);
}

struct Work {
  std::string_view text;
  Reading& in;
};

int read_l(lua_State* L) {
  auto& work = *static_cast<Work*>(lua_touserdata(L, 1));
  // Line by line the same, so that the bodies can be taken from the file itself.
  const Translation translation = translate(work.text);
  const std::string chunk = "=" + work.in.file_name;
  if (luaL_loadbufferx(L, translation.text.data(), translation.text.size(), chunk.c_str(), "t") !=
      LUA_OK) {
    lua_error(L);
  }
  push_words(L, work.in);
  lua_setupvalue(L, -2, 1);
  lua_sethook(L, too_long_hook, LUA_MASKCOUNT, kMostInstructions);
  lua_call(L, 0, 0);
  return 0;
}

void* bounded_allocate(void* used, void* block, std::size_t old_size, std::size_t new_size) {
  std::size_t& total = *static_cast<std::size_t*>(used);
  if (block == nullptr) old_size = 0;  // then it says what kind of thing it is for
  if (new_size > old_size && total + (new_size - old_size) > kMostMemory) return nullptr;
  void* given = nullptr;
  if (new_size == 0) {
    std::free(block);
  } else {
    given = std::realloc(block, new_size);
    if (given == nullptr) return nullptr;
  }
  total = total - old_size + new_size;
  return given;
}

}  // namespace
}  // namespace lua

ObjectFile read_object_file(std::string_view text, const std::string& file_name,
                            const ResolveName& resolve) {
  ObjectFile file;
  lua::Reading in{file_name, lua::split_lines(text), resolve, file};
  std::size_t used = 0;
  struct Close {
    void operator()(lua_State* state) const { lua_close(state); }
  };
  const std::unique_ptr<lua_State, Close> state(lua_newstate(lua::bounded_allocate, &used));
  if (!state) throw std::bad_alloc();
  lua::Work work{text, in};
  lua_pushcfunction(state.get(), lua::read_l);
  lua_pushlightuserdata(state.get(), &work);
  if (lua_pcall(state.get(), 1, 0, 0) != LUA_OK) {
    const char* why = lua_tostring(state.get(), -1);
    const std::string message = why != nullptr ? why : "it cannot be read";
    if (message.starts_with(file_name + ":")) {
      file.problems.push_back(message);  // Lua's own, with the line
    } else {
      in.problem(0, message);
    }
  } else if (!in.has_object) {
    in.problem(0, "there is no object { ... } in it");
  }
  return file;
}

}  // namespace cosmoo
