#include "sandbox/process/slots.h"

#include <fcntl.h>
#include <signal.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <thread>

#include "sandbox/process/slot_program.h"
#include "sandbox/process/start_errors.h"

namespace cosmoo::sandbox {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kPatienceAtEnd{5000};
constexpr std::size_t kMostIdle = 256;
/// More at once would only wait for each other.
constexpr std::size_t kMostPreparing = 4;
constexpr std::size_t kMadePerTend = 2;
constexpr int kBuriedPerTend = 16;
constexpr milliseconds kTendInterval{5};
constexpr milliseconds kBetweenTrims{1000};
constexpr int kMostAttempts = 400;
constexpr int kTries = 3;
constexpr const char* kWhat = "a slot for a job";

}  // namespace

SlotPool::SlotPool(boost::asio::io_context& io, Launcher& launcher, Controls& controls,
                   std::size_t prepared)
    : io_(io),
      launcher_(launcher),
      controls_(controls),
      prepared_(prepared),
      program_(open_slot_program()),
      null_(above_stdio(UniqueFd(::open("/dev/null", O_RDWR | O_CLOEXEC)))) {
  if (!program_ || !null_) {
    throw std::system_error(errno, std::generic_category(), "program of the slots");
  }
}

SlotPool::~SlotPool() {
  for (Washing& washing : washing_) retire(std::move(washing.slot));
  washing_.clear();
  for (Kind& kind : kinds_) {
    kind.waiters.clear();
    for (auto& slot : std::exchange(kind.idle, {})) retire(std::move(slot));
    for (auto& slot : std::exchange(kind.preparing, {})) retire(std::move(slot));
  }
  const auto deadline = steady_clock::now() + kPatienceAtEnd;
  while (!dying_.empty()) {
    std::erase_if(dying_, [this](Dying& dying) { return bury(dying); });
    if (dying_.empty() || steady_clock::now() >= deadline) break;
    std::this_thread::sleep_for(milliseconds(1));
  }
}

SlotPool::Kind& SlotPool::kind_of(const SlotKind& what) {
  for (Kind& kind : kinds_) {
    if (kind.what == what) return kind;
  }
  Kind& kind = kinds_.emplace_back();
  kind.what = what;
  kind.index = kinds_.size() - 1;
  kind.setup = setup_message(*what.profile, what.uid, what.gid);
  return kind;
}

std::size_t SlotPool::wanted(const Kind& kind) const {
  return std::min(prepared_ + kind.running / 2, kMostIdle);
}

tl::expected<std::shared_ptr<Slot>, StartError> SlotPool::make(Kind& kind) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    return tl::unexpected(system_failure(kWhat, "socketpair", errno));
  }
  UniqueFd ours = above_stdio(UniqueFd(ends[0]));
  const UniqueFd theirs = above_stdio(UniqueFd(ends[1]));
  if (!ours || !theirs) return tl::unexpected(system_failure(kWhat, "fcntl", errno));
  std::string group;
  std::vector<UniqueFd> entrances;
  if (controls_.has_v1()) {
    group = std::to_string(++last_group_);
    if (!controls_.make(group)) return tl::unexpected(system_failure(kWhat, "mkdir", errno));
    entrances = controls_.entrances(group);
  }
  char name[] = "cosmoo-slot";
  char* const arguments[] = {name, nullptr};
  char* const environment[] = {nullptr};
  LaunchPlan plan;
  plan.program = program_.get();
  plan.arguments = arguments;
  plan.environment = environment;
  plan.standard_input = plan.standard_output = plan.standard_error = null_.get();
  plan.kept = theirs.get();
  plan.session = LaunchPlan::Session::callers;
  plan.orphaned = LaunchPlan::Orphaned::lives;
  auto launched = launcher_.launch(plan);
  if (!launched) {
    if (!group.empty()) controls_.remove(group);
    return tl::unexpected(
        system_failure(kWhat, launched.error().step, launched.error().error_number));
  }
  // It lives long: where somebody may look for a standard stream it may not be.
  UniqueFd pidfd = above_stdio(std::move(launched->pidfd));
  std::shared_ptr<Slot> slot;
  try {
    slot = std::make_shared<Slot>(io_, std::move(ours), launched->pid, std::move(pidfd));
  } catch (const boost::system::system_error& error) {
    // It ends by itself: its socket is closed.
    dying_.push_back({launched->pid, {}, std::move(group), 0});
    return tl::unexpected(system_failure(kWhat, "epoll_ctl", error.code().value()));
  }
  slot->kind = kind.index;
  slot->group = std::move(group);
  if (!slot->set_up(kind.setup, entrances)) {
    const int error = errno;
    retire(std::move(slot));
    return tl::unexpected(system_failure(kWhat, "sendmsg", error));
  }
  slot->start([this](Slot& changed) { on_change(changed); });
  kind.preparing.push_back(slot);
  return slot;
}

