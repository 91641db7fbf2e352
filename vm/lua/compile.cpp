#include "vm/lua/compile.h"

#include <fmt/format.h>

#include <algorithm>

namespace cosmoo::lua {
namespace {

constexpr const char* kEvalName = "=eval";

// The processor time that compiling one text may take, in all its attempts. To Lua's compiler each
// link of some chains (a or b or c ..., elseif) costs as much as those before it together.
class Meter {
 public:
  explicit Meter(std::chrono::nanoseconds most) : ends_(thread_cpu_time() + most) {}
  bool used_up() {
    used_up_ = used_up_ || thread_cpu_time() > ends_;
    return used_up_;
  }

 private:
  const std::chrono::nanoseconds ends_;
  bool used_up_ = false;
};

constexpr const char* kTooLong = "it takes too long to compile";

// Gives Lua a text in pieces, with a look at the clock now and then. Where it stopped, if it gives
// single bytes, is where the error is.
struct Reader {
  std::string_view text;
  std::size_t piece;
  Meter& meter;
  std::size_t given = 0;

  static const char* read(lua_State* L, void* self, std::size_t* size) {
    constexpr std::size_t kBytesBetweenLooks = 1024;
    auto* reader = static_cast<Reader*>(self);
    const std::size_t at = reader->given;
    if (at == reader->text.size()) return nullptr;
    if (at % kBytesBetweenLooks == 0 && reader->meter.used_up()) {
      lua_pushstring(L, kTooLong);
      lua_error(L);
    }
    *size = std::min(reader->piece, reader->text.size() - at);
    reader->given += *size;
    return &reader->text[at];
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
                   std::string message, Meter& meter) {
  if (meter.used_up()) return place_of(source, 0, kTooLong);
  Reader reader{translation.text, 1, meter};
  if (lua_load(L, Reader::read, &reader, kEvalName, "t") == LUA_OK) {
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
std::optional<std::string> load(lua_State* L, std::string_view text, const char* name,
                                Meter& meter) {
  constexpr std::size_t kPiece = 1024;
  Reader reader{text, kPiece, meter};
  if (lua_load(L, Reader::read, &reader, name, "t") == LUA_OK) return std::nullopt;
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

SyntaxError forbidden(std::string_view source, const Translation::Forbidden& what) {
  return place_of(source, what.at, std::string(what.why));
}

// Pushes a function that returns the verb's.
std::optional<SyntaxError> push_verb_maker(lua_State* L, std::string_view code,
                                           const char* chunk_name, std::uint32_t& variables,
                                           Meter& meter) {
  Translation translation = translate(code);
  if (translation.forbidden) return forbidden(code, *translation.forbidden);
  // By itself first: what is a whole block by itself cannot break out of the function around it.
  if (auto message = load(L, translation.text, chunk_name, meter)) {
    return locate(L, translation, code, std::move(*message), meter);
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
  if (auto message = load(L, wrapped, chunk_name, meter)) {
    return place_of(code, 0, std::move(*message));  // too many variables, for example
  }
  return std::nullopt;
}

}  // namespace

std::chrono::nanoseconds longest_compile(const LuaExecution* execution) {
  constexpr std::chrono::milliseconds kLongest(500);
  if (execution == nullptr) return kLongest;
  const std::chrono::microseconds left(std::clamp<std::int64_t>(
      execution->ticks_left(), 0, kLongest / std::chrono::microseconds(1)));
  return left;
}

std::optional<SyntaxError> check_verb_code(lua_State* L, std::string_view code,
                                           std::chrono::nanoseconds most) {
  std::uint32_t variables = 0;
  Meter meter(most);
  auto error = push_verb_maker(L, code, "=verb", variables, meter);
  if (!error) lua_pop(L, 1);
  return error;
}

std::optional<SyntaxError> push_verb_function(lua_State* L, std::string_view code,
                                              const char* chunk_name, std::uint32_t& variables) {
  Meter meter(longest_compile(runtime(L).current));
  if (auto error = push_verb_maker(L, code, chunk_name, variables, meter)) return error;
  use_environment(L);
  lua_call(L, 0, 1);
  return std::nullopt;
}

std::optional<SyntaxError> push_eval_function(lua_State* L, std::string_view text,
                                              std::uint32_t& variables) {
  const Translation translation = translate(text);
  if (translation.forbidden) return forbidden(text, *translation.forbidden);
  variables = translation.variables & kEvalVariables;
  const std::string prefix = variables == 0 ? "" : "local " + parameter_list(variables) + "=... ";
  Meter meter(longest_compile(runtime(L).current));
  if (load(L, prefix + "return " + translation.text, kEvalName, meter)) {
    if (auto message = load(L, prefix + translation.text, kEvalName, meter)) {
      return locate(L, translation, text, std::move(*message), meter);
    }
  }
  use_environment(L);
  return std::nullopt;
}

std::string describe(const SyntaxError& error) {
  return fmt::format("line {}, column {}: {}", error.line, error.column, error.message);
}

}  // namespace cosmoo::lua
