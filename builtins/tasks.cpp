// Tasks: waiting, waking, listing and ending them.
#include <limits>

#include "builtins/common.h"
#include "builtins/families.h"

namespace cosmoo {
namespace {

constexpr double kLongest = 1e9;
// What yin() wants to see left: MOO's numbers.
constexpr double kYieldTicks = 2000;
constexpr double kYieldSeconds = 2;
constexpr std::size_t kMostFrames = 200;

// Suspends for that long; without a number until resume().
Outcome suspend_for(Call& call, std::string_view builtin, const Value& seconds) {
  if (auto allowed = call.services().scheduler.may_wait(call.programmer()); !allowed) {
    return allowed.error();
  }
  Wait wait;
  if (!seconds.is_nil()) {
    if (!(seconds.number() >= 0 && seconds.number() <= kLongest)) {
      return Error(ErrorCode::invarg, std::string(builtin) + "(): " + to_literal(seconds) +
                                          " seconds are not possible");
    }
    wait.kind = Wait::Kind::timer;
    wait.until = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                    std::chrono::duration<double>(seconds.number()));
  }
  return wait;
}

Outcome suspend(Call& call) { return suspend_for(call, "suspend", call[0]); }

// yin([seconds [, least_ticks [, least_seconds]]])
Outcome yin(Call& call) {
  const Slice& whole = call.services().scheduler.limits().foreground;
  const auto least = [&](std::size_t index, double otherwise, double limit) -> Result<double> {
    if (!call.has(index)) return otherwise;
    const double number = call[index].number();
    if (number > 0 && number < limit) return number;
    return fail(ErrorCode::invarg,
                "yin(): " + to_literal(call[index]) + " is not between 0 and a command's budget");
  };
  const auto ticks = least(1, kYieldTicks, static_cast<double>(whole.ticks));
  if (!ticks) return ticks.error();
  const auto seconds = least(2, kYieldSeconds, whole.seconds.count());
  if (!seconds) return seconds.error();
  const Value pause = call.has(0) ? call[0] : Value(0);
  if (!(pause.number() >= 0 && pause.number() <= kLongest)) {
    return Error(ErrorCode::invarg, "yin(): " + to_literal(pause) + " seconds are not possible");
  }
  const Task& task = call.task();
  const double used = std::chrono::duration<double>(Clock::now() - task.slice_began).count();
  const bool enough = static_cast<double>(call.ticks_left()) >= *ticks &&
                      task.budget.seconds.count() - used >= *seconds;
  return enough ? Outcome(Value()) : suspend_for(call, "yin", pause);
}

Outcome resume(Call& call) {
  // An error is not returned but raised by the suspend() that is woken.
  Resumption with = call[1];
  if (call[1].type() == Value::Type::error) with = call[1].error();
  return outcome(call.services().scheduler.resume(call[0].integer(), std::move(with),
                                                  call.programmer(), authority(call)));
}

Outcome kill_task(Call& call) {
  return outcome(
      call.services().scheduler.kill(call[0].integer(), call.programmer(), authority(call)));
}

Outcome task_id(Call& call) { return Value(call.task().id); }

// --- queued_tasks

constexpr std::string_view kForked = "forked", kPlanned = "planned";

std::string_view state_text(const TaskView& task) {
  if (!task.begun) return task.planned ? kPlanned : kForked;
  if (task.state == TaskState::queued) return "ready";
  return task.state == TaskState::waiting && task.wait_kind == Wait::Kind::read ? "reading"
                                                                                : "suspended";
}

// MOO's second field: when it goes on, in seconds since 1970.
Value start_time(const TaskView& task) {
  constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
  using std::chrono::duration;
  const double now = duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  if (task.wakes) return Value(now + duration<double>(*task.wakes - Clock::now()).count());
  if (task.state == TaskState::queued) return Value(now);
  if (task.wait_kind == Wait::Kind::job) return Value(task.label);
  return Value(task.wait_kind == Wait::Kind::read ? -1 : kNever);
}

Value task_row(const TaskView& task) {
  return Value(List{Value(task.id), start_time(task), Value(state_text(task)), Value(task.player),
                    Value(task.frame.programmer), Value(task.frame.definer), Value(task.frame.verb),
                    Value(task.frame.line), Value(task.frame.this_object),
                    Value(static_cast<std::int64_t>(task.bytes))});
}

// queued_tasks([variables [, count [, most]]])
Outcome queued_tasks(Call& call) {
  const Scheduler& scheduler = call.services().scheduler;
  std::optional<ObjectId> owner;
  if (!call.services().world.is_wizard(call.programmer())) owner = call.programmer();
  const std::size_t count = scheduler.count(owner);
  if (is_on(call[0])) {
    return Error(ErrorCode::invarg, "queued_tasks(): the variables of tasks cannot be shown");
  }
  if (is_on(call[1])) return Value(static_cast<std::int64_t>(count));
  if (call.has(2) && call[2].integer() < 0) {
    return Error(ErrorCode::invarg, "queued_tasks(): " + to_literal(call[2]) + " tasks at most");
  }
  const std::size_t most =
      call.has(2) ? std::min(count, static_cast<std::size_t>(call[2].integer())) : count;
  // A row is a tick; to find the first ones costs a little of every task's.
  const auto ticks = static_cast<std::int64_t>(most + count / 100);
  if (ticks > call.ticks_left()) {
    return Error(ErrorCode::quota, "queued_tasks(): " + std::to_string(most) +
                                       " tasks take more ticks than are left; ask for fewer");
  }
  call.spend(ticks);
  List rows;
  rows.reserve(most);
  for (const TaskView& task : scheduler.list(owner, most)) rows.push_back(task_row(task));
  return Value(std::move(rows));
}

Outcome task_stack(Call& call) {
  const Scheduler& scheduler = call.services().scheduler;
  const Task* task = scheduler.find(call[0].integer());
  if (task == nullptr || task == scheduler.running()) {
    return Error(ErrorCode::invarg, "there is no waiting task " + to_literal(call[0]));
  }
  if (task->owner != call.programmer() && !call.services().world.is_wizard(call.programmer())) {
    return Error(ErrorCode::perm,
                 "task " + to_literal(call[0]) + " belongs to " + to_string(task->owner));
  }
  return as_value(task->execution->stack(kMostFrames));
}

}  // namespace