void SlotPool::on_change(Slot& slot) {
  Kind& kind = kinds_[slot.kind];
  auto kept = slot.shared_from_this();
  std::erase(kind.preparing, kept);
  if (slot.has_ended()) return on_end(kind, std::move(kept));
  kind.failures = 0;
  on_ready(kind, std::move(kept));
  provide(kind);
}

void SlotPool::hand_out(Slot& slot) {
  slot.taken = true;
  ++kinds_[slot.kind].running;
}

void SlotPool::take_in(Slot& slot) {
  if (slot.taken) --kinds_[slot.kind].running;
  slot.taken = false;
}

void SlotPool::on_ready(Kind& kind, std::shared_ptr<Slot> slot) {
  if (kind.waiters.empty()) {
    // At the front: those that have been in use are taken first.
    kind.idle.push_front(std::move(slot));
    return;
  }
  hand_out(*slot);
  const OnTaken on_taken = std::move(kind.waiters.front().on_taken);
  kind.waiters.pop_front();
  on_taken(std::move(slot));
}

/// Somebody has killed it, or the system for want of memory. One that has a job is its job's.
void SlotPool::on_end(Kind& kind, std::shared_ptr<Slot> slot) {
  if (slot->taken) return;
  spdlog::warn("slot {} has ended", slot->pid());
  std::erase(kind.idle, slot);
  if (!slot->is_ready() && ++kind.failures >= kTries) {
    kind.failures = 0;
    refuse(kind, {StartError::Kind::system, "a slot for a job does not get ready", "slot", ECHILD});
  }
  retire(std::move(slot));
  provide(kind);
}

void SlotPool::refuse(Kind& kind, const StartError& error) {
  // Those for whom one is on the way may still get it.
  while (kind.waiters.size() > kind.preparing.size()) {
    const OnTaken on_taken = std::move(kind.waiters.back().on_taken);
    kind.waiters.pop_back();
    on_taken(tl::unexpected(error));
  }
}

void SlotPool::provide(Kind& kind) {
  while (kind.preparing.size() < std::min(kind.waiters.size(), kMostPreparing)) {
    if (auto slot = make(kind); !slot) return refuse(kind, slot.error());
  }
}

std::shared_ptr<Slot> SlotPool::take(const SlotKind& what) {
  Kind& kind = kind_of(what);
  if (kind.idle.empty()) return nullptr;
  auto slot = std::move(kind.idle.back());
  kind.idle.pop_back();
  hand_out(*slot);
  return slot;
}

tl::expected<SlotPool::WaiterId, StartError> SlotPool::wait(const SlotKind& what,
                                                            OnTaken on_taken) {
  Kind& kind = kind_of(what);
  if (kind.preparing.size() < std::min(kind.waiters.size() + 1, kMostPreparing)) {
    if (auto slot = make(kind); !slot) return tl::unexpected(std::move(slot.error()));
  }
  kind.waiters.push_back({++last_waiter_, std::move(on_taken)});
  return last_waiter_;
}

void SlotPool::forget(WaiterId waiter) {
  for (Kind& kind : kinds_) {
    std::erase_if(kind.waiters, [waiter](const Waiter& other) { return other.id == waiter; });
  }
}

bool SlotPool::is_clean(const Slot& slot, Leftovers left) const {
  if (slot.has_ended() || left == Leftovers::some) return false;
  if (left == Leftovers::unknown) {
    // Its groups know, if it has any; what holds nothing cannot hold what was left.
    const bool walled = kinds_[slot.kind].what.profile->walls != Profile::Walls::none;
    if (slot.group.empty() ? walled : controls_.processes(slot.group) > slot.ready().processes) {
      return false;
    }
  }
  return slot.tmp_is_empty();
}

void SlotPool::give_back(std::shared_ptr<Slot> slot) {
  Kind& kind = kinds_[slot->kind];
  if (slot->has_ended() || kind.idle.size() >= kMostIdle) return retire(std::move(slot));
  take_in(*slot);
  if (!slot->group.empty()) controls_.forget_peak({slot->group, {}});
  if (!kind.waiters.empty()) return on_ready(kind, std::move(slot));
  kind.idle.push_back(std::move(slot));
}

