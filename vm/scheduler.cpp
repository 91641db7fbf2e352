#include "vm/scheduler.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace cosmoo {
namespace {

constexpr std::chrono::milliseconds kTurn{2};
// Of a task's last slice, and of slices after the last.
constexpr Scheduler::Delay kLastSlice{0.1};
constexpr Scheduler::Delay kLeastSlice{0.01};

bool waits(TaskState state) { return state == TaskState::suspended || state == TaskState::waiting; }

bool has_timer(const Task& task) {
  return task.state == TaskState::suspended && task.wait.kind == Wait::Kind::timer;
}

}  // namespace

Scheduler::Scheduler(SchedulerLimits limits) : limits_(limits) {}

Scheduler::~Scheduler() { kill_all(); }

Task& Scheduler::add(TaskId id, ObjectId player, ObjectId owner,
                     std::unique_ptr<Execution> execution, Ground ground) {
  auto task = std::make_unique<Task>();
  task->id = id;
  task->player = player;
  task->owner = owner;
  task->background = ground == Ground::background;
  task->reports = running_ != nullptr && running_->reports;
  task->started_at = Clock::now();
  task->execution = std::move(execution);
  Task& added = *task;
  tasks_.emplace(id, std::move(task));
  return added;
}

void Scheduler::queue(Task& task, std::optional<Delay> delay) {
  enter_idle(task);
  if (delay && delay->count() > 0) {
    Wait wait;
    wait.kind = Wait::Kind::timer;
    wait.until = Clock::now() + std::chrono::duration_cast<Clock::duration>(*delay);
    begin_wait(task, std::move(wait));
  } else {
    make_ready(task, Value());
  }
}

Result<TaskId> Scheduler::start(ObjectId player, ObjectId owner,
                                std::unique_ptr<Execution> execution, Ground ground,
                                std::optional<Delay> delay, TaskId id) {
  if (interrupted() && execution->planned()) return id;
  if (auto allowed = may_wait(owner); !allowed) return tl::unexpected(allowed.error());
  Task& task = add(id != 0 ? id : next_id(), player, owner, std::move(execution), ground);
  queue(task, delay);
  return task.id;
}

void Scheduler::restore(TaskId id, ObjectId player, ObjectId owner,
                        std::unique_ptr<Execution> execution, Delay delay) {
  queue(add(id, player, owner, std::move(execution), Ground::background), delay);
}

std::optional<Value> Scheduler::run_now(ObjectId player, ObjectId owner,
                                        std::unique_ptr<Execution> execution, Purpose purpose) {
  Task& task = add(next_id(), player, owner, std::move(execution), Ground::foreground);
  if (purpose == Purpose::report) task.reports = true;
  if (running_ != nullptr) {
    queue(task, {});
    return std::nullopt;
  }
  return run_slice(task);
}

void Scheduler::make_ready(Task& task, Resumption with) {
  task.state = TaskState::queued;
  task.pending = std::move(with);
  ready_.push(task.owner, task.id);
  if (running_ == nullptr && wake_) wake_();
}

bool Scheduler::run_ready() {
  timer_moved_ = false;  // the owner asks for the next deadline after this
  const auto turn_ends = Clock::now() + kTurn;
  wake_due(Clock::now());
  while (const auto next = ready_.pop()) {
    const auto it = tasks_.find(*next);
    // Killed meanwhile, or here a second time after a kill and a new wait: not ours to run.
    if (it == tasks_.end() || it->second->state != TaskState::queued) continue;
    leave_idle(*it->second);
    run_slice(*it->second);
    const auto now = Clock::now();
    wake_due(now);
    if (now >= turn_ends) break;
  }
  return !ready_.empty();
}

