#include "sandbox/process/job_limits.h"

#include <unistd.h>

#include <algorithm>

namespace cosmoo::sandbox {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFirstLook{20};
constexpr milliseconds kBetweenLooks{200};
constexpr milliseconds kShortestWait{5};

std::uint64_t nanoseconds(milliseconds time) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(time.count(), 0)) * 1'000'000;
}

}  // namespace

GroupFigures since(const GroupFigures& before, GroupFigures now) {
  if (now.cpu_ns) *now.cpu_ns -= std::min(before.cpu_ns.value_or(0), *now.cpu_ns);
  now.memory_kills -= std::min(before.memory_kills, now.memory_kills);
  now.processes_refused -= std::min(before.processes_refused, now.processes_refused);
  return now;
}

const char* reached(const Limits& limits, const GroupFigures& own) {
  if (limits.memory_bytes && own.memory_kills > 0) return "memory";
  if (limits.processes && own.processes_refused > 0) return "processes";
  if (limits.cpu && own.cpu_ns && *own.cpu_ns >= nanoseconds(*limits.cpu)) return "cpu";
  return nullptr;
}

milliseconds until_first_look(const Limits& limits) {
  if (!limits.cpu && !limits.memory_bytes && !limits.processes) return milliseconds(0);
  return std::min(kFirstLook, limits.cpu.value_or(kFirstLook));
}

milliseconds until_next_look(const Limits& limits, const GroupFigures& own) {
  if (!limits.cpu) return kBetweenLooks;
  // No sooner than all processors together could use up what is left.
  static const auto kProcessors = std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN));
  const auto left = nanoseconds(*limits.cpu) - own.cpu_ns.value_or(0);
  const milliseconds soonest(static_cast<std::int64_t>(left / 1'000'000) / kProcessors);
  return std::clamp(soonest, kShortestWait, kBetweenLooks);
}

}  // namespace cosmoo::sandbox
