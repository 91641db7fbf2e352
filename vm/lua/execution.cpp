// One task's slices: from the scheduler's run() to Lua's resume and back.
#include <fmt/format.h>

#include "vm/lua/convert.h"
#include "vm/lua/profiler.h"
#include "vm/lua/runtime.h"

namespace cosmoo::lua {
namespace {

constexpr std::size_t kMostSpareThreads = 64;
// Finding a level costs as many steps as it is deep: beyond this many, lines are not told.
constexpr int kMostLevels = 200;

// Protected: makes a thread and leaves it, anchored, among the spare ones.
int new_thread_l(lua_State* L) {
  Runtime& rt = runtime(L);
  rt.spare_threads.reserve(rt.spare_threads.size() + 1);
  lua_State* thread = lua_newthread(L);
  const int anchor = luaL_ref(L, LUA_REGISTRYINDEX);
  rt.spare_threads.push_back({thread, anchor});
  return 0;
}

std::string_view over_text(std::optional<Budget> budget) {
  if (!budget) return "Task killed";
  switch (*budget) {
    case Budget::ticks:
      return "Task ran out of ticks";
    case Budget::seconds:
      return "Task ran out of seconds";
    case Budget::memory:
      break;
  }
  return "Task ran out of memory";
}

// An error as Lua left it on a dead thread: only what needs no memory of Lua's is called.
Value error_value(lua_State* L) {
  if (const ErrorValue* error = to_error(L, -1)) return Value(*error);
  if (lua_type(L, -1) == LUA_TSTRING) {
    std::size_t size = 0;
    const char* text = lua_tolstring(L, -1, &size);
    return Value(std::string_view(text, size));
  }
  Result<Value> value = to_value(L, -1);
  return value ? *value : Value("(the error object is not a value)");
}

// "#4:look:12: attempt to ..." -> "attempt to ...": the traceback says where.
std::string_view without_place(std::string_view text, const Frame& frame) {
  const std::string place = fmt::format(":{}: ", frame.line);
  const std::size_t at = text.find(place);
  const bool leads = at != std::string_view::npos && text.substr(0, at).find(' ') == text.npos;
  return leads ? text.substr(at + place.size()) : text;
}

std::string frame_text(const Frame& frame) {
  std::string text;
  if (frame.definer == kNothing) {
    text = frame.verb;
  } else {
    text = to_string(frame.definer) + ":" + frame.verb;
    if (frame.this_object != frame.definer) {
      text += " (this == " + to_string(frame.this_object) + ")";
    }
  }
  if (frame.line > 0) text += ", line " + std::to_string(frame.line);
  return text;
}

}  // namespace

LuaExecution::~LuaExecution() {
  drop_thread();
  if (auto* fork = std::get_if<Fork>(&start); fork != nullptr && fork->packed != LUA_NOREF) {
    luaL_unref(rt_.main, LUA_REGISTRYINDEX, fork->packed);
  }
  rt_.memory.used -= held_;
  if (rt_.current != nullptr) {
    rt_.current->task().memory_charged += static_cast<std::int64_t>(held_);
  }
}

void LuaExecution::hold(std::size_t bytes) {
  rt_.memory.used += bytes;
  held_ += bytes;
}

void LuaExecution::hold(lua_State* L, std::size_t bytes) {
  hold_outside(L, bytes);
  held_ += bytes;
  rt_.current->task().memory_charged -= static_cast<std::int64_t>(bytes);
}

void LuaExecution::cancel() {
  if (const auto* plan = std::get_if<Planned>(&start)) rt_.world.planned().take(plan->task);
}

bool LuaExecution::get_thread() {
  if (rt_.spare_threads.empty()) {
    lua_pushcfunction(rt_.main, new_thread_l);
    if (lua_pcall(rt_.main, 0, 0, 0) != LUA_OK) {
      lua_pop(rt_.main, 1);
      return false;
    }
  }
  thread_ = rt_.spare_threads.back();
  rt_.spare_threads.pop_back();
  lua_pushcfunction(thread_.state, task_main_l);
  return true;
}

// Abandons the thread where it stands: the collector takes it, and nothing in it runs any more.
void LuaExecution::drop_thread() {
  if (thread_.state == nullptr) return;
  luaL_unref(rt_.main, LUA_REGISTRYINDEX, thread_.anchor);
  thread_ = {};
}

Step LuaExecution::run(Task& task, Resumption with) {
  task_ = &task;
  ticks_left_ = task.budget.ticks;
  charged_until_ = thread_cpu_time();  // not what was done for others before
  charged_since_ = 0;
  slice_ends_ = Clock::now() + std::chrono::duration_cast<Clock::duration>(task.budget.seconds);
  resumption = std::move(with);
  MemoryAccount& memory = rt_.memory;
  used_before_ = memory.used;
  const auto charged = static_cast<std::size_t>(std::max<std::int64_t>(task.memory_charged, 0));
  const std::size_t allowance =
      rt_.options.task_memory_bytes - std::min(charged, rt_.options.task_memory_bytes);
  // The last of the heap is for wizards: else nobody could end the tasks that fill it.
  const std::size_t kept = rt_.world.is_wizard(task.owner) ? 0 : memory.engine_limit / 8;
  memory.limit = std::min(memory.engine_limit - kept, used_before_ + allowance);
  memory.unchecked = 0;
  rt_.current = this;

  int results = 0;
  int status = LUA_ERRMEM;
  if (thread_.state != nullptr || get_thread()) {
    memory.running = thread_.state;
    if (rt_.profiling) rt_.profiler->begin(ticks_left_);
    rt_.alarm.watch(thread_.state);
    status = lua_resume(thread_.state, rt_.main, 0, &results);
  }

  rt_.alarm.watch(nullptr);
  if (rt_.profiling && !activations.empty()) rt_.profiler->count(top(), ticks_left_);
  memory.running = nullptr;
  memory.limit = memory.engine_limit;
  collect(rt_.main, Collect::step);
  task.memory_charged +=
      static_cast<std::int64_t>(memory.used) - static_cast<std::int64_t>(used_before_);
  Step step;
  if (status == LUA_YIELD) {
    lua_pop(thread_.state, results);
    step = std::move(*wait);
    wait.reset();
    // Whoever's permissions it waits with may resume or kill it.
    task.owner = top().programmer;
  } else if (status == LUA_OK) {
    lua_settop(thread_.state, 0);
    if (rt_.spare_threads.size() < kMostSpareThreads) {
      rt_.spare_threads.push_back(std::exchange(thread_, {}));
    }
    step = Finished{std::move(result)};
  } else {
    step = ended_by_error(status);
  }
  rt_.current = nullptr;
  return step;
}

Step LuaExecution::ended_by_error(int status) {
  if (status == LUA_ERRMEM) doom(Budget::memory);
  if (doomed_) {
    note_traceback(thread_.state);
    return Aborted{over_, std::string(over_text(over_)), traceback(over_text(over_)),
                   std::move(raised_in_)};
  }
  Value error = error_value(thread_.state);
  note_traceback(thread_.state);
  std::string text;
  if (error.type() == Value::Type::error) {
    const ErrorValue& raised = error.error();
    text = raised.message == text_of(raised.code)
               ? fmt::format("{} ({})", raised.message, name_of(raised.code))
               : fmt::format("{}: {}", name_of(raised.code), raised.message);
  } else {
    const std::string shown = to_text(error);
    text = raised_in_.empty() ? shown : std::string(without_place(shown, raised_in_.front()));
  }
  std::vector<std::string> lines = traceback(text);
  return Failed{std::move(error), std::move(lines), std::move(raised_in_)};
}

std::vector<std::string> LuaExecution::traceback(std::string_view what) const {
  constexpr std::size_t kLongest = 2000;  // an error's message may be megabytes, and is logged
  std::vector<std::string> lines;
  bool first = true;
  what = what.substr(0, kLongest);
  for (const Frame& frame : raised_in_) {
    const std::string where = frame_text(frame);
    lines.push_back(std::exchange(first, false) ? fmt::format("{}:  {}", where, what)
                                                : "... called from " + where);
  }
  if (first) lines.emplace_back(what);
  lines.emplace_back("(End of traceback)");
  return lines;
}

const std::string& LuaExecution::name_of_call(std::size_t depth) const {
  for (const Word& word : words) {
    if (word.depth == depth) return word.text;
  }
  return rt_.world.symbols().name_of(activations[depth - 1].verb);
}

// Lua's own stack tells the lines; our activations tell who. They meet where one verb called the
// next: at the functions of calls.cpp.
std::vector<Frame> LuaExecution::frames(lua_State* L, std::size_t most) const {
  std::vector<Frame> calls;
  auto activation = activations.rbegin();
  int line = 0;
  const auto add = [&] {
    const auto depth = static_cast<std::size_t>(activations.rend() - activation);
    calls.push_back({activation->this_object, name_of_call(depth), activation->programmer,
                     activation->definer, activation->player, line});
    ++activation;
    line = 0;
  };
  lua_Debug record;
  const auto wanted = [&] { return activation != activations.rend() && calls.size() < most; };
  for (int level = 0; L != nullptr && wanted() && level < kMostLevels && lua_checkstack(L, 1) &&
                      lua_getstack(L, level, &record) != 0;
       ++level) {
    lua_getinfo(L, "Slf", &record);
    const bool boundary = is_activation_boundary(lua_tocfunction(L, -1));
    lua_pop(L, 1);
    if (boundary) {
      add();
    } else if (line == 0 && record.currentline > 0) {
      line = record.currentline;
    }
  }
  while (wanted()) add();
  return calls;
}

std::vector<Frame> LuaExecution::stack(std::size_t most) const {
  const auto* const plan = std::get_if<Planned>(&start);
  const PlannedCall* const call = plan != nullptr ? rt_.world.planned().find(plan->task) : nullptr;
  if (call == nullptr) return frames(thread_.state, most);
  const auto verb = rt_.world.find_verb(call->object, call->verb);
  return {{call->object, call->verb, call->programmer, verb ? verb->definer : kNothing,
           call->player, 0}};
}

std::size_t LuaExecution::bytes() const {
  constexpr std::size_t kThread = 1100;  // a fresh coroutine, measured
  return std::max(held_, sizeof *this) + activations.capacity() * sizeof(Activation) +
         (thread_.state != nullptr ? kThread : 0);
}

}  // namespace cosmoo::lua
