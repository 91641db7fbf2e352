// Lua in the world: properties, verbs, errors, tasks.
#include "tests/unit/vm/lua_world.h"

namespace cosmoo {
namespace {

constexpr ObjectId kRoot{1}, kWiz{2}, kProg{3};

TEST_CASE("an eval returns the value of an expression or of its statements") {
  LuaWorld lua;
  CHECK(lua.run("1 + 1") == "2");
  CHECK(lua.run("local x = 20 return x * 2.5") == "50.0");
  CHECK(lua.run("'text'") == "\"text\"");
  CHECK(lua.run("{1, 'two', {k = 3}}") == "{1, \"two\", {k = 3}}");
  CHECK(lua.run("local x = 1") == "");
}

TEST_CASE("objects and system names have literals") {
  LuaWorld lua;
  lua.property(kSystem, "room", Value(ObjectId{1}));
  lua.verb(kSystem, "double", "return args[1] * 2");
  CHECK(lua.run("#3") == "#3");
  CHECK(lua.run("#-1") == "#-1");
  CHECK(lua.run("$room") == "#1");
  CHECK(lua.run("$double(21)") == "42");
  CHECK(lua.run("#3 == toobj('#3')") == "true");
  CHECK(lua.run("'#3 and $room -- ' .. #3") == "\"#3 and $room -- #3\"");
  CHECK(lua.run("local t = {} t[#3] = 'x' return t[toobj(3)]") == "\"x\"");
}

TEST_CASE("a property hides a verb of its name from . but never from :") {
  LuaWorld lua;
  lua.property(kRoot, "title", Value("property"));
  lua.verb(kRoot, "title", "return 'verb'");
  CHECK(lua.run("#1.title") == "\"property\"");
  CHECK(lua.run("#1:title()") == "\"verb\"");
  CHECK(lua.run("local o = #1; return o:title()") == "\"verb\"");
}

TEST_CASE("what is missing is E_PROPNF after . and E_VERBNF after :") {
  LuaWorld lua;
  CHECK(lua.run("#1.nothing").find("E_PROPNF") != std::string::npos);
  CHECK(lua.run("#1:nothing()").find("E_VERBNF") != std::string::npos);
  CHECK(lua.run("#99.name").find("E_INVIND") != std::string::npos);
  CHECK(lua.run("#99:name()").find("E_INVIND") != std::string::npos);
  CHECK(lua.run("#1[1]").find("E_TYPE") != std::string::npos);
}

TEST_CASE("a verb knows who called it and with what") {
  LuaWorld lua;
  lua.verb(kRoot, "inner", "return {this, caller, player, verb, args, ...}");
  lua.verb(kRoot, "outer", "return this:inner('a', 2)");
  CHECK(lua.run("#3:outer()") == "{#3, #3, #2, \"inner\", {\"a\", 2}, \"a\", 2}");
}

TEST_CASE("arguments taken one by one are those of the call") {
  LuaWorld lua;
  lua.verb(kRoot, "second", "return args[2]");
  lua.verb(kRoot, "add", "args[1] = args[1] + (args[2] or 1) return args[1]");
  lua.verb(kRoot, "later",
           "local f = function() args[1] = args[1] * 2 return args[1] end f() "
           "return f(), args[1]");
  lua.verb(kRoot, "down",
           "if args[1] == 0 then return {} end local below = this:down(args[1] - 1) "
           "below[#below + 1] = args[1] return below");
  lua.verb(kRoot, "wrong", "\nreturn args[1].x");
  CHECK(lua.run("{#1:second(1, 'two', 3), #1:second(1) == nil, #1:second() == nil}") ==
        "{\"two\", true, true}");
  CHECK(lua.run("{#1:add(1), #1:add(1, 5)}") == "{2, 6}");
  CHECK(lua.run("{#1:later(3)}") == "{12, 12}");
  CHECK(lua.run("#1:down(3)") == "{1, 2, 3}");
  CHECK(lua.run("local t = {1} #1:second(0, t)[1] = 2 return t") == "{1}");
  CHECK(lua.run("#1:wrong()").find("#1:wrong, line 2:  attempt to index a nil value") !=
        std::string::npos);
}

TEST_CASE("a changed verb is called as it is now") {
  LuaWorld lua;
  const auto called = [&] { return lua.run("local first = #3:which() return #3:which()"); };
  lua.verb(kRoot, "which", "return 'first'");
  const auto ref = *lua.world.own_verb(kRoot, "which");
  CHECK(called() == "\"first\"");
  CHECK(lua.world.set_verb_code(ref, "return task_perms()").has_value());
  CHECK(called() == "#2");
  CHECK(lua.world.set_verb_info(ref, kProg, kRead | kExecute, "which").has_value());
  CHECK(called() == "#3");
  lua.verb(kProg, "which", "return 'nearer'");
  CHECK(called() == "\"nearer\"");
  CHECK(lua.world.delete_verb(*lua.world.own_verb(kProg, "which")).has_value());
  CHECK(called() == "#3");
  CHECK(lua.world.set_verb_info(ref, kProg, kRead, "which").has_value());
  CHECK(has(called(), "E_VERBNF"));
}

TEST_CASE("names of properties and verbs do not mind case") {
  LuaWorld lua;
  lua.property(kRoot, "Title", Value(1));
  lua.verb(kRoot, "DoIt", "return verb");
  CHECK(lua.run("#1.TITLE") == "1");
  CHECK(lua.run("#1:doit() ~= nil") == "true");
}

// Where Lua kept one name it may keep another next; no name may be taken for another.
TEST_CASE("names that come and go are told from each other") {
  LuaWorld lua(plenty_of_budget());
  for (int i = 0; i < 100; ++i) {
    lua.property(kRoot, "name_number_" + std::to_string(i), Value(std::int64_t{i}));
  }
  CHECK(lua.run("for round = 1, 50 do for i = 0, 99 do "
                "if #1['name_number_' .. i] ~= i then return {round, i} end "
                "if pcall(function() return #1['name_numbr_' .. i] end) then return i end "
                "local junk = {} for j = 1, 20 do junk[j] = 'junk' .. i * j end "
                "end end return 'told'") == "\"told\"");
  CHECK(lua.run("#1['']").find("E_PROPNF") != std::string::npos);
  CHECK(lua.run("#1['name\\0']").find("E_PROPNF") != std::string::npos);
}

TEST_CASE("a verb call exchanges values, not tables") {
  LuaWorld lua;
  lua.verb(kRoot, "change", "args[1].x = 'changed' return args[1]");
  CHECK(lua.run("local t = {x = 1} local r = #1:change(t) return {t.x, r.x}") ==
        "{1, \"changed\"}");
  CHECK(lua.run("#1:change(function() end)").find("E_TYPE") != std::string::npos);
  lua.verb(kRoot, "leak", "return function() end");
  CHECK(lua.run("#1:leak()").find("E_TYPE") != std::string::npos);
}

TEST_CASE("a list or map in a property is written through its view") {
  LuaWorld lua;
  lua.property(kWiz, "scores", Value(Map{}));
  lua.property(kWiz, "items", Value(List{}));
  CHECK(lua.run("#2.scores.bob = 10; #2.scores[#3] = {1}; table.insert(#2.scores[#3], 2) "
                "return #2.scores") == "{bob = 10, [#3] = {1, 2}}");
  CHECK(lua.run("for i = 1, 5 do #2.items[i] = i * i end table.remove(#2.items, 2) "
                "return {#(#2.items), #2.items}") == "{4, {1, 9, 16, 25}}");
  CHECK(lua.run("local s = 0 for i, v in ipairs(#2.items) do s = s + i * v end return s") == "167");
  CHECK(lua.run("local n = 0 for k, v in pairs(#2.scores) do n = n + 1 end return n") == "2");
  CHECK(lua.run("local v = #2.items; v[1] = 7; return #2.items[1]") == "7");
  CHECK(lua.run("#2.scores.bob = nil return #2.scores") == "{[#3] = {1, 2}}");
  CHECK(lua.run("#2.items[9] = 1").find("E_RANGE") != std::string::npos);
  CHECK(lua.run("#2.items.x = 1").find("E_TYPE") != std::string::npos);
}

TEST_CASE("only values are stored, and a refused one changes nothing") {
  LuaWorld lua;
  lua.property(kWiz, "box", Value(5));
  for (const char* bad :
       {"function() end", "setmetatable({}, {})",
        "(function() local t = {} t.t = t return t end)()", "{1, {function() end}}"}) {
    CHECK(lua.run(std::string("#2.box = ") + bad).find("E_TYPE") != std::string::npos);
  }
  CHECK(lua.run("#2.box") == "5");
}

TEST_CASE("an error is raised, caught, and equal to its code") {
  LuaWorld lua;
  CHECK(lua.run("local ok, e = pcall(function() raise(E_INVARG, 'why', {1}) end) "
                "return {ok, e == E_INVARG, e.name, e.message, e.value}") ==
        "{false, true, \"E_INVARG\", \"why\", {1}}");
  CHECK(lua.run("local ok, e = pcall(error, 'text') return {ok, e}") == "{false, \"text\"}");
  CHECK(lua.run("select(2, xpcall(function() raise(E_PERM) end, function(e) return e.name end))") ==
        "\"E_PERM\"");
  CHECK(lua.run("tostring(E_PERM)") == "\"E_PERM\"");
}

TEST_CASE("an uncaught error prints verb and line of each call") {
  LuaWorld lua;
  lua.verb(kRoot, "inner", "\n\nlocal x = nil\nreturn x.y");
  lua.verb(kRoot, "outer", "\nreturn this:inner()");
  lua.run("#3:outer()");
  REQUIRE(lua.last_traceback.size() == 5);
  CHECK(lua.last_traceback[0] ==
        "#1:inner (this == #3), line 4:  attempt to index a nil value (local 'x')");
  CHECK(lua.last_traceback[1] == "... called from #1:outer (this == #3), line 2");
  CHECK(lua.last_traceback[2] == "... called from eval, line 1");
  CHECK(lua.last_traceback.back() == "(End of traceback)");
}

TEST_CASE("a syntax error has its line and column") {
  LuaWorld lua;
  auto error = lua.engine->check("local x = 1\n  if x == = 2 then end\n");
  REQUIRE(error);
  CHECK(error->line == 2);
  CHECK(error->column == 11);
  CHECK(!error->incomplete);
  error = lua.engine->check("for i = 1, 3 do");
  REQUIRE(error);
  CHECK(error->incomplete);
  error = lua.engine->check("local a = #12 + $x.y local local");
  REQUIRE(error);
  CHECK(error->line == 1);
  CHECK(error->column == 28);
  CHECK(!lua.engine->check("return this, #4, $room, ..."));
}

TEST_CASE("a verb cannot close the function it is put into") {
  LuaWorld lua;
  CHECK(lua.engine->check("end tell('out') do"));
  CHECK(lua.engine->check("end) tell('out') (function()"));
  CHECK(lua.engine->check("_ENV = {}"));
}

TEST_CASE("a waiting builtin gives the task its value, or raises its error") {
  LuaWorld lua;
  CHECK(lua.run("later() + 1") == "(waiting)");
  REQUIRE(lua.services.tickets.size() == 1);
  lua.scheduler.complete(lua.services.tickets[0], Value(41));
  lua.scheduler.complete(lua.services.tickets[0], Value(1));  // a second time: nothing
  lua.turn();
  CHECK(lua.services.told.back() == "{42}");

  lua.run("select(2, pcall(later)) == E_EXEC");
  lua.scheduler.complete(lua.services.tickets[1], Error(ErrorCode::exec));
  lua.turn();
  CHECK(lua.services.told.back() == "{true}");
}

TEST_CASE("a wait deep in verb calls and pcalls goes on where it was") {
  LuaWorld lua;
  lua.verb(kRoot, "slow",
           "local ok, v = pcall(function() return later() .. '!' end) return v .. args[1]");
  lua.verb(kRoot, "outer", "local a = this:slow('x') return a .. this:slow('y')");
  lua.run("#3:outer()");
  for (int i = 0; i < 2; ++i) {
    REQUIRE(lua.services.tickets.size() == static_cast<std::size_t>(i + 1));
    lua.scheduler.complete(lua.services.tickets.back(), Value("r"));
    lua.turn();
  }
  CHECK(lua.services.told.back() == "{\"r!xr!y\"}");
}

TEST_CASE("a task killed while it waits ends what it waits for and does not resume") {
  LuaWorld lua;
  lua.run("later()");
  const TaskId id = lua.services.tickets[0].task;
  CHECK(lua.scheduler.resume(id, Value(), kWiz, Scheduler::Authority::wizard).error().code ==
        ErrorCode::invarg);
  CHECK(lua.scheduler.kill(id, kProg, Scheduler::Authority::owner).error().code == ErrorCode::perm);
  CHECK(lua.scheduler.kill(id, kWiz, Scheduler::Authority::owner).has_value());
  CHECK(lua.services.told.back() == "killed");
  lua.scheduler.complete(lua.services.tickets[0], Value(1));
  lua.turn();
  CHECK(lua.services.told.back() == "killed");
  CHECK(lua.scheduler.size() == 0);
}

TEST_CASE("a fork runs later, with its arguments and its verb's permissions") {
  LuaWorld lua;
  lua.verb(kRoot, "start", "fork(0, function(a, b) tell(a + b) tell(task_perms()) end, 1, 2)",
           kProg);
  lua.run("#1:start()");
  lua.turn();
  CHECK(lua.services.told == std::vector<std::string>{"{}", "3", "#3"});
}

TEST_CASE("suspend() without a time waits for resume, which brings a value or raises an error") {
  LuaWorld lua;
  lua.run("suspend()");
  const TaskId id = lua.scheduler.list({}, 10).at(0).id;
  CHECK(lua.scheduler.resume(id, Value("hi"), kWiz, Scheduler::Authority::owner).has_value());
  lua.turn();
  CHECK(lua.services.told.back() == "{\"hi\"}");
}

TEST_CASE("a builtin's row is checked before it runs") {
  LuaWorld lua;
  CHECK(lua.run("takes_text()").find("E_ARGS: takes_text() takes 1 to 2 arguments, not 0") !=
        std::string::npos);
  CHECK(lua.run("takes_text(5)").find("argument 1 (text) must be string, not integer") !=
        std::string::npos);
  CHECK(lua.run("takes_text('a', nil)") == "\"a\"");
  CHECK(lua.run("wizards_only()", kProg).find("E_PERM") != std::string::npos);
  CHECK(lua.run("wizards_only()", kWiz) == "\"done\"");
  CHECK(lua.run("family.echo({1})") == "{1}");
}

TEST_CASE("pass() calls the verb that is overridden") {
  LuaWorld lua;
  lua.verb(kRoot, "greet", "return 'root ' .. args[1]");
  lua.verb(kProg, "greet", "return 'child, ' .. pass(args[1])");
  CHECK(lua.run("#3:greet('x')") == "\"child, root x\"");
  CHECK(lua.run("#1:greet('x')") == "\"root x\"");
}

TEST_CASE("strings keep every byte") {
  LuaWorld lua;
  CHECK(lua.run("#family.echo('a\\0b\\xff')") == "4");
}

TEST_CASE("typeof() tells the types of values, and the constants are what it returns") {
  LuaWorld world;
  CHECK(world.run("{typeof(1), typeof(1.5), typeof('x'), typeof(#4), typeof(E_PERM)}") ==
        R"({"integer", "float", "string", "object", "error"})");
  CHECK(
      world.run(
          "{typeof({}), typeof({1, 2}), typeof({k = 1}), typeof({[2] = 1}), typeof({1, k = 2})}") ==
      R"({"list", "list", "map", "map", "map"})");
  CHECK(world.run("{typeof(nil), typeof(false), typeof(pcall), typeof(math)}") ==
        R"({"nil", "boolean", "function", "table"})");
  CHECK(world.run("typeof(setmetatable({}, {}))") == R"("table")");
  CHECK(
      world.run("{NIL, BOOL, INT, NUM, FLOAT, STR, OBJ, ERR, LIST, MAP}") ==
      R"({"nil", "boolean", "integer", "integer", "float", "string", "object", "error", "list", "map"})");
  CHECK(has(world.run("typeof()"), "typeof() takes 1 argument, not 0"));
  CHECK(has(world.run("typeof(1, 2)"), "typeof() takes 1 argument, not 2"));
  CHECK(has(world.run("INT = 1"), "INT cannot be set"));
}

TEST_CASE("typeof() sees through a view to what the property holds") {
  LuaWorld world;
  world.property(ObjectId{1}, "list", Value(List{Value(1)}));
  world.property(ObjectId{1}, "map", Value(Map{{Value("k"), Value(List{})}}));
  world.property(ObjectId{1}, "empty_map", Value(Map{}));
  CHECK(world.run("{typeof(#1.list), typeof(#1.map), typeof(#1.map.k), typeof(#1.empty_map)}") ==
        R"({"list", "map", "list", "map"})");
  CHECK(has(world.run("local view = #1.map.k #1.map.k = 1 return typeof(view)"), "no longer"));
}

}  // namespace
TEST_CASE("the profile tells which verbs used up the ticks, each without those it calls") {
  LuaWorld lua;
  lua.verb(ObjectId{1}, "busy", "for i = 1, 1e6 do end");
  lua.verb(ObjectId{1}, "outer", "this:busy() this:busy()");
  CHECK(lua.run("verb_profile()") == "{}");
  CHECK(lua.run("profile_verbs(true) #1:outer() profile_verbs(false) #1:busy() "
                "local calls, ticks = {}, {} "
                "for _, row in ipairs(verb_profile()) do "
                "  calls[row.verb] = row.calls ticks[row.verb] = row.ticks "
                "end "
                "return {calls.busy, calls.outer, ticks.busy > ticks.outer}") == "{2, 1, true}");
  CHECK(has(lua.run("profile_verbs(true)", ObjectId{3}), "E_PERM"));
  CHECK(has(lua.run("verb_profile()", ObjectId{3}), "E_PERM"));
  CHECK(has(lua.run("profile_verbs(1)"), "E_TYPE"));
}

}  // namespace cosmoo
