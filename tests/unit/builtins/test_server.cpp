// What builtins tell of the server and of the task's budgets.
#include "tests/unit/builtins/builtin_world.h"

namespace cosmoo {
namespace {

TEST_CASE("the server tells its version to all, and what it uses to wizards") {
  BuiltinWorld w;
  CHECK(w.run("server_version()", BuiltinWorld::kPlainPlayer) == "\"test\"");
  CHECK(w.run("local m, keys = memory_usage(), {} for key in pairs(m) do keys[#keys + 1] = key end "
              "table.sort(keys) return keys") ==
        "{\"jobs\", \"lua_bytes\", \"objects\", \"tasks\"}");
  CHECK(w.run("memory_usage().objects") == "7");
  CHECK(w.run("memory_usage().tasks") == "1");
  CHECK(w.run("memory_usage().jobs") == "0");
  CHECK(w.run("local before = memory_usage().lua_bytes local s = ('x'):rep(100000) "
              "return memory_usage().lua_bytes - before > #s / 2") == "true");
  for (const char* call : {"memory_usage()", "server_log('x')", "shutdown()", "checkpoint()"}) {
    CAPTURE(call);
    CHECK(w.outcome_of(call, BuiltinWorld::kProgrammerPlayer) == "E_PERM");
  }
  CHECK(w.log.empty());
}

TEST_CASE("a wizard's line in the log says whose it is") {
  BuiltinWorld w;
  CHECK(w.run("server_log('the well is dry')") == "nil");
  REQUIRE(w.log.size() == 1);
  CHECK(w.log[0] == "#2: the well is dry");
  CHECK(w.outcome_of("server_log(7)") == "E_TYPE");
}

TEST_CASE("a task sees its seconds and ticks go, and has them anew when it has waited") {
  BuiltinWorld w;
  CHECK(w.run("local s, t = seconds_left(), ticks_left() repeat until ticks_left() < t "
              "return {math.type(s), seconds_left() < s, s <= 5}") == "{\"float\", true, true}");
  CHECK(w.run("while ticks_left() > 250000 do end local before = ticks_left() suspend(0) "
              "return before < ticks_left()") == "true");
}

TEST_CASE("yin() waits for nothing where no more tasks may wait") {
  SchedulerLimits few = roomy_limits();
  few.tasks_per_player = 0;
  BuiltinWorld w(few);
  const auto me = BuiltinWorld::kProgrammerPlayer;
  CHECK(w.outcome_of("yin()", me) == "nil");
  CHECK(w.outcome_of("while ticks_left() > 500000 do end yin(0, 550000)", me) == "E_QUOTA");
}

TEST_CASE("pass() finds the verb above, or says that there is none") {
  BuiltinWorld w;
  REQUIRE(w.run("create(#6)") == "#7");
  w.verb(BuiltinWorld::kThing, "weigh", "return {args[1], this}");
  w.verb(ObjectId{7}, "weigh lift", "return pass(3)");
  CHECK(w.run("#7:weigh(5)") == "{3, #7}");
  CHECK(w.outcome_of("#7:lift(5)") == "E_VERBNF");
}

}  // namespace
}  // namespace cosmoo
