// What players may use, by properties that only wizards can have set.
#include "tests/unit/vm/lua_world.h"
#include "vm/allowances.h"

namespace cosmoo {
namespace {

constexpr ObjectId kRoot{1}, kWiz{2}, kProg{3};
const Slice kUsual{60'000, std::chrono::duration<double>(5)};

std::int64_t ticks(LuaWorld& lua, ObjectId who = kProg) {
  return PlayerAllowances(lua.world).slice(who, Ground::foreground, kUsual).ticks;
}

TEST_CASE("a wizard's properties on a player change what it may use") {
  LuaWorld lua;
  lua.property(kProg, "fg_ticks", Value(1234));
  lua.property(kProg, "fg_seconds", Value(1.5));
  lua.property(kProg, "bg_ticks", Value(777));
  lua.property(kProg, "bg_seconds", Value(2));
  lua.property(kProg, "queued_task_limit", Value(3));
  const PlayerAllowances allowances(lua.world);
  const Slice command = allowances.slice(kProg, Ground::foreground, kUsual);
  CHECK(command.ticks == 1234);
  CHECK(command.seconds.count() == 1.5);
  const Slice fork = allowances.slice(kProg, Ground::background, kUsual);
  CHECK(fork.ticks == 777);
  CHECK(fork.seconds.count() == 2.0);
  CHECK(allowances.tasks(kProg, 100) == 3);
  CHECK(allowances.tasks(kWiz, 100) == 100);
  CHECK(ticks(lua, kWiz) == kUsual.ticks);
  CHECK(ticks(lua, ObjectId{99}) == kUsual.ticks);
}

// The attack: a programmer who gives itself more.
TEST_CASE("a property that its player could have set does not count") {
  LuaWorld lua;
  SUBCASE("its own") { lua.property(kProg, "fg_ticks", Value(1'000'000), kProg); }
  SUBCASE("one that everybody may write") {
    lua.property(kProg, "fg_ticks", Value(1'000'000), kWiz, kRead | kWrite);
  }
  SUBCASE("its slot of a wizard's property that changes owners") {
    lua.property(kRoot, "fg_ticks", Value(1'000'000), kWiz, kRead | kChown);
    CHECK(lua.run("#3.owner = #3 #3.fg_ticks = 2000000 return #3.fg_ticks") == "2000000");
  }
  SUBCASE("a value inherited from a programmer's object") {
    lua.property(kRoot, "fg_ticks", Value(500), kWiz, kRead);
    REQUIRE(
        lua.world.set_property_info(kRoot, lua.world.symbols().intern("fg_ticks"), kProg, kRead));
  }
  CHECK(ticks(lua) == kUsual.ticks);
}

TEST_CASE("a class can give all its players more") {
  LuaWorld lua;
  lua.property(kRoot, "fg_ticks", Value(90'000));
  CHECK(ticks(lua) == 90'000);
}

TEST_CASE("what is no possible budget counts as not set") {
  LuaWorld lua;
  lua.property(kProg, "fg_ticks", Value());
  for (const Value& value : {Value(99), Value(-5), Value("many"), Value(2.5), Value()}) {
    REQUIRE(lua.world.set_property(kProg, lua.world.symbols().intern("fg_ticks"), value));
    CHECK(ticks(lua) == kUsual.ticks);
  }
  lua.property(kProg, "fg_seconds", Value(0));
  CHECK(PlayerAllowances(lua.world).slice(kProg, Ground::foreground, kUsual).seconds.count() == 5);
  lua.property(kProg, "queued_task_limit", Value(-1));
  CHECK(PlayerAllowances(lua.world).tasks(kProg, 7) == 7);
}

TEST_CASE("a command has its player's budget, and a fork that of whose permissions it has") {
  LuaWorld lua;
  const PlayerAllowances allowances(lua.world);
  lua.scheduler.use(allowances);
  lua.property(kProg, "fg_ticks", Value(1000));
  lua.property(kProg, "bg_ticks", Value(500));
  lua.property(kProg, "queued_task_limit", Value(2));
  CHECK(has(lua.run("ticks_left() <= 1000", kProg), "true"));
  CHECK(has(lua.run("ticks_left() > 50000", kWiz), "true"));
  lua.run("fork(0, function() tell(ticks_left() <= 500) end)", kProg);
  CHECK(lua.services.told.back() == "true");
  CHECK(has(lua.run("for i = 1, 3 do fork(9, function() end) end", kProg), "E_QUOTA"));
  CHECK(lua.scheduler.count(kProg) == 2);
  lua.scheduler.kill_all();
}

}  // namespace
}  // namespace cosmoo
