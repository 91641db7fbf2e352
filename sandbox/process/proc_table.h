// A look at the system's processes through /proc.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

namespace cosmoo::sandbox {

struct ProcessInfo {
  pid_t pid = -1;
  pid_t parent = -1;
  pid_t session = -1;
  char state = '?';                ///< As in /proc: 'Z' for one that waits to be reaped.
  std::uint64_t start_time = 0;    ///< Clock ticks since boot.
  double cpu_s = 0;                ///< With the children that it has waited for.
  std::uint64_t memory_bytes = 0;  ///< Resident.
};

std::optional<ProcessInfo> process_info(pid_t pid);

/// The most memory that the running process `pid` has had resident so far, in bytes; else 0.
std::uint64_t peak_memory(pid_t pid);

/// All of them, as far as they can be seen: reads a file each.
std::vector<ProcessInfo> all_processes();

/// The children of this process; without the kernel's list of them, from all_processes().
std::vector<pid_t> own_children();

/// `root`'s children, their children and so on; `root` itself is not among them.
std::vector<ProcessInfo> descendants(const std::vector<ProcessInfo>& processes, pid_t root);

/// Sends SIGKILL to the process that was seen, not to another that has got its number since.
void kill_process(const ProcessInfo& process);

}  // namespace cosmoo::sandbox
