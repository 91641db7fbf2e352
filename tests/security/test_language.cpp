// Attacks by a programmer on the engine. Above each case stands the attack, and what must come of
// it instead.
#include "tests/unit/vm/lua_world.h"

namespace cosmoo {
namespace {

constexpr ObjectId kRoot{1}, kWiz{2}, kProg{3};

// Ticks alone end a task here: what they do not pay for would run on, and the test with it.
SchedulerLimits ticks_alone() {
  SchedulerLimits limits;
  limits.foreground.seconds = std::chrono::hours(1);
  return limits;
}

// A value with a __close metamethod, which is given to its metatable after setmetatable() has
// looked at that, is closed while the error of a wizard's verb passes; and a programmer's verb has
// its values closed when its error is on the way to a wizard's pcall. In both cases the closing
// function runs with the permissions of the programmer, whose it is.
TEST_CASE("what is closed while an error passes has no other verb's permissions") {
  LuaWorld lua;
  lua.verb(kRoot, "fail", "raise(E_INVARG)", kWiz);
  lua.property(kProg, "seen", Value(), kProg);
  const std::string closer =
      "local m = {} local t = setmetatable({}, m) "
      "m.__close = function() #3.seen = task_perms() pcall(function() #3.wizard = true end) end ";
  for (const char* attack : {
           "pcall(function() local x <close> = t #1:fail() end)",
           "pcall(function() for _ in next, {1}, nil, t do #1:fail() end end)",
           "xpcall(function() local x <close> = t #1:fail() end, function() end)",
           "pcall(function() local x <close> = t suspend(0) #1:fail() end)",
       }) {
    CAPTURE(attack);
    CHECK(lua.run(closer + attack + " return #3.seen", kProg) == "#3");
    CHECK_FALSE(lua.world.is_wizard(kProg));
  }
  lua.verb(kRoot, "careful", "pcall(function() #1:trap() end) return task_perms()", kWiz);
  lua.verb(kRoot, "trap", closer + "local x <close> = t suspend(0) raise(E_INVARG)", kProg);
  CHECK(lua.run("#3.seen = nil return {#1:careful(), #3.seen}", kProg) == "{#2, #3}");
  CHECK_FALSE(lua.world.is_wizard(kProg));
  // An activation that ended so is not there for caller_perms() to find either.
  lua.verb(kRoot, "who", "return caller_perms()", kWiz);
  CHECK(lua.run("local seen local m = {} local t = setmetatable({}, m) "
                "m.__close = function() seen = #1:who() end "
                "pcall(function() local x <close> = t #1:fail() end) return seen",
                kProg) == "#3");
}

// string.rep() copies an empty string 2^60 times, inside C, where no hook counts: for ever.
TEST_CASE("an empty string is repeated at once") {
  LuaWorld lua;
  CHECK(lua.run("(''):rep(1 << 60)", kProg) == "\"\"");
  CHECK(lua.run("(''):rep(1 << 60, '')", kProg) == "\"\"");
}

// What C code does in one call, or Lua in one instruction, takes a millisecond; a thousand of those
// fit between two looks at the clock, and a tick each is no price.
TEST_CASE("work inside C and in conversions is paid for") {
  LuaWorld lua(ticks_alone());
  lua.property(kProg, "x", Value(List(100'000, Value(1))), kProg);
  for (const char* code : {
           "local t = {} for i = 1, 100000 do t[i] = i end while true do family.echo(t) end",
           "local t = {} for i = 1, 100000 do t[i] = i end while true do select('#', "
           "table.unpack(t)) end",
           "local f = ('x'):rep(1000000) while true do string.packsize(f) end",
           "local f = ('x'):rep(1000000) while true do local n = #string.pack(f) end",
           "local f = ('%A'):rep(100000) while true do pcall(os.date, f) end",
           "local v = #3.x while v == v do end",
           "while true do #3.x = #3.x end",
           "local function f(n) if n > 0 then return 1 + f(n - 1) end while true do callers() end "
           "end f(1000)",
       }) {
    const std::string result = lua.run(code, kProg);
    CHECK_MESSAGE(has(result, "ran out of ticks"), code, " ", result);
  }
}

// Tasks that wait, each within its own limit, together took all the memory but what is kept for
// wizards: nobody else's command could run. A function that is forked keeps what it closes over,
// long after the task that was charged for it.
TEST_CASE("the waiting tasks of one owner leave memory for others") {
  for (const char* attack : {"suspend() return #t", "fork(1000, function() return #t end)",
                             "local function again() fork(1000, again) return #t end again()"}) {
    LuaWorld lua(plenty_of_budget(), small_memory());
    REQUIRE(lua.world.set_flag(kRoot, kProgrammer, true).has_value());
    const std::string hold = "local t = {} for i = 1, 5000 do t[i] = ('x'):rep(1000) .. i end ";
    CAPTURE(attack);
    std::string last;
    for (int i = 0; i < 30; ++i) last = lua.run(hold + attack, kProg);
    CHECK(has(last, "E_QUOTA: memory is short"));
    CHECK(lua.scheduler.size() >= 4);
    CHECK(lua.run(hold + "return #t", kRoot) == "5000");
    CHECK(lua.run("1 + 1", kProg) == "2");
    lua.scheduler.kill_all();
    CHECK(lua.run("for i = 1, 100 do local t = {} for j = 1, 100 do t[j] = ('x'):rep(1000) .. j "
                  "end end return 1",
                  kProg) == "1");
    for (int i = 0; i < 3; ++i) last = lua.run(hold + attack, kProg);
    CHECK_FALSE(has(last, "E_QUOTA"));
  }
}

// Each argument may be as large as a task's memory; a million arguments may be the same string.
TEST_CASE("the arguments of a builtin share one limit") {
  LuaWorld lua({}, small_memory());
  CHECK(has(lua.run("local s, t = ('x'):rep(1000000), {} for i = 1, 10000 do t[i] = s end "
                    "return takes_text(table.unpack(t))",
                    kProg),
            "E_QUOTA"));
}

// An error's text, a gmatch()'s pattern and a view's keys are kept outside of Lua's heap: hundred
// bytes of the budget hold a megabyte each.
TEST_CASE("what a userdata holds is charged to the task that made it") {
  LuaWorld lua({}, small_memory());
  lua.property(kProg, "map", Value(Map{}), kProg);
  for (const char* code : {
           "local s, t = ('x'):rep(1000000), {} "
           "for i = 1, 1000 do local _, e = pcall(raise, E_INVARG, s) t[i] = e end return #t",
           "local s, t = ('x'):rep(1000000), {} "
           "for i = 1, 1000 do local _, e = pcall(raise, E_INVARG, 'x', s) t[i] = e end return #t",
           "local p, t = ('a?'):rep(3900), {} for i = 1, 1400 do t[i] = ('x'):gmatch(p) end "
           "return #t",
           "local s, t = ('x'):rep(1000000), {} #3.map[s] = {} "
           "for i = 1, 1000 do t[i] = #3.map[s] end return #t",
       }) {
    CAPTURE(code);
    CHECK(has(lua.run(code, kProg), "ran out of"));
    CHECK(lua.engine->memory_used() <= (64u << 20));
    CHECK(lua.run("1 + 1") == "2");
  }
  // Garbage is no reason: it is collected when there is no room.
  LuaWorld patient(plenty_of_budget(), small_memory());
  CHECK(patient.run("local s = ('x'):rep(100000) for i = 1, 500 do pcall(raise, E_INVARG, s) end "
                    "return 'done'",
                    kProg) == "\"done\"");
}

// An error carries an error, which carries an error, and so on: letting go of the last one recurses
// through all, and a hundred thousand are deeper than the stack.
TEST_CASE("errors are nested no deeper than other values") {
  LuaWorld lua;
  lua.property(kProg, "x", Value(), kProg);
  const std::string result = lua.run(
      "for i = 1, 200 do local _, e = pcall(raise, E_INVARG, 'm', #3.x) #3.x = e end", kProg);
  CHECK(has(result, "E_TYPE"));
  lua.run("#3.x = nil", kProg);
}

// A builtin that waits is called where Lua cannot: what it began (a program, a password's hash)
// goes on without the task, and its end wakes the task from another wait.
TEST_CASE("a wait inside of sort() is refused, ended, and wakes nobody") {
  LuaWorld lua;
  const std::string result =
      lua.run("pcall(table.sort, {3, 2, 1}, function() later() end) return later()", kProg);
  CHECK(result == "killed");
  REQUIRE(lua.services.tickets.size() == 2);
  lua.scheduler.complete(lua.services.tickets[0], Value("wrong"));
  lua.turn();
  CHECK(lua.scheduler.size() == 1);
  lua.scheduler.complete(lua.services.tickets[1], Value("right"));
  lua.turn();
  CHECK(lua.services.told.back() == "{\"right\"}");
}

// Every name that is looked up becomes a symbol for ever, a megabyte long, though nothing has it.
TEST_CASE("names that nothing has leave nothing behind") {
  LuaWorld lua;
  const std::string name = "nothing_has_this_name";
  for (const std::string& code :
       {"pcall(function() return #1." + name + " end)", "pcall(function() #1." + name + " = 1 end)",
        "pcall(function() #1:" + name + "() end)", "pcall(function() #99:" + name + "() end)"}) {
    lua.run(code, kProg);
    CHECK_FALSE(lua.world.symbols().find(name).has_value());
  }
  // A verb that answers to any name is called by each of them, and they are not kept without bound.
  lua.verb(kRoot, "any_*", "return #verb", kProg);
  CHECK(lua.run("#1:any_thing()", kProg) == "9");
  CHECK(lua.run("#1[('any_'):rep(1000)](#1)", kProg) == "5");
  CHECK_FALSE(lua.world.symbols().find("any_any_").has_value());
  // Later somebody makes what the name stands for.
  CHECK(lua.run("local f = function() return #1:late() end pcall(f) return 1", kProg) == "1");
  lua.verb(kRoot, "late", "return 'here'", kProg);
  CHECK(lua.run("#1:late()", kProg) == "\"here\"");
}

// Whatever a player types that is no command is what :huh was called, and was kept for ever; when
// the table of such names was full, nobody's `verb` was right any more.
TEST_CASE("a word that a verb does not answer to is its `verb`, and nothing is kept of it") {
  LuaWorld lua;
  lua.property(kProg, "seen", Value(), kProg, kRead | kWrite);
  lua.verb(kRoot, "note", "#3.seen = {callers()[1][2], #callers()}");
  lua.verb(kRoot, "huh",
           "fork(0, function() #1:note() end) #1:note() return {verb, callers(), #3.seen}");
  VerbCall call;
  call.verb = *lua.world.find_verb(kRoot, "huh");
  call.this_object = kRoot;
  call.player = kProg;
  call.name = "nroth";
  auto execution = lua.engine->call(std::move(call));
  REQUIRE(execution);
  const auto value = lua.scheduler.run_now(kProg, kWiz, std::move(*execution));
  REQUIRE(value);
  CHECK(to_literal(*value) == "{\"nroth\", {}, {\"nroth\", 1}}");
  lua.run("#3.seen = nil", kProg);
  lua.turn();
  CHECK(lua.run("#3.seen", kProg) == "{\"nroth\", 1}");
  CHECK_FALSE(lua.world.symbols().find("nroth").has_value());
}

// Every new code of a verb is compiled and kept, the old ones too, until Lua's heap is full: of
// everybody.
TEST_CASE("compiled code of verbs that were programmed anew is forgotten") {
  LuaWorld lua(plenty_of_budget(), small_memory());
  lua.verb(kProg, "big", "return 1", kProg);
  const std::string filler = [] {
    std::string code;
    for (int i = 0; i < 20'000; ++i) code += "x = x + 1 ";
    return code;
  }();
  const VerbRef ref{kProg, 0};
  for (int i = 0; i < 300; ++i) {
    const std::string code = "local x = " + std::to_string(i) + " " + filler + "return x";
    REQUIRE(lua.world.set_verb_code(ref, code).has_value());
    REQUIRE(lua.run("#3:big() - " + std::to_string(i), kProg) == "20000");
  }
  CHECK(lua.engine->memory_used() <= (64u << 20));
}

// Each item that is read or written through a view costs as much as hundreds of Lua's instructions.
TEST_CASE("work through a view is paid for") {
  LuaWorld lua(ticks_alone());
  List many;
  for (int i = 100'000; i > 0; --i) many.emplace_back(i);
  lua.property(kProg, "x", Value(many), kProg);
  for (const char* code :
       {"while true do table.sort(#3.x) end", "while true do table.insert(#3.x, 1, 0) end",
        "while true do for i, item in ipairs(#3.x) do end end"}) {
    const std::string result = lua.run(code, kProg);
    CHECK_MESSAGE(has(result, "ran out of ticks"), code, " ", result);
  }
}

// A hundred thousand aliases are compared with every command of everybody in the room, before any
// budget counts.
TEST_CASE("too many aliases are none") {
  LuaWorld lua;
  List many;
  for (std::size_t i = 0; i <= World::kMostAliases; ++i) {
    many.emplace_back("name" + std::to_string(i));
  }
  lua.property(kProg, "aliases", Value(many), kProg);
  CHECK(lua.world.aliases(kProg) == nullptr);
  lua.run("#3.aliases[#(#3.aliases)] = nil", kProg);
  CHECK(lua.world.aliases(kProg) != nullptr);
}

// The message of an error fills the log: thirty megabytes with each line.
TEST_CASE("a traceback is short, however long the error's message is") {
  LuaWorld lua;
  for (const char* code : {"error(('x'):rep(3000000))", "raise(E_INVARG, ('x'):rep(3000000))",
                           "error({('x'):rep(3000000)})"}) {
    CAPTURE(code);
    lua.run(code, kProg);
    std::size_t size = 0;
    for (const std::string& line : lua.last_traceback) size += line.size();
    CHECK(size > 0);
    CHECK(size < 5000);
  }
}

// A name of megabytes is shown to everybody who looks around or asks who is there.
TEST_CASE("a name is short") {
  LuaWorld lua;
  CHECK(has(lua.run("#3.name = ('x'):rep(256)", kProg), "E_INVARG"));
  CHECK(lua.run("#3.name = ('x'):rep(255) return #(#3.name)", kProg) == "255");
}

// Tasks of a programmer, each within its own limit, fill Lua's heap: then no task begins, and no
// wizard can end them.
TEST_CASE("a wizard has memory left when programmers have none") {
  LuaWorld lua(plenty_of_budget(), small_memory());
  // Several programmers, of whom each may hold but a part. Large pieces first, then small ones,
  // until what is left is less than what is asked for below.
  std::vector<ObjectId> owners;
  for (int i = 0; i < 12; ++i) {
    owners.push_back(lua.world.create({kRoot}, kProg).value());
    REQUIRE(lua.world.set_flag(owners.back(), kProgrammer, true).has_value());
  }
  for (const char* strings : {"6000", "600"}) {
    const std::string hold = "local t = {} for i = 1, " + std::string(strings) +
                             " do t[i] = ('x'):rep(1000) .. i end suspend() return #t";
    for (const ObjectId owner : owners) {
      for (int i = 0; i < 100 && !has(lua.run(hold, owner), "memory"); ++i) {
      }
    }
  }
  CHECK(has(lua.run("return #('x'):rep(1000000)", kProg), "memory"));
  CHECK(lua.run("return #('x'):rep(1000000)", kWiz) == "1000000");
}

// Ending an object with a hundred thousand children is one call of a builtin, which took them away
// from the front of a list, one by one.
TEST_CASE("an object with many children ends, and they stay") {
  LuaWorld lua;
  const ObjectId parent = lua.world.create({kRoot}, kProg).value();
  for (int i = 0; i < 100'000; ++i) REQUIRE(lua.world.create({parent}, kProg).has_value());
  REQUIRE(lua.world.recycle(parent).has_value());
  CHECK(lua.world.find(kRoot)->children.size() == 100'002);
}

// To Lua's compiler each link of these chains costs as much as all before it: some hundred
// kilobytes of them take minutes, in one call, for everybody.
TEST_CASE("what takes long to compile is not compiled to its end") {
  for (const char* chain : {"'local a return ' .. ('a or '):rep(200000) .. '1'",
                            "'local a if ' .. ('a and '):rep(200000) .. '1 then end'",
                            "'if x then ' .. ('elseif y then '):rep(100000) .. 'end'"}) {
    CAPTURE(chain);
    LuaWorld lua(plenty_of_budget());
    CHECK(lua.run("{eval(" + std::string(chain) + ")}", kProg) ==
          "{false, \"line 1, column 1: it takes too long to compile\", false}");
  }
  // A task that can pay for less waits for less.
  LuaWorld lua(ticks_alone());
  std::string code = "local a return ";
  for (int i = 0; i < 100'000; ++i) code += "a or ";
  code += "1";
  const std::string result = lua.run(code, kProg);
  // Whichever is seen first: that the compiler has used up the task's time, or that it is over.
  const bool ended = has(result, "ran out of ticks") || has(result, "takes too long to compile");
  CHECK_MESSAGE(ended, result.substr(0, 200));
  // A verb with such code is refused.
  const auto wrong = lua.engine->check(code);
  REQUIRE(wrong);
  CHECK(wrong->message == "it takes too long to compile");
}

// Every jump of a block is looked for among all that are pending, at its end: thirty thousand take
// seconds that no reader of the text could be asked to wait for.
TEST_CASE("a text has no more jumps than Lua resolves at once") {
  LuaWorld lua(plenty_of_budget());
  const auto jumps = [](const char* what) {
    return "{eval('while true do ' .. ('" + std::string(what) + " '):rep(4001) .. 'end ::a::')}";
  };
  for (const char* what : {"break", "goto a"}) {
    CAPTURE(what);
    CHECK(has(lua.run(jumps(what), kProg), "there are more than 4000 of break and goto"));
  }
  CHECK(lua.run("{eval(('while true do break end '):rep(4000) .. 'return 7')}", kProg) ==
        "{true, 7}");
}

// sort() compares by itself, with no instruction in between: strings of a megabyte take a
// millisecond each time, and the table may hold the same one a hundred thousand times.
TEST_CASE("sorting long strings is paid for") {
  LuaWorld lua(ticks_alone());
  const std::string fill = "local s, t = ('x'):rep(1000000), {} for i = 1, 100000 do t[i] = s end ";
  for (const char* sort : {"table.sort(t)",
                           "table.sort(setmetatable({}, {__index = t, "
                           "__newindex = t, __len = function() return 100000 "
                           "end}))"}) {
    CAPTURE(sort);
    CHECK(has(lua.run(fill + sort, kProg), "ran out of ticks"));
  }
  CHECK(lua.run("local a, b = ('x'):rep(2000), ('x'):rep(2000) .. 'y' local t = {b, a, 'w'} "
                "table.sort(t) return t[1] == 'w' and t[2] == a and t[3] == b",
                kProg) == "true");
  CHECK(has(lua.run("table.sort({('x'):rep(2000), 1})", kProg), "attempt to compare"));
}

// One replacement may name the match a million times, and the match be a million bytes.
TEST_CASE("what gsub() makes of one match is bounded") {
  LuaWorld lua(plenty_of_budget(), small_memory());
  for (const char* attack : {"('x'):rep(1000000):gsub('^.*$', ('%0'):rep(1000000))",
                             "('x'):rep(1000000):gsub('^(.*)$', ('%1'):rep(1000000))",
                             "('x'):rep(1000000):gsub('x', ('y'):rep(1000000))",
                             "('x'):rep(1000000):gsub('x', function() return ('y'):rep(100000) "
                             "end)"}) {
    CAPTURE(attack);
    CHECK(has(lua.run(attack, kProg), "E_QUOTA: gsub(): the result is too large"));
  }
  LuaWorld poor(ticks_alone());
  CHECK(has(poor.run("local s = ('x'):rep(1000000) while true do "
                     "pcall(s.gsub, s, '^.*$', ('%0'):rep(1000000)) end",
                     kProg),
            "ran out of ticks"));
}

}  // namespace
}  // namespace cosmoo