Slice Scheduler::slice_of(const Task& task) const {
  const Ground ground = task.background ? Ground::background : Ground::foreground;
  Slice slice = task.background ? limits_.background : limits_.foreground;
  // A command is its player's; what goes on in the background has the budget of whoever's
  // permissions it has, or a programmer could use a wizard's by being called for it.
  if (allowances_ != nullptr) {
    slice = allowances_->slice(task.background ? task.owner : task.player, ground, slice);
  }
  if (until_) {
    const Delay left = *until_ - Clock::now();
    slice.seconds = std::min(slice.seconds, std::clamp<Delay>(left, kLeastSlice, kLastSlice));
  }
  return slice;
}

std::optional<Value> Scheduler::run_slice(Task& task) {
  task.state = TaskState::running;
  task.begun = true;
  task.budget = slice_of(task);
  task.slice_began = Clock::now();
  running_ = &task;
  Step step = task.execution->run(task, std::exchange(task.pending, Value()));
  running_ = nullptr;
  std::optional<Value> value;
  if (auto* wait = std::get_if<Wait>(&step); wait != nullptr && !task.killed && !until_) {
    task.background = true;
    enter_idle(task);
    begin_wait(task, std::move(*wait));
  } else if (wait != nullptr) {
    if (wait->on_kill) wait->on_kill();
    finish(task, Aborted{});
  } else {
    value = finish(task, std::move(step));
  }
  if ((!ready_.empty() || timer_moved_) && wake_) wake_();
  return value;
}

void Scheduler::enter_idle(Task& task) {
  Idle& idle = idle_of_[task.owner];
  idle.tasks.insert(task.id);
  const std::int64_t kept = task.memory_charged + task.execution->inherited_bytes();
  task.memory_counted =
      std::max<std::int64_t>(kept, 0) + static_cast<std::int64_t>(task.execution->bytes());
  idle.memory += task.memory_counted;
}

void Scheduler::leave_idle(Task& task) {
  const auto it = idle_of_.find(task.owner);
  it->second.tasks.erase(task.id);
  it->second.memory -= task.memory_counted;
  if (it->second.tasks.empty()) idle_of_.erase(it);
}

void Scheduler::begin_wait(Task& task, Wait wait) {
  ++task.wait_number;
  task.wait = std::move(wait);
  task.state = task.wait.kind == Wait::Kind::timer || task.wait.kind == Wait::Kind::resume
                   ? TaskState::suspended
                   : TaskState::waiting;
  if (has_timer(task)) {
    const bool soonest = timers_.empty() || task.wait.until < timers_.front().at;
    timers_.push_back({task.wait.until, {task.id, task.wait_number}});
    std::push_heap(timers_.begin(), timers_.end(), std::greater<>());
    timer_moved_ = timer_moved_ || soonest;
    if (soonest && running_ == nullptr && wake_) wake_();
  }
}

