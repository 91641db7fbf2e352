// create, recycle, renumber and players.
#include "tests/unit/builtins/builtin_world.h"

namespace cosmoo {
namespace {

constexpr ObjectId kWizardId = BuiltinWorld::kWizardPlayer;
constexpr ObjectId kMe = BuiltinWorld::kProgrammerPlayer;
constexpr ObjectId kPlain = BuiltinWorld::kPlainPlayer;
constexpr ObjectId kOther = BuiltinWorld::kOtherProgrammer;
constexpr ObjectId kRoot = BuiltinWorld::kRoot;
constexpr ObjectId kThing = BuiltinWorld::kThing;

TEST_CASE("create() makes an object of the caller's, and calls its initialize") {
  BuiltinWorld w;
  w.property(kRoot, "seen", Value("nothing"), kWizardId, "r");
  w.verb(kRoot, "initialize", "this.seen = {caller, args, task_perms()}");
  CHECK(w.run("create(#1)", kMe) == "#7");
  CHECK(w.run("{#7.owner, parents(#7), #7.seen}", kMe) == "{#3, {#1}, {#-1, {}, #2}}");
  CHECK(w.run("create({#1}, #3, {1, 'two'})", kMe) == "#8");
  CHECK(w.run("#8.seen[2]") == "{1, \"two\"}");
  CHECK(w.run("create({})") == "#9");
  CHECK(w.run("create(#-1, #-1)") == "#10");
  CHECK(w.run("{#9.owner, #10.owner}") == "{#2, #10}");
}

TEST_CASE("who may create what") {
  BuiltinWorld w;
  for (const auto& [who, code, expected] :
       std::vector<std::tuple<ObjectId, std::string, std::string>>{
           {kPlain, "create(#1)", "E_PERM"},
           {kMe, "create(#2)", "E_PERM"},      // not fertile, not its own
           {kMe, "create(#1, #5)", "E_PERM"},  // for somebody else
           {kMe, "create(#1, #-1)", "E_PERM"},
           {kMe, "create({#1, #2})", "E_PERM"},
           {kMe, "create(#6)", "#7"},  // its own
           {kWizardId, "create(#6, #5)", "#8"},
           {kWizardId, "create(#99)", "E_INVARG"},
           {kWizardId, "create(#1, #99)", "E_INVARG"},
           {kWizardId, "create({#1, #1})", "E_INVARG"},
           {kWizardId, "create({#1, 7})", "E_TYPE"},
           {kWizardId, "create('x')", "E_TYPE"},
           {kWizardId, "create()", "E_ARGS"},
       }) {
    CAPTURE(code);
    CHECK(w.outcome_of(code, who) == expected);
  }
  std::string parents;
  for (int i = 0; i < 101; ++i) parents += "create(#1), ";
  CHECK(w.outcome_of("create({" + parents + "})") == "E_INVARG");
}

TEST_CASE("an error in initialize goes on from create(), and the object stays") {
  BuiltinWorld w;
  w.verb(kRoot, "initialize", "raise(E_RANGE, 'too far')");
  CHECK(w.run("create(#1)", kMe) == "E_RANGE: too far");
  CHECK(w.run("valid(#7)") == "true");
  CHECK(w.run("local ok, why = pcall(create, #1) return {ok, why}", kMe) == "{false, E_RANGE}");
  CHECK(w.run("{valid(#8), valid(#9)}") == "{true, false}");
}

TEST_CASE(
    "a builtin whose verb has caught an error of another builtin's verb goes on with its own") {
  BuiltinWorld w;
  w.verb(kRoot, "initialize",
         "if args[1] then raise(E_RANGE) end "
         "local ok, why = pcall(create, #1, #2, {1}) this.name = tostr(ok, why == E_RANGE)");
  CHECK(w.run("create(#1)") == "#7");
  CHECK(w.run("{#7.name, valid(#8), valid(#9)}") == "{\"falsetrue\", true, false}");
}

TEST_CASE("a verb that a builtin calls may wait, and the builtin goes on after it") {
  BuiltinWorld w;
  w.property(kRoot, "log", Value(List{}), kWizardId, "rw");
  w.verb(kRoot, "initialize",
         "#1.log[#(#1.log) + 1] = suspend() #1.log[#(#1.log) + 1] = suspend()");
  CHECK(w.run("return create(#1)", kMe) == "(waiting)");
  REQUIRE(w.scheduler.list(std::nullopt, 10).size() == 1);
  const auto id = std::to_string(w.scheduler.list(std::nullopt, 10)[0].id);
  CHECK(w.run("resume(" + id + ", 'one')") == "nil");
  CHECK(w.run("resume(" + id + ", 'two')") == "nil");
  CHECK(w.run("#1.log") == "{\"one\", \"two\"}");
  CHECK(w.connections.heard[kMe].back() == "=> #7");
}

TEST_CASE("an error that resume() gives is raised in the task with all that it carries") {
  BuiltinWorld w;
  REQUIRE(w.run("local ok, e = pcall(suspend) return {ok, e, e.message, e.value}", kMe) ==
          "(waiting)");
  const auto id = std::to_string(w.scheduler.list(std::nullopt, 10)[0].id);
  CHECK(w.run("local _, e = pcall(raise, E_RANGE, 'far', {3, k = #4}) resume(" + id + ", e)",
              kMe) == "{false, E_RANGE, \"far\", {[1] = 3, k = #4}}");
}

TEST_CASE("a task that is killed while a builtin's verb waits leaves nothing behind") {
  BuiltinWorld w;
  w.verb(kRoot, "initialize", "suspend()");
  CHECK(w.run("return create(#1)", kMe) == "(waiting)");
  const auto id = std::to_string(w.scheduler.list(std::nullopt, 10)[0].id);
  CHECK(w.run("kill_task(" + id + ")") == "nil");
  CHECK(w.scheduler.size() == 0);
}

TEST_CASE("callers() shows the verb that called the builtin, and its caller") {
  BuiltinWorld w;
  w.property(kRoot, "seen", Value(), kWizardId, "rw");
  w.verb(kRoot, "initialize", "#1.seen = callers()[1]");
  w.verb(kThing, "make", "return create(#1)", kMe);
  CHECK(w.run("#6:make()", kMe) == "#7");
  CHECK(w.run("#1.seen") == "{#6, \"make\", #3, #6, #3, 1}");
}

TEST_CASE("verbs that create within initialize reach the limit of calls, not of the stack") {
  BuiltinWorld w;
  w.verb(kRoot, "initialize", "create(#1)");
  CHECK(w.outcome_of("create(#1)") == "E_MAXREC");
  CHECK(w.run("for i = 1, 100 do pcall(create, #1) end return 'done'") == "\"done\"");
}

TEST_CASE("recycle() calls recycle, empties the object and takes it from its place") {
  BuiltinWorld w;
  w.property(kRoot, "log", Value(List{}), kWizardId, "rw");
  w.verb(kRoot, "recycle", "#1.log[#(#1.log) + 1] = {'recycle', this, caller}");
  w.verb(kRoot, "exitfunc", "#1.log[#(#1.log) + 1] = {'exit', this, args[1], args[1].location}");
  CHECK(w.run("local box, a, b = create(#1), create(#1), create(#1) "
              "move(a, box) move(b, box) move(box, #6) #1.log = {} return {box, a, b}") ==
        "{#7, #8, #9}");
  CHECK(w.run("recycle(#7)") == "nil");
  CHECK(w.run("#1.log") ==
        "{{\"recycle\", #7, #-1}, {\"exit\", #7, #9, #-1}, {\"exit\", #7, #8, #-1}, "
        "{\"exit\", #6, #7, #-1}}");
  CHECK(w.run("{valid(#7), #8.location, #9.location, #6.contents}") == "{false, #-1, #-1, {}}");
}

TEST_CASE("who may recycle what") {
  BuiltinWorld w;
  CHECK(w.outcome_of("recycle(#6)", kPlain) == "E_PERM");
  CHECK(w.outcome_of("recycle(#6)", kOther) == "E_PERM");
  CHECK(w.outcome_of("recycle(#1)", kMe) == "E_PERM");
  CHECK(w.outcome_of("recycle(#99)") == "E_INVARG");
  CHECK(w.outcome_of("recycle(6)") == "E_TYPE");
  CHECK(w.outcome_of("recycle(#6)", kMe) == "nil");
  CHECK(w.outcome_of("recycle(#6)", kMe) == "E_INVARG");
}

TEST_CASE("an error in recycle leaves the object as it was") {
  BuiltinWorld w;
  w.verb(kThing, "recycle", "raise(E_RANGE, 'stay')", kMe);
  CHECK(w.run("recycle(#6)") == "E_RANGE: stay");
  CHECK(w.run("valid(#6)") == "true");
}

TEST_CASE("an object that its own recycle has ended is E_INVARG") {
  BuiltinWorld w;
  w.verb(kThing, "recycle", "delete_verb(this, 'recycle') recycle(this)", kMe);
  CHECK(w.outcome_of("recycle(#6)", kMe) == "E_INVARG");
  CHECK(w.run("valid(#6)") == "false");
}

// A verb that takes its time must not let the caller end what is somebody else's by then.
TEST_CASE("an object that changes hands while its recycle runs is no longer the caller's to end") {
  BuiltinWorld w;
  w.verb(kThing, "recycle", "this.owner = #5", kWizardId);
  CHECK(w.outcome_of("recycle(#6)", kMe) == "E_PERM");
  CHECK(w.run("{valid(#6), #6.owner}") == "{true, #5}");
}

TEST_CASE("a great many contents leave one by one without a deep stack") {
  BuiltinWorld w({.foreground = {10'000'000, std::chrono::seconds(60)}});
  w.property(kThing, "left", Value(0), kMe, "r");
  for (int i = 0; i < 20'000; ++i) {
    const auto made = w.world.create({}, kMe);
    REQUIRE(w.world.move(*made, kThing).has_value());
  }
  w.verb(kThing, "exitfunc", "#3.left = #3.left + 1", kMe);
  w.property(kMe, "left", Value(0), kMe, "r");
  CHECK(w.run("recycle(#6)", kMe) == "nil");
  CHECK(w.run("#3.left") == "20000");
}

TEST_CASE("a player who is recycled is disconnected") {
  BuiltinWorld w;
  w.connections.connect(kPlain);
  CHECK(w.run("recycle(#4)") == "nil");
  CHECK_FALSE(w.connections.connected(kPlain));
  CHECK(w.run("players()") == "{#2, #3, #5}");
}

TEST_CASE("renumber() gives the lowest free number, and the family and owners follow") {
  BuiltinWorld w;
  CHECK(w.run("local a, b = create(#1), create(#1) local c = create(b) "
              "add_property(b, 'p', 5) add_verb(b, {#2, 'rxd', 'v'}, {'this', 'none', 'this'}) "
              "move(c, b) move(b, #6) recycle(a) return {a, b, c}") == "{#7, #8, #9}");
  CHECK(w.run("renumber(#8)") == "#7");
  CHECK(w.run("{valid(#8), parents(#9), #9.location, #7.contents, #6.contents, children(#7), "
              "#9.p, verbs(#7), children(#1)}") ==
        "{false, {#7}, #7, {#9}, {#7}, {#9}, 5, {\"v\"}, {#2, #3, #4, #5, #6, #7}}");
  CHECK(w.run("renumber(#9)") == "#8");
  CHECK(w.run("renumber(#8)") == "#8");
  CHECK(w.run("recycle(#6) return renumber(#3)") == "#3");
  CHECK(w.run("recycle(#4) return renumber(#5)") == "#4");
  CHECK(w.run("{#4.owner, players()}") == "{#4, {#2, #3, #4}}");
}

TEST_CASE("renumber() is for wizards, of objects that exist and are not connected") {
  BuiltinWorld w;
  CHECK(w.outcome_of("renumber(#3)", kMe) == "E_PERM");
  CHECK(w.outcome_of("renumber(#99)") == "E_INVARG");
  w.connections.connect(kOther);
  CHECK(w.outcome_of("recycle(#4) renumber(#5)") == "E_INVARG");
}

TEST_CASE("numbers are not used again unless a wizard asks for it") {
  BuiltinWorld w;
  CHECK(w.run("local a = create(#1) recycle(a) return {create(#1), max_object()}") == "{#8, #8}");
  CHECK(w.outcome_of("reset_max_object()", kMe) == "E_PERM");
  CHECK(w.run("recycle(#8) reset_max_object() return {max_object(), create(#1)}") == "{#6, #7}");
}

TEST_CASE("what one owns, and which objects there are") {
  BuiltinWorld w;
  CHECK(w.run("owned_objects(#3)", kPlain) == "{#3, #6}");
  CHECK(w.outcome_of("owned_objects(#99)") == "E_INVARG");
  CHECK(w.run("objects()") == "{#0, #1, #2, #3, #4, #5, #6}");
  CHECK(w.outcome_of("objects()", kMe) == "E_PERM");
  CHECK(w.run("{valid(#6), valid(#99), valid(#-1), max_object()}", kPlain) ==
        "{true, false, false, #6}");
}

TEST_CASE("players come and go with their flag") {
  BuiltinWorld w;
  CHECK(w.run("{players(), is_player(#4), is_player(#6)}", kPlain) ==
        "{{#2, #3, #4, #5}, true, false}");
  CHECK(w.outcome_of("is_player(#99)") == "E_INVARG");
  CHECK(w.outcome_of("set_player_flag(#6, true)", kMe) == "E_PERM");
  CHECK(w.outcome_of("set_player_flag(#99, true)") == "E_INVARG");
  CHECK(w.outcome_of("set_player_flag(#6, 'yes')") == "E_TYPE");
  CHECK(w.run("set_player_flag(#6, true) return is_player(#6)") == "true");
  w.connections.connect(kThing);
  CHECK(w.run("set_player_flag(#6, false) return players()") == "{#2, #3, #4, #5}");
  CHECK_FALSE(w.connections.connected(kThing));
  CHECK(w.run("#4.name = 'Ann' return {find_player('ann'), find_player('bob')}") == "{#4, #-1}");
}

}  // namespace
}  // namespace cosmoo
