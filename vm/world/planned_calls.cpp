#include "vm/world/planned_calls.h"

#include <algorithm>

namespace cosmoo {

void PlannedCalls::add(PlannedCall call) {
  const std::int64_t task = call.task;
  calls_.insert_or_assign(task, Entry{std::move(call)});
  dirty_.insert(task);
  note_();
}

std::optional<PlannedCall> PlannedCalls::take(std::int64_t task) {
  const auto it = calls_.find(task);
  if (it == calls_.end()) return std::nullopt;
  Entry entry = std::move(it->second);
  calls_.erase(it);
  if (entry.taken) {
    dirty_.insert(task);
    note_();
  } else {
    dirty_.erase(task);  // the file has never heard of it
  }
  return std::move(entry.call);
}

const PlannedCall* PlannedCalls::find(std::int64_t task) const {
  const auto it = calls_.find(task);
  return it == calls_.end() ? nullptr : &it->second.call;
}

std::vector<const PlannedCall*> PlannedCalls::in_order() const {
  std::vector<const PlannedCall*> order;
  order.reserve(calls_.size());
  for (const auto& [task, entry] : calls_) order.push_back(&entry.call);
  std::sort(order.begin(), order.end(), [](const PlannedCall* a, const PlannedCall* b) {
    return a->due_us != b->due_us ? a->due_us < b->due_us : a->task < b->task;
  });
  return order;
}

std::vector<PlannedCalls::Change> PlannedCalls::take_changes() {
  std::vector<Change> changes;
  changes.reserve(dirty_.size());
  for (const std::int64_t task : dirty_) {
    Change& change = changes.emplace_back(Change{task, std::nullopt});
    const auto it = calls_.find(task);
    if (it == calls_.end()) continue;
    it->second.taken = true;
    change.call = it->second.call;
  }
  dirty_.clear();
  return changes;
}

void PlannedCalls::load(PlannedCall call) {
  const std::int64_t task = call.task;
  calls_.insert_or_assign(task, Entry{std::move(call), true});
}

}  // namespace cosmoo