void SlotPool::wash(std::shared_ptr<Slot> slot) {
  if (slot->group.empty()) {
    // Only groups tell when the last process is gone; what holds nothing has no need to know.
    return is_clean(*slot, Leftovers::unknown) ? give_back(std::move(slot))
                                               : retire(std::move(slot));
  }
  washing_.push_back({std::move(slot), 0});
}

/// True when it is no longer here.
bool SlotPool::washed(Washing& washing) {
  Slot& slot = *washing.slot;
  if (!slot.has_ended() && controls_.processes(slot.group) > slot.ready().processes &&
      ++washing.attempts < kMostAttempts) {
    return false;
  }
  if (!is_clean(slot, Leftovers::unknown)) {
    retire(std::move(washing.slot));
    return true;
  }
  // What died slowly has been counted since.
  Limits all;
  all.memory_bytes = all.processes = 0;
  slot.state.before = controls_.figures({slot.group, {}}, all);
  give_back(std::move(washing.slot));
  return true;
}

void SlotPool::retire(std::shared_ptr<Slot> slot) {
  take_in(*slot);
  dying_.push_back({slot->pid(), slot->kill(), std::move(slot->group), 0});
}

bool SlotPool::bury(Dying& dying) {
  if (dying.pid > 0) {
    const pid_t ended = ::waitpid(dying.pid, nullptr, WNOHANG);
    if (ended == 0) return false;
    dying.pid = -1;
  }
  if (dying.group.empty() || controls_.remove(dying.group)) return true;
  controls_.kill(dying.group);
  if (++dying.attempts < kMostAttempts) return false;
  spdlog::warn("the control groups {} stay: something in them does not end", dying.group);
  return true;
}

tl::expected<std::uint32_t, StartError> SlotPool::missing(const SlotKind& what) {
  Kind& kind = kind_of(what);
  const auto deadline = steady_clock::now() + kPatience;
  if (kind.idle.empty()) {
    auto slot = make(kind);
    if (!slot) return tl::unexpected(std::move(slot.error()));
    while (!(*slot)->is_ready() && !(*slot)->has_ended() && (*slot)->await(deadline)) {
    }
  }
  if (!kind.idle.empty()) return kind.idle.back()->ready().missing;
  return tl::unexpected(StartError{StartError::Kind::system, "a slot for a job does not get ready",
                                   "slot", ETIMEDOUT});
}

bool SlotPool::restless() const {
  return !dying_.empty() || !washing_.empty() ||
         std::any_of(kinds_.begin(), kinds_.end(), [this](const Kind& kind) {
           return !kind.preparing.empty() || kind.idle.size() < wanted(kind) / 2 ||
                  kind.idle.size() > wanted(kind);
         });
}

std::optional<milliseconds> SlotPool::tend() {
  int budget = kBuriedPerTend;
  std::erase_if(dying_, [&](Dying& dying) { return budget-- > 0 && bury(dying); });
  auto washing = std::exchange(washing_, {});
  std::erase_if(washing, [this](Washing& each) { return washed(each); });
  std::move(washing.begin(), washing.end(), std::back_inserter(washing_));
  std::size_t makes = kMadePerTend;
  bool more = !dying_.empty() || !washing_.empty();
  bool spare = false;
  const bool trims = steady_clock::now() - trimmed_ >= kBetweenTrims;
  if (trims) trimmed_ = steady_clock::now();
  for (Kind& kind : kinds_) {
    prepare(kind, makes);
    more = more || !kind.preparing.empty();
    spare = (trims ? trim(kind) : kind.idle.size() > wanted(kind)) || spare;
  }
  if (more) return kTendInterval;
  return spare ? std::optional(kBetweenTrims) : std::nullopt;
}

void SlotPool::prepare(Kind& kind, std::size_t& budget) {
  const auto preparing = kind.preparing;
  for (const auto& slot : preparing) {
    if (!slot->overdue(kPatience)) continue;
    spdlog::warn("slot {} does not get ready", slot->pid());
    kind.preparing.remove(slot);
    on_end(kind, slot);
  }
  while (budget > 0 && kind.waiters.empty() &&
         kind.idle.size() + kind.preparing.size() < wanted(kind)) {
    --budget;
    if (!make(kind)) budget = 0;
  }
}

/// Half of those too many go at a time: who needed them may come again. True: there are more.
bool SlotPool::trim(Kind& kind) {
  const std::size_t most = wanted(kind);
  if (kind.idle.size() <= most) return false;
  for (std::size_t gone = (kind.idle.size() - most + 1) / 2; gone > 0; --gone) {
    auto slot = std::move(kind.idle.front());
    kind.idle.pop_front();
    retire(std::move(slot));
  }
  return true;
}

}  // namespace cosmoo::sandbox
