#include "vm/lua/verb_form.h"

#include <algorithm>
#include <lua5.4/lua.hpp>
#include <new>
#include <string>

#include "vm/lua/compile.h"

namespace cosmoo {
namespace {

struct Check {
  std::string_view code;
  std::optional<SyntaxError> error;
};

int check_l(lua_State* L) {
  auto* work = static_cast<Check*>(lua_touserdata(L, 1));
  work->error = lua::check_verb_code(L, work->code);
  return 0;
}

int compiles_l(lua_State* L) {
  const auto* text = static_cast<const std::string*>(lua_touserdata(L, 1));
  if (luaL_loadbufferx(L, text->data(), text->size(), "=verb", "t") != LUA_OK) lua_error(L);
  return 0;
}

// A carriage return ends a line for Lua, for git and for editors, each in its own way; a file with
// other control characters is no text to them.
bool keeps_in_lines(std::string_view code) {
  return std::none_of(code.begin(), code.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 32 && c != '\n' && c != '\t') || byte == 127;
  });
}

}  // namespace

void VerbChecker::Close::operator()(lua_State* state) const { lua_close(state); }

VerbChecker::VerbChecker() : state_(luaL_newstate()) {
  if (!state_) throw std::bad_alloc();
}

VerbChecker::~VerbChecker() = default;

std::optional<SyntaxError> VerbChecker::check(std::string_view code) {
  Check work{code, std::nullopt};
  lua_pushcfunction(state_.get(), check_l);
  lua_pushlightuserdata(state_.get(), &work);
  if (lua_pcall(state_.get(), 1, 0, 0) != LUA_OK) {
    lua_pop(state_.get(), 1);
    return lua::place_of(code, 0, "too large to compile");
  }
  return work.error;
}

bool VerbChecker::compiles(std::string_view text) {
  const std::string translated = lua::translate(text).text;
  lua_pushcfunction(state_.get(), compiles_l);
  lua_pushlightuserdata(state_.get(), const_cast<std::string*>(&translated));
  const bool right = lua_pcall(state_.get(), 1, 0, 0) == LUA_OK;
  lua_settop(state_.get(), 0);
  return right;
}

VerbForm VerbChecker::form_of(std::string_view code) {
  if (check(code)) return VerbForm::unchecked_text;
  if (!keeps_in_lines(code)) return VerbForm::text;
  // As it will stand in the file.
  const std::string body = "\n" + std::string(code) + "\nend";
  if (compiles("return function()" + body)) return VerbForm::function;
  if (compiles("return function(...)" + body)) return VerbForm::vararg_function;
  return VerbForm::text;
}

}  // namespace cosmoo
