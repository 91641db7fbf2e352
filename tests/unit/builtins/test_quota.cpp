// Who may hold how much: objects and bytes.
#include "tests/unit/builtins/builtin_world.h"

namespace cosmoo {
namespace {

constexpr ObjectId kWizardId = BuiltinWorld::kWizardPlayer;
constexpr ObjectId kMe = BuiltinWorld::kProgrammerPlayer;
constexpr ObjectId kPlain = BuiltinWorld::kPlainPlayer;
constexpr ObjectId kOther = BuiltinWorld::kOtherProgrammer;
constexpr ObjectId kThing = BuiltinWorld::kThing;

TEST_CASE("create() takes from ownership_quota, recycle() gives back") {
  BuiltinWorld w;
  w.property(kMe, "ownership_quota", Value(2));
  CHECK(w.run("{create(#1), #3.ownership_quota}", kMe) == "{#7, 1}");
  CHECK(w.run("{create(#1), #3.ownership_quota}", kMe) == "{#8, 0}");
  CHECK(w.run("create(#1)", kMe) ==
        "E_QUOTA: #3 may make no more objects: its ownership_quota is 0");
  CHECK(w.run("recycle(#7) return #3.ownership_quota", kMe) == "1");
  CHECK(w.run("create(#1)", kMe) == "#9");
  // The owner's counts, whoever makes it.
  CHECK(w.outcome_of("create(#1, #3)") == "E_QUOTA");
  CHECK(w.run("recycle(#9) return #3.ownership_quota") == "1");
  // What cannot be made costs nothing.
  CHECK(w.outcome_of("create({#1, #1})", kMe) == "E_INVARG");
  CHECK(w.run("#3.ownership_quota") == "1");
}

TEST_CASE("an inherited quota becomes each player's own") {
  BuiltinWorld w;
  w.property(BuiltinWorld::kRoot, "ownership_quota", Value(5));
  CHECK(w.run("create(#1)", kMe) == "#7");
  CHECK(w.run("{#3.ownership_quota, #5.ownership_quota, #1.ownership_quota}") == "{4, 5, 5}");
  CHECK(w.outcome_of("#3.ownership_quota = 100", kMe) == "E_PERM");
}

TEST_CASE("a quota below none is none, and what is no integer or not a wizard's does not count") {
  BuiltinWorld w;
  w.property(kMe, "ownership_quota", Value(-1));
  CHECK(w.outcome_of("create(#1)", kMe) == "E_QUOTA");
  CHECK(w.run("#3.ownership_quota = 'many' return create(#1)") == "#7");
  CHECK(w.run("create(#1)", kMe) == "#8");
  // A programmer's own property of that name is nobody's business.
  CHECK(w.run("add_property(#5, 'ownership_quota', 0) return create(#1)", kOther) == "#9");
}

TEST_CASE("what is written counts for the object's owner, and beyond byte_quota is E_QUOTA") {
  BuiltinWorld w;
  w.property(kThing, "p", Value(0), kMe, "rw");
  w.property(kMe, "byte_quota", Value(2000));
  CHECK(w.outcome_of("#6.p = ('x'):rep(900)", kMe) == "nil");
  const std::string refused = w.run("#6.p = ('x'):rep(2000)", kMe);
  CHECK(has(refused, "E_QUOTA: #6.p: what #3 owns would hold "));
  CHECK(has(refused, " bytes; its quota is 2000"));
  CHECK(w.run("#(#6.p)") == "900");
  // Others who may write there are held to the owner's quota; wizards are not.
  CHECK(w.outcome_of("#6.p = ('x'):rep(2000)", kOther) == "E_QUOTA");
  CHECK(w.outcome_of("#6.p = ('x'):rep(2000)") == "nil");
  // Over its quota, it may still become less.
  CHECK(w.outcome_of("#6.p = ('x'):rep(1999)", kMe) == "nil");
  CHECK(w.outcome_of("#6.p = ('x'):rep(2001)", kMe) == "E_QUOTA");
  CHECK(w.outcome_of("#6.p = 0", kMe) == "nil");
}

TEST_CASE("every way to store something is held to the quota") {
  const std::string big = "('x'):rep(4000)";
  for (const std::string& code : {
           "#6.list[1] = " + big,
           "#6.map.k[1] = " + big,
           "#6.map[" + big + "] = 1",
           "#6.map.k = {" + big + "}",
           "add_property(#6, 'q', " + big + ")",
           "set_verb_code(#6, 'v', '--' .. " + big + ")",
           std::string("for i = 1, 1000 do #6.list[i] = i end"),
           std::string("for i = 1, 1000 do add_property(#6, 'q' .. i, 0) end"),
           std::string("for i = 1, 99 do add_verb(#6, {#3, 'r', 'v'}, {'any', 'any', 'any'}) end"),
           std::string("for i = 1, 99 do add_verb(#6, {#3, 'r', 'v'}, {'any', 'any', 'any'}) "
                       "set_verb_info(#6, i, {#3, 'r', ('y'):rep(900)}) end"),
           std::string("for i = 1, 1000 do create(#1) end"),
       }) {
    CAPTURE(code);
    BuiltinWorld w;
    w.property(kThing, "list", Value(List{}), kMe, "r");
    w.property(kThing, "map", Value(Map{{Value("k"), Value(List{})}}), kMe, "r");
    w.verb(kThing, "v", "return 1", kMe);
    w.property(kMe, "byte_quota", Value(4000));
    CHECK(w.outcome_of(code, kMe) == "E_QUOTA");
    const Holdings holdings = w.world.holdings(kMe);
    CHECK(holdings.bytes + holdings.names <= 4000);
  }
}

TEST_CASE("names of properties that come and go are counted too") {
  BuiltinWorld w;
  w.property(kMe, "byte_quota", Value(20'000));
  const std::string attack =
      "for i = 1, 10000 do add_property(#6, 'name' .. i, 0) delete_property(#6, 'name' .. i) end";
  CHECK(w.outcome_of(attack, kMe) == "E_QUOTA");
  // Those that are known cost nothing.
  REQUIRE(w.run("#3.byte_quota = 21000") == "nil");
  CHECK(w.outcome_of("for i = 1, 1000 do add_property(#6, 'name1', 0) "
                     "delete_property(#6, 'name1') end",
                     kMe) == "nil");
}

TEST_CASE("the default holds for who has no byte_quota; a negative one is no limit") {
  BuiltinWorld w;
  w.world.set_owner_bytes(3000);
  w.property(kThing, "p", Value(0), kMe, "r");
  CHECK(w.outcome_of("#6.p = ('x'):rep(3000)", kMe) == "E_QUOTA");
  // Its own property of that name does not help it.
  CHECK(w.outcome_of("add_property(#3, 'byte_quota', -1) #6.p = ('x'):rep(3000)", kMe) ==
        "E_QUOTA");
  CHECK(w.run("set_property_info(#3, 'byte_quota', {#2, 'r'}) return 0") == "0");
  CHECK(w.outcome_of("#6.p = ('x'):rep(100000)", kMe) == "nil");
}

TEST_CASE("a list that grows is measured by what is added, and an inherited value by all of it") {
  BuiltinWorld w;
  w.property(kThing, "list", Value(List{}), kMe, "rc");
  CHECK(w.run("for i = 1, 100 do #6.list[i] = 'item' end return #(#6.list)", kMe) == "100");
  REQUIRE(w.run("create(#6)", kMe) == "#7");
  const std::int64_t empty = w.world.find(ObjectId{7})->bytes;
  CHECK(w.run("#7.list[1] = 'other' return #(#7.list)", kMe) == "100");
  const auto bytes = static_cast<std::int64_t>(w.value_of(ObjectId{7}, "list").bytes());
  CHECK(w.world.find(ObjectId{7})->bytes == empty + World::kSlotBytes + bytes);
  w.property(kMe, "byte_quota", Value(w.world.holdings(kMe).bytes + 500));
  REQUIRE(w.run("create(#6)", kMe) == "#8");
  CHECK(w.outcome_of("#8.list[1] = nil #8.list[100] = nil", kMe) == "E_RANGE");
  CHECK(w.outcome_of("#8.list[100] = nil", kMe) == "E_QUOTA");
  CHECK(w.run("is_clear_property(#8, 'list')", kMe) == "true");
}

TEST_CASE("what a list refuses leaves the count alone") {
  BuiltinWorld w;
  w.property(kThing, "list", Value(List{Value(1), Value(2)}), kMe, "r");
  const Holdings before = w.world.holdings(kMe);
  for (const std::string code : {"#6.list[9] = 1", "#6.list.x = 1", "#6.list[1] = nil",
                                 "local inner = #6.list #6.list = 3 inner[1] = 2"}) {
    CAPTURE(code);
    CHECK(w.run(code, kMe).starts_with("E_"));
    w.run("#6.list = {1, 2}", kMe);
    CHECK(w.world.holdings(kMe) == before);
  }
  CHECK(w.run("#6.list[3] = 'x' #6.list[3] = nil return #(#6.list)", kMe) == "2");
  CHECK(w.run("#6.list = {} #6.list.k = {1} #6.list.k = nil #6.list = {1, 2}", kMe) == "nil");
  CHECK(w.world.holdings(kMe) == before);
}

TEST_CASE("quota() tells oneself and wizards") {
  BuiltinWorld w;
  CHECK(w.run("quota().objects", kMe) == "2");
  CHECK(w.run("quota().bytes == object_bytes(#3) + object_bytes(#6)", kMe) == "true");
  CHECK(w.run("{quota().byte_quota == nil, quota().ownership_quota == nil}", kMe) ==
        "{true, true}");
  w.property(kMe, "byte_quota", Value(5000));
  w.property(kMe, "ownership_quota", Value(7));
  CHECK(w.run("{quota(#3).byte_quota, quota(#3).ownership_quota}") == "{5000, 7}");
  CHECK(w.outcome_of("quota(#3)", kOther) == "E_PERM");
  CHECK(w.outcome_of("quota(#2)", kPlain) == "E_PERM");
  CHECK(w.outcome_of("quota(#99)") == "E_INVARG");
  CHECK(w.outcome_of("object_bytes(#99)") == "E_INVARG");
}

TEST_CASE("what changes hands is counted for the new owner") {
  BuiltinWorld w;
  w.property(kThing, "p", Value(std::string(1000, 'x')), kMe, "r");
  CHECK(w.run("#6.owner = #5 return {quota(#3).objects, quota(#5).objects}") == "{1, 2}");
  CHECK(w.run("quota(#5).bytes == object_bytes(#5) + object_bytes(#6)") == "true");
  CHECK(w.run("recycle(#6) return quota(#5).bytes == object_bytes(#5)") == "true");
}

// A player owns itself, and with it the properties that a wizard has defined on it.
TEST_CASE("attack: limits that wizards set are not deleted, renamed or given up by other parents") {
  for (const std::string limit : {"ownership_quota", "byte_quota", "queued_task_limit", "fg_ticks",
                                  "fg_seconds", "bg_ticks", "bg_seconds"}) {
    CAPTURE(limit);
    BuiltinWorld w;
    w.property(kMe, limit, Value(3));
    CHECK(w.outcome_of("delete_property(#3, '" + limit + "')", kMe) == "E_PERM");
    CHECK(w.outcome_of("set_property_info(#3, '" + limit + "', {#3, 'rw', 'gone'})", kMe) ==
          "E_PERM");
    CHECK(w.outcome_of("clear_property(#3, '" + limit + "')", kMe) == "E_PERM");
    CHECK(w.outcome_of("#3." + limit + " = 100", kMe) == "E_PERM");
    // Its own parents may change, for it is defined on itself.
    CHECK(w.outcome_of("chparents(#3, {})", kMe) == "nil");
    CHECK(w.outcome_of("delete_property(#3, '" + limit + "')") == "nil");
  }
}

TEST_CASE("attack: an inherited limit is not left behind, by whichever object of the line") {
  BuiltinWorld w;
  const std::string own = "create(#1)";  // a class of the programmer's own, between
  w.property(BuiltinWorld::kRoot, "byte_quota", Value(5000));
  REQUIRE(w.outcome_of("chparent(#3, #1)") == "nil");
  REQUIRE(w.run(own, kMe) == "#7");
  CHECK(w.outcome_of("chparent(#3, #7)", kMe) == "nil");
  CHECK(w.outcome_of("chparents(#3, {})", kMe) == "E_PERM");
  CHECK(w.outcome_of("chparents(#7, {})", kMe) == "E_PERM");
  CHECK(w.outcome_of("chparent(#3, #1)", kMe) == "nil");
  CHECK(w.outcome_of("chparents(#3, {})") == "nil");
  // What is nobody's limit, or no wizard's, is a property like others.
  w.property(kMe, "limit", Value(1));
  CHECK(w.outcome_of("delete_property(#3, 'limit')", kMe) == "nil");
  CHECK(w.outcome_of("add_property(#3, 'fg_ticks', 1) delete_property(#3, 'fg_ticks')", kMe) ==
        "nil");
}

}  // namespace
}  // namespace cosmoo
