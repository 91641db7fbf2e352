#include "vm/lua/slice_alarm.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace cosmoo::lua {
namespace {

// SIGVTALRM's default use, a timer of the process's own time, is nobody's here.
constexpr int kSignal = SIGVTALRM;

[[noreturn]] void fail_with_errno(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

SliceAlarm::SliceAlarm(lua_Hook hook) : hook_(hook) {
  struct sigaction action {};
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  sigemptyset(&action.sa_mask);
  if (sigaction(kSignal, &action, nullptr) != 0) fail_with_errno("sigaction for the slice alarm");
}

SliceAlarm::~SliceAlarm() {
  if (owner_ != std::thread::id()) timer_delete(timer_);
}

void SliceAlarm::watch(lua_State* thread) {
  if (owner_ != std::this_thread::get_id()) make_timer();
  running_.store(thread, std::memory_order_relaxed);
  // The handler must not find nothing running after we have found that it will ring.
  std::atomic_signal_fence(std::memory_order_seq_cst);
  if (thread != nullptr && !wound_.load(std::memory_order_relaxed)) wind();
}

void SliceAlarm::wind() {
  wound_.store(true, std::memory_order_relaxed);
  const itimerspec once{{}, {0, std::chrono::nanoseconds(kPeriod).count()}};
  timer_settime(timer_, 0, &once, nullptr);
}

void SliceAlarm::make_timer() {
  if (owner_ != std::thread::id()) timer_delete(timer_);
  wound_.store(false, std::memory_order_relaxed);
  sigevent event{};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = kSignal;
  event.sigev_value.sival_ptr = this;
  event._sigev_un._tid = static_cast<pid_t>(syscall(SYS_gettid));
  if (timer_create(CLOCK_MONOTONIC, &event, &timer_) != 0) fail_with_errno("timer_create");
  owner_ = std::this_thread::get_id();
}

void SliceAlarm::on_signal(int, siginfo_t* info, void*) {
  if (info->si_code != SI_TIMER) return;
  const int saved = errno;
  static_cast<SliceAlarm*>(info->si_value.sival_ptr)->ring();
  errno = saved;
}

// In a signal handler: lua_sethook() is one of Lua's few functions that are allowed there.
void SliceAlarm::ring() {
  wound_.store(false, std::memory_order_relaxed);
  if (lua_State* thread = running_.load(std::memory_order_relaxed)) {
    lua_sethook(thread, hook_, LUA_MASKCOUNT, 1);
  }
}

}  // namespace cosmoo::lua
