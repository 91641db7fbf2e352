// Properties and verbs: what their builtins do, and who may.
#include "tests/unit/builtins/builtin_world.h"

namespace cosmoo {
namespace {

constexpr ObjectId kWizardId = BuiltinWorld::kWizardPlayer;
constexpr ObjectId kMe = BuiltinWorld::kProgrammerPlayer;
constexpr ObjectId kPlain = BuiltinWorld::kPlainPlayer;
constexpr ObjectId kOther = BuiltinWorld::kOtherProgrammer;
constexpr ObjectId kThing = BuiltinWorld::kThing;

// What comes of `code` for the owner #3, another programmer, a wizard, and a player without the
// programmer bit, each in a new world.
struct Expected {
  std::string permissions;
  std::string code;
  std::string owner, other, wizard, player;
};

void check(const Expected& row, const std::function<void(BuiltinWorld&)>& prepare) {
  CAPTURE(row.permissions);
  CAPTURE(row.code);
  const std::pair<ObjectId, std::string> all[] = {
      {kMe, row.owner}, {kOther, row.other}, {kWizardId, row.wizard}, {kPlain, row.player}};
  for (const auto& [who, expected] : all) {
    CAPTURE(who.number);
    BuiltinWorld w;
    prepare(w);
    CHECK(w.outcome_of(row.code, who) == expected);
  }
}

TEST_CASE("permissions of a property decide for each who is not its owner") {
  const std::string none = "nil", perm = "E_PERM";
  for (const Expected& row : std::vector<Expected>{
           {"", "#6.p", "1", perm, "1", perm},
           {"r", "#6.p", "1", "1", "1", "1"},
           {"w", "#6.p", "1", perm, "1", perm},
           {"c", "#6.p", "1", perm, "1", perm},
           {"r", "#6.p = 2", none, perm, none, perm},
           {"w", "#6.p = 2", none, none, none, none},
           {"rc", "#6.p = 2", none, perm, none, perm},
           {"", "property_info(#6, 'p')", "{#3, \"\", #6}", perm, "{#3, \"\", #6}", perm},
           {"r", "property_info(#6, 'p')[2]", "\"r\"", "\"r\"", "\"r\"", "\"r\""},
           {"r", "set_property_info(#6, 'p', 'rc')", none, perm, none, perm},
           {"w", "set_property_info(#6, 'p', 'rc')", none, none, none, perm},
           {"w", "set_property_info(#6, 'p', {#5, 'r'})", perm, perm, none, perm},
           {"w", "set_property_info(#6, 'p', {#3, 'r'})", none, none, none, perm},
           {"w", "set_property_info(#6, 'p', {#3, 'r', 'q'})", none, perm, none, perm},
           {"", "is_clear_property(#6, 'p')", "false", perm, "false", perm},
           {"r", "is_clear_property(#6, 'p')", "false", "false", "false", "false"},
           {"r", "delete_property(#6, 'p')", none, perm, none, perm},
           {"rw", "delete_property(#6, 'p')", none, perm, none, perm},
       }) {
    check(row, [&](BuiltinWorld& w) { w.property(kThing, "p", Value(1), kMe, row.permissions); });
  }
}

TEST_CASE("the c bit gives an heir's slot to the heir's owner") {
  for (const Expected& row : std::vector<Expected>{
           {"r", "#7.p = 2", "nil", "E_PERM", "nil", "E_PERM"},
           {"rc", "#7.p = 2", "E_PERM", "nil", "nil", "E_PERM"},
           {"rc", "clear_property(#7, 'p')", "E_PERM", "nil", "nil", "E_PERM"},
           {"rw", "clear_property(#7, 'p')", "nil", "nil", "nil", "E_PERM"},
           {"rc", "property_info(#7, 'p')[1]", "#5", "#5", "#5", "#5"},
       }) {
    check(row, [&](BuiltinWorld& w) {
      w.property(kThing, "p", Value(1), kMe, row.permissions);
      REQUIRE(w.run("create(#6, #5)") == "#7");
    });
  }
}

TEST_CASE("permissions of an object decide what may be defined on it") {
  for (const Expected& row : std::vector<Expected>{
           {"", "properties(#6)", "{}", "E_PERM", "{}", "E_PERM"},
           {"r", "properties(#6)", "{}", "{}", "{}", "{}"},
           {"", "verbs(#6)", "{}", "E_PERM", "{}", "E_PERM"},
           {"r", "verbs(#6)", "{}", "{}", "{}", "{}"},
           {"r", "add_property(#6, 'q', 1)", "nil", "E_PERM", "nil", "E_PERM"},
           {"w", "add_property(#6, 'q', 1)", "nil", "nil", "nil", "E_PERM"},
           {"w", "add_property(#6, 'q', 1, {#3, 'r'})", "nil", "E_PERM", "nil", "E_PERM"},
           {"", "add_verb(#6, {#3, 'rxd', 'v'}, {'this', 'none', 'this'})", "1", "E_PERM", "1",
            "E_PERM"},
           {"w", "add_verb(#6, {#5, 'rxd', 'v'}, {'this', 'none', 'this'})", "E_PERM", "1", "1",
            "E_PERM"},
           {"f", "create(#6).owner", "#3", "#5", "#2", "E_PERM"},
           {"", "create(#6).owner", "#3", "E_PERM", "#2", "E_PERM"},
           {"", "object_bytes(#6)", "256", "E_PERM", "256", "E_PERM"},
       }) {
    check(row, [&](BuiltinWorld& w) {
      const std::pair<char, ObjectFlag> flags[] = {
          {'r', kReadable}, {'w', kWritable}, {'f', kFertile}};
      for (const auto& [letter, flag] : flags) {
        if (row.permissions.find(letter) != std::string::npos) {
          REQUIRE(w.world.set_flag(kThing, flag, true).has_value());
        }
      }
      REQUIRE(w.world.set_parents(kThing, {}).has_value());
    });
  }
}

TEST_CASE("permissions of a verb decide for each who is not its owner") {
  const std::string none = "nil", perm = "E_PERM";
  for (const Expected& row : std::vector<Expected>{
           {"xd", "verb_info(#6, 'v')[3]", "\"v\"", perm, "\"v\"", perm},
           {"rxd", "verb_info(#6, 'v')", "{#3, \"rxd\", \"v\"}", "{#3, \"rxd\", \"v\"}",
            "{#3, \"rxd\", \"v\"}", "{#3, \"rxd\", \"v\"}"},
           {"x", "verb_code(#6, 'v')", "\"return 7\"", perm, "\"return 7\"", perm},
           {"r", "verb_code(#6, 1)", "\"return 7\"", "\"return 7\"", "\"return 7\"",
            "\"return 7\""},
           {"r", "verb_args(#6, 'v')", "{\"this\", \"none\", \"this\"}",
            "{\"this\", \"none\", \"this\"}", "{\"this\", \"none\", \"this\"}",
            "{\"this\", \"none\", \"this\"}"},
           {"x", "verb_args(#6, 'v')[1]", "\"this\"", perm, "\"this\"", perm},
           {"x", "#6:v()", "7", "7", "7", "7"},
           {"rw", "#6:v()", "E_VERBNF", "E_VERBNF", "E_VERBNF", "E_VERBNF"},
           {"rx", "set_verb_code(#6, 'v', 'return 8')", none, perm, none, perm},
           {"w", "set_verb_code(#6, 'v', {'return', '8'})", none, none, none, perm},
           {"rx", "set_verb_args(#6, 'v', {'any', 'in', 'this'})", none, perm, none, perm},
           {"w", "set_verb_args(#6, 'v', {'any', 'in', 'this'})", none, none, none, perm},
           {"rx", "set_verb_info(#6, 'v', {#3, 'rx', 'w'})", none, perm, none, perm},
           {"w", "set_verb_info(#6, 'v', {#3, 'rx', 'w'})", none, none, none, perm},
           {"w", "set_verb_info(#6, 'v', {#5, 'rx', 'w'})", perm, perm, none, perm},
           {"rwx", "delete_verb(#6, 'v')", none, perm, none, perm},
           {"", "delete_verb(#6, 'v')", none, perm, none, perm},
       }) {
    check(row, [&](BuiltinWorld& w) { w.verb(kThing, "v", "return 7", kMe, row.permissions); });
  }
}

TEST_CASE("a verb's owner is whose permissions it runs with") {
  BuiltinWorld w;
  w.verb(kThing, "who", "return {task_perms(), caller_perms()}", kWizardId);
  CHECK(w.run("#6:who()", kMe) == "{#2, #3}");
}

TEST_CASE("errors of the property builtins") {
  BuiltinWorld w;
  w.property(kThing, "p", Value(1), kMe, "r");
  REQUIRE(w.run("create(#6)", kMe) == "#7");
  for (const auto& [code, expected] : std::vector<std::pair<std::string, std::string>>{
           {"add_property(#6, 'p', 2)", "E_INVARG"},
           {"add_property(#7, 'P', 2)", "E_INVARG"},  // inherited, in any case of letters
           {"add_property(#6, 'name', 2)", "E_INVARG"},
           {"add_property(#6, '', 2)", "E_INVARG"},
           {"add_property(#6, 'a\\nb', 2)", "E_INVARG"},
           {"add_property(#6, ('x'):rep(256), 2)", "E_INVARG"},
           {"add_property(#6, 'q', 2, 'x')", "E_INVARG"},
           {"add_property(#6, 'q', 2, {#3})", "E_INVARG"},
           {"add_property(#6, 'q', 2, {'r', #3})", "E_INVARG"},
           {"add_property(#6, 'q', 2, {#3, 'r', 'z'})", "E_INVARG"},
           {"add_property(#6, 'q', 2, {#99, 'r'})", "E_PERM"},
           {"add_property(#99, 'q', 2)", "E_INVARG"},
           {"add_property(#6, 'q', print)", "E_TYPE"},
           {"add_property(#6, 'q')", "E_ARGS"},
           {"delete_property(#6, 'nope')", "E_PROPNF"},
           {"delete_property(#7, 'p')", "E_PROPNF"},
           {"property_info(#6, 'nope')", "E_PROPNF"},
           {"property_info(#6, 'name')", "E_PROPNF"},
           {"property_info(#99, 'p')", "E_INVARG"},
           {"set_property_info(#6, 'nope', 'r')", "E_PROPNF"},
           {"set_property_info(#6, 'p', 'rx')", "E_INVARG"},
           {"set_property_info(#6, 'p', {#3, 'r', 4})", "E_INVARG"},
           {"set_property_info(#7, 'p', {#3, 'r', 'q'})", "E_INVARG"},  // not defined there
           {"set_property_info(#6, 'p', {#3, 'r', 'name'})", "E_INVARG"},
           {"clear_property(#6, 'p')", "E_INVARG"},
           {"clear_property(#6, 'nope')", "E_PROPNF"},
           {"is_clear_property(#6, 'nope')", "E_PROPNF"},
           {"properties(#99)", "E_INVARG"},
       }) {
    CAPTURE(code);
    CHECK(w.outcome_of(code, kMe) == expected);
  }
  CHECK(w.outcome_of("add_property(#6, 'q', 2, {#99, 'r'})") == "E_INVARG");
  CHECK(w.outcome_of("set_property_info(#6, 'p', {#99, 'r'})") == "E_INVARG");
}

TEST_CASE("a property is renamed with all its heirs' values, and the store learns of it") {
  BuiltinWorld w;
  w.property(kThing, "p", Value(1), kMe, "rc");
  REQUIRE(w.run("create(#6)", kMe) == "#7");
  CHECK(w.run("#7.p = 5 set_property_info(#6, 'p', {#3, 'r', 'q'}) return {#6.q, #7.q}", kMe) ==
        "{1, 5}");
  CHECK(w.outcome_of("#7.p", kMe) == "E_PROPNF");
  CHECK(w.run("{properties(#6), is_clear_property(#7, 'q')}", kMe) == "{{\"q\"}, false}");
  CHECK(w.run("clear_property(#7, 'q') return {#7.q, is_clear_property(#7, 'q')}", kMe) ==
        "{1, true}");
}

TEST_CASE("errors of the verb builtins") {
  BuiltinWorld w;
  w.verb(kThing, "l*ook", "return 1", kMe);
  const std::string args = ", {'this', 'none', 'this'})";
  for (const auto& [code, expected] : std::vector<std::pair<std::string, std::string>>{
           {"add_verb(#6, {#3, 'rxd', ''}" + args, "E_INVARG"},
           {"add_verb(#6, {#3, 'rxd', '  '}" + args, "E_INVARG"},
           {"add_verb(#6, {#3, 'rq', 'v'}" + args, "E_INVARG"},
           {"add_verb(#6, {#3, 'v'}" + args, "E_INVARG"},
           {"add_verb(#6, {'x', 'r', 'v'}" + args, "E_INVARG"},
           {"add_verb(#6, {#99, 'r', 'v'}" + args, "E_INVARG"},
           {"add_verb(#6, {#3, 'r', ('x'):rep(1001)}" + args, "E_INVARG"},
           {"add_verb(#99, {#3, 'r', 'v'}" + args, "E_INVARG"},
           {"add_verb(#6, {#3, 'r', 'v'}, {'this', 'near', 'this'})", "E_INVARG"},
           {"add_verb(#6, {#3, 'r', 'v'}, {'this', 'none'})", "E_INVARG"},
           {"add_verb(#6, {#3, 'r', 'v'}, {'this', 'none', 3})", "E_INVARG"},
           {"verb_info(#6, 'nope')", "E_VERBNF"},
           {"verb_info(#6, 2)", "E_VERBNF"},
           {"verb_info(#6, 0)", "E_VERBNF"},
           {"verb_info(#99, 'look')", "E_INVARG"},
           {"verb_args(#6, 'nope')", "E_VERBNF"},
           {"verb_code(#6, 'nope')", "E_VERBNF"},
           {"delete_verb(#6, 'nope')", "E_VERBNF"},
           {"set_verb_info(#6, 'nope', {#3, 'r', 'v'})", "E_VERBNF"},
           {"set_verb_info(#6, 'look', {#3, 'r', ''})", "E_INVARG"},
           {"set_verb_args(#6, 'look', {'this', 'none', 'that'})", "E_INVARG"},
           {"set_verb_code(#6, 'look', 'return return')", "E_INVARG"},
           {"set_verb_code(#6, 'look', {'return', 1})", "E_INVARG"},
           {"set_verb_code(#6, 'look', ('-'):rep(2^20 + 1))", "E_QUOTA"},
           {"respond_to(#99, 'look')", "E_INVARG"},
           {"verbs(#99)", "E_INVARG"},
       }) {
    CAPTURE(code);
    CHECK(w.outcome_of(code, kMe) == expected);
  }
  CHECK(w.run("verb_code(#6, 'l')", kMe) == "\"return 1\"");
}

TEST_CASE("respond_to() tells whether a verb would be found, and where to who may read") {
  BuiltinWorld w;
  w.verb(kThing, "l*ook glance", "return 1", kMe);
  w.verb(kThing, "hidden", "return 1", kMe, "r");
  REQUIRE(w.run("create(#6)", kMe) == "#7");
  CHECK(w.run("respond_to(#7, 'lo')", kMe) == "{#6, \"l*ook glance\"}");
  CHECK(w.run("respond_to(#7, 'glance')", kOther) == "true");
  CHECK(w.run("respond_to(#7, 'hidden')", kMe) == "false");
  CHECK(w.run("#7.r = true return 0", kMe) == "0");
  CHECK(w.run("respond_to(#7, 'LOOK')", kPlain) == "{#6, \"l*ook glance\"}");
}

TEST_CASE("verbs are described, changed and taken away") {
  BuiltinWorld w;
  CHECK(w.run("add_verb(#6, {#3, 'rxd', 'put place'}, {'any', 'in front of', 'this'})", kMe) ==
        "1");
  CHECK(w.run("{verb_args(#6, 'put'), verb_info(#6, 'place')}", kMe) ==
        "{{\"any\", \"in front of\", \"this\"}, {#3, \"rxd\", \"put place\"}}");
  CHECK(w.run("set_verb_args(#6, 'put', {'none', 'any', 'none'}) return verb_args(#6, 1)", kMe) ==
        "{\"none\", \"any\", \"none\"}");
  CHECK(w.run("set_verb_info(#6, 'put', {#3, 'x', 'drop'}) return verb_info(#6, 'drop')", kMe) ==
        "{#3, \"x\", \"drop\"}");
  CHECK(w.run("set_verb_code(#6, 'drop', {'local x = 2', 'return x'}) return #6:drop()", kMe) ==
        "2");
  CHECK(w.run("delete_verb(#6, 'drop') return verbs(#6)", kMe) == "{}");
}

}  // namespace
}  // namespace cosmoo
