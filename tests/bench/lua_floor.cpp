#include "tests/bench/lua_floor.h"

#include <chrono>
#include <lua5.4/lua.hpp>
#include <stdexcept>
#include <string>

namespace cosmoo::bench {
namespace {

using Clock = std::chrono::steady_clock;

int ftime_l(lua_State* L) {
  lua_pushnumber(L, std::chrono::duration<double>(Clock::now().time_since_epoch()).count());
  return 1;
}

[[noreturn]] void fail(lua_State* L) {
  const char* text = lua_tostring(L, -1);
  const std::string what = text != nullptr ? text : "no message";
  lua_settop(L, 0);
  throw std::runtime_error("bare Lua: " + what);
}

void run_once(lua_State* L, std::string_view code) {
  if (luaL_loadbuffer(L, code.data(), code.size(), "=bench") != LUA_OK ||
      lua_pcall(L, 0, 1, 0) != LUA_OK) {
    fail(L);
  }
}

}  // namespace

BareLua::BareLua() : state_(luaL_newstate()) {
  if (state_ == nullptr) throw std::bad_alloc();
  luaL_openlibs(state_);
  lua_register(state_, "ftime", ftime_l);
}

BareLua::~BareLua() { lua_close(state_); }

std::vector<double> BareLua::run(std::string_view code) {
  run_once(state_, code);
  if (!lua_istable(state_, -1)) {
    lua_settop(state_, 0);
    throw std::runtime_error("bare Lua: no list came back");
  }
  std::vector<double> numbers;
  for (lua_Integer i = 1; lua_rawgeti(state_, -1, i) == LUA_TNUMBER; ++i) {
    numbers.push_back(lua_tonumber(state_, -1));
    lua_pop(state_, 1);
  }
  lua_settop(state_, 0);
  return numbers;
}

double BareLua::compile_and_run(std::string_view code, std::size_t times) {
  const auto begin = Clock::now();
  for (std::size_t i = 0; i < times; ++i) {
    run_once(state_, code);
    lua_pop(state_, 1);
  }
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

}  // namespace cosmoo::bench
