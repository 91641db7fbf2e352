#include "vm/lua/compile.h"

#include <fmt/format.h>

namespace cosmoo::lua {
namespace {

constexpr const char* kEvalName = "=eval";

// Gives Lua one byte at a time and counts: where it stopped is where the error is.
struct CountingReader {
  std::string_view text;
  std::size_t given = 0;

  static const char* read(lua_State*, void* self, std::size_t* size) {
    auto* reader = static_cast<CountingReader*>(self);
    if (reader->given == reader->text.size()) return nullptr;
    *size = 1;
    return &reader->text[reader->given++];
  }
};

// "name:12: what is wrong near 'x'" -> "what is wrong near 'x'"
std::string strip_place(std::string_view message) {
  const std::size_t first = message.find(':');
  const std::size_t second = message.find(": ", first + 1);
  return std::string(second == std::string_view::npos ? message : message.substr(second + 2));
}

// Lua tells the line; the column is found by compiling again byte by byte, up to the same error.
SyntaxError locate(lua_State* L, const Translation& translation, std::string_view source,
                   std::string message) {
  CountingReader reader{translation.text};
  if (lua_load(L, CountingReader::read, &reader, kEvalName, "t") == LUA_OK) {
    reader.given = 0;  // right by itself: the error came from what was put around it
  }
  lua_pop(L, 1);
  std::size_t offset = reader.given;
  const bool at_end = message.ends_with("near <eof>");
  if (const std::size_t near = message.rfind("near '"); !at_end && near != std::string::npos) {
    const std::string token = message.substr(near + 6, message.size() - near - 7);
    const std::size_t found = translation.text.rfind(token, offset);
    if (found != std::string::npos) offset = found;
  }
  SyntaxError error = place_of(source, translation.source_offset(offset), std::move(message));
  error.incomplete = at_end;
  return error;
}

void use_environment(lua_State* L) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, runtime(L).environment);
  lua_setupvalue(L, -2, 1);
}

// Pushes the compiled text, or nothing and returns Lua's message without its place.
std::optional<std::string> load(lua_State* L, std::string_view text, const char* name) {
  if (luaL_loadbufferx(L, text.data(), text.size(), name, "t") == LUA_OK) return std::nullopt;
  std::string message = strip_place(luaL_tolstring(L, -1, nullptr));
  lua_pop(L, 2);
  return message;
}

std::string parameter_list(std::uint32_t variables, std::size_t numbered_args = 0) {
  std::string list;
  for (std::size_t i = 0; i < kVerbVariables.size(); ++i) {
    if ((variables >> i & 1u) == 0) continue;
    if (!list.empty()) list += ',';
    list += kVerbVariables[i];
  }
  for (std::size_t i = 1; i <= numbered_args; ++i) {
    list += (list.empty() ? "args_" : ",args_") + std::to_string(i);
  }
  if (numbered_args == 0 && (variables & kRest) != 0) list += list.empty() ? "..." : ",...";
  return list;
}

SyntaxError forbidden(std::string_view source, std::size_t offset) {
  return place_of(source, offset, "_ENV cannot be used here");
}

// Pushes a function that returns the verb's.
std::optional<SyntaxError> push_verb_maker(lua_State* L, std::string_view code,
                                           const char* chunk_name, std::uint32_t& variables) {
  Translation translation = translate(code);
  if (translation.forbidden_at) return forbidden(code, *translation.forbidden_at);
  // By itself first: what is a whole block by itself cannot break out of the function around it.
  if (auto message = load(L, translation.text, chunk_name)) {
    return locate(L, translation, code, std::move(*message));
  }
  lua_pop(L, 1);
  variables = translation.variables & (kCommonVariables | kRest);
  const std::size_t numbered = translation.numbered_args;
  if (numbered > 0) {
    translation = translate(code, Args::parameters);
    variables = (variables & ~kArgs) | kRest;
  }
  std::string wrapped = "return function(" + parameter_list(variables, numbered) + ") ";
  wrapped += translation.text;
  wrapped += "\nend";
  if (auto message = load(L, wrapped, chunk_name)) {
    return place_of(code, 0, std::move(*message));  // too many variables, for example
  }
  return std::nullopt;
}

}  // namespace

std::optional<SyntaxError> check_verb_code(lua_State* L, std::string_view code) {
  std::uint32_t variables = 0;
  auto error = push_verb_maker(L, code, "=verb", variables);
  if (!error) lua_pop(L, 1);
  return error;
}

std::optional<SyntaxError> push_verb_function(lua_State* L, std::string_view code,
                                              const char* chunk_name, std::uint32_t& variables) {
  if (auto error = push_verb_maker(L, code, chunk_name, variables)) return error;
  use_environment(L);
  lua_call(L, 0, 1);
  return std::nullopt;
}

std::optional<SyntaxError> push_eval_function(lua_State* L, std::string_view text,
                                              std::uint32_t& variables) {
  const Translation translation = translate(text);
  if (translation.forbidden_at) return forbidden(text, *translation.forbidden_at);
  variables = translation.variables & kEvalVariables;
  const std::string prefix = variables == 0 ? "" : "local " + parameter_list(variables) + "=... ";
  if (load(L, prefix + "return " + translation.text, kEvalName)) {
    if (auto message = load(L, prefix + translation.text, kEvalName)) {
      return locate(L, translation, text, std::move(*message));
    }
  }
  use_environment(L);
  return std::nullopt;
}

std::string describe(const SyntaxError& error) {
  return fmt::format("line {}, column {}: {}", error.line, error.column, error.message);
}

}  // namespace cosmoo::lua
