// Tasks: waiting, waking, listing and ending them.
#include "builtins/common.h"
#include "builtins/families.h"

namespace cosmoo {
namespace {

constexpr double kLongest = 1e9;

Outcome suspend(Call& call) {
  if (auto allowed = call.services().scheduler.may_wait(call.programmer()); !allowed) {
    return allowed.error();
  }
  Wait wait;
  if (call.has(0)) {
    const double seconds = call[0].number();
    if (!(seconds >= 0 && seconds <= kLongest)) {
      return Error(ErrorCode::invarg,
                   "suspend(): " + to_literal(call[0]) + " seconds are not possible");
    }
    wait.kind = Wait::Kind::timer;
    wait.until = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                    std::chrono::duration<double>(seconds));
  }
  return wait;
}

Outcome resume(Call& call) {
  // An error is not returned but raised by the suspend() that is woken.
  Resumption with = call.size() > 1 ? call.take(1) : Value();
  if (const Value* value = std::get_if<Value>(&with);
      value != nullptr && value->type() == Value::Type::error) {
    Error error(value->error().code, value->error().message);
    with = std::move(error);
  }
  return outcome(call.services().scheduler.resume(call[0].integer(), std::move(with),
                                                  call.programmer(), authority(call)));
}

Outcome kill_task(Call& call) {
  return outcome(
      call.services().scheduler.kill(call[0].integer(), call.programmer(), authority(call)));
}

Outcome task_id(Call& call) { return Value(call.task().id); }

std::string_view state_text(const TaskView& task) {
  switch (task.state) {
    case TaskState::queued:
      return "ready";
    case TaskState::running:
      return "running";
    case TaskState::suspended:
    case TaskState::waiting:
      break;
  }
  return "suspended";
}

// When it goes on: seconds from now, what it waits for, or nil for suspend() without a time.
Value wakes_text(const TaskView& task) {
  if (task.wakes_in_s) return Value(std::max(0.0, *task.wakes_in_s));
  if (task.state == TaskState::queued) return Value(0.0);
  if (task.wait_kind == Wait::Kind::job) return Value(task.label);
  if (task.wait_kind == Wait::Kind::read) return Value("read");
  return Value("resume");
}

Outcome queued_tasks(Call& call) {
  std::optional<ObjectId> owner;
  if (!call.services().world.is_wizard(call.programmer())) owner = call.programmer();
  List rows;
  for (const TaskView& task : call.services().scheduler.list(owner)) {
    rows.emplace_back(List{Value(task.id), wakes_text(task), Value(state_text(task)),
                           Value(task.player), Value(task.frame.programmer),
                           Value(task.frame.definer), Value(task.frame.verb),
                           Value(task.frame.line), Value(task.frame.this_object),
                           Value(static_cast<std::int64_t>(task.bytes))});
  }
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
  List rows;
  for (const Frame& frame : task->execution->stack()) {
    rows.emplace_back(List{Value(frame.this_object), Value(frame.verb), Value(frame.programmer),
                           Value(frame.definer), Value(frame.player), Value(frame.line)});
  }
  return Value(std::move(rows));
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
       "unless it is yours."},
      {"task_id", {}, 0, Access::everyone, task_id, "integer", "The number of the running task."},
      {"queued_tasks",
       {},
       0,
       Access::everyone,
       queued_tasks,
       "list of lists",
       "Your waiting tasks, or all for a wizard: {id, wakes, state, player, programmer, verb "
       "location, verb name, line, this, bytes}. wakes is seconds from now, or what it waits for: "
       "a "
       "job's command, \"read\" or \"resume\"."},
      {"task_stack",
       {{"task", kInteger}},
       1,
       Access::everyone,
       task_stack,
       "list of lists",
       "The calls that a waiting task is in, innermost first: {this, verb name, programmer, verb "
       "location, player, line}. E_INVARG, E_PERM as for kill_task()."},
  };
  return kRows;
}

}  // namespace cosmoo
