// What players type becomes tasks, and what goes wrong in tasks becomes text.
#pragma once

#include <unordered_map>

#include "server/log.h"
#include "server/sessions.h"
#include "server/task_log.h"
#include "vm/engine.h"

namespace cosmoo {

class Commands final : public Dispatcher {
 public:
  Commands(World& world, Scheduler& scheduler, Engine& engine, Connections& connections, Log& log);

  /// Runs the verb that the line means, or the verb `huh` of the player's location, or of
  /// the player.
  void command(ObjectId player, std::string_view line) override;
  /// For Scheduler::on_end: tells #0's verb `handle_uncaught_error` or `handle_task_timeout`;
  /// unless that returns true, shows the traceback to the task's player. Notes it in the log.
  void task_ended(const Task& task, const Step& step);
  /// For Scheduler::interrupt_all: tells the task's player that the server's end is its end.
  void task_interrupted(const Task& task);

  /// Makes the world's planned calls tasks again.
  void restore_planned();

 private:
  using Purpose = Scheduler::Purpose;
  std::optional<Value> run(VerbCall call, Purpose purpose);
  bool handled(const Task& task, Symbol name, List args);
  enum class Show { player, log };
  void show(const Task& task, std::string_view what, const std::vector<std::string>& traceback,
            Show where);

  World& world_;
  Scheduler& scheduler_;
  Engine& engine_;
  Connections& connections_;
  Log& log_;
  TaskLog ended_;
  const Symbol huh_, uncaught_error_, timeout_;
  std::unordered_map<ObjectId, int> interrupted_;  // how many tasks each player was told of
};

}  // namespace cosmoo
