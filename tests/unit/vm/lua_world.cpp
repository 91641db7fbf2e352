#include "tests/unit/vm/lua_world.h"

namespace cosmoo {
namespace {

using namespace types;

// tell(value): what a script says, for the test to read.
Outcome tell(Call& call) {
  call.services().told.push_back(to_text(call[0]));
  return Value();
}

// later(): waits until the test completes the ticket.
Outcome later(Call& call) {
  call.services().tickets.push_back(call.ticket());
  Wait wait;
  wait.kind = Wait::Kind::job;
  wait.label = "later";
  wait.on_kill = [services = &call.services()] { services->told.push_back("killed"); };
  return wait;
}

Outcome suspend(Call& call) {
  if (auto may = call.services().scheduler->may_wait(call.programmer()); !may) return may.error();
  Wait wait;
  if (call.has(0)) {
    wait.kind = Wait::Kind::timer;
    wait.until = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                    std::chrono::duration<double>(call[0].number()));
  }
  return wait;
}

Outcome wizards_only(Call&) { return Value("done"); }

Outcome kill_me(Call& call) {
  return outcome(call.services().scheduler->kill(call.task().id, call.programmer(),
                                                 Scheduler::Authority::wizard));
}

Outcome echo(Call& call) { return call.take(0); }

const Builtin kRows[] = {
    {"tell", {{"value"}}, 1, Access::everyone, tell, "nothing", ""},
    {"later", {}, 0, Access::everyone, later, "anything", ""},
    {"suspend", {{"seconds", kNumber}}, 0, Access::everyone, suspend, "anything", ""},
    {"wizards_only", {}, 0, Access::wizard, wizards_only, "string", ""},
    {"kill_me", {}, 0, Access::everyone, kill_me, "nothing", ""},
    {"family.echo", {{"value"}}, 1, Access::everyone, echo, "anything", ""},
    {"takes_text",
     {{"text", kString}, {"count", kInteger}},
     1,
     Access::everyone,
     echo,
     "string",
     ""},
};

}  // namespace

LuaWorld::LuaWorld(SchedulerLimits limits, LuaOptions options) : scheduler(limits) {
  services.scheduler = &scheduler;
  for (int i = 0; i < 4; ++i) {
    std::vector<ObjectId> parents;
    if (i >= 2) parents.push_back(ObjectId{1});
    REQUIRE(world.create(parents, ObjectId{2}).has_value());
  }
  REQUIRE(world.set_flag(ObjectId{2}, kWizard, true).has_value());
  REQUIRE(world.set_flag(ObjectId{2}, kProgrammer, true).has_value());
  REQUIRE(world.set_flag(ObjectId{3}, kProgrammer, true).has_value());
  REQUIRE(world.set_owner(ObjectId{3}, ObjectId{3}).has_value());
  builtins.add("Of the test", kRows);
  builtins.add("The language", lua_builtins());
  engine = make_lua_engine(world, scheduler, builtins, services, options);
  scheduler.on_end([this](const Task&, const Step& step) {
    if (const auto* failed = std::get_if<Failed>(&step)) last_traceback = failed->traceback;
    if (const auto* aborted = std::get_if<Aborted>(&step)) last_traceback = aborted->traceback;
  });
}

void LuaWorld::verb(ObjectId object, const std::string& name, const std::string& code,
                    ObjectId owner) {
  Verb verb;
  verb.names = name;
  verb.owner = owner;
  verb.code = code;
  verb.args = {ObjectSpec::this_, kNoPreposition, ObjectSpec::this_};
  REQUIRE(world.add_verb(object, verb).has_value());
}

void LuaWorld::property(ObjectId object, const std::string& name, Value value, ObjectId owner,
                        std::uint8_t permissions) {
  Property property;
  property.value = std::move(value);
  property.owner = owner;
  property.permissions = permissions;
  REQUIRE(world.add_property(object, world.symbols().intern(name), property).has_value());
}

std::string LuaWorld::run(const std::string& code, ObjectId programmer) {
  services.told.clear();
  last_traceback.clear();
  // The code says what it came to itself: a task's value is nobody's.
  scheduler.run_now(
      programmer, programmer,
      engine->evaluate("local ok, value = eval([==[" + code +
                           "]==]) if ok then tell({value}) else tell('syntax: ' .. value) end",
                       programmer, programmer));
  turn();
  if (!last_traceback.empty()) return "error: " + last_traceback.front();
  if (services.told.empty()) return "(waiting)";
  std::string shown = services.told.back();
  if (shown.starts_with('{') && shown.ends_with('}')) return shown.substr(1, shown.size() - 2);
  return shown;
}

void LuaWorld::turn() {
  while (scheduler.run_ready()) {
  }
}

SchedulerLimits plenty_of_budget() {
  SchedulerLimits limits;
  limits.foreground.ticks *= 100;
  limits.foreground.seconds *= 100;
  return limits;
}

LuaOptions small_memory() {
  LuaOptions options;
  options.task_memory_bytes = 8u << 20;
  options.engine_memory_bytes = 64u << 20;
  return options;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace cosmoo
