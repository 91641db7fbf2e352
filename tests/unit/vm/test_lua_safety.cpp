// Attacks by a programmer on the server, on others and on its own limits. Each case says in its
// name what must happen instead.
#include "tests/unit/vm/lua_world.h"

namespace cosmoo {
namespace {

constexpr ObjectId kRoot{1}, kWiz{2}, kProg{3};

SchedulerLimits small() {
  SchedulerLimits limits;
  limits.foreground = {2'000, std::chrono::duration<double>(5)};
  limits.background = limits.foreground;
  return limits;
}

TEST_CASE("an endless loop ends, and no pcall, metamethod or handler keeps it alive") {
  LuaWorld lua(small());
  for (const char* code : {
           "while true do end",
           "while true do pcall(function() while true do end end) end",
           "while true do xpcall(function() while true do end end, function() end) end",
           "local t = setmetatable({}, {__index = function(t, k) while true do end end}) return "
           "t.x",
           "repeat until false",
           "::again:: goto again",
           "local function f() return f() end return f()",
           "for i = 1, math.huge do pcall(error) end",
           "table.sort({3, 1, 2, 5, 4}, function() while true do end end)",
           "('x'):gsub('x', function() while true do end end)",
       }) {
    CAPTURE(code);
    CHECK(has(lua.run(code, kProg), "ran out of ticks"));
    CHECK(lua.scheduler.size() == 0);
  }
}

TEST_CASE("what runs long inside C is charged for") {
  LuaWorld lua(small());
  for (const char* code : {
           "return ('a'):rep(40):find(('a-'):rep(30) .. 'b')",
           "return ('a'):rep(30):match(('a*'):rep(30) .. 'b')",
           "for x in ('a'):rep(30):gmatch(('a?'):rep(30) .. ('a'):rep(31)) do end",
           "return ('a'):rep(30):gsub(('(a-)'):rep(20) .. 'b', '')",
           "return table.move({}, 1, 1 << 60, 2)",
           "return table.insert(setmetatable({}, {__len = function() return 1 << 60 end}), 1, 0)",
           "return table.remove(setmetatable({}, {__len = function() return 1 << 60 end}), 1)",
           "return table.concat(setmetatable({}, {__index = tostring, __len = function() return 1 "
           "<< 60 end}))",
           "return table.sort(setmetatable({}, {__len = function() return 1 << 30 end}), rawequal)",
           "local s = ('x'):rep(4000000) for i = 1, 1000 do s:upper() end",
           "local s = ('x'):rep(4000000) for i = 1, 1000 do s:find('y', 1, true) end",
           "local s = ('x'):rep(4000000) for i = 1, 1000 do utf8.len(s) end",
           "local s = ('x'):rep(4000000) for i = 1, 1000 do tonumber(s) end",
           "local s = ('x'):rep(4000000) for i = 1, 1000 do local t = s .. i end",
       }) {
    CAPTURE(code);
    CHECK(has(lua.run(code, kProg), "ran out of"));
  }
}

TEST_CASE("a 1 GiB string, an endless table and endless recursion end the task, not the server") {
  LuaWorld lua(plenty_of_budget(), small_memory());
  lua.verb(kRoot, "take", "return #args");
  struct Row {
    const char* code;
    const char* result;
  };
  for (const auto& [code, wanted] : std::initializer_list<Row>{
           {"return ('x'):rep(1 << 30)", "out of memory"},
           {"return pcall(string.rep, 'x', 1 << 30)", "out of memory"},
           {"local t = {} while true do t[#t + 1] = {} end", "out of memory"},
           {"while true do pcall(function() local t = {} while true do t[#t + 1] = "
            "('x'):rep(1000) .. #t end end) end",
            "out of memory"},
           {"local s = 'x' while true do s = s .. s end", "out of memory"},
           {"local t = {} for i = 1, 60 do t = {t, t} end return #1:take(t)", "E_QUOTA"},
           {"return ('x'):rep(1000000):gsub('x', ('y'):rep(100000))", "E_QUOTA"},
       }) {
    CAPTURE(code);
    const std::string result = lua.run(code, kProg);
    CHECK_MESSAGE(has(result, wanted), result);
    CHECK(lua.run("1 + 1") == "2");
  }
  lua.verb(kRoot, "deeper", "return this:deeper() + 1");
  CHECK(has(lua.run("#1:deeper()", kProg), "E_MAXREC"));
  const std::string deep = lua.run("local function f() return f() + 1 end return f()", kProg);
  CHECK_MESSAGE((has(deep, "overflow") || has(deep, "out of memory")), deep);
  CHECK(lua.run("1 + 1") == "2");
}

TEST_CASE("a value that would explode when it is read is not kept") {
  LuaWorld lua(plenty_of_budget(), small_memory());
  lua.property(kProg, "x", Value(List{Value(0)}), kProg);
  CHECK(has(lua.run("for i = 1, 60 do #3.x = {#3.x, #3.x} end", kProg), "E_QUOTA"));
  CHECK(has(lua.run("#3.x = {0, 0} for i = 1, 60 do #3.x[1] = #3.x #3.x[2] = #3.x end", kProg),
            "E_"));
  CHECK(has(lua.run("#3.x = {0} for i = 1, 200 do #3.x[1] = #3.x end", kProg), "E_TYPE"));
}

TEST_CASE("globals, libraries and string methods cannot be changed for others") {
  LuaWorld lua;
  for (const char* code : {
           "tell = nil",
           "string.rep = nil",
           "string.new = 1",
           "rawset(string, 'rep', 1)",
           "math.pi = 3",
           "getmetatable('').__index = {}",
           "setmetatable(string, {})",
           "family.echo = nil",
           "table.insert(string, 1)",
           "E_PERM.code = 1",
           "for k in pairs(string) do string[k] = nil end",
           "system = #3",
           "getmetatable(#1).__index = nil",
           "getmetatable(E_PERM).__eq = nil",
       }) {
    CAPTURE(code);
    CHECK(lua.run(code, kProg).starts_with("error:"));
  }
  CHECK(lua.run("('x'):rep(3)") == "\"xxx\"");
  CHECK(lua.run("E_PERM == E_PERM") == "true");
}

TEST_CASE("what reaches outside or around the rules is not there") {
  LuaWorld lua;
  for (const char* name :
       {"io", "debug", "package", "require", "load", "loadstring", "dofile", "loadfile",
        "collectgarbage", "coroutine", "_G", "string.dump", "os.execute", "os.exit", "os.getenv",
        "os.remove", "os.rename", "os.tmpname", "math.randomseed"}) {
    CAPTURE(name);
    const std::string result = lua.run(std::string("return ") + name, kProg);
    CHECK_MESSAGE((has(result, "E_VARNF") || result == "nil" || result.empty()), result);
  }
  CHECK(has(lua.run("setmetatable({}, {__gc = function() end})", kProg), "E_INVARG"));
  CHECK(has(lua.run("_ENV.tell = 1", kProg), "_ENV"));
  CHECK(lua.run("getmetatable(#1)", kProg) == "false");
}

TEST_CASE("a caller's handler never runs with the permissions of the verb it called") {
  LuaWorld lua;
  lua.verb(kRoot, "fail", "raise(E_INVARG, 'deep')", kWiz);
  lua.verb(kRoot, "attack",
           "local seen xpcall(function() this:fail() end, function() seen = task_perms() end) "
           "return seen",
           kProg);
  CHECK(lua.run("#1:attack()", kProg) == "#3");
  // __index on an argument, __tostring on an error: functions never arrive in another verb.
  lua.verb(kRoot, "careless", "return tostring(args[1]) .. args[1].x", kWiz);
  CHECK(has(lua.run("#1:careless(setmetatable({}, {__index = function() return task_perms() end}))",
                    kProg),
            "E_TYPE"));
  lua.verb(kRoot, "thrower",
           "error(setmetatable({}, {__tostring = function() return tostring(task_perms()) end}))",
           kProg);
  lua.verb(kRoot, "catcher", "local ok, e = pcall(function() #1:thrower() end) return type(e)",
           kWiz);
  CHECK(lua.run("#1:catcher()", kProg) == "\"string\"");
}

TEST_CASE("an error caught by pcall leaves the permissions of the catcher") {
  LuaWorld lua;
  lua.verb(kRoot, "fail", "raise(E_INVARG)", kWiz);
  lua.verb(kRoot, "attack", "pcall(function() this:fail() end) return {task_perms(), #callers()}",
           kProg);
  CHECK(lua.run("#1:attack()", kProg) == "{#3, 2}");
  CHECK(has(lua.run("set_task_perms(#2)", kProg), "E_PERM"));
}

// A metatable may get its __close after setmetatable() has looked at it, and Lua then calls it
// while an error passes; it must find the permissions of its own verb, not of the one the error
// comes from.
TEST_CASE("what is closed while an error passes has its own verb's permissions") {
  LuaWorld lua;
  lua.verb(kRoot, "fail", "raise(E_INVARG)", kWiz);
  lua.verb(kRoot, "attack",
           "local m = {} local seen = {} "
           "pcall(function() "
           "  local x <close> = (function() local t = setmetatable({}, m) "
           "    m.__close = function() seen[1] = task_perms() end return t end)() "
           "  this:fail() end) "
           "return seen",
           kProg);
  CHECK(lua.run("#1:attack()", kProg).find("#2") == std::string::npos);
  CHECK(lua.run("task_perms()", kWiz) == "#2");
}

TEST_CASE("a view follows the permissions of whoever uses it") {
  LuaWorld lua;
  lua.property(kRoot, "secret", Value(List{Value("x")}), kWiz, 0);
  lua.property(kRoot, "shown", Value(List{Value("x")}), kWiz, kRead);
  CHECK(has(lua.run("return #1.secret", kProg), "E_PERM"));
  CHECK(has(lua.run("#1.shown[1] = 'y'", kProg), "E_PERM"));
  CHECK(has(lua.run("table.insert(#1.shown, 'y')", kProg), "E_PERM"));
  CHECK(lua.run("#1.shown[1]", kProg) == "\"x\"");
  // Readable when it was fetched, no longer when it is used.
  CHECK(has(lua.run("local v = #1.secret set_task_perms(#3) return v[1]", kWiz), "E_PERM"));
}

TEST_CASE("a doomed task cannot go on in a pcall, a fork or a close handler") {
  LuaWorld lua(small());
  lua.run("pcall(function() while true do end end) tell('survived')", kProg);
  CHECK(lua.services.told.empty());
  CHECK(has(lua.run("kill_me() tell('survived')", kProg), "Task killed"));
  lua.run("pcall(kill_me) tell('survived')", kProg);
  CHECK(lua.services.told.empty());
  CHECK(has(lua.run("local x <close> = setmetatable({}, {__close = function() end})", kProg),
            "E_INVARG"));
  // Given to the metatable afterwards it runs, but cannot stay.
  lua.run(
      "local m = {} local x <close> = (function() local t = setmetatable({}, m) m.__close = "
      "function() "
      "tell('closing') while true do pcall(tell, 1) end end return t end)() while true do end",
      kProg);
  CHECK(lua.scheduler.size() == 0);
}

TEST_CASE("a million forks are stopped by the limit on waiting tasks") {
  SchedulerLimits limits;
  limits.tasks_per_player = 100;
  LuaWorld lua(limits);
  CHECK(has(lua.run("for i = 1, 1000000 do fork(1000, function() end) end", kProg), "E_QUOTA"));
  CHECK(lua.scheduler.size() == 100);
}

TEST_CASE("many tasks that hold memory end each for itself, and the engine lives") {
  LuaWorld lua({}, small_memory());
  for (int i = 0; i < 30; ++i) {
    lua.run("local t = {} for i = 1, 7000 do t[i] = ('x'):rep(1000) .. i end suspend() return #t",
            kProg);
  }
  CHECK(lua.engine->memory_used() <= (64u << 20));
  lua.scheduler.kill_all();
  CHECK(lua.run("1 + 1") == "2");
}

TEST_CASE("rules hold when every slice has one tick") {
  SchedulerLimits limits;
  limits.foreground = {1, std::chrono::duration<double>(5)};
  LuaWorld lua(limits);
  for (const char* code :
       {"1", "#1.name", "pcall(error)", "('x'):rep(3)", "fork(0, function() end)"}) {
    lua.run(code, kProg);
    CHECK(lua.scheduler.size() == 0);
  }
}

}  // namespace
}  // namespace cosmoo
