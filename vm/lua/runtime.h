// What the files of this folder share: the engine's state, and one task's.
//
// Rules
//  1. Lua is the library built as C++: an error or a yield unwinds like an exception and runs
//     destructors. Functions that Lua calls end in _l, continuations in _k; only they and what is
//     documented to raise may do so, and nothing here may catch (...).
//  2. Nothing that can allocate in Lua's heap is called outside a protected call: a failure there
//     would end the process.
//  3. What one activation can reach never crosses to another but as inert values (convert.h).
//  4. A doomed task (over a budget, or killed) raises at every builtin, tick and pcall until it is
//     gone: no script can stay in it.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <lua5.4/lua.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "vm/builtin.h"
#include "vm/engine.h"
#include "vm/lua/call_cache.h"
#include "vm/lua/engine.h"
#include "vm/lua/slice_alarm.h"
#include "vm/lua/symbol_cache.h"
#include "vm/lua/user_type.h"
#include "vm/scheduler.h"
#include "vm/world/world.h"

namespace cosmoo::lua {

/// One verb call (or eval) of a task: who runs, for whom, on what.
struct Activation {
  ObjectId this_object;
  ObjectId definer;
  ObjectId programmer;  ///< Whose permissions it has; set_task_perms() changes it.
  ObjectId player;
  ObjectId caller;  ///< The calling activation's this.
  Symbol verb;
};

class LuaExecution;
class Profiler;

/// How much of Lua's heap is in use, and how much the running task may add to it.
struct MemoryAccount {
  std::size_t used = 0;
  std::size_t limit = 0;  ///< `used` may not pass this now.
  std::size_t engine_limit = 0;
  std::size_t unchecked = 0;     ///< Allocated since the budget was last looked at.
  lua_State* running = nullptr;  ///< The thread whose hook an allocation may hurry.
};

/// The hook that looks at the running task's budgets; see memory.cpp.
void budget_hook(lua_State* L, lua_Debug*);

struct Runtime {
  World& world;
  Scheduler& scheduler;
  const BuiltinTable& builtins;
  Services& services;
  LuaOptions options;
  lua_State* main = nullptr;
  LuaExecution* current = nullptr;  ///< The task that runs, if any.
  MemoryAccount memory{};
  SymbolCache symbols{world.symbols()};
  CallCache calls{world};
  SliceAlarm alarm{budget_hook};
  boost::unordered_flat_map<std::uint64_t, CompiledVerb> compiled{};  ///< By Verb::version.
  std::size_t compiled_source = 0;                                    ///< Their code, in bytes.
  unsigned view_accesses = 0;
  UserType errors{"error"};
  UserType views{"list or map"};
  int error_constants = LUA_NOREF;  ///< The E_ values, by code.
  int verb_callers = LUA_NOREF;     ///< Functions that call a verb, by its name.
  int globals = LUA_NOREF;          ///< The table behind every script's _ENV.
  int environment = LUA_NOREF;      ///< The read-only _ENV of every script.
  struct Thread {
    lua_State* state = nullptr;
    int anchor = LUA_NOREF;
  };
  std::vector<Thread> spare_threads{};
  bool profiling = false;
  std::unique_ptr<Profiler> profiler{};  ///< What was counted; null if nothing ever was.
};

inline Runtime& runtime(lua_State* L) { return **static_cast<Runtime**>(lua_getextraspace(L)); }

/// A task's Lua: its thread, its activations, its budgets.
class LuaExecution final : public Execution {
 public:
  explicit LuaExecution(Runtime& rt) : rt_(rt) {}
  ~LuaExecution() override;

  Step run(Task& task, Resumption with) override;
  std::vector<Frame> stack(std::size_t most) const override;
  std::size_t bytes() const override;
  std::int64_t inherited_bytes() const override { return inherited; }
  bool planned() const override { return std::holds_alternative<Planned>(start); }
  void cancel() override;

