// The process that a job is, for whom it has to reap.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>

#include "sandbox/process/launch.h"

namespace cosmoo::sandbox {

/// What the system tells of a process when it is reaped.
struct Death {
  int exit_code = -1;  ///< If no signal ended it.
  int signal = 0;
  // Of it and the children that it has waited for; the memory is the largest one's.
  double cpu_s = 0;
  std::uint64_t memory_peak_bytes = 0;
};

class Leader {
 public:
  void launched(Launched process) { process_ = std::move(process); }
  bool is_launched() const { return static_cast<bool>(process_.pidfd); }

  // --- Once it is launched ---

  /// Or somebody else has reaped it. It stays to be reaped.
  bool has_ended() const;
  /// Waits for its end. False: it takes too long.
  bool ends_before(std::chrono::steady_clock::time_point deadline) const;
  /// None: it has not ended, or somebody else has taken its exit status.
  std::optional<Death> reap();

 private:
  Launched process_;
};

}  // namespace cosmoo::sandbox
