#include "vm/lua/object_file.h"

#include <algorithm>

#include "vm/lua/compile.h"
#include "vm/lua/convert.h"

namespace cosmoo::lua {
namespace {

constexpr int kMostInstructions = 10'000'000;

struct Reading {
  std::vector<std::string_view> lines;
  const ResolveName& resolve;
  ObjectSource& object;
  bool has_object = false;
};

// The functions of a file find their Reading as their upvalue.
Reading& reading(lua_State* L) {
  return *static_cast<Reading*>(lua_touserdata(L, lua_upvalueindex(1)));
}

std::string text_field(lua_State* L, const char* key, std::string otherwise) {
  lua_getfield(L, 1, key);
  if (!lua_isnil(L, -1)) {
    if (lua_type(L, -1) != LUA_TSTRING) luaL_error(L, "%s must be a string", key);
    otherwise = lua_tostring(L, -1);
  }
  lua_pop(L, 1);
  return otherwise;
}

std::string text_item(lua_State* L, int index, const char* what) {
  if (lua_rawgeti(L, 1, index) != LUA_TSTRING) luaL_error(L, "%s is missing", what);
  std::string text = lua_tostring(L, -1);
  lua_pop(L, 1);
  return text;
}

void only_fields(lua_State* L, std::initializer_list<std::string_view> known, int items) {
  lua_pushnil(L);
  while (lua_next(L, 1)) {
    lua_pop(L, 1);
    if (lua_isinteger(L, -1) && lua_tointeger(L, -1) <= items) continue;
    const char* key = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "a number";
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      luaL_error(L, "the field %s means nothing here", key);
    }
  }
}

// object { name = "...", parents = {"root"}, flags = "fertile", location = "first_room" }
int object_l(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  Reading& file = reading(L);
  if (std::exchange(file.has_object, true)) luaL_error(L, "a file describes one object");
  only_fields(L, {"name", "parents", "flags", "location"}, 0);
  file.object.name = text_field(L, "name", "");
  file.object.flags = text_field(L, "flags", "");
  if (const std::string where = text_field(L, "location", ""); !where.empty()) {
    file.object.location = where;
  }
  if (lua_getfield(L, 1, "parents") == LUA_TTABLE) {
    for (lua_Integer i = 1; lua_rawgeti(L, -1, i) == LUA_TSTRING; ++i) {
      file.object.parents.emplace_back(lua_tostring(L, -1));
      lua_pop(L, 1);
    }
    lua_pop(L, 1);
  } else if (!lua_isnil(L, -1)) {
    luaL_error(L, "parents must be a list of names");
  }
  return 0;
}

// property { "name", value, perms = "rc" }
int property_l(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  only_fields(L, {"perms"}, 2);
  ObjectSource::PropertySource property;
  property.name = text_item(L, 1, "the property's name");
  lua_rawgeti(L, 1, 2);
  Result<Value> value = to_value(L, -1);
  if (!value) luaL_error(L, "%s: %s", property.name.c_str(), value.error().message.c_str());
  property.value = std::move(*value);
  property.permissions = text_field(L, "perms", property.permissions);
  reading(L).object.properties.push_back(std::move(property));
  return 0;
}

// The lines between "function()" and its "end", less two spaces of indentation each.
std::string body_of(lua_State* L, const Reading& file) {
  lua_Debug record;
  lua_pushvalue(L, -1);
  lua_getinfo(L, ">S", &record);
  if (record.linedefined + 1 > record.lastlinedefined - 1 &&
      record.linedefined == record.lastlinedefined) {
    luaL_error(L, "the code of a verb stands on lines of its own");
  }
  std::string body;
  for (int line = record.linedefined + 1; line < record.lastlinedefined; ++line) {
    std::string_view text = file.lines[static_cast<std::size_t>(line - 1)];
    if (text.starts_with("  ")) text.remove_prefix(2);
    if (!body.empty() || line > record.linedefined + 1) body += '\n';
    body += text;
  }
  return body;
}

// verb { "l*ook", "none none none", perms = "rxd", function() ... end }
int verb_l(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  only_fields(L, {"perms"}, 3);
  ObjectSource::VerbSource verb;
  verb.names = text_item(L, 1, "the verb's names");
  int code = 2;
  if (lua_rawgeti(L, 1, 2) == LUA_TSTRING) {
    verb.args = lua_tostring(L, -1);
    code = 3;
  }
  lua_pop(L, 1);
  if (lua_rawgeti(L, 1, code) != LUA_TFUNCTION || lua_iscfunction(L, -1)) {
    luaL_error(L, "%s: the code, a function, is missing", verb.names.c_str());
  }
  verb.permissions = text_field(L, "perms", verb.permissions);
  lua_Debug record;
  lua_pushvalue(L, -1);
  lua_getinfo(L, ">S", &record);
  verb.line = record.linedefined + 1;
  verb.code = body_of(L, reading(L));
  std::uint32_t variables = 0;
  if (const auto error = push_verb_function(L, verb.code, "=verb", variables)) {
    luaL_error(L, "%s: %s (line %d of the file)", verb.names.c_str(), describe(*error).c_str(),
               verb.line + error->line - 1);
  }
  reading(L).object.verbs.push_back(std::move(verb));
  return 0;
}

// ref "room": the object of that file
int ref_l(lua_State* L) {
  const char* name = luaL_checkstring(L, 1);
  const auto object = reading(L).resolve(name);
  if (!object) luaL_error(L, "ref: there is no object called %s", name);
  push_object(L, *object);
  return 1;
}

void too_long_hook(lua_State* L, lua_Debug*) { luaL_error(L, "the file runs without end"); }

std::vector<std::string_view> split_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

}  // namespace

void read_object_file(lua_State* L, std::string_view text, const std::string& file_name,
                      const ResolveName& resolve, ObjectSource& into) {
  Reading file{split_lines(text), resolve, into};
  // Line by line the same, so that the bodies can be taken from the file itself.
  const Translation translation = translate(text);
  const std::string chunk = "=" + file_name;
  if (luaL_loadbufferx(L, translation.text.data(), translation.text.size(), chunk.c_str(), "t") !=
      LUA_OK) {
    lua_error(L);
  }
  lua_newtable(L);
  lua_pushlightuserdata(L, &file);
  constexpr luaL_Reg kFunctions[] = {{"object", object_l},
                                     {"property", property_l},
                                     {"verb", verb_l},
                                     {"ref", ref_l},
                                     {nullptr, nullptr}};
  luaL_setfuncs(L, kFunctions, 1);
  lua_setupvalue(L, -2, 1);
  lua_sethook(L, too_long_hook, LUA_MASKCOUNT, kMostInstructions);
  const int status = lua_pcall(L, 0, 0, 0);
  lua_sethook(L, nullptr, 0, 0);
  if (status != LUA_OK) lua_error(L);
  if (!file.has_object) luaL_error(L, "%s: there is no object { ... } in it", file_name.c_str());
}

}  // namespace cosmoo::lua