std::span<const Builtin> task_builtins() {
  using namespace types;
  static const Builtin kRows[] = {
      {"suspend",
       {{"seconds", kNumber}},
       0,
       Access::everyone,
       suspend,
       "anything",
       "Lets others run and goes on after that many seconds, or, without a number, when resume() "
       "is called. Returns what resume() gave. E_QUOTA if too many of your tasks wait."},
      {"resume",
       {{"task", kInteger}, {"value"}},
       1,
       Access::everyone,
       resume,
       "nothing",
       "Wakes a task that called suspend(): the call there returns the value, or raises it if it "
       "is "
       "an error. E_INVARG for a task that is not suspended or waits for a job or for input; "
       "E_PERM "
       "unless it is yours."},
      {"kill_task",
       {{"task", kInteger}},
       1,
       Access::everyone,
       kill_task,
       "nothing",
       "Ends a task, with what runs for it outside the world. E_INVARG if there is none; E_PERM "
       "unless it is yours, or the one that asks."},
      {"task_id", {}, 0, Access::everyone, task_id, "integer", "The number of the running task."},
      {"yin",
       {{"seconds", kNumber}, {"least_ticks", kNumber}, {"least_seconds", kNumber}},
       0,
       Access::everyone,
       yin,
       "nothing",
       "Suspends if the task has fewer ticks left than least_ticks (2000), or less time than "
       "least_seconds (2), for that many seconds (0): for loops that may be long. E_INVARG for a "
       "least that is not between 0 and a command's budget; E_QUOTA as for suspend()."},
      {"queued_tasks",
       {{"variables", kFlag}, {"count", kFlag}, {"most", kInteger}},
       0,
       Access::everyone,
       queued_tasks,
       "list of lists | integer",
       "Your waiting tasks, or all for a wizard, by id and no more than `most`: {id, start time, "
       "state, player, programmer, verb location, verb name, line, this, bytes}. The start time "
       "is when it goes on, in seconds since 1970; -1 if it reads input, a text if a job runs for "
       "it, math.maxinteger if only resume() wakes it. The state is \"planned\" (a fork of a "
       "verb that has not begun: it outlives the server), \"forked\" (a fork of a function that "
       "has not), \"ready\", \"suspended\" or \"reading\". queued_tasks(nil, true) is how "
       "many there are. Each row takes a tick; E_QUOTA if fewer ticks are left; E_INVARG if "
       "variables are asked for, which MOO has and this has not."},
      {"task_stack",
       {{"task", kInteger}, {"lines", kFlag}},
       1,
       Access::everyone,
       task_stack,
       "list of lists",
       "The calls that a waiting task is in, innermost first: {this, verb name, programmer, verb "
       "location, player, line}; the line is there always. E_INVARG, E_PERM as for kill_task()."},
  };
  return kRows;
}

}  // namespace cosmoo
