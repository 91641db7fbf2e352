// Who runs when: the ready queue, the timers, and what a task waits for.
//
// Rules
//  1. One task runs at a time and is never preempted by another; run_ready() gives the event loop
//     its turn back after `kTurn`.
//  2. A task wakes once for each wait: by the first of completion, resume, timer or kill.
//  3. The scheduler knows no clock source of its own and no event loop: the owner calls run_ready()
//     when wake() asked for it or next_deadline() has come.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "vm/task.h"

namespace cosmoo {

/// A task as queued_tasks() and @tasks see it.
struct TaskView {
  TaskId id;
  ObjectId player;
  ObjectId owner;
  TaskState state;
  Wait::Kind wait_kind;              ///< If suspended or waiting.
  std::optional<double> wakes_in_s;  ///< Seconds until its timer; none: no timer.
  std::string label;                 ///< Of a job.
  Frame frame;                       ///< Its innermost call.
  std::size_t bytes;
};

struct SchedulerLimits {
  Slice foreground{60'000, std::chrono::duration<double>(5)};
  Slice background{30'000, std::chrono::duration<double>(3)};
  std::size_t tasks_per_player = 100'000;  ///< Waiting ones; the next fork or suspend is E_QUOTA.
};

class Scheduler {
 public:
  /// Called on every end of a task that is not a plain return; tells the player, writes the log.
  using OnEnd = std::function<void(const Task&, const Step&)>;

  explicit Scheduler(SchedulerLimits limits);
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  /// `wake` is called when there is something to run and run_ready() is not running: the owner
  /// arranges a call of run_ready() soon.
  void on_wake(std::function<void()> wake) { wake_ = std::move(wake); }
  void on_end(OnEnd on_end) { on_end_ = std::move(on_end); }

  enum class Ground { foreground, background };

  /// Queues a new task behind those that are ready, or for later. E_QUOTA over the owner's limit.
  Result<TaskId> start(ObjectId player, ObjectId owner, std::unique_ptr<Execution> execution,
                       Ground ground, std::optional<std::chrono::duration<double>> delay = {});

  /// Runs a new foreground task at once, before the call returns, unless a task runs already.
  void run_now(ObjectId player, ObjectId owner, std::unique_ptr<Execution> execution);

  /// Runs what is ready, for a turn at most. True: more is ready.
  bool run_ready();
  /// When the next timer is due.
  std::optional<Clock::time_point> next_deadline() const;

  /// The ticket for the wait that the running task is about to begin.
  Ticket next_ticket() const;
  /// Ends a wait of kind job or read. Stale tickets are ignored.
  void complete(Ticket ticket, Resumption with);
  /// resume(id, value): E_INVARG unless it is suspended, E_PERM unless `by` owns it or is a wizard.
  enum class Authority { owner, wizard };
  Result<void> resume(TaskId id, Resumption with, ObjectId by, Authority authority);
  /// kill_task(id). The running task may kill itself: it then ends at once.
  Result<void> kill(TaskId id, ObjectId by, Authority authority);
  /// Every task, for shutdown; nobody is told.
  void kill_all();

  const Task* find(TaskId id) const;
  const Task* running() const { return running_; }
  /// The waiting tasks, by id: of one owner, or all.
  std::vector<TaskView> list(std::optional<ObjectId> owner = {}) const;
  std::size_t size() const { return tasks_.size(); }
  /// How many tasks of `owner` wait, and whether one more may (E_QUOTA).
  Result<void> may_wait(ObjectId owner) const;

  const SchedulerLimits& limits() const { return limits_; }

 private:
  struct Timer {
    Clock::time_point at;
    Ticket ticket;
    bool operator>(const Timer& other) const { return at > other.at; }
  };

  Task& add(ObjectId player, ObjectId owner, std::unique_ptr<Execution> execution, Ground ground);
  std::unique_ptr<Task> make(ObjectId player, ObjectId owner, std::unique_ptr<Execution> execution,
                             Ground ground);
  void make_ready(Task& task, Resumption with);
  void run_slice(Task& task);
  void begin_wait(Task& task, Wait wait);
  void finish(Task& task, Step step);
  void wake_due(Clock::time_point now);
  void drop_stale_timers();
  void leave_wait(Task& task);
  void break_wait(Task& task);

  SchedulerLimits limits_;
  std::function<void()> wake_;
  OnEnd on_end_;
  std::unordered_map<TaskId, std::unique_ptr<Task>> tasks_;
  std::vector<TaskId> ready_;  // FIFO: ready_head_ is the next
  std::size_t ready_head_ = 0;
  std::vector<Timer> timers_;  // a heap, soonest on top; stale entries are skipped
  std::size_t stale_timers_ = 0;
  std::unordered_map<ObjectId, std::size_t> waiting_of_;
  Task* running_ = nullptr;
  TaskId last_id_ = 0;
};

}  // namespace cosmoo
