// The controllers of control groups behind one interface, v1 or v2, whichever the machine has.
//
// Version 1 has a hierarchy for each controller, and a job gets into a group only by being born of
// a process there: its groups are those of its slot. Version 2 has one hierarchy, and its groups
// are the leaves of CgroupTree. A machine may have some controllers here and some there. Rules: (1)
// what exists is found out, by writing; (2) a directory belongs to a living server as long as the
// lock on it is held, see cgroup_tree.h.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "sandbox/job.h"
#include "sandbox/process/unique_fd.h"

namespace cosmoo::sandbox {

enum class Controller : std::size_t { memory, pids, cpu, cpuacct };
inline constexpr std::size_t kControllers = 4;

/// What a group's files say; none: this machine does not tell.
struct GroupFigures {
  std::optional<std::uint64_t> cpu_ns;
  std::optional<std::uint64_t> memory_peak_bytes;
  std::uint64_t memory_kills = 0;       ///< For want of memory, since the group was made.
  std::uint64_t processes_refused = 0;  ///< Likewise.
};

/// The names of a job's groups: of its slot, and of its leaf.
struct GroupNames {
  std::string v1;
  std::string v2;
};

/// What the groups have been told last, so that it is not written again; and their figures before
/// the job.
struct GroupState {
  Limits limits;
  GroupFigures before;
};

class Controls {
 public:
  /// Takes the machine's v1 hierarchies, as far as groups can be made there. `root` is put before
  /// every path, /proc included: a test's tree.
  explicit Controls(const std::string& root = {});
  ~Controls();
  Controls(const Controls&) = delete;
  Controls& operator=(const Controls&) = delete;

  /// Adds what a v2 hierarchy offers; `base` holds the leaves and outlives this.
  void use_v2(int base);

  bool has(Controller controller) const { return home(controller).directory >= 0; }
  /// Whether slots are needed to get into groups.
  bool has_v1() const { return !own_.empty(); }
  /// Whether a leaf's figures are those of all jobs that it has had.
  bool v2_keeps_peak() const { return home(Controller::memory).version == 2; }

  // --- Groups of v1 ---

  /// Makes a group in each hierarchy. False, with errno, and nothing is left of it.
  bool make(const std::string& name);
  /// The descriptors to which a process writes "0" to get in.
  std::vector<UniqueFd> entrances(const std::string& name) const;
  void kill(const std::string& name) const;
  /// How many processes are in the group.
  std::size_t processes(const std::string& name) const;
  /// False: something still lives there.
  bool remove(const std::string& name);

  // --- Of a job ---

  /// Sets the limits; `own` are the slot's processes. Returns the names of those that the machine
  /// does not enforce.
  std::vector<std::string> apply(const GroupNames& names, const Limits& limits, std::uint64_t own,
                                 GroupState& state) const;
  GroupFigures figures(const GroupNames& names, const Limits& limits) const;
  std::uint64_t memory_now(const GroupNames& names) const;
  /// After a job: the next one's peak begins anew.
  void forget_peak(const GroupNames& names) const;

 private:
  /// Where a controller's groups are.
  struct Home {
    int directory = -1;
    int version = 1;
  };
  struct Own {
    std::string parent;  ///< The directory of the server's own group.
    UniqueFd parent_fd;
    UniqueFd base;  ///< Locked.
  };
  const Home& home(Controller controller) const {
    return homes_[static_cast<std::size_t>(controller)];
  }
  void adopt(Controller controller, const std::string& parent);
  std::string path(Controller controller, const GroupNames& names, const char* v1,
                   const char* v2) const;
  bool write(Controller controller, const GroupNames& names, const char* v1, const char* v2,
             const std::string& value) const;
  std::optional<std::string> read(Controller controller, const GroupNames& names, const char* v1,
                                  const char* v2) const;
  /// The same of a group of v1 whose file is kept open, or else by its path.
  std::optional<std::string> read_kept(Controller controller, const GroupNames& names,
                                       const char* v1, const char* v2) const;
  const UniqueFd* kept(Controller controller, const std::string& name) const;
  bool limit_memory(const GroupNames& names, const std::optional<std::uint64_t>& bytes) const;

  std::string name_;  ///< Of the base in every hierarchy.
  std::vector<Own> own_;
  /// What is read or written after every job, of each group of v1: opening costs more than that.
  struct Kept {
    UniqueFd cpu_usage;
    UniqueFd memory_peak;
  };
  std::unordered_map<std::string, Kept> kept_;
  std::array<Home, kControllers> homes_;
};

}  // namespace cosmoo::sandbox
