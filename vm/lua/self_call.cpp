#include "vm/lua/self_call.h"

#include <cstdint>

namespace cosmoo::lua {
namespace {

// The head of Lua 5.4's record of a call of a Lua function.
struct CallRecord {
  void* function;
  void* top;
  void* previous;
  void* next;
  const std::uint32_t* next_instruction;
};

constexpr std::uint32_t kOpcodeBits = 0x7F;
constexpr std::uint32_t kUnknown = ~std::uint32_t{0};

// The same for all engines of a process: a fact about the Lua library that is linked.
std::uint32_t self_opcode = kUnknown;

std::uint32_t asking_opcode(lua_State* L) {
  lua_Debug caller;
  if (!lua_getstack(L, 1, &caller)) return kUnknown;
  const auto* record = reinterpret_cast<const CallRecord*>(caller.i_ci);
  return record->next_instruction[-1] & kOpcodeBits;
}

int probe_l(lua_State* L) {
  lua_pushinteger(L, asking_opcode(L));
  lua_setglobal(L, "seen");
  lua_pushcfunction(
      L, +[](lua_State*) { return 0; });
  return 1;
}

std::uint32_t opcode_of(lua_State* L, const char* code) {
  if (luaL_dostring(L, code) != LUA_OK) return kUnknown;
  lua_getglobal(L, "seen");
  const auto seen = static_cast<std::uint32_t>(lua_tointeger(L, -1));
  lua_pop(L, 1);
  return seen;
}

}  // namespace

bool calibrate_self_calls() {
  lua_State* L = luaL_newstate();
  if (L == nullptr) return false;
  lua_newtable(L);
  lua_newtable(L);
  lua_pushcfunction(L, probe_l);
  lua_setfield(L, -2, "__index");
  lua_setmetatable(L, -2);
  lua_setglobal(L, "x");
  const std::uint32_t method = opcode_of(L, "x:name()");
  const std::uint32_t local_method = opcode_of(L, "local y = x; y:other(1)");
  const std::uint32_t field = opcode_of(L, "local a = x.name");
  const std::uint32_t variable_key = opcode_of(L, "local k = 'name'; local a = x[k]");
  const std::uint32_t called_field = opcode_of(L, "x.name(x)");
  lua_close(L);
  self_opcode = method;
  return method != kUnknown && method == local_method && method != field &&
         method != variable_key && method != called_field;
}

bool called_as_method(lua_State* L) { return asking_opcode(L) == self_opcode; }

}  // namespace cosmoo::lua
