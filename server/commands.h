// What players type becomes tasks, and what goes wrong in tasks becomes text.
#pragma once

#include "server/log.h"
#include "server/sessions.h"
#include "vm/engine.h"

namespace cosmoo {

class Commands final : public Dispatcher {
 public:
  Commands(World& world, Scheduler& scheduler, Engine& engine, Connections& connections, Log& log);

  /// Runs the verb that the line means, or the verb `huh` of the player's location.
  void command(ObjectId player, std::string_view line) override;
  /// For Scheduler::on_end: shows tracebacks to the task's player, and notes them in the log.
  void task_ended(const Task& task, const Step& step);

 private:
  void run(VerbCall call);

  World& world_;
  Scheduler& scheduler_;
  Engine& engine_;
  Connections& connections_;
  Log& log_;
  const Symbol huh_;
};

}  // namespace cosmoo
