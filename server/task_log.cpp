#include "server/task_log.h"

#include <fmt/format.h>

namespace cosmoo {
namespace {

constexpr int kMostLines = 20;  // within kPeriod
constexpr std::chrono::seconds kPeriod{10};
constexpr std::size_t kMostPlayers = 1000;  // who are remembered beyond that

}  // namespace

void TaskLog::note(ObjectId player, const std::string& line, Clock::time_point now) {
  const auto is_over = [now](const Recent& recent) { return now - recent.since >= kPeriod; };
  if (recent_.size() >= kMostPlayers) {
    std::erase_if(recent_, [&](const auto& entry) {
      if (is_over(entry.second)) tell_unsaid(entry.first, entry.second);
      return is_over(entry.second);
    });
  }
  Recent& recent = recent_.try_emplace(player, Recent{now}).first->second;
  if (is_over(recent)) {
    tell_unsaid(player, recent);
    recent = Recent{now};
  }
  if (recent.lines == kMostLines) {
    ++recent.unsaid;
    return;
  }
  log_.info(line);
  if (++recent.lines < kMostLines) return;
  log_.info(fmt::format("further tasks of {} that end badly are only counted for {} seconds",
                        to_string(player), kPeriod.count()));
}

void TaskLog::tell_unsaid(ObjectId player, const Recent& recent) {
  if (recent.unsaid == 0) return;
  log_.info(fmt::format("{} further tasks of {} ended badly", recent.unsaid, to_string(player)));
}

}  // namespace cosmoo
