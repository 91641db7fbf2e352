// The first world's commands, as players type them.
#include <doctest/doctest.h>

#include "tests/integration/support/players.h"

using namespace cosmoo::test;

TEST_CASE("players see and hear each other") {
  Server server;
  Client wizard = server.log_in();
  Client ann = make_player(server, wizard, "Ann");
  wizard.expect("Ann has connected.");
  ann.expect("Here: Wizard.");
  ann.line("say hello there");
  ann.expect("You say, \"hello there\"");
  wizard.expect("Ann says, \"hello there\"");
  ann.line("\"short");
  wizard.expect("Ann says, \"short\"");
  ann.line(":waves");
  wizard.expect("Ann waves");
  ann.line("@who");
  ann.expect("2 players");
  ann.line("dance wildly");
  ann.expect("I couldn't understand that.");
  ann.line("look nowhere");
  ann.expect("There is no \"nowhere\" here.");
  ann.line("@quit");
  wizard.expect("Ann has disconnected.");
}

TEST_CASE("a line that is no command goes to huh of the place, or else of the player") {
  Server server;
  Client wizard = server.log_in();
  CHECK(eval(wizard,
             "local place = create(#1, player) add_property(#0, \"place\", place) for _, o in "
             "ipairs{place, player} do add_verb(o, {player, \"rxd\", \"huh\"}, {\"this\", "
             "\"none\", \"this\"}) set_verb_code(o, \"huh\", [[notify(player, verb .. \" \" .. "
             "argstr .. \" \" .. tostr(this == player))]]) end move(player, place)") == "nil");
  CHECK(answer(wizard, "dance wildly") == "dance wildly false");
  CHECK(eval(wizard, "delete_verb(#0.place, \"huh\")") == "nil");
  CHECK(answer(wizard, "dance wildly") == "dance wildly true");
  CHECK(eval(wizard, "delete_verb(player, \"huh\")") == "nil");
  CHECK(answer(wizard, "dance wildly") == "I couldn't understand that.");
}

TEST_CASE("a plain player has no programmer's or wizard's commands") {
  Server server;
  Client wizard = server.log_in();
  Client ann = make_player(server, wizard, "Ann");
  for (const char* command :
       {";1", "@program me:x", "@create $thing named x", "@shutdown", "@player x y", "@jobs"}) {
    ann.line(command);
    ann.expect("I couldn't understand that.");
  }
  CHECK(ann.pending().find("=>") == std::string::npos);
}

TEST_CASE("a statement that is not finished goes on in the next lines") {
  Server server;
  Client client = server.log_in();
  client.line(";for i = 1, 2 do");
  client.expect("(go on");
  client.line("player:tell('turn ', i)");
  client.line("end");
  client.expect("turn 1\r\nturn 2\r\n=> nil");
  client.line(";");
  client.line("local x = 20");
  client.line("return x + 1");
  client.line(".");
  client.expect("=> 21");
  client.line(";if true then");
  client.expect("(go on");
  client.line(".");
  client.expect("near <eof>");
  CHECK(eval(client, "2") == "2");
}

TEST_CASE("errors say where: line and column of syntax, verb and line of a traceback") {
  Server server;
  Client client = server.log_in();
  client.line(";return 1 +* 2");
  client.expect("line 1, column 11: unexpected symbol near '*'");
  client.line("@program me:broken");
  client.line("local x");
  client.line("x = = 1");
  client.line(".");
  client.expect("Not programmed: line 2, column 5");
  client.line("@program me:fails");
  client.line("local nothing");
  client.line("return nothing.x");
  client.line(".");
  client.line(";me:fails()");
  client.expect("#2:fails, line 2:  attempt to index a nil value (local 'nothing')");
  client.expect("... called from eval, line 1");
  client.expect("(End of traceback)");
}

