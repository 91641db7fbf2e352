// The slots in which jobs run: made ahead, taken, given back. What a slot is stands in
// slot/main.cpp.
//
// A job is launched by the slot that it has: as the server's child, but born in the slot's groups
// and namespaces. Slots are of a kind: of a profile, for a user and group.
// Rules: (1) a slot has one job at a time, and serves the next only if the last one left nothing in
// it; any other is retired; (2) tend() makes slots ahead, a few at a time; take() makes one itself,
// and waits for it, only when none is left; (3) nothing waits longer than kPatience for a slot: one
// that does not answer is killed.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "sandbox/job.h"
#include "sandbox/process/controls.h"
#include "sandbox/process/launch.h"
#include "sandbox/process/profile.h"
#include "sandbox/process/slot/protocol.h"
#include "sandbox/process/tree.h"

namespace cosmoo::sandbox {

struct SlotKind {
  const Profile* profile = nullptr;
  std::int64_t uid = slot::kNobody;
  std::int64_t gid = slot::kNobody;

  bool operator==(const SlotKind&) const = default;
};

/// A slot that was taken.
struct Slot {
  std::size_t kind = 0;  ///< The pool's own.
  pid_t pid = -1;
  UniqueFd pidfd;
  UniqueFd socket;
  std::string group;  ///< Of v1; empty: none.
  UniqueFd tmp;       ///< Its private /tmp, if it has one.
  slot::Ready ready;
  bool taken = false;
  GroupState state;
};

/// What a launch in a slot needs. Descriptors are borrowed.
struct SlotLaunch {
  int program = -1;
  bool is_script = false;
  const std::vector<std::string>& arguments;
  const std::vector<std::string>& environment;
  int standard_input = -1;
  int standard_output = -1;
  int standard_error = -1;
  int cgroup = -1;
  const std::string& working_directory;
  mode_t umask = 022;
  std::int64_t uid = slot::kNobody;
  std::int64_t gid = slot::kNobody;
  Limits limits;                   ///< Those that a process sets for itself.
  bool memory_by_process = false;  ///< No group limits memory.
};

class SlotPool {
 public:
  /// `launcher` and `controls` outlive the pool. Throws std::system_error when the slots' program
  /// cannot be had.
  SlotPool(Launcher& launcher, Controls& controls, std::size_t prepared);
  ~SlotPool();
  SlotPool(const SlotPool&) = delete;
  SlotPool& operator=(const SlotPool&) = delete;

  tl::expected<std::unique_ptr<Slot>, StartError> take(const SlotKind& kind);
  /// The launched process is a child of this one. When it fails with a step of "slot", the slot is
  /// of no more use.
  tl::expected<Launched, LaunchFailure> launch(Slot& slot, const SlotLaunch& what);
  /// Whether the next job would find nothing of the last one. `left` are its processes.
  bool is_clean(const Slot& slot, Leftovers left) const;
  /// No job is in it any more.
  void give_back(std::unique_ptr<Slot> slot);
  /// The job in it was killed, or what it has left behind: as soon as the last process is gone it
  /// is given back, or else retired.
  void wash(std::unique_ptr<Slot> slot);
  /// Ends it, with what still lives in its namespaces and groups.
  void retire(std::unique_ptr<Slot> slot);

  /// Asks the slot to remove the directory that it has made for its job.
  void begin_removal(Slot& slot);
  enum class Removal { pending, done, failed };
  Removal look_at_removal(Slot& slot);

  /// What slots of this kind could not have here: slot::Feature bits. Makes one to see.
  tl::expected<std::uint32_t, StartError> missing(const SlotKind& kind);

  bool restless() const;
  bool tend();

 private:
  struct Kind {
    SlotKind what;
    std::string setup;
    std::deque<std::unique_ptr<Slot>> idle;  ///< Those at the front may not be ready yet.
    std::size_t running = 0;
  };
  /// A slot that was killed and has groups to be removed.
  struct Dying {
    pid_t pid = -1;
    UniqueFd pidfd;
    std::string group;
    int attempts = 0;
  };

  std::size_t kind_of(const SlotKind& what);
  std::size_t wanted(const Kind& kind) const;
  /// A slot in which something may be dying.
  struct Washing {
    std::unique_ptr<Slot> slot;
    int attempts = 0;
  };
  bool washed(Washing& washing);
  tl::expected<std::unique_ptr<Slot>, StartError> make(std::size_t kind);
  bool wait_until_ready(Slot& slot);
  bool is_ready(const Slot& slot) const { return slot.ready.processes > 0; }
  bool bury(Dying& dying);

  Launcher& launcher_;
  Controls& controls_;
  std::size_t prepared_;
  UniqueFd program_;
  UniqueFd null_;
  std::deque<Kind> kinds_;
  std::vector<Dying> dying_;
  std::vector<Washing> washing_;
  std::uint64_t last_group_ = 0;
};

}  // namespace cosmoo::sandbox
