// The slots in which jobs run: made ahead, taken, given back.
//
// A job is launched by the slot that it has: as the server's child, but born in the slot's groups
// and namespaces. Slots are of a kind: of a profile, for a user and group.
// Rules: (1) a slot has one job at a time, and serves the next only if the last one left nothing in
// it; any other is retired; (2) nobody waits for a slot: who finds none is called when there is
// one, in the order of asking; (3) a slot that does not answer within kPatience is killed.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "sandbox/job.h"
#include "sandbox/process/controls.h"
#include "sandbox/process/launch.h"
#include "sandbox/process/profile.h"
#include "sandbox/process/slot_client.h"
#include "sandbox/process/tree.h"

namespace cosmoo::sandbox {

struct SlotKind {
  const Profile* profile = nullptr;
  std::int64_t uid = slot::kNobody;
  std::int64_t gid = slot::kNobody;

  bool operator==(const SlotKind&) const = default;
};

class SlotPool {
 public:
  static constexpr std::chrono::milliseconds kPatience{5000};

  using Taken = tl::expected<std::shared_ptr<Slot>, StartError>;
  using OnTaken = std::function<void(Taken)>;
  using WaiterId = std::uint64_t;

  /// All references outlive the pool. Throws std::system_error when the slots' program cannot be
  /// had.
  SlotPool(boost::asio::io_context& io, Launcher& launcher, Controls& controls,
           std::size_t prepared);
  ~SlotPool();
  SlotPool(const SlotPool&) = delete;
  SlotPool& operator=(const SlotPool&) = delete;

  /// A slot that is ready, or null if there is none at once: then wait().
  std::shared_ptr<Slot> take(const SlotKind& kind);
  /// `on_taken` is called from the loop. Fails when no slot can be made.
  tl::expected<WaiterId, StartError> wait(const SlotKind& kind, OnTaken on_taken);
  /// `on_taken` is not called any more.
  void forget(WaiterId waiter);

  /// Whether the next job would find nothing of the last one. `left` are its processes.
  bool is_clean(const Slot& slot, Leftovers left) const;
  /// No job is in it any more.
  void give_back(std::shared_ptr<Slot> slot);
  /// The job in it was killed, or what it has left behind: as soon as the last process is gone it
  /// is given back, or else retired.
  void wash(std::shared_ptr<Slot> slot);
  /// Ends it, with what still lives in its namespaces and groups.
  void retire(std::shared_ptr<Slot> slot);

  /// What slots of this kind could not have here: slot::Feature bits. Makes one to see, and waits
  /// for it.
  tl::expected<std::uint32_t, StartError> missing(const SlotKind& kind);

  bool restless() const;
  /// Sees to what is dying, missing or more than is needed. Returns when it wants to be called
  /// again, if at all.
  std::optional<std::chrono::milliseconds> tend();

 private:
  struct Waiter {
    WaiterId id;
    OnTaken on_taken;
  };
  struct Kind {
    SlotKind what;
    std::size_t index = 0;
    std::string setup;
    std::deque<std::shared_ptr<Slot>> idle;
    std::list<std::shared_ptr<Slot>> preparing;
    std::deque<Waiter> waiters;  ///< None while any are idle.
    std::size_t running = 0;
    int failures = 0;  ///< Slots in a row that did not get ready.
  };
  /// A slot in which something may be dying.
  struct Washing {
    std::shared_ptr<Slot> slot;
    int attempts = 0;
  };
  /// A slot that was killed and has groups to be removed.
  struct Dying {
    pid_t pid = -1;
    UniqueFd pidfd;
    std::string group;
    int attempts = 0;
  };

  Kind& kind_of(const SlotKind& what);
  /// How many should be idle or on the way.
  std::size_t wanted(const Kind& kind) const;
  /// Makes slots for those who wait. Who can expect none is told why.
  void provide(Kind& kind);
  void refuse(Kind& kind, const StartError& error);
  tl::expected<std::shared_ptr<Slot>, StartError> make(Kind& kind);
  void on_change(Slot& slot);
  /// It has a job; it has none any more.
  void hand_out(Slot& slot);
  void take_in(Slot& slot);
  void on_ready(Kind& kind, std::shared_ptr<Slot> slot);
  void on_end(Kind& kind, std::shared_ptr<Slot> slot);
  bool washed(Washing& washing);
  bool bury(Dying& dying);
  void prepare(Kind& kind, std::size_t& budget);
  bool trim(Kind& kind);

  boost::asio::io_context& io_;
  Launcher& launcher_;
  Controls& controls_;
  const std::size_t prepared_;
  UniqueFd program_;
  UniqueFd null_;
  std::deque<Kind> kinds_;  ///< Indexed by Slot::kind; addresses stay.
  std::vector<Dying> dying_;
  std::vector<Washing> washing_;
  std::chrono::steady_clock::time_point trimmed_;
  std::uint64_t last_group_ = 0;
  WaiterId last_waiter_ = 0;
};

}  // namespace cosmoo::sandbox
