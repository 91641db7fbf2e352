// Budgets that a script cannot catch: ticks and seconds by a count hook, memory by the allocator.
//
// A tick is a hundred of Lua's instructions, or one call of a builtin or verb. What C code does at
// one go costs ticks too: by the bytes it allocates (here) or looks at (libraries.cpp).
#include <cstdlib>

#include "vm/lua/runtime.h"

namespace cosmoo::lua {
namespace {

constexpr int kHookInstructions = 1000;
constexpr std::int64_t kTicksPerHook = 10;
constexpr std::size_t kHurryBytes = 1u << 20;
constexpr std::size_t kBytesPerTick = 8192;
// What call records may take beyond the limit, and the largest block that may be one. A finalizer
// that has no room to run would be skipped, and what its object holds in C++ never be freed.
constexpr std::size_t kReserveBytes = 64u << 10;
constexpr std::size_t kLargestReserved = 128;

}  // namespace

void* allocate(void* account_pointer, void* block, std::size_t old_size, std::size_t new_size) {
  auto& account = *static_cast<MemoryAccount*>(account_pointer);
  const bool is_object = block == nullptr && old_size != 0;  // Lua passes a new object's kind there
  if (block == nullptr) old_size = 0;
  if (new_size == 0) {
    account.used -= old_size;
    std::free(block);
    return nullptr;
  }
  if (new_size > old_size) {
    const std::size_t more = new_size - old_size;
    const bool reserved = block == nullptr && !is_object && new_size <= kLargestReserved;
    if (account.used + more > account.limit + (reserved ? kReserveBytes : 0)) return nullptr;
    account.unchecked += more;
    if (account.unchecked >= kHurryBytes && account.running != nullptr) {
      // Only sets fields of the thread: allowed at any moment, as from a signal handler.
      lua_sethook(account.running, budget_hook, LUA_MASKCOUNT, 1);
    }
  }
  void* moved = std::realloc(block, new_size);
  if (moved != nullptr) account.used += new_size - old_size;
  return moved;
}

void hold_outside(lua_State* L, std::size_t bytes) {
  MemoryAccount& account = runtime(L).memory;
  if (account.used + bytes > account.limit) collect(L, Collect::everything);
  if (account.used + bytes > account.limit) {
    if (LuaExecution* execution = runtime(L).current) execution->doom(Budget::memory);
    lua_pushnil(L);
    lua_error(L);
  }
  account.used += bytes;
  account.unchecked += bytes;
}

void release_outside(lua_State* L, std::size_t bytes) { runtime(L).memory.used -= bytes; }

void arm_budget_hook(lua_State* L) {
  lua_sethook(L, budget_hook, LUA_MASKCOUNT, kHookInstructions);
}

void collect(lua_State* L, Collect how) {
  constexpr int kRoomOfFinalizer = 2 * LUA_MINSTACK;
  if (!lua_checkstack(L, kRoomOfFinalizer)) return;
  if (how == Collect::step) {
    lua_gc(L, LUA_GCSTEP, 1);
  } else {
    lua_gc(L, LUA_GCCOLLECT);
  }
}

void budget_hook(lua_State* L, lua_Debug*) {
  Runtime& rt = runtime(L);
  collect(L, Collect::step);
  std::int64_t ticks = kTicksPerHook;
  if (rt.memory.unchecked >= kHurryBytes) {
    ticks += static_cast<std::int64_t>(rt.memory.unchecked / kBytesPerTick);
    arm_budget_hook(L);
  }
  rt.memory.unchecked = 0;
  if (rt.current != nullptr) rt.current->charge(L, ticks);
}

void LuaExecution::doom(std::optional<Budget> budget) {
  if (doomed_) return;
  doomed_ = true;
  over_ = budget;
}

void LuaExecution::check_doom(lua_State* L) {
  if (task_->killed) doom(std::nullopt);
  if (!doomed_) return;
  // A light value: there may be no memory left to describe it with.
  lua_pushnil(L);
  lua_error(L);
}

void LuaExecution::spend(std::int64_t ticks) {
  ticks_left_ -= ticks;
  if (ticks_left_ < 0) doom(Budget::ticks);
}

void LuaExecution::charge(lua_State* L, std::int64_t ticks) {
  spend(ticks);
  // The clock is read only now and then: once a hook, and after what was expensive.
  if (ticks >= kTicksPerHook && Clock::now() >= slice_ends_) doom(Budget::seconds);
  check_doom(L);
}

double LuaExecution::seconds_left() const {
  return std::chrono::duration<double>(slice_ends_ - Clock::now()).count();
}

}  // namespace cosmoo::lua
