// move(), and what is inside of what; families.
#include "tests/unit/builtins/builtin_world.h"

namespace cosmoo {
namespace {

constexpr ObjectId kWizardId = BuiltinWorld::kWizardPlayer;
constexpr ObjectId kMe = BuiltinWorld::kProgrammerPlayer;
constexpr ObjectId kPlain = BuiltinWorld::kPlainPlayer;
constexpr ObjectId kOther = BuiltinWorld::kOtherProgrammer;
constexpr ObjectId kRoot = BuiltinWorld::kRoot;

/// #7 and #8 are rooms of the wizard's, #9 a ball of #3's; each verb that move() calls is written
/// down in #1.log.
struct Rooms : BuiltinWorld {
  static constexpr ObjectId kHall{7}, kGarden{8}, kBall{9};
  Rooms() {
    REQUIRE(run("create(#1)") == "#7");
    REQUIRE(run("create(#1)") == "#8");
    REQUIRE(run("create(#1)", kMe) == "#9");
    property(kRoot, "log", Value(List{}), kWizardId, "rw");
    verb(kRoot, "note", "#1.log[#(#1.log) + 1] = args");
  }
  void noting_verbs() {
    verb(kRoot, "accept", "#1:note('accept', this, args[1], caller, task_perms()) return true");
    verb(kRoot, "exitfunc", "#1:note('exit', this, args[1], args[1].location)");
    verb(kRoot, "enterfunc", "#1:note('enter', this, args[1], args[1].location)");
  }
};

TEST_CASE("move() asks accept, then tells exitfunc and enterfunc") {
  Rooms w;
  w.noting_verbs();
  CHECK(w.run("move(#9, #7)", kMe) == "nil");
  CHECK(w.run("#1.log") == "{{\"accept\", #7, #9, #-1, #2}, {\"enter\", #7, #9, #7}}");
  CHECK(w.run("#1.log = {} move(#9, #8) return #1.log") ==
        "{{\"accept\", #8, #9, #-1, #2}, {\"exit\", #7, #9, #8}, {\"enter\", #8, #9, #8}}");
  CHECK(w.run("#1.log = {} move(#9, #-1) return #1.log") == "{{\"exit\", #8, #9, #-1}}");
}

TEST_CASE("who is not accepted does not move, but for a wizard's move") {
  Rooms w;
  CHECK(w.run("move(#9, #7)", kMe) == "E_NACC: #7 does not accept #9");
  CHECK(w.run("move(#9, #7) return #9.location") == "#7");
  w.verb(Rooms::kGarden, "accept", "return args[1] ~= #9");
  CHECK(w.outcome_of("move(#9, #8)", kMe) == "E_NACC");
  CHECK(w.run("#9.location") == "#7");
  CHECK(w.run("move(#9, #-1) return #9.location", kMe) == "#-1");
}

TEST_CASE("moving to where it is already calls accept and nothing else") {
  Rooms w;
  w.run("move(#9, #7)");
  w.noting_verbs();
  CHECK(w.run("move(#9, #7) return #1.log", kMe) == "{{\"accept\", #7, #9, #-1, #2}}");
}

TEST_CASE("errors of move()") {
  Rooms w;
  w.verb(kRoot, "accept", "return true");
  for (const auto& [who, code, expected] :
       std::vector<std::tuple<ObjectId, std::string, std::string>>{
           {kPlain, "move(#9, #7)", "E_PERM"},
           {kOther, "move(#9, #7)", "E_PERM"},
           {kMe, "move(#8, #7)", "E_PERM"},
           {kMe, "move(#99, #7)", "E_INVARG"},
           {kMe, "move(#9, #99)", "E_INVARG"},
           {kOther, "move(#9, #99)", "E_INVARG"},  // said before E_PERM, as in MOO
           {kMe, "move(#9, #-2)", "E_INVARG"},
           {kMe, "move(#9, #9)", "E_RECMOVE"},
           {kWizardId, "move(#7, #8) move(#8, #7)", "E_RECMOVE"},
           {kMe, "move(#9, 7)", "E_TYPE"},
           {kMe, "move(#9)", "E_ARGS"},
       }) {
    CAPTURE(code);
    CHECK(w.outcome_of(code, who) == expected);
  }
}

TEST_CASE("what accept has recycled or moved already is left alone") {
  Rooms w;
  w.verb(Rooms::kHall, "accept", "recycle(args[1]) return true");
  CHECK(w.run("move(#9, #7)", kMe) == "nil");
  CHECK(w.run("valid(#9)") == "false");
  w.verb(Rooms::kGarden, "accept", "recycle(this) return true");
  CHECK(w.run("move(#6, #8)", kMe) == "nil");
  CHECK(w.run("#6.location") == "#-1");
}

TEST_CASE("an object that changes hands while accept runs is no longer the caller's to move") {
  Rooms w;
  w.verb(Rooms::kHall, "accept", "args[1].owner = #5 return true");
  CHECK(w.outcome_of("move(#9, #7)", kMe) == "E_PERM");
  CHECK(w.run("#9.location") == "#-1");
}

TEST_CASE("what exitfunc has taken elsewhere does not enter") {
  Rooms w;
  w.noting_verbs();
  CHECK(w.run("move(#9, #7)", kMe) == "nil");
  w.verb(Rooms::kHall, "exitfunc", "move(args[1], #6)");
  CHECK(w.run("#1.log = {} move(#9, #8) return {#9.location, #1.log}") ==
        "{#6, {{\"accept\", #8, #9, #-1, #2}, {\"accept\", #6, #9, #7, #2}, "
        "{\"exit\", #8, #9, #6}, {\"enter\", #6, #9, #6}}}");
}

TEST_CASE("accept may wait; who asked is who moves") {
  Rooms w;
  w.verb(Rooms::kHall, "accept", "return suspend()");
  CHECK(w.run("move(#9, #7) return #9.location", kMe) == "(waiting)");
  const auto id = std::to_string(w.scheduler.list(std::nullopt, 10)[0].id);
  CHECK(w.run("resume(" + id + ", true)") == "nil");
  CHECK(w.connections.heard[kMe].back() == "=> #7");
}

TEST_CASE("accept runs with its owner's permissions, not the mover's") {
  Rooms w;
  w.property(kRoot, "secret", Value(1), kWizardId, "r");
  CHECK(w.run("move(#6, #-1)", kMe) == "nil");
  w.verb(BuiltinWorld::kThing, "accept", "#1.secret = 2 return true", kMe);
  CHECK(w.outcome_of("move(#9, #6)") == "E_PERM");  // a wizard moves, a programmer's verb answers
  CHECK(w.run("#1.secret") == "1");
}

TEST_CASE("what is where") {
  Rooms w;
  CHECK(w.run("move(#9, #6) move(#6, #3) move(#3, #7) move(#4, #7) return 0") == "0");
  CHECK(w.run("locations(#9)", kPlain) == "{#6, #3, #7}");
  CHECK(w.run("locations(#9, #7)") == "{#6, #3}");
  CHECK(w.run("locations(#9, #1, true)") == "{}");
  CHECK(w.run("locations(#7)") == "{}");
  CHECK(w.outcome_of("locations(#99)") == "E_INVARG");
  CHECK(w.run("all_contents(#7)", kPlain) == "{#3, #4, #6, #9}");
  CHECK(w.run("all_contents(#9)") == "{}");
  CHECK(w.outcome_of("all_contents(#99)") == "E_INVARG");
  CHECK(w.run("occupants(all_contents(#7))", kPlain) == "{#3, #4}");
  CHECK(w.run("occupants({#3, #6, #99, #0}, #1)") == "{#3, #6}");
  CHECK(w.run("occupants({#3, #6, #0}, {#0, #1}, true)") == "{#3}");
  CHECK(w.outcome_of("occupants({1})") == "E_TYPE");
  CHECK(w.outcome_of("occupants({#1}, {2})") == "E_TYPE");
}

TEST_CASE("families are asked and changed") {
  BuiltinWorld w;
  CHECK(w.run("local a = create(#1) local b = create(a) local c = create({b, #6}) return c", kMe) ==
        "#9");
  CHECK(w.run("{parent(#9), parents(#9), children(#7), ancestors(#9), descendants(#7)}", kPlain) ==
        "{#8, {#8, #6}, {#8}, {#8, #7, #1, #6}, {#8, #9}}");
  CHECK(w.run("{ancestors(#8, true), descendants(#8, true), parent(#0)}") ==
        "{{#8, #7, #1}, {#8, #9}, #-1}");
  CHECK(w.run("{isa(#9, #6), isa(#9, #9), isa(#9, #2), isa(#9, {#2, #7}), isa(#99, #1)}") ==
        "{true, true, false, true, false}");
  CHECK(w.run("{isa(#9, {#2, #7}, true), isa(#9, #2, true)}") == "{#7, #-1}");
  for (const std::string name : {"parent", "parents", "children", "ancestors", "descendants"}) {
    CAPTURE(name);
    CHECK(w.outcome_of(name + "(#99)") == "E_INVARG");
    CHECK(w.outcome_of(name + "(9)") == "E_TYPE");
  }
  CHECK(w.run("chparent(#9, #7) return parents(#9)", kMe) == "{#7}");
  CHECK(w.run("chparents(#9, {#6, #8}) return parents(#9)", kMe) == "{#6, #8}");
  CHECK(w.run("chparent(#9, #-1) return parents(#9)", kMe) == "{}");
}

TEST_CASE("errors of chparents()") {
  BuiltinWorld w;
  w.run("return {create(#1), create(#7)}", kMe);
  w.property(BuiltinWorld::kThing, "same", Value(1), kMe);
  w.property(ObjectId{8}, "same", Value(1), kMe);
  for (const auto& [who, code, expected] :
       std::vector<std::tuple<ObjectId, std::string, std::string>>{
           {kPlain, "chparents(#8, #6)", "E_PERM"},
           {kOther, "chparents(#8, #1)", "E_PERM"},
           {kMe, "chparents(#8, #2)", "E_PERM"},
           {kMe, "chparents(#7, #8)", "E_RECMOVE"},
           {kMe, "chparents(#7, #7)", "E_RECMOVE"},
           {kMe, "chparents(#8, #6)", "E_INVARG"},
           {kMe, "chparents(#8, {#7, #7})", "E_INVARG"},
           {kMe, "chparents(#8, #99)", "E_INVARG"},
           {kMe, "chparents(#99, #1)", "E_INVARG"},
           {kMe, "chparents(#8, {'x'})", "E_TYPE"},
           {kMe, "chparent(#8, {#1})", "E_TYPE"},
       }) {
    CAPTURE(code);
    CHECK(w.outcome_of(code, who) == expected);
  }
  CHECK(w.run("parents(#8)") == "{#7}");
}

// Each of a hundred thousand items is looked for along a line of ancestors: seconds, at one go.
TEST_CASE("attack: looking through families is paid for before it begins") {
  BuiltinWorld w({.foreground = {60'000, std::chrono::seconds(60)}});
  const std::string many =
      "local t = {} for i = 1, 100000 do t[i] = #5 end local left = ticks_left() ";
  for (const std::string& call :
       {std::string("isa(#6, t)"), std::string("occupants(t, {#4, #3}, false)")}) {
    CAPTURE(call);
    const std::string used = w.run(many + call + " return left - ticks_left()", kMe);
    CHECK_MESSAGE((has(used, "out of ticks") || std::stol(used) > 20'000), used);
  }
}

}  // namespace
}  // namespace cosmoo
