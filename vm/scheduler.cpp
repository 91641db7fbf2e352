#include "vm/scheduler.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace cosmoo {
namespace {

constexpr std::chrono::milliseconds kTurn{2};
// Timers are looked at once in so many slices, so that a clock read does not cost each of them.
constexpr int kSlicesBetweenClocks = 16;

bool waits(TaskState state) { return state == TaskState::suspended || state == TaskState::waiting; }

bool has_timer(const Task& task) {
  return task.state == TaskState::suspended && task.wait.kind == Wait::Kind::timer;
}

}  // namespace

Scheduler::Scheduler(SchedulerLimits limits) : limits_(limits) {}

Scheduler::~Scheduler() { kill_all(); }

std::unique_ptr<Task> Scheduler::make(ObjectId player, ObjectId owner,
                                      std::unique_ptr<Execution> execution, Ground ground) {
  auto task = std::make_unique<Task>();
  task->id = ++last_id_;
  task->player = player;
  task->owner = owner;
  task->background = ground == Ground::background;
  task->started_at = Clock::now();
  task->execution = std::move(execution);
  return task;
}

Task& Scheduler::add(ObjectId player, ObjectId owner, std::unique_ptr<Execution> execution,
                     Ground ground) {
  auto task = make(player, owner, std::move(execution), ground);
  Task& added = *task;
  tasks_.emplace(added.id, std::move(task));
  return added;
}

Result<TaskId> Scheduler::start(ObjectId player, ObjectId owner,
                                std::unique_ptr<Execution> execution, Ground ground,
                                std::optional<std::chrono::duration<double>> delay) {
  if (auto allowed = may_wait(owner); !allowed) return tl::unexpected(allowed.error());
  Task& task = add(player, owner, std::move(execution), ground);
  if (delay && delay->count() > 0) {
    Wait wait;
    wait.kind = Wait::Kind::timer;
    wait.until = Clock::now() + std::chrono::duration_cast<Clock::duration>(*delay);
    begin_wait(task, std::move(wait));
  } else {
    make_ready(task, Value());
  }
  return task.id;
}

void Scheduler::run_now(ObjectId player, ObjectId owner, std::unique_ptr<Execution> execution) {
  Task& task = add(player, owner, std::move(execution), Ground::foreground);
  if (running_ != nullptr) {
    make_ready(task, Value());
  } else {
    run_slice(task);
  }
}

void Scheduler::make_ready(Task& task, Resumption with) {
  task.state = TaskState::queued;
  task.pending = std::move(with);
  ready_.push_back(task.id);
  if (running_ == nullptr && wake_) wake_();
}

bool Scheduler::run_ready() {
  const auto turn_ends = Clock::now() + kTurn;
  wake_due(Clock::now());
  int slices = 0;
  while (ready_head_ < ready_.size()) {
    const auto it = tasks_.find(ready_[ready_head_++]);
    // Killed meanwhile, or here a second time after a kill and a new wait: not ours to run.
    if (it == tasks_.end() || it->second->state != TaskState::queued) continue;
    run_slice(*it->second);
    if (++slices % kSlicesBetweenClocks == 0) {
      const auto now = Clock::now();
      wake_due(now);
      if (now >= turn_ends) break;
    }
  }
  if (ready_head_ == ready_.size()) {
    ready_.clear();
    ready_head_ = 0;
  } else if (ready_head_ > 1024) {
    ready_.erase(ready_.begin(), ready_.begin() + static_cast<std::ptrdiff_t>(ready_head_));
    ready_head_ = 0;
  }
  return !ready_.empty();
}

void Scheduler::run_slice(Task& task) {
  task.state = TaskState::running;
  task.begun = true;
  task.budget = task.background ? limits_.background : limits_.foreground;
  running_ = &task;
  Step step = task.execution->run(task, std::exchange(task.pending, Value()));
  running_ = nullptr;
  if (auto* wait = std::get_if<Wait>(&step); wait != nullptr && !task.killed) {
    task.background = true;
    begin_wait(task, std::move(*wait));
  } else if (wait != nullptr) {
    if (wait->on_kill) wait->on_kill();
    finish(task, Aborted{});
  } else {
    finish(task, std::move(step));
  }
  if (ready_head_ < ready_.size() && wake_) wake_();
}

void Scheduler::begin_wait(Task& task, Wait wait) {
  ++task.wait_number;
  task.wait = std::move(wait);
  task.state = task.wait.kind == Wait::Kind::timer || task.wait.kind == Wait::Kind::resume
                   ? TaskState::suspended
                   : TaskState::waiting;
  ++waiting_of_[task.owner];
  if (has_timer(task)) {
    const bool soonest = timers_.empty() || task.wait.until < timers_.front().at;
    timers_.push_back({task.wait.until, {task.id, task.wait_number}});
    std::push_heap(timers_.begin(), timers_.end(), std::greater<>());
    if (soonest && running_ == nullptr && wake_) wake_();
  }
}

void Scheduler::leave_wait(Task& task) {
  assert(waits(task.state));
  task.state = TaskState::queued;
  task.wait.on_kill = nullptr;
  const auto it = waiting_of_.find(task.owner);
  if (--it->second == 0) waiting_of_.erase(it);
}

// Ends a wait before its time: a timer that was set for it stays in the heap, stale.
void Scheduler::break_wait(Task& task) {
  const bool had_timer = has_timer(task);
  leave_wait(task);
  if (had_timer) {
    ++stale_timers_;
    drop_stale_timers();
  }
}

