// The tasks that are ready to run, so ordered that nobody's many hold up another's few.
#pragma once

#include <deque>
#include <optional>
#include <unordered_map>

#include "vm/task.h"

namespace cosmoo {

/// Owners take turns, one task each; among the tasks of one owner, first come is first served.
class ReadyQueue {
 public:
  void push(ObjectId owner, TaskId task);
  /// Takes the next one out; none when it is empty.
  std::optional<TaskId> pop();
  bool empty() const { return turns_.empty(); }

 private:
  std::unordered_map<ObjectId, std::deque<TaskId>> of_;  // none of them is empty
  std::deque<ObjectId> turns_;                           // the keys of of_, next one first
};

}  // namespace cosmoo
