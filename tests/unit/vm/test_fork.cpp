// fork(): functions and verbs that run later; what is planned in the world; the last slices.
#include "tests/unit/vm/lua_world.h"

namespace cosmoo {
namespace {

constexpr ObjectId kRoot{1}, kWiz{2}, kProg{3};

using Told = std::vector<std::string>;

// What a start of the server makes of a planned call, when its time has passed.
void make_due(LuaWorld& lua, TaskId id) {
  lua.scheduler.kill_all();
  const PlannedCall& call = *lua.world.planned().find(id);
  lua.scheduler.restore(id, call.player, call.programmer, lua.engine->planned_call(id),
                        Scheduler::Delay(-1));
  lua.turn();
}

TEST_CASE("a forked verb runs as a call by the verb that forked it") {
  LuaWorld lua;
  lua.verb(kRoot, "report",
           "tell({this, verb, args, caller, player, caller_perms(), task_perms()})", kWiz);
  lua.verb(kRoot, "plan", "tell(fork(0, #2, 'report', 'a', {1}))", kProg);
  lua.run("#3:plan()", kProg);
  REQUIRE(lua.services.told.size() == 3);
  CHECK(lua.services.told.back() == "{#2, \"report\", {\"a\", {1}}, #3, #3, #3, #2}");
  CHECK(lua.world.planned().size() == 0);
}

TEST_CASE("a forked verb cannot be taken for a command of its player") {
  LuaWorld lua;
  lua.verb(kRoot, "whose", "tell(caller_perms(player))", kWiz);
  lua.run("fork{object = #1, verb = 'whose', seconds = 0}", kProg);
  CHECK(lua.services.told.back() == "#3");
}

TEST_CASE("fork takes names instead of places") {
  LuaWorld lua;
  lua.verb(kRoot, "add", "tell(args[1] + args[2])");
  lua.property(kRoot, "numbers", Value(List{Value(20), Value(3)}));
  lua.run("fork{seconds = 0, object = #1, verb = 'add', args = {1, 2}}");
  CHECK(lua.services.told.back() == "3");
  lua.run("fork{seconds = 0, object = #1, verb = 'add', args = #1.numbers}");
  CHECK(lua.services.told.back() == "23");
  lua.run(
      "fork{seconds = 0, func = function(a, b) tell(a() - b) end, args = {function() return 9 "
      "end, 4}}");
  CHECK(lua.services.told.back() == "5");
}

TEST_CASE("what fork cannot do is told") {
  LuaWorld lua;
  lua.verb(kRoot, "ring", "");
  Verb hidden;
  hidden.names = "hidden";
  hidden.owner = kWiz;
  hidden.permissions = kRead;
  REQUIRE(lua.world.add_verb(kRoot, hidden).has_value());
  const std::pair<const char*, const char*> kWrong[] = {
      {"fork()", "E_TYPE: fork() takes seconds first"},
      {"fork('1', #1, 'ring')", "E_TYPE: fork() takes seconds first"},
      {"fork(1)", "E_TYPE: fork() takes a function or an object second"},
      {"fork(1, 5)", "E_TYPE: fork() takes a function or an object second"},
      {"fork(-1, #1, 'ring')", "E_INVARG"},
      {"fork(0/0, #1, 'ring')", "E_INVARG"},
      {"fork(1e10, #1, 'ring')", "E_INVARG"},
      {"fork(1, #1)", "E_TYPE: fork() takes a verb's name"},
      {"fork(1, #1, 5)", "E_TYPE: fork() takes a verb's name"},
      {"fork(1, #99, 'ring')", "E_INVIND: fork(): there is no object #99"},
      {"fork(1, #1, 'sing')", "E_VERBNF: fork(): #1 has no verb sing"},
      {"fork(1, #1, 'hidden')", "E_VERBNF"},
      {"fork(1, #1, 'ring', function() end)", "E_TYPE: fork(): argument 1 of the verb"},
      {"local t = {} t[1] = t fork(1, #1, 'ring', 1, t)", "E_TYPE: fork(): argument 2"},
      {"fork{}", "E_TYPE: fork() takes seconds first"},
      {"fork{seconds = 1}", "E_TYPE"},
      {"fork{seconds = 1, object = #1, verb = 'ring', arg = {}}", "E_INVARG: fork{} takes"},
      {"fork{seconds = 1, object = #1, verb = 'ring', [1] = 2}", "E_INVARG: fork{} takes"},
      {"fork{seconds = 1, func = tell, verb = 'ring'}", "E_INVARG: fork{} takes func, or"},
      {"fork{seconds = 1, object = #1, verb = 'ring', args = 5}", "E_TYPE: fork{}: args must"},
  };
  for (const auto& [code, message] : kWrong) {
    const std::string answer = lua.run(code);
    CHECK_MESSAGE(has(answer, message), code << " -> " << answer);
  }
  CHECK(lua.world.planned().size() == 0);
  CHECK(lua.scheduler.size() == 0);
}

TEST_CASE("a planned call waits in the world, and killing its task takes it away") {
  LuaWorld lua;
  lua.verb(kRoot, "ring", "tell('ring')");
  const TaskId id = std::stoll(lua.run("fork(100, #1, 'ring', 'x')", kProg));
  REQUIRE(lua.world.planned().find(id) != nullptr);
  CHECK(lua.world.planned().find(id)->programmer == kProg);
  const auto views = lua.scheduler.list(kProg, 10);
  REQUIRE(views.size() == 1);
  CHECK(views[0].planned);
  CHECK_FALSE(views[0].begun);
  CHECK(views[0].frame.this_object == kRoot);
  CHECK(views[0].frame.definer == kRoot);
  CHECK(views[0].frame.verb == "ring");
  REQUIRE(lua.scheduler.kill(id, kProg, Scheduler::Authority::owner).has_value());
  CHECK(lua.world.planned().size() == 0);
  CHECK(lua.scheduler.size() == 0);
}

TEST_CASE("a planned call is gone from the world as soon as its verb runs") {
  LuaWorld lua;
  lua.verb(kRoot, "wait", "suspend()");
  lua.run("fork(0, #1, 'wait')");
  CHECK(lua.scheduler.size() == 1);
  CHECK(lua.world.planned().size() == 0);
}

TEST_CASE("planned calls go on after a restart, with their ids, and new ids are greater") {
  LuaWorld first;
  TaskId last = 0;
  first.scheduler.count_in(first.world.planned().last_task());
  first.verb(kRoot, "ring", "tell({args[1], caller_perms()})");
  const TaskId id = std::stoll(first.run("fork(100, #1, 'ring', 'x')", kProg));
  last = first.world.planned().last_task();
  first.scheduler.kill_all();
  REQUIRE(first.world.planned().find(id) != nullptr);  // the server's end is not the call's

  LuaWorld second;
  second.scheduler.count_in(second.world.planned().last_task());
  second.verb(kRoot, "ring", "tell({args[1], caller_perms()})");
  second.world.planned().last_task() = last;
  second.world.planned().load(*first.world.planned().find(id));
  make_due(second, id);
  CHECK(second.services.told == Told{"{\"x\", #3}"});
  CHECK(second.world.planned().size() == 0);
  CHECK(second.world.dirty());
  CHECK(std::stoll(second.run("fork(100, #1, 'ring')")) > last);
}

TEST_CASE("a planned call whose object or verb is gone fails by itself") {
  LuaWorld lua;
  lua.verb(kRoot, "ring", "");
  const TaskId verb = std::stoll(lua.run("fork(100, #1, 'ring')"));
  REQUIRE(lua.world.delete_verb({kRoot, 0}).has_value());
  make_due(lua, verb);
  REQUIRE(lua.last_traceback.size() >= 1);
  CHECK(has(lua.last_traceback[0], "E_VERBNF: #1:ring was to be called, and is gone"));

  lua.verb(kProg, "ring", "");
  const TaskId object = std::stoll(lua.run("fork(100, #3, 'ring')"));
  REQUIRE(lua.world.recycle(kProg).has_value());
  make_due(lua, object);
  REQUIRE(lua.last_traceback.size() >= 1);
  CHECK(has(lua.last_traceback[0], "E_INVIND: #3:ring was to be called"));
  CHECK(lua.world.planned().size() == 0);
}

// The attack: forks that fork, none of which ever waits, so that nothing is counted.
TEST_CASE("forks that are ready count against the limit too") {
  SchedulerLimits limits;
  limits.tasks_per_player = 50;
  LuaWorld lua(limits);
  CHECK(lua.run("fork(0, function() end) > 0", kWiz) == "true");
  lua.verb(kRoot, "bomb", "for i = 1, 1000 do fork(0, #1, 'bomb') end", kProg);
  lua.scheduler.run_now(kProg, kProg, lua.engine->evaluate("#1:bomb()", kProg, kProg));
  for (int i = 0; i < 20; ++i) lua.scheduler.run_ready();
  CHECK(has(lua.last_traceback.front(), "E_QUOTA"));
  CHECK(lua.scheduler.size() <= 50);
}

// The attack: planned calls with large arguments, whose memory is not Lua's.
TEST_CASE("what planned calls keep counts as the language's memory, until they end") {
  LuaWorld lua({}, small_memory());
  lua.verb(kRoot, "ring", "");
  const std::size_t before = lua.engine->memory_used();
  // Each task forks less than it may use itself; together they meet the whole engine's limit.
  std::string answer;
  int tasks = 0;
  for (; tasks < 200; ++tasks) {
    answer = lua.run("local s = ('x'):rep(1000000) return fork(1000, #1, 'ring', s)", kProg);
    if (has(answer, "error")) break;
  }
  CHECK(tasks > 10);
  CHECK(tasks < 100);
  CHECK(has(answer, "memory"));
  CHECK(lua.run("1 + 1", kWiz) == "2");
  for (const TaskView& task : lua.scheduler.list(kProg, 1000)) {
    REQUIRE(lua.scheduler.kill(task.id, kProg, Scheduler::Authority::owner).has_value());
  }
  lua.run("1");
  CHECK(lua.engine->memory_used() < before + (4u << 20));
  CHECK(lua.run("fork(1000, #1, 'ring', ('x'):rep(1000000)) > 0", kProg) == "true");
}

// --- the server's end

void interrupt(LuaWorld& lua, Told* told = nullptr,
               std::chrono::milliseconds within = std::chrono::seconds(1)) {
  lua.scheduler.interrupt_all(Clock::now() + within, [&](const Task& task) {
    if (told != nullptr) told->push_back(task.execution->stack(1).front().verb);
  });
}

TEST_CASE("at the server's end a waiting task has E_INTRPT raised in it, and may clean up") {
  LuaWorld lua;
  lua.property(kRoot, "state", Value("open"));
  lua.verb(kRoot, "work",
           "local ok, e = pcall(suspend, 100) this.state = 'closed' tell({ok, e.name}) "
           "local again, why = pcall(suspend, 1) tell({again, why.name}) "
           "local f, no = pcall(fork, 1, function() end) tell({f, no.name}) suspend() tell('no')");
  lua.run("#1:work()");
  lua.services.told.clear();
  Told ended;
  interrupt(lua, &ended);
  CHECK(lua.services.told ==
        Told{"{false, \"E_INTRPT\"}", "{false, \"E_INTRPT\"}", "{false, \"E_INTRPT\"}"});
  CHECK(ended == Told{"work"});
  CHECK(lua.scheduler.size() == 0);
  CHECK(lua.world.property(kRoot, lua.world.symbols().intern("state"))->value->string() ==
        "closed");
}

TEST_CASE("at the server's end a job is ended, and forks of functions do not begin") {
  LuaWorld lua;
  lua.run("fork(100, function() tell('no') end) later()");
  lua.services.told.clear();
  interrupt(lua);
  CHECK(lua.services.told == Told{"killed"});
  CHECK(lua.scheduler.size() == 0);
}

TEST_CASE("planned calls outlive the server's end, those of the last slices too") {
  LuaWorld lua;
  lua.verb(kRoot, "go_on", "tell('no')");
  lua.run("fork(100, #1, 'go_on') pcall(suspend) fork(0, #1, 'go_on')");
  lua.services.told.clear();
  Told ended;
  interrupt(lua, &ended);
  lua.turn();
  CHECK(lua.services.told == Told{"{}"});
  CHECK(ended == Told{"eval"});
  CHECK(lua.world.planned().size() == 2);
  CHECK(lua.scheduler.size() == 0);
}

// The attack: a task that answers the interruption with a loop, to keep the server from ending.
TEST_CASE("a last slice is short, and all of them together are") {
  LuaWorld lua;
  for (int i = 0; i < 100; ++i) {
    lua.run("while true do pcall(suspend) end", kProg);
  }
  const auto began = Clock::now();
  interrupt(lua, nullptr, std::chrono::milliseconds(100));
  CHECK(Clock::now() - began < std::chrono::seconds(10));
  CHECK(lua.scheduler.size() == 0);
}

}  // namespace
}  // namespace cosmoo