void Scheduler::leave_wait(Task& task) {
  assert(waits(task.state));
  task.state = TaskState::queued;
  task.wait.on_kill = nullptr;
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

std::optional<Value> Scheduler::finish(Task& task, Step step) {
  const auto it = tasks_.find(task.id);
  const std::unique_ptr<Task> ended = std::move(it->second);
  tasks_.erase(it);
  ended->execution.reset();
  if (auto* finished = std::get_if<Finished>(&step)) return std::move(finished->value);
  if (on_end_) on_end_(*ended, step);
  return std::nullopt;
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
  if (&task == running_) {  // whoever runs in it could as well use up its budget
    task.killed = true;
    return {};
  }
  if (authority == Authority::owner && task.owner != by) {
    return fail(ErrorCode::perm, name + " belongs to " + to_string(task.owner));
  }
  if (!task.begun) task.execution->cancel();
  drop(task);
  return {};
}

void Scheduler::drop(Task& task) {
  leave_idle(task);
  if (waits(task.state)) {
    const auto on_kill = std::exchange(task.wait.on_kill, nullptr);
    break_wait(task);
    if (on_kill) on_kill();
  }
  tasks_.erase(task.id);
}

void Scheduler::interrupt_all(Clock::time_point until,
                              const std::function<void(const Task&)>& tell) {
  assert(running_ == nullptr);
  until_ = until;
  for (const TaskId id : ids()) {
    const auto it = tasks_.find(id);
    if (it == tasks_.end()) continue;  // killed by another's last slice
    Task& task = *it->second;
    if (!task.begun && task.execution->planned()) continue;
    tell(task);
    if (task.begun && Clock::now() < until) last_slice(task);
  }
  kill_all();
}

void Scheduler::last_slice(Task& task) {
  if (waits(task.state)) {
    const auto on_kill = std::exchange(task.wait.on_kill, nullptr);
    break_wait(task);
    if (on_kill) on_kill();
    task.pending = Error(ErrorCode::intrpt, "the server is shutting down");
  }
  leave_idle(task);
  run_slice(task);
}

void Scheduler::kill_all() {
  for (const TaskId id : ids()) {
    const auto it = tasks_.find(id);
    if (it != tasks_.end() && it->second.get() != running_) drop(*it->second);
  }
}

std::vector<TaskId> Scheduler::ids() const {
  std::vector<TaskId> ids;
  ids.reserve(tasks_.size());
  for (const auto& [id, task] : tasks_) ids.push_back(id);
  std::sort(ids.begin(), ids.end());
  return ids;
}

const Task* Scheduler::find(TaskId id) const {
  const auto it = tasks_.find(id);
  return it == tasks_.end() ? nullptr : it->second.get();
}

std::size_t Scheduler::count(std::optional<ObjectId> owner) const {
  if (!owner) return tasks_.size() - (running_ != nullptr ? 1 : 0);
  const auto it = idle_of_.find(*owner);
  return it == idle_of_.end() ? 0 : it->second.tasks.size();
}

std::int64_t Scheduler::memory_of(ObjectId owner) const {
  const auto it = idle_of_.find(owner);
  return it == idle_of_.end() ? 0 : it->second.memory;
}

std::vector<TaskView> Scheduler::list(std::optional<ObjectId> owner, std::size_t most) const {
  std::vector<TaskId> chosen;
  for (const auto& [whose, idle] : idle_of_) {
    if (!owner || whose == *owner) {
      chosen.insert(chosen.end(), idle.tasks.begin(), idle.tasks.end());
    }
  }
  most = std::min(most, chosen.size());
  const auto last = chosen.begin() + static_cast<std::ptrdiff_t>(most);
  std::partial_sort(chosen.begin(), last, chosen.end());
  chosen.erase(last, chosen.end());

  std::vector<TaskView> views;
  views.reserve(chosen.size());
  for (const TaskId id : chosen) {
    const Task& task = *tasks_.at(id);
    TaskView& view = views.emplace_back(TaskView{id,
                                                 task.player,
                                                 task.owner,
                                                 task.state,
                                                 task.wait.kind,
                                                 {},
                                                 task.begun,
                                                 task.execution->planned(),
                                                 task.wait.label,
                                                 {},
                                                 sizeof(Task) + task.execution->bytes()});
    if (has_timer(task)) view.wakes = task.wait.until;
    if (auto stack = task.execution->stack(1); !stack.empty()) {
      view.frame = std::move(stack.front());
    }
  }
  return views;
}

Result<void> Scheduler::may_wait(ObjectId owner) const {
  if (interrupted()) return fail(ErrorCode::intrpt, "the server is shutting down");
  const std::size_t limit = allowances_ != nullptr
                                ? allowances_->tasks(owner, limits_.tasks_per_player)
                                : limits_.tasks_per_player;
  const std::size_t tasks = count(owner);
  if (tasks < limit) return may_keep_ ? may_keep_(owner) : Result<void>();
  return fail(ErrorCode::quota, to_string(owner) + " has " + std::to_string(tasks) +
                                    " tasks waiting, which is the limit");
}

}  // namespace cosmoo
