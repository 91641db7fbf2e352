#include "server/commands.h"

#include "vm/plain_text.h"
#include "vm/world/command.h"

namespace cosmoo {

Commands::Commands(World& world, Scheduler& scheduler, Engine& engine, Connections& connections,
                   Log& log)
    : world_(world),
      scheduler_(scheduler),
      engine_(engine),
      connections_(connections),
      log_(log),
      ended_(log),
      huh_(world.symbols().intern("huh")),
      uncaught_error_(world.symbols().intern("handle_uncaught_error")),
      timeout_(world.symbols().intern("handle_task_timeout")) {}

void Commands::command(ObjectId player, std::string_view line) {
  const Object* const object = world_.find(player);
  if (object == nullptr) {  // recycled while connected
    connections_.boot(player);
    return;
  }
  if (line.find_first_not_of(' ') == std::string_view::npos) return;
  VerbCall call;
  call.player = player;
  call.command = parse_command(world_, player, line);
  if (const auto target = find_command_target(world_, player, call.command)) {
    call.verb = target->verb;
    call.this_object = target->object;
  } else if (const auto places = world_.find_verb(object->location, huh_)) {
    call.verb = *places;
    call.this_object = object->location;
  } else if (const auto players = world_.find_verb(player, huh_)) {
    call.verb = *players;
    call.this_object = player;
  } else {
    connections_.notify(player, "I couldn't understand that.");
    return;
  }
  call.name = call.command.verb;
  call.args.reserve(call.command.args.size());
  for (const std::string& word : call.command.args) call.args.emplace_back(word);
  run(std::move(call), Purpose::command);
}

std::optional<Value> Commands::run(VerbCall call, Purpose purpose) {
  const ObjectId player = call.player;
  const Verb* const verb = world_.verb(call.verb);
  const ObjectId owner = verb != nullptr ? verb->owner : player;
  auto execution = engine_.call(std::move(call));
  if (!execution) {
    connections_.notify(player, execution.error().message);
    return std::nullopt;
  }
  return scheduler_.run_now(player, owner, std::move(*execution), purpose);
}

void Commands::restore_planned() {
  const auto now = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::system_clock::now().time_since_epoch());
  const auto calls = world_.planned().in_order();
  for (const PlannedCall* call : calls) {
    scheduler_.restore(call->task, call->player, call->programmer, engine_.planned_call(call->task),
                       std::chrono::microseconds(call->due_us) - now);
  }
  if (!calls.empty()) log_.info(std::to_string(calls.size()) + " planned tasks go on");
}

// --- ends

namespace {

Value lines(const std::vector<std::string>& text) {
  List list;
  for (const std::string& line : text) list.emplace_back(line);
  return Value(std::move(list));
}

// code, message and value of what was raised; an error of Lua itself is a text, and its own code.
List error_parts(const Value& raised) {
  if (raised.type() != Value::Type::error) return {raised, Value(to_text(raised)), Value()};
  const ErrorValue& error = raised.error();
  return {Value(error.code), Value(error.message), error.value};
}

std::string_view name_of(Budget budget) {
  switch (budget) {
    case Budget::ticks:
      return "ticks";
    case Budget::seconds:
      return "seconds";
    case Budget::memory:
      break;
  }
  return "memory";
}

bool is_interruption(const Value& raised) {
  return raised.type() == Value::Type::error && raised.error().code == ErrorCode::intrpt;
}

}  // namespace

void Commands::task_ended(const Task& task, const Step& step) {
  if (const auto* failed = std::get_if<Failed>(&step)) {
    if (scheduler_.interrupted() && is_interruption(failed->error)) return;  // it was told
    List args = error_parts(failed->error);
    args.push_back(as_value(failed->calls));
    args.push_back(lines(failed->traceback));
    const bool silent = handled(task, uncaught_error_, std::move(args));
    show(task, "failed", failed->traceback, silent ? Show::log : Show::player);
  } else if (const auto* aborted = std::get_if<Aborted>(&step); aborted && aborted->budget) {
    const std::vector<std::string> text =
        aborted->traceback.empty() ? std::vector{aborted->message} : aborted->traceback;
    const bool silent = handled(
        task, timeout_, {Value(name_of(*aborted->budget)), as_value(aborted->calls), lines(text)});
    show(task, "was aborted", text, silent ? Show::log : Show::player);
  }
}

// A hook's own end is not reported to a hook, nor are its forks'.
bool Commands::handled(const Task& task, Symbol name, List args) {
  if (task.reports) return false;
  const auto verb = world_.find_verb(kSystem, name);
  if (!verb) return false;
  VerbCall call;
  call.verb = *verb;
  call.this_object = kSystem;
  call.player = task.player;
  call.name = world_.symbols().name_of(name);
  call.args = std::move(args);
  const auto value = run(std::move(call), Purpose::report);
  return value && value->truthy();
}

void Commands::show(const Task& task, std::string_view what,
                    const std::vector<std::string>& traceback, Show where) {
  // Who has not logged in is a stranger, whom the world's code is no business of.
  if (where == Show::player && task.player.number >= 0) {
    for (const std::string& line : traceback) {
      connections_.notify(task.player, plain_text(line));
    }
  }
  ended_.note(task.player, "task " + std::to_string(task.id) + " of " + to_string(task.player) +
                               " " + std::string(what) + ": " + printable(traceback.front()));
}

void Commands::task_interrupted(const Task& task) {
  constexpr int kMostTold = 20;
  const int told = ++interrupted_[task.player];
  if (told > kMostTold + 1) return;
  if (told == kMostTold + 1) {
    connections_.notify(task.player, "*** More of your tasks end. ***");
    return;
  }
  std::string where;
  if (const auto stack = task.execution->stack(1); !stack.empty()) {
    const Frame& frame = stack.front();
    where =
        " (" + (frame.definer == kNothing ? "" : to_string(frame.definer) + ":") + frame.verb + ")";
  }
  connections_.notify(task.player,
                      "*** Task " + std::to_string(task.id) + where + " ends with the server. ***");
}

}  // namespace cosmoo