void Scheduler::wake_due(Clock::time_point now) {
  while (!timers_.empty() && timers_.front().at <= now) {
    const Timer timer = timers_.front();
    std::pop_heap(timers_.begin(), timers_.end(), std::greater<>());
    timers_.pop_back();
    const auto it = tasks_.find(timer.ticket.task);
    if (it == tasks_.end() || it->second->wait_number != timer.ticket.wait ||
        !has_timer(*it->second)) {
      --stale_timers_;
      continue;
    }
    leave_wait(*it->second);
    make_ready(*it->second, Value());
  }
}

// Killed tasks leave their timers behind; when those are the larger part, the heap is made anew.
void Scheduler::drop_stale_timers() {
  if (stale_timers_ < 1024 || stale_timers_ * 2 < timers_.size()) return;
  std::erase_if(timers_, [this](const Timer& timer) {
    const auto it = tasks_.find(timer.ticket.task);
    return it == tasks_.end() || it->second->wait_number != timer.ticket.wait ||
           !has_timer(*it->second);
  });
  std::make_heap(timers_.begin(), timers_.end(), std::greater<>());
  stale_timers_ = 0;
}

void Scheduler::finish(Task& task, Step step) {
  const auto it = tasks_.find(task.id);
  const std::unique_ptr<Task> ended = std::move(it->second);
  tasks_.erase(it);
  ended->execution.reset();
  if (on_end_ && !std::holds_alternative<Finished>(step)) on_end_(*ended, step);
}

std::optional<Clock::time_point> Scheduler::next_deadline() const {
  if (timers_.empty()) return std::nullopt;
  return timers_.front().at;
}

Ticket Scheduler::next_ticket() const {
  assert(running_ != nullptr);
  return {running_->id, running_->wait_number + 1};
}

void Scheduler::complete(Ticket ticket, Resumption with) {
  const auto it = tasks_.find(ticket.task);
  if (it == tasks_.end()) return;
  Task& task = *it->second;
  if (task.state != TaskState::waiting || task.wait_number != ticket.wait) return;
  leave_wait(task);
  make_ready(task, std::move(with));
}

Result<void> Scheduler::resume(TaskId id, Resumption with, ObjectId by, Authority authority) {
  const auto it = tasks_.find(id);
  const std::string name = "task " + std::to_string(id);
  if (it == tasks_.end()) return fail(ErrorCode::invarg, "there is no " + name);
  Task& task = *it->second;
  if (authority == Authority::owner && task.owner != by) {
    return fail(ErrorCode::perm, name + " belongs to " + to_string(task.owner));
  }
  if (task.state == TaskState::queued && task.begun) {
    task.pending = std::move(with);
    return {};
  }
  if (task.state != TaskState::suspended || !task.begun) {
    return fail(ErrorCode::invarg, name + " is not suspended: only suspend() can be resumed");
  }
  break_wait(task);
  make_ready(task, std::move(with));
  return {};
}

Result<void> Scheduler::kill(TaskId id, ObjectId by, Authority authority) {
  const auto it = tasks_.find(id);
  const std::string name = "task " + std::to_string(id);
  if (it == tasks_.end() || it->second->killed) {
    return fail(ErrorCode::invarg, "there is no " + name);
  }
  Task& task = *it->second;
  if (authority == Authority::owner && task.owner != by) {
    return fail(ErrorCode::perm, name + " belongs to " + to_string(task.owner));
  }
  if (&task == running_) {
    task.killed = true;
    return {};
  }
  if (waits(task.state)) {
    const auto on_kill = std::exchange(task.wait.on_kill, nullptr);
    break_wait(task);
    if (on_kill) on_kill();
  }
  tasks_.erase(id);
  return {};
}

void Scheduler::kill_all() {
  std::vector<TaskId> ids;
  for (const auto& [id, task] : tasks_) ids.push_back(id);
  for (const TaskId id : ids) (void)kill(id, kNothing, Authority::wizard);
}

const Task* Scheduler::find(TaskId id) const {
  const auto it = tasks_.find(id);
  return it == tasks_.end() ? nullptr : it->second.get();
}

std::vector<TaskView> Scheduler::list(std::optional<ObjectId> owner) const {
  std::vector<TaskView> views;
  const auto now = Clock::now();
  for (const auto& [id, task] : tasks_) {
    if (task.get() == running_ || (owner && task->owner != *owner)) continue;
    TaskView view{id,
                  task->player,
                  task->owner,
                  task->state,
                  task->wait.kind,
                  {},
                  task->wait.label,
                  {},
                  sizeof(Task) + task->execution->bytes()};
    if (has_timer(*task)) {
      view.wakes_in_s = std::chrono::duration<double>(task->wait.until - now).count();
    }
    if (auto stack = task->execution->stack(); !stack.empty()) view.frame = stack.front();
    views.push_back(std::move(view));
  }
  std::sort(views.begin(), views.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  return views;
}

Result<void> Scheduler::may_wait(ObjectId owner) const {
  const auto it = waiting_of_.find(owner);
  if (it == waiting_of_.end() || it->second < limits_.tasks_per_player) return {};
  return fail(ErrorCode::quota, to_string(owner) + " has " + std::to_string(it->second) +
                                    " tasks waiting, which is the limit");
}

}  // namespace cosmoo
