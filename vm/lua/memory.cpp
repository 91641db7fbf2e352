// Budgets that a script cannot catch: ticks, seconds and memory.
//
// A tick is a call of a builtin or verb, or a microsecond of the processor's time. Calls are
// charged as they are made, and what C code does at one go by its size (libraries.cpp,
// convert.cpp); time is looked at by the hook, about once a millisecond, and pays for what was
// charged meanwhile.
#include <algorithm>
#include <cstdlib>
#include <ctime>

#include "vm/lua/runtime.h"

namespace cosmoo::lua {
namespace {

constexpr std::chrono::microseconds kTick{1};
constexpr std::size_t kHurryBytes = 1u << 20;
// What call records may take beyond the limit, and the largest block that may be one. A finalizer
// that has no room to run would be skipped, and what its object holds in C++ never be freed.
constexpr std::size_t kReserveBytes = 64u << 10;
constexpr std::size_t kLargestReserved = 128;

void arm(lua_State* L) { lua_sethook(L, budget_hook, LUA_MASKCOUNT, 1); }

}  // namespace

std::chrono::nanoseconds thread_cpu_time() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

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
      arm(account.running);
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
  // Until it is asked for again; a doomed task meets it at every instruction.
  if (rt.current == nullptr || !rt.current->doomed()) lua_sethook(L, nullptr, 0, 0);
  collect(L, Collect::step);
  rt.memory.unchecked = 0;
  rt.alarm.wind();
  if (rt.current != nullptr) rt.current->charge_time(L);
}

void LuaExecution::doom(std::optional<Budget> budget) {
  if (doomed_) return;
  doomed_ = true;
  over_ = budget;
  if (rt_.memory.running != nullptr) arm(rt_.memory.running);
}

void LuaExecution::raise_doom(lua_State* L) {
  if (task_->killed) doom(std::nullopt);
  // A light value: there may be no memory left to describe it with.
  lua_pushnil(L);
  lua_error(L);
}

void LuaExecution::look_at_clock() {
  if (Clock::now() >= slice_ends_) doom(Budget::seconds);
}

void LuaExecution::charge_time(lua_State* L) {
  const Clock::time_point now = Clock::now();
  const std::chrono::nanoseconds cpu = thread_cpu_time();
  const std::int64_t ticks = (cpu - charged_until_) / kTick;
  charged_until_ = cpu;
  if (ticks > charged_since_) spend(ticks - charged_since_);
  charged_since_ = 0;
  if (now >= slice_ends_) doom(Budget::seconds);
  check_doom(L);
}

std::int64_t LuaExecution::kept_now() const {
  const std::int64_t allocated =
      static_cast<std::int64_t>(rt_.memory.used) - static_cast<std::int64_t>(used_before_);
  return std::clamp<std::int64_t>(inherited + task_->memory_charged + allocated, 0,
                                  static_cast<std::int64_t>(rt_.options.task_memory_bytes));
}

Result<void> may_keep_memory(const Runtime& rt, ObjectId owner) {
  const MemoryAccount& memory = rt.memory;
  if (memory.used <= memory.engine_limit / 2 || rt.world.is_wizard(owner)) return {};
  const std::int64_t now = rt.current != nullptr ? rt.current->kept_now() : 0;
  const std::int64_t kept = rt.scheduler.memory_of(owner) + now;
  const auto share = static_cast<std::int64_t>(memory.engine_limit / 4);
  if (kept <= share) return {};
  return fail(ErrorCode::quota, "memory is short, and the tasks of " + to_string(owner) +
                                    " that wait hold more than their share of it: " +
                                    std::to_string(kept >> 20) + " MiB");
}

double LuaExecution::seconds_left() const {
  return std::chrono::duration<double>(slice_ends_ - Clock::now()).count();
}

}  // namespace cosmoo::lua
