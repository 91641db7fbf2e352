#include "server/commands.h"

#include "vm/world/command.h"

namespace cosmoo {

Commands::Commands(World& world, Scheduler& scheduler, Engine& engine, Connections& connections,
                   Log& log)
    : world_(world),
      scheduler_(scheduler),
      engine_(engine),
      connections_(connections),
      log_(log),
      huh_(world.symbols().intern("huh")) {}

void Commands::command(ObjectId player, std::string_view line) {
  const Object* const object = world_.find(player);
  if (object == nullptr) {  // recycled while connected
    connections_.boot(player);
    return;
  }
  VerbCall call;
  call.player = player;
  call.command = parse_command(world_, player, line);
  if (call.command.verb.empty()) return;
  if (const auto target = find_command_target(world_, player, call.command)) {
    call.verb = target->verb;
    call.this_object = target->object;
  } else if (const auto huh = world_.find_verb(object->location, huh_)) {
    call.verb = *huh;
    call.this_object = object->location;
  } else {
    connections_.notify(player, "I couldn't understand that.");
    return;
  }
  call.name = call.command.verb;
  call.args.reserve(call.command.args.size());
  for (const std::string& word : call.command.args) call.args.emplace_back(word);
  run(std::move(call));
}

void Commands::run(VerbCall call) {
  const ObjectId player = call.player;
  const Verb* const verb = world_.verb(call.verb);
  const ObjectId owner = verb != nullptr ? verb->owner : player;
  auto execution = engine_.call(std::move(call));
  if (!execution) {
    connections_.notify(player, execution.error().message);
    return;
  }
  scheduler_.run_now(player, owner, std::move(*execution));
}

void Commands::task_ended(const Task& task, const Step& step) {
  const auto show = [&](std::string_view what, const std::vector<std::string>& traceback) {
    // Who has not logged in is a stranger, whom the world's code is no business of.
    if (task.player.number >= 0) {
      for (const std::string& line : traceback) connections_.notify(task.player, line);
    }
    log_.info("task " + std::to_string(task.id) + " of " + to_string(task.player) + " " +
              std::string(what) +
              (traceback.empty() ? std::string() : ": " + printable(traceback.front())));
  };
  if (const auto* failed = std::get_if<Failed>(&step)) {
    show("failed", failed->traceback);
  } else if (const auto* aborted = std::get_if<Aborted>(&step); aborted && aborted->budget) {
    if (aborted->traceback.empty()) connections_.notify(task.player, aborted->message);
    show("was aborted: " + aborted->message, aborted->traceback);
  }
}

}  // namespace cosmoo