TEST_CASE("a verb is pasted, listed, called as a command, and given up") {
  Server server;
  Client client = server.log_in();
  client.line("@create $thing named \"brass bell\"");
  client.expect("You now have brass bell (#");
  client.expect("), a thing.");
  const std::string bell = eval(client, "max_object()");
  client.line("@verb bell:ring this");
  client.expect("Added " + bell + ":ring (this none this)");
  client.line("@rmverb bell:ring");
  client.line("@verb bell:ring this none none");
  client.expect("Added " + bell + ":ring (this none none)");
  client.line(".program bell:ring");
  client.line("player:tell('DING ', argstr, ' ', dobjstr)");
  client.line("..dot");
  client.line("@abort");
  client.expect("Given up.");
  client.line(".program bell:ring");
  client.line("player:tell('DING ', this, ' ', dobjstr)");
  client.line(".");
  client.expect("Programmed " + bell + ":ring, 1 line.");
  client.line("ring bell");
  client.expect("DING " + bell + " bell");
  client.line("@list bell:ring");
  client.expect("   1  player:tell('DING ', this, ' ', dobjstr)");
  client.line("@show bell");
  client.expect(":ring");
  client.line("@recycle bell");
  client.expect("brass bell (" + bell + ") is no more.");
}

TEST_CASE("properties are added, set, shown and removed") {
  Server server;
  Client client = server.log_in();
  client.line("@prop me.colour \"blue\"");
  client.expect("Added #2.colour = \"blue\"");
  client.line("@prop me.colour {1, {k = 2}}");
  client.expect("Set #2.colour = {1, {k = 2}}");
  client.line("@prop me.colour");
  client.expect("#2.colour = {1, {k = 2}}");
  client.line("@rmprop me.colour");
  client.expect("Took #2.colour away.");
  client.line("@prop me.colour");
  client.expect("colour");
}

TEST_CASE("waiting tasks are listed and killed, each by its owner") {
  Server server;
  Client wizard = server.log_in();
  Client pat = make_player(server, wizard, "Pat", "programmer");
  CHECK(eval(pat, "fork(100, function() player:tell('never') end) > 0") == "true");
  CHECK(eval(wizard, "fork(100, function() end) > 0") == "true");
  pat.line("@tasks");
  pat.expect("Pat (" + eval(wizard, "find_player('Pat')") + ")");
  const std::string id = eval(pat, "queued_tasks()[1][1]");
  const std::string other = eval(wizard, "queued_tasks()[2][1]");
  CHECK(eval(pat, "#queued_tasks()") == "1");
  pat.line("@kill " + other);
  pat.expect("belongs to #2");
  pat.line("@kill " + id);
  pat.expect("Killed task " + id);
  pat.line("@kill " + id);
  pat.expect("There is no task");
  pat.line("@tasks");
  pat.expect("No task is waiting.");
}

TEST_CASE("the demos run real programs") {
  Server server;
  Client client = server.log_in();
  client.line("@report");
  client.expect("Biggest objects");
  client.line("@demo");
  client.expect("[#----] 1 of 5");
  client.expect("[#####] 5 of 5");
  client.expect("hello from outside");
  client.expect("exit code 3");
}

TEST_CASE("a programmer's eval has the programmer's permissions and no more") {
  Server server;
  Client wizard = server.log_in();
  Client pat = make_player(server, wizard, "Pat", "programmer");
  CHECK(eval(pat, "task_perms() == me and caller_perms() == me") == "true");
  const auto error = [&](const std::string& code) {
    return eval(pat,
                "local ok, e = pcall(function() " + code + " end) return ok and 'none' or e.name");
  };
  CHECK(error("me.wizard = true") == "\"E_PERM\"");
  CHECK(error("system.welcome = {}") == "\"E_PERM\"");
  CHECK(error("set_verb_code($player, 'say', '')") == "\"E_PERM\"");
  CHECK(error("shutdown()") == "\"E_PERM\"");
  CHECK(error("notify(#2, 'x')") == "\"E_PERM\"");
  CHECK(error("return #2.password") == "\"E_PERM\"");
  CHECK(error("set_password(#2, 'x')") == "\"E_PERM\"");
  CHECK(error("boot_player(#2)") == "\"E_PERM\"");
  CHECK(error("read(#2)") == "\"E_PERM\"");
  CHECK(error("recycle($room)") == "\"E_PERM\"");
}

TEST_CASE("budgets end a script on its own session alone") {
  Server server;
  Client client = server.log_in();
  client.line(";while true do end");
  client.expect("Task ran out of ticks");
  client.line(";('x'):rep(1 << 30)");
  client.expect("Task ran out of memory");
  client.line(";local function f() return f() + 1 end return f()");
  client.expect("(End of traceback)");
  client.line("@program me:deeper");
  client.line("return this:deeper() + 1");
  client.line(".");
  client.line(";me:deeper()");
  client.expect("E_MAXREC");
  CHECK(eval(client, "1 + 1") == "2");
}
