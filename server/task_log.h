// What the log has of tasks that ended badly: of each player only so many lines at a time. Tasks
// fail as fast as code can fork them, and a disk is soon full.
#pragma once

#include <chrono>
#include <string>
#include <unordered_map>

#include "server/log.h"
#include "vm/value.h"

namespace cosmoo {

class TaskLog {
 public:
  using Clock = std::chrono::steady_clock;

  explicit TaskLog(Log& log) : log_(log) {}

  /// Writes the line, or counts it.
  void note(ObjectId player, const std::string& line, Clock::time_point now = Clock::now());

 private:
  struct Recent {
    Clock::time_point since;
    int lines = 0;
    long long unsaid = 0;
  };
  void tell_unsaid(ObjectId player, const Recent& recent);

  Log& log_;
  std::unordered_map<ObjectId, Recent> recent_;
};

}  // namespace cosmoo