  // What it starts with: one of these four.
  struct Source {  ///< eval: text that runs with the first activation's permissions
    std::string text;
  };
  struct Fork {  ///< a function and its arguments, packed into a table in the registry
    int packed = LUA_NOREF;
  };
  struct Planned {  ///< the world's planned call of that task
    TaskId task = 0;
  };
  std::variant<std::unique_ptr<VerbCall>, Source, Fork, Planned>
      start;  ///< A call is large, and short-lived.

  std::int64_t inherited = 0;  ///< Of the task that forked it, what that held then.
  /// What the running task keeps alive, roughly: what it was given and has allocated, less what was
  /// freed meanwhile.
  std::int64_t kept_now() const;

  ObjectId called_by = kNothing;  ///< Whose permissions the first call was planned with.

  /// Counts memory that is kept for it outside of Lua's heap, until it ends. It is nobody's slice
  /// that pays: the task would never get back what is freed when another one runs.
  void hold(std::size_t bytes);
  /// As above, for a task that runs: raises if there is no room.
  void hold(lua_State* L, std::size_t bytes);

  std::vector<Activation> activations;
  /// What verbs were called whose names are no symbols (an activation has another one then), by how
  /// deep the call is: 1 is the first.
  struct Word {
    std::size_t depth;
    std::string text;
  };
  std::vector<Word> words;
  /// The name as called of the call that is so deep.
  const std::string& name_of_call(std::size_t depth) const;
  std::shared_ptr<const Command> command;  ///< The words that were typed; null: none.

  Activation& top() { return activations.back(); }
  Task& task() { return *task_; }

  /// Spends ticks; dooms and raises when the slice has none left. Also looks at the clock.
  void charge(lua_State* L, std::int64_t ticks) {
    constexpr std::int64_t kTicksPerLook = 10;  // a charge so large looks at the clock
    spend(ticks);
    if (ticks >= kTicksPerLook) look_at_clock();
    check_doom(L);
  }
  /// Spends ticks for what is done already, where nothing may be raised: whoever charges next does.
  void spend(std::int64_t ticks) {
    ticks_left_ -= ticks;
    charged_since_ += ticks;
    if (ticks_left_ < 0) doom(Budget::ticks);
  }
  /// Spends ticks for the time since this was last done, less what was charged meanwhile.
  void charge_time(lua_State* L);
  /// Raises if the task is doomed.
  void check_doom(lua_State* L) {
    if (task_->killed || doomed_) raise_doom(L);
  }
  /// Marks the task as over `budget` (none: killed). The caller raises.
  void doom(std::optional<Budget> budget);
  bool doomed() const { return doomed_; }
  /// The calls of the running task, innermost first.
  std::vector<Frame> callers() const { return frames(thread_.state, kAllCalls); }
  /// Keeps the calls in which an error is raised, until it is caught: the stack is unwound piece by
  /// piece before the task has ended by it.
  void note_traceback(lua_State* L) {
    if (raised_in_.empty()) raised_in_ = frames(L, kAllCalls);
  }
  void forget_traceback() { raised_in_.clear(); }
  std::int64_t ticks_left() const { return ticks_left_; }
  double seconds_left() const;

  /// Left by a builtin that waits, taken by run().
  std::optional<Wait> wait;
  /// What a waiting builtin was woken with.
  Resumption resumption = Value();
  /// A builtin that has a verb called, and how deep its caller is: there is one at a depth, and one
  /// that an error has ended stays until the next or the task's end.
  struct Unfinished {
    std::size_t depth;
    std::function<Outcome(Call&, std::optional<Value>)> then;
  };
  std::vector<Unfinished> unfinished;
  /// What the first function returned.
  Value result;

 private:
  void raise_doom(lua_State* L);
  void look_at_clock();
  bool get_thread();
  void drop_thread();
  Step ended_by_error(int status);
  static constexpr std::size_t kAllCalls = SIZE_MAX;
  std::vector<Frame> frames(lua_State* L, std::size_t most) const;
  std::vector<std::string> traceback(std::string_view what) const;

