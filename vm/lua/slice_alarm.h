// The clock that interrupts Lua: a millisecond after a slice began, or after the last look, the
// thread that runs gets its budget hook armed, and looks at its budgets at its next instruction.
//
// A count hook that is always armed would do as well and cost a tight loop twice its time: Lua then
// calls it to count each instruction. It is no periodic timer, because arming takes the longer the
// deeper the calls are, and could then take all the time there is.
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
  /// system call at most once a period.
  void watch(lua_State* thread);
  /// The hook has run: it will be armed again after a period.
  void wind();

 private:
  static void on_signal(int, siginfo_t* info, void*);
  void ring();
  void make_timer();

  const lua_Hook hook_;
  timer_t timer_{};
  std::thread::id owner_{};  // whom the timer sends its signal; none: there is no timer yet
  // Shared with the handler, which runs on the same thread.
  std::atomic<lua_State*> running_{nullptr};
  std::atomic<bool> wound_{false};  // it will ring
};

}  // namespace cosmoo::lua
