#include "sandbox/moxie/translator/inside.h"

#include <asm/prctl.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <mutex>

namespace cosmoo::moxie::translator {

namespace {

// --- The segment ---

constexpr unsigned long kHasFsGsBase = 2;  ///< In AT_HWCAP2: programs may use the instructions.

bool has_instructions() {
  static const bool has = (::getauxval(AT_HWCAP2) & kHasFsGsBase) != 0;
  return has;
}

std::uint64_t segment() {
  std::uint64_t base = 0;
  if (has_instructions()) {
    asm volatile("rdgsbase %0" : "=r"(base));
  } else {
    ::syscall(SYS_arch_prctl, ARCH_GET_GS, &base);
  }
  return base;
}

void set_segment(std::uint64_t base) {
  if (has_instructions()) {
    asm volatile("wrgsbase %0" : : "r"(base));
  } else {
    ::syscall(SYS_arch_prctl, ARCH_SET_GS, base);
  }
}

// --- Stacks ---

constexpr std::size_t kGuard = 4096;
constexpr std::size_t kPredictions = 64 << 10;
constexpr std::size_t kHandler = 64 << 10;

/// Of one thread: return addresses, for the host's processor to predict, behind a page that is not
/// there; and a stack for the handler, unless the thread has one.
class Stacks {
 public:
  Stacks() {
    void* const place = ::mmap(nullptr, kGuard + kPredictions + kHandler, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (place == MAP_FAILED) return;
    low_ = static_cast<std::uint8_t*>(place);
    guarded_ = ::mprotect(place, kGuard, PROT_NONE) == 0;
  }
  ~Stacks() {
    stack_t now{};
    if (::sigaltstack(nullptr, &now) == 0 && now.ss_sp == handler()) {
      stack_t none{};
      none.ss_flags = SS_DISABLE;
      ::sigaltstack(&none, nullptr);
    }
    if (low_ != nullptr) ::munmap(low_, kGuard + kPredictions + kHandler);
  }
  Stacks(const Stacks&) = delete;
  Stacks& operator=(const Stacks&) = delete;

  /// Sees to it that the handler has a stack: the thread's, if it has one.
  bool make_ready() const {
    stack_t now{};
    if (!guarded_ || ::sigaltstack(nullptr, &now) != 0) return false;
    if ((now.ss_flags & SS_DISABLE) == 0) return true;
    stack_t own{};
    own.ss_sp = handler();
    own.ss_size = kHandler;
    return ::sigaltstack(&own, nullptr) == 0;
  }
  /// There it holds what the first return goes to.
  std::uint64_t* top() const {
    return reinterpret_cast<std::uint64_t*>(low_ + kGuard + kPredictions) - 1;
  }
  bool is_guard(const void* address) const {
    const auto* const byte = static_cast<const std::uint8_t*>(address);
    return byte >= low_ && byte < low_ + kGuard;
  }

 private:
  void* handler() const { return low_ + kGuard + kPredictions; }

  std::uint8_t* low_ = nullptr;
  bool guarded_ = false;
};

Stacks& stacks() {
  thread_local Stacks own;
  return own;
}

// --- Signals ---

/// What this thread runs, for its signal handler; null outside.
struct Running {
  const Gate* gate = nullptr;
  Memory* memory = nullptr;
  const Stacks* stacks = nullptr;
};
thread_local volatile Running* running = nullptr;

std::atomic<const struct sigaction*> others = nullptr;  ///< Who had the signal before.

void hand_on(int signal, siginfo_t* about, void* context) {
  const struct sigaction& other = *others.load();
  if ((other.sa_flags & SA_SIGINFO) != 0) {
    other.sa_sigaction(signal, about, context);
  } else if (other.sa_handler != SIG_DFL && other.sa_handler != SIG_IGN) {
    other.sa_handler(signal);
  } else {
    ::signal(signal, SIG_DFL);  // It happens again when this returns.
  }
}

/// An access of translated code that the host refused: its guest leaves. A stack of predictions
/// that is full: it is emptied. All else belongs to others.
void on_segv(int signal, siginfo_t* about, void* raw) {
  auto* const context = static_cast<ucontext_t*>(raw);
  const auto* const now = const_cast<const Running*>(running);
  if (now == nullptr) return hand_on(signal, about, raw);
  greg_t& instruction = context->uc_mcontext.gregs[REG_RIP];
  const Gate& gate = *now->gate;
  if (static_cast<std::uint64_t>(instruction) - reinterpret_cast<std::uint64_t>(gate.code) >=
      gate.code_bytes) {
    return hand_on(signal, about, raw);
  }
  if (now->stacks->is_guard(about->si_addr)) {
    context->uc_mcontext.gregs[REG_RSP] = reinterpret_cast<greg_t>(now->stacks->top());
  } else if (now->memory->has(about->si_addr)) {
    auto* const home = static_cast<Home*>(now->memory->home());
    home->refused_address = static_cast<std::uint64_t>(instruction);
    instruction = reinterpret_cast<greg_t>(gate.refused);
  } else {
    hand_on(signal, about, raw);
  }
}

/// Sees to it that the handler is ours. Whoever has put another one in its place gets what is not
/// ours from then on.
bool make_ready() {
  struct sigaction now {};
  if (::sigaction(SIGSEGV, nullptr, &now) != 0) return false;
  if ((now.sa_flags & SA_SIGINFO) != 0 && now.sa_sigaction == on_segv) return true;
  static std::mutex mutex;
  static std::deque<struct sigaction> known;  // A handler may be reading of any of them.
  const std::lock_guard lock(mutex);
  const auto same = std::find_if(known.begin(), known.end(), [&now](const auto& one) {
    return one.sa_flags == now.sa_flags && one.sa_handler == now.sa_handler;
  });
  if (same == known.end()) known.push_back(now);
  others = same == known.end() ? &known.back() : &*same;
  struct sigaction own {};
  own.sa_sigaction = on_segv;
  own.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
  ::sigemptyset(&own.sa_mask);
  return ::sigaction(SIGSEGV, &own, nullptr) == 0;
}

}  // namespace

Inside::Inside(Memory& memory) {
  if (!stacks().make_ready() || !make_ready()) return;
  sigset_t wait;
  ::sigfillset(&wait);
  for (const int own : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS}) {
    ::sigdelset(&wait, own);
  }
  if (::pthread_sigmask(SIG_BLOCK, &wait, &signals_) != 0) return;
  segment_ = segment();
  set_segment(reinterpret_cast<std::uint64_t>(memory.base()));
  ready_ = true;
}

Inside::~Inside() {
  if (!ready_) return;
  set_segment(segment_);
  ::pthread_sigmask(SIG_SETMASK, &signals_, nullptr);
}

std::int64_t enter(const Gate& gate, const std::uint8_t* entry, std::int64_t budget,
                   Memory& memory) {
  using Enter = std::int64_t (*)(const std::uint8_t*, std::int64_t);
  const Stacks& own = stacks();
  auto* const home = static_cast<Home*>(memory.home());
  own.top()[0] = reinterpret_cast<std::uint64_t>(gate.return_miss);
  home->prediction_stack = reinterpret_cast<std::uint64_t>(own.top());
  home->leave_address = 0;
  home->refused_address = 0;
  Running now{&gate, &memory, &own};
  running = &now;
  const std::int64_t left =
      reinterpret_cast<Enter>(reinterpret_cast<std::uintptr_t>(gate.enter))(entry, budget);
  running = nullptr;
  return left;
}

}  // namespace cosmoo::moxie::translator