  Runtime& rt_;
  Runtime::Thread thread_;
  Task* task_ = nullptr;
  std::size_t used_before_ = 0;  ///< Of the heap, when its slice began.
  std::int64_t ticks_left_ = 0;
  Clock::time_point slice_ends_;
  std::chrono::nanoseconds charged_until_;  ///< The processor time up to which it has paid.
  std::int64_t charged_since_ = 0;          ///< Ticks spent since then.
  bool doomed_ = false;
  std::optional<Budget> over_;
  std::vector<Frame> raised_in_;
  std::size_t held_ = 0;
};

// --- errors.cpp
/// Pushes an error value; E_ constants are shared.
void push_error(lua_State* L, const ErrorValue& error);
[[noreturn]] void raise(lua_State* L, ErrorCode code, const char* format, ...);
[[noreturn]] void raise(lua_State* L, const Error& error);
const ErrorValue* to_error(lua_State* L, int index);
void open_errors(lua_State* L);

// --- objects.cpp
void push_object(lua_State* L, ObjectId id);
std::optional<ObjectId> to_object(lua_State* L, int index);
/// Of a string on the stack; none: nobody has used that name yet.
std::optional<Symbol> to_symbol(lua_State* L, int index);
/// __concat of objects and errors: both sides as text.
int concat_texts_l(lua_State* L);
void open_objects(lua_State* L);

// --- calls.cpp
/// Pushes the function that calls the verb named at `name_index` on its first argument.
void push_verb_caller(lua_State* L, int name_index);
/// The compiled code of a verb; raises E_INVARG with the syntax error.
CompiledVerb compiled_verb(lua_State* L, const VerbRef& ref);
/// The first function of every task.
int task_main_l(lua_State* L);
/// Whether a function on Lua's stack is where one activation ends and the next begins.
bool is_activation_boundary(lua_CFunction function);
void open_calls(lua_State* L);

// --- fork.cpp
/// Turns the start of a task that was planned into the call of its verb; raises E_INVIND or
/// E_VERBNF when there is none any more.
void begin_planned_call(lua_State* L);
void open_fork(lua_State* L);

// --- views.cpp
void push_view(lua_State* L, ObjectId object, Symbol property);
bool is_view(lua_State* L, int index);
/// The value that a view shows now. Errors of read_property.
Result<Value> view_value(lua_State* L, int index);
void open_views(lua_State* L);

// --- memory.cpp
/// Lua's allocator: counts, refuses over the limit, and hurries the budget check.
void* allocate(void* account, void* block, std::size_t old_size, std::size_t new_size);
/// Counts memory that a userdata holds outside of Lua's heap, as if it were within; raises, as the
/// allocator does, if there is no room for it. release_outside() takes it back, in its __gc.
void hold_outside(lua_State* L, std::size_t bytes);
void release_outside(lua_State* L, std::size_t bytes);
/// Whether one more task of `owner` may wait: E_QUOTA if memory is short, and those that do hold
/// more than one owner's share.
Result<void> may_keep_memory(const Runtime& rt, ObjectId owner);
/// The processor time that this thread has had.
std::chrono::nanoseconds thread_cpu_time();
/// The collector is stopped but for this: it works off what was allocated since, or all there is.
/// A finalizer that has no room on a full stack would be skipped, and what its object holds in C++
/// never be freed.
enum class Collect { step, everything };
void collect(lua_State* L, Collect how);

// --- globals.cpp
/// Pushes an empty table whose reads go to a new hidden table, and which scripts cannot write.
void push_read_only_table(lua_State* L);
/// Gives scripts a read-only form of the library on top of the stack, and pops it.
void set_library(lua_State* L, const char* name);
void open_globals(lua_State* L);

// --- libraries.cpp, builtins.cpp
void open_libraries(lua_State* L);
/// Raises E_PERM unless the top activation's programmer may call a builtin of that access.
void check_access(lua_State* L, std::string_view builtin, Access access);
void open_builtins(lua_State* L);

}  // namespace cosmoo::lua
