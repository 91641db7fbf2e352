// The clock that interrupts Lua: about once a millisecond of a task's slice, the thread that runs
// gets its budget hook armed, and looks at its budgets at its next instruction.
//
// A count hook that is always armed would do as well and cost a tight loop twice its time: Lua then
// calls it to count each instruction.
#pragma once

#include <atomic>
#include <csignal>
#include <ctime>
#include <lua5.4/lua.hpp>
#include <thread>

namespace cosmoo::lua {

class SliceAlarm {
 public:
  static constexpr std::chrono::milliseconds kPeriod{1};

  /// `hook` is armed for one instruction, by a signal handler: SIGVTALRM, sent to the thread that
  /// called watch(). Throws std::system_error if the system has no timer for it.
  explicit SliceAlarm(lua_Hook hook);
  ~SliceAlarm();
  SliceAlarm(const SliceAlarm&) = delete;
  SliceAlarm& operator=(const SliceAlarm&) = delete;

  /// From here on `thread` runs, on the caller's thread of the system; null: none does. Costs a
  /// system call only when nothing ran for some periods.
  void watch(lua_State* thread);

 private:
  static void on_signal(int, siginfo_t* info, void*);
  void ring();
  void make_timer();
  void set_period(std::chrono::nanoseconds period);

  const lua_Hook hook_;
  timer_t timer_{};
  std::thread::id owner_{};  // whom the timer sends its signal; none: there is no timer yet
  // Shared with the handler, which runs on the same thread.
  std::atomic<lua_State*> running_{nullptr};
  std::atomic<bool> ticking_{false};
  std::atomic<int> idle_periods_{0};
};

}  // namespace cosmoo::lua
