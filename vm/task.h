// A task: one run of in-world code, in no language's terms.
//
// The scheduler owns tasks; a language owns how one runs, behind Execution. Everything here lives
// on the event loop's thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "vm/value.h"

namespace cosmoo {

using Clock = std::chrono::steady_clock;
using TaskId = std::int64_t;

enum class TaskState {
  queued,     ///< ready: runs as soon as its turn comes
  running,    ///< the one that runs now
  suspended,  ///< until a time, or until resume()
  waiting,    ///< for a job or for input
};

/// Names one wait of one task. A completion that comes after the task was killed, or a second time,
/// has a stale ticket and does nothing.
struct Ticket {
  TaskId task = 0;
  std::uint32_t wait = 0;
  bool operator==(const Ticket&) const = default;
};

/// Why a task stopped running for now, and what may wake it.
struct Wait {
  enum class Kind {
    timer,   ///< suspend(seconds), and a fork that has not begun: `until` or resume()
    resume,  ///< suspend(): only resume()
    job,     ///< something executes outside; only its completion wakes the task
    read     ///< a line of input
  };
  Kind kind = Kind::resume;
  Clock::time_point until{};      ///< Kind::timer only.
  std::string label;              ///< "exec sleep": what queued_tasks() shows of a job.
  std::function<void()> on_kill;  ///< Ends what is waited for, when the task is killed meanwhile.
};

/// One level of a task's calls, as callers(), task_stack() and tracebacks show it.
struct Frame {
  ObjectId this_object = kNothing;
  std::string verb;
  ObjectId programmer = kNothing;
  ObjectId definer = kNothing;
  ObjectId player = kNothing;
  int line = 0;
};

/// {this, verb name, programmer, verb location, player, line}
Value as_value(const Frame& frame);
/// A list of those.
Value as_value(const std::vector<Frame>& calls);

/// What a script used up when it was ended for it.
enum class Budget { ticks, seconds, memory };

struct Finished {
  Value value;
};
/// An error nobody caught. The traceback's lines are ready to show, innermost call first.
struct Failed {
  Value error;
  std::vector<std::string> traceback;
  std::vector<Frame> calls{};  ///< Innermost first.
};
/// Ended by the engine; no script could catch it. `message` says which budget and where.
struct Aborted {
  std::optional<Budget> budget;  ///< none: the task was killed
  std::string message;
  std::vector<std::string> traceback;
  std::vector<Frame> calls{};  ///< Innermost first.
};
/// How one slice of a task ended.
using Step = std::variant<Finished, Failed, Aborted, Wait>;

/// What a task is woken with: a value, or an error to raise at the place where it waited.
using Resumption = std::variant<Value, Error, ErrorValue>;

struct Task;

/// A language's half of a task. Destroying it abandons the code where it stands.
class Execution {
 public:
  virtual ~Execution() = default;
  /// Runs from the start, or on from the last wait, to the next end of a slice.
  virtual Step run(Task& task, Resumption with) = 0;
  /// The calls it is in, innermost first and no more than `most`; while it does not run.
  virtual std::vector<Frame> stack(std::size_t most) const = 0;
  /// Bytes that the language holds for it.
  virtual std::size_t bytes() const = 0;
  /// Bytes of scripts' memory that it may keep alive besides what its slices were charged, because
  /// the task that forked it had them.
  virtual std::int64_t inherited_bytes() const { return 0; }
  /// Whether it will be there again after a restart: a planned call that has not begun.
  virtual bool planned() const { return false; }
  /// kill_task() ends it before it has begun: what is planned is forgotten.
  virtual void cancel() {}
};

/// A command's task until it waits; forks, and whatever has waited.
enum class Ground { foreground, background };

/// What one slice may use. A slice begins when a task starts to run and ends when it waits.
struct Slice {
  std::int64_t ticks = 0;
  std::chrono::duration<double> seconds{0};
};

struct Task {
  TaskId id = 0;
  ObjectId player = kNothing;  ///< Who is told of what happens to it: whose command it was.
  ObjectId owner = kNothing;   ///< Whose permissions it waits with: who may resume and kill it.
  bool background = false;     ///< Forked, or suspended at least once.
  bool begun = false;          ///< Has run a slice.
  bool reports = false;        ///< Tells of another task's end, or was forked by one that does.
  Slice budget;                ///< Of the slice that runs or ran last; the scheduler sets it.
  Clock::time_point slice_began{};
  TaskState state = TaskState::queued;
  Clock::time_point started_at{};
  Wait wait;  ///< While suspended or waiting.
  std::uint32_t wait_number = 0;
  Resumption pending = Value();  ///< What it is woken with, while queued.
  std::unique_ptr<Execution> execution;
  /// Memory the task's slices have been charged so far, in bytes (the Lua engine's account).
  std::int64_t memory_charged = 0;
  /// What its owner is counted for it while it does not run; the scheduler's.
  std::int64_t memory_counted = 0;
  bool killed = false;  ///< kill_task() on the running task: it ends at its next builtin or tick.
};

}  // namespace cosmoo
