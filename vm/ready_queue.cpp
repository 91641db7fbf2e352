#include "vm/ready_queue.h"

namespace cosmoo {

void ReadyQueue::push(ObjectId owner, TaskId task) {
  auto& tasks = of_[owner];
  if (tasks.empty()) turns_.push_back(owner);
  tasks.push_back(task);
}

std::optional<TaskId> ReadyQueue::pop() {
  if (turns_.empty()) return std::nullopt;
  const ObjectId owner = turns_.front();
  turns_.pop_front();
  const auto it = of_.find(owner);
  const TaskId task = it->second.front();
  it->second.pop_front();
  if (it->second.empty()) {
    of_.erase(it);
  } else {
    turns_.push_back(owner);
  }
  return task;
}

}  // namespace cosmoo
