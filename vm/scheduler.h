// Who runs when: the ready queue, the timers, and what a task waits for.
//
// Rules
//  1. One task runs at a time and is never preempted by another; run_ready() gives the event loop
//     its turn back after `kTurn`, or after one slice that is longer. Owners of tasks that are
//     ready take turns.
//  2. A task wakes once for each wait: by the first of completion, resume, timer or kill.
//  3. A task in its last slice (see interrupt_all) cannot wait: whoever would let it raises
//  E_INTRPT.
//  4. The scheduler knows no clock source of its own and no event loop: the owner calls run_ready()
//     when wake() asked for it or next_deadline() has come.
#pragma once

#include <boost/unordered/unordered_flat_set.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "vm/ready_queue.h"
#include "vm/task.h"

namespace cosmoo {

/// A task as queued_tasks() and @tasks see it.
struct TaskView {
  TaskId id;
  ObjectId player;
  ObjectId owner;
  TaskState state;
  Wait::Kind wait_kind;                    ///< If suspended or waiting.
  std::optional<Clock::time_point> wakes;  ///< When its timer is due; none: no timer.
  bool begun;
  bool planned;       ///< Not begun, and there again after a restart.
  std::string label;  ///< Of a job.
  Frame frame;        ///< Its innermost call.
  std::size_t bytes;
};

struct SchedulerLimits {
  Slice foreground{60'000, std::chrono::duration<double>(5)};
  Slice background{30'000, std::chrono::duration<double>(3)};
  std::size_t tasks_per_player = 100'000;  ///< Waiting ones; the next fork or suspend is E_QUOTA.
};

/// What one player may use, where that is not what everybody may.
class Allowances {
 public:
  virtual ~Allowances() = default;
  virtual Slice slice(ObjectId who, Ground ground, Slice usual) const = 0;
  virtual std::size_t tasks(ObjectId who, std::size_t usual) const = 0;
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
  /// Asked for each slice and each wait; outlives the scheduler's tasks.
  void use(const Allowances& allowances) { allowances_ = &allowances; }
  /// Asked before one more task of an owner waits, while memory_of() it; E_QUOTA to refuse.
  void ask_for_memory(std::function<Result<void>(ObjectId)> may_keep) {
    may_keep_ = std::move(may_keep);
  }
  /// Tasks are numbered on from `last`, which is kept elsewhere and outlives the scheduler.
  void count_in(TaskId& last) { last_id_ = &last; }

  using Ground = cosmoo::Ground;
  using Delay = std::chrono::duration<double>;

  /// Takes the next id, for start() or restore().
  TaskId next_id() { return ++*last_id_; }
  /// Queues a new task behind those that are ready, or for later. E_QUOTA over the owner's limit;
  /// E_INTRPT after interrupt_all(), unless it is a planned call, which then is for the next
  /// server.
  Result<TaskId> start(ObjectId player, ObjectId owner, std::unique_ptr<Execution> execution,
                       Ground ground, std::optional<Delay> delay = {}, TaskId id = 0);
  /// A planned call that was read from the world's file; the limit was looked at when it was
  /// forked.
  void restore(TaskId id, ObjectId player, ObjectId owner, std::unique_ptr<Execution> execution,
               Delay delay);

  /// Runs a new foreground task at once, before the call returns, unless a task runs already. What
  /// it returned, if it ended by that. One that reports another's end is marked so, and its forks.
  enum class Purpose { command, report };
  std::optional<Value> run_now(ObjectId player, ObjectId owner,
                               std::unique_ptr<Execution> execution,
                               Purpose purpose = Purpose::command);

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
  /// For the server's end: each task that has begun gets a last slice, a short one, and E_INTRPT
  /// where it waits; its job is ended. What has not begun, or `until` overtakes, is dropped.
  /// `tell` is called for each of both, before. Planned calls stay planned. From then on nothing
  /// can wait.
  void interrupt_all(Clock::time_point until, const std::function<void(const Task&)>& tell);
  bool interrupted() const { return until_.has_value(); }
  /// Drops every task; nobody is told, and planned calls stay planned.
  void kill_all();

  const Task* find(TaskId id) const;
  const Task* running() const { return running_; }
  /// The tasks that wait or are ready, by id: of one owner, or all; no more than `most`.
  std::vector<TaskView> list(std::optional<ObjectId> owner, std::size_t most) const;
  /// How many those are.
  std::size_t count(std::optional<ObjectId> owner) const;
  /// What those of one owner hold, in bytes, by what their slices were charged.
  std::int64_t memory_of(ObjectId owner) const;
  std::size_t size() const { return tasks_.size(); }
  /// Whether one more task of `owner` may wait, for their number and memory (E_QUOTA), and any at
  /// all (E_INTRPT).
  Result<void> may_wait(ObjectId owner) const;

  const SchedulerLimits& limits() const { return limits_; }

 private:
  struct Timer {
    Clock::time_point at;
    Ticket ticket;
    bool operator>(const Timer& other) const {
      return at != other.at ? at > other.at : ticket.task > other.ticket.task;
    }
  };

  Task& add(TaskId id, ObjectId player, ObjectId owner, std::unique_ptr<Execution> execution,
            Ground ground);
  void queue(Task& task, std::optional<Delay> delay);
  void make_ready(Task& task, Resumption with);
  Slice slice_of(const Task& task) const;
  std::optional<Value> run_slice(Task& task);
  void begin_wait(Task& task, Wait wait);
  std::optional<Value> finish(Task& task, Step step);
  void last_slice(Task& task);
  void drop(Task& task);
  void enter_idle(Task& task);
  void leave_idle(Task& task);
  void wake_due(Clock::time_point now);
  void drop_stale_timers();
  void leave_wait(Task& task);
  void break_wait(Task& task);
  std::vector<TaskId> ids() const;

  SchedulerLimits limits_;
  std::function<void()> wake_;
  OnEnd on_end_;
  std::unordered_map<TaskId, std::unique_ptr<Task>> tasks_;
  ReadyQueue ready_;
  std::vector<Timer> timers_;  // a heap, soonest on top; stale entries are skipped
  std::size_t stale_timers_ = 0;
  bool timer_moved_ = false;  // the soonest timer is another one, and the owner does not know
  struct Idle {
    boost::unordered_flat_set<TaskId> tasks;
    std::int64_t memory = 0;
  };
  std::unordered_map<ObjectId, Idle> idle_of_;  // all but the running
  Task* running_ = nullptr;
  const Allowances* allowances_ = nullptr;
  std::function<Result<void>(ObjectId)> may_keep_;
  std::optional<Clock::time_point> until_;  // the last slices' end
  TaskId own_last_id_ = 0;
  TaskId* last_id_ = &own_last_id_;
};

}  // namespace cosmoo
