// Attacks by players and programmers on the verbs of the starter world, which a wizard owns: each
// is to act for who is behind it, and to trust nothing that another's verb returns. Against the
// built server. Above each case stands the attack.
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/integration/support/players.h"

using namespace cosmoo::test;

namespace {

struct Row {
  std::string attack;
  std::string answer;
};

// Each eval's answer begins with what its row says.
void evals(Client& client, std::initializer_list<Row> rows) {
  for (const auto& [attack, answer] : rows) {
    const std::string got = eval(client, attack);
    CHECK_MESSAGE(got.starts_with(answer), attack, " => ", got);
  }
}

// A wizard and a programmer called Mal, with a player called Vic beside them.
struct Trio {
  Server server;
  Client wizard = server.log_in();
  Client mal = make_player(server, wizard, "Mal", "programmer");
  Client vic = make_player(server, wizard, "Vic");
  const std::string mal_id = eval(wizard, "find_player(\"Mal\")");
  const std::string vic_id = eval(wizard, "find_player(\"Vic\")");

  // Waits until the server has done everything for a client; what it sent meanwhile.
  static std::string settle(Client& client) {
    client.line("page Nobody settled");
    return client.expect("There is no player called \"Nobody\"");
  }
};

}  // namespace

// The editor's verbs work on a map. Given an object, they read and write properties of it that are
// called as a session's entries are, with their owner's permissions.
TEST_CASE("the editor takes no object for a session") {
  Trio trio;
  for (const char* name : {"lines", "at", "before", "sought"}) {
    REQUIRE(eval(trio.wizard, "add_property(#0, \"" + std::string(name) + "\", {\"a\"}, \"\")") ==
            "nil");
  }
  const auto attack = [](const std::string& call) {
    return Row{"pcall(function() return $editor:" + call + " end)", "false, E_PERM"};
  };
  evals(trio.mal,
        {attack("without(#0, 1, 1)"), attack("put(#0, 1, {\"x\"})"), attack("do_find(#0, \"a\")"),
         attack("do_undo(#0)"), attack("do_list(#0, \"\")"), attack("do_delete(#0, \"1\")"),
         attack("do_substitute(#0, \"/a/b/\")"), attack("do_move(#0, \"1 to 1\")"),
         attack("go_to(#0, \"1\")"), attack("range(#0, \"all\")"), attack("line_number(#0, \"$\")"),
         attack("do_save(#0, \"\", \"#0.lines\")")});
  for (const char* name : {"lines", "at", "before", "sought"}) {
    CHECK(eval(trio.wizard, "#0." + std::string(name)) == "{\"a\"}");
  }
}

// A room of the attacker's says which exit is called so: #0. The wizard, who stands in it, changes
// something that is called so, and with it what everybody's commands rest on.
TEST_CASE("a room does not choose what a command changes") {
  Trio trio;
  REQUIRE(eval(trio.mal, "create($room)").starts_with("#"));
  const std::string trap = eval(trio.mal, "owned_objects(me)[2]");
  REQUIRE(eval(trio.mal, "add_verb(" + trap +
                             ", {me, \"rxd\", \"find_exit\"}, {\"this\", \"none\", \"this\"})") ==
          "1");
  REQUIRE(eval(trio.mal, "set_verb_code(" + trap + ", \"find_exit\", \"return #0\")") == "nil");
  trio.wizard.line("@go " + trap);
  trio.wizard.expect("A bare room.");
  for (const char* command : {"@perms lamp +w", "@rename lamp to thing", "@describe lamp as seen",
                              "@chown lamp to Mal", "examine lamp", "@show lamp"}) {
    CAPTURE(command);
    trio.wizard.line(command);
    trio.wizard.expect("There is no \"lamp\" here.");
  }
  evals(trio.wizard, {{"#0.w", "false"}, {"#0.name", "\"system\""}, {"#0.owner", "#2"}});
  // An exit of its list is meant by its own name.
  evals(trio.mal, {{"local e = create($exit) e.name = \"north\" " + trap +
                        ".exits = {#0, e, 3, me} "
                        "return true",
                    "true"}});
  trio.wizard.line("@describe north as A hole.");
  trio.wizard.expect("Described north");
  trio.wizard.line("@describe Mal as Bad.");
  trio.wizard.expect("Described Mal");
}

// Properties that limit somebody are looked for on that object, which owns itself: it brings one of
// its own before, or takes the wizard's away after.
TEST_CASE("@setquota holds, whatever the player has done or does") {
  Trio trio;
  const auto limited = [&] {
    trio.wizard.line("@setquota Mal objects 1");
    trio.wizard.expect("may have more objects: 1");
  };
  evals(trio.mal, {{"add_property(me, \"ownership_quota\", 99, \"rwc\")", "nil"}});
  limited();
  evals(trio.mal,
        {{"pcall(function() me.ownership_quota = 99 end)", "false, E_PERM"},
         {"pcall(delete_property, me, \"ownership_quota\")", "false, E_PERM"},
         {"pcall(set_property_info, me, \"ownership_quota\", {me, \"rw\"})", "false, E_PERM"},
         {"pcall(chparents, me, {$prog})", "true"},
         {"pcall(create, $thing)", "true, #"},
         {"pcall(create, $thing)", "false, E_QUOTA"}});
  trio.wizard.line("@setquota Mal objects none");
  trio.wizard.expect("no limit");
  evals(trio.mal, {{"pcall(create, $thing)", "true, #"}});
  // One that a class of the player's own defines would go with the class.
  evals(trio.mal,
        {{"local c = create($prog) add_property(c, \"byte_quota\", 1) chparent(me, c)", "nil"}});
  trio.wizard.line("@setquota Mal bytes 5000");
  trio.wizard.expect("inherits a property byte_quota");
}

// What wizards may do is done by verbs that anybody can call, or plan to have called.
TEST_CASE("verbs for the server, for commands and for wizards are not for others to call") {
  Trio trio;
  const auto attack = [](const std::string& call, const std::string& answer = "false, E_PERM") {
    return Row{"pcall(function() return " + call + " end)", answer};
  };
  const std::string& vic = trio.vic_id;
  evals(trio.mal, {attack("#0:user_connected(" + vic + ")"),
                   attack("#0:user_disconnected(" + vic + ")"),
                   attack(vic + ":travel($first_room, \"\", \"\")"),
                   attack(vic + ":show_page(5)"),
                   attack("me:carry(" + vic + ", me, \"\", \"\")"),
                   attack("$wiz[\"@reload\"]($wiz)", "true"),
                   attack("$wiz[\"@shutdown\"]($wiz)"),
                   attack("$wiz:describe_world()"),
                   attack("$wiz[\"@jobs\"]($wiz)"),
                   attack("$room:add_exit(#0)"),
                   attack("me:name_object(#0, \"x\")"),
                   attack("read(" + vic + ")"),
                   attack("force_input(" + vic + ", \"drop all\")"),
                   attack("notify(" + vic + ", \"x\")"),
                   attack("set_password(" + vic + ", \"x\")"),
                   attack("check_password(" + vic + ", \"x\")"),
                   attack("switch_player(me, #2)"),
                   attack("connection_info(" + vic + ")"),
                   attack("set_connection_option(" + vic + ", \"binary\", true)"),
                   attack("listen(me, 0)"),
                   attack("set_task_perms(#2)"),
                   attack("flush_input(#2)"),
                   attack("boot_player(#2)"),
                   attack("export_world()"),
                   attack("import_world()")});
  // Nor does a task that is planned have another's permissions.
  evals(trio.mal,
        {{"add_property(me, \"seen\", 0, \"r\")", "nil"},
         {"add_verb(me, {me, \"rxd\", \"look_around\"}, {\"this\", \"none\", \"this\"})", "1"},
         {"set_verb_code(me, \"look_around\", \"me.seen = caller_perms()\")", "nil"},
         {"fork{seconds = 0, object = #0, verb = \"user_connected\", args = {me}}", ""},
         {"suspend(0.1) return me.seen", "0"}});
  CHECK(eval(trio.wizard, vic + ".location") == eval(trio.wizard, "$first_room"));
}

// From nowhere, everything that is nowhere is at hand: what others have just made, or put away.
TEST_CASE("what is nowhere is not taken") {
  Trio trio;
  const std::string crown = eval(trio.wizard, "create($thing)");
  REQUIRE(crown.starts_with("#"));
  const std::string box = eval(trio.wizard, "create($container)");
  REQUIRE(eval(trio.wizard, "move(" + crown + ", " + box + ")") == "nil");
  REQUIRE(eval(trio.mal, "move(me, #-1)") == "nil");
  for (const std::string& command :
       {"get " + crown, "get " + crown + " from " + box, "get " + box}) {
    CAPTURE(command);
    trio.mal.line(command);
    const std::string said = Trio::settle(trio.mal);
    CHECK_MESSAGE(said.find("You take") == std::string::npos, said);
  }
  evals(trio.wizard, {{crown + ".location", box}, {box + ".location", "#-1"}});
}

// A thing that lies about, and whose `tell` never ends, ended the task of whoever said something.
TEST_CASE("a slow tell of another's thing takes nothing from who speaks") {
  Trio trio;
  const std::string thing = eval(trio.mal, "create($thing)");
  evals(trio.mal,
        {{"add_property(" + thing + ", \"heard\", \"\", \"r\")", "nil"},
         {"add_verb(" + thing + ", {me, \"rxd\", \"tell\"}, {\"this\", \"none\", \"this\"})", ""},
         {"set_verb_code(" + thing + ", \"tell\", \"this.heard = args[1] while true do end\")", ""},
         {"move(" + thing + ", me.location)", "nil"},
         {"pcall(function() me.location:tell_apart(" + trio.vic_id + ", \"x\", " + trio.vic_id +
              ") end)",
          "false, E_PERM"}});
  evals(trio.wizard, {{"(function() local had = ticks_left() me.location:announce(me, \"hello\") "
                       "return had - ticks_left() < 10000 end)()",
                       "true"}});
  trio.mal.expect("hello");
  trio.wizard.expect("Task ran out of");
  trio.wizard.expect("(End of traceback)");
  evals(trio.wizard, {{thing + ".heard", "\"hello\""}});
  trio.vic.line("say so");
  trio.vic.expect("You say, \"so\"");
  trio.mal.expect("Vic says, \"so\"");
}

// Text with a terminal's orders clears the screen, renames the window, or has the terminal type.
TEST_CASE("what players are sent by others is text, and no terminal's order") {
  Trio trio;
  const std::string evil = "\\27[2J\\27]0;x\\7\\8\\r\\nWizard says \\155A\\0\\127";
  for (const std::string& attack :
       {trio.vic_id + ":tell(\"" + evil + "\")", trio.vic_id + ":tell({ bold = \"" + evil + "\" })",
        trio.vic_id + ":tell({ [\"" + evil + "\"] = \"" + evil + "\" })",
        "$first_room:announce(me, \"" + evil + "\")",
        trio.vic_id + ":tell_error(select(2, pcall(raise, E_PERM, \"" + evil + "\")))",
        "(function() me.description = \"" + evil + "\" end)()"}) {
    CAPTURE(attack);
    eval(trio.mal, attack);
  }
  trio.vic.line("look Mal");
  const std::string got = Trio::settle(trio.vic);
  CHECK(got.find("Wizard says") != std::string::npos);
  const auto is_control = [](unsigned char c) {
    return (c < 0x20 && c != '\r' && c != '\n' && c != '\t') || c == 0x7F;
  };
  CHECK(std::none_of(got.begin(), got.end(), is_control));
  CHECK(got.find("\xC2\x9B") == std::string::npos);
  CHECK(got.find('\x9B') == std::string::npos);
  for (const char* name : {"a\\nb", "a\\27b", "a\\127b"}) {
    evals(trio.mal, {{"pcall(function() create($thing).name = \"" + std::string(name) + "\" end)",
                      "false, E_INVARG"}});
  }
  evals(trio.mal, {{"pcall(function() me.name = \"Wizard\" end)", "false, E_PERM"}});
}

// A hash says what it costs to check, and a player owns itself, with its password's property: one
// that takes an hour and all memory holds up the logins of all.
TEST_CASE("nobody's own hash holds up logins, nor a storm of checks") {
  Trio trio;
  evals(trio.mal,
        {{"delete_property(me, \"password\") add_property(me, \"password\", "
          "\"$argon2id$v=19$m=2097152,t=1000000,p=1$c2FsdHNhbHRzYWx0c2FsdA$"
          "c2FsdHNhbHRzYWx0c2FsdHNhbHRzYWx0c2FsdHNhbHQ\", \"r\")",
          "nil"},
         {"for i = 1, 200 do fork(0, function() check_password(me, \"x\") end) end", "nil"}});
  std::vector<Client> clients;
  for (int i = 0; i < 4; ++i) {
    clients.push_back(trio.server.connect());
    clients.back().line("connect Mal guess");
  }
  Client again = trio.server.connect();
  again.line("connect Vic secret");
  again.expect("The First Room\r\n");
  for (Client& client : clients) client.expect("There is no player with that name and password.");
  // Others' scripts check passwords meanwhile.
  again.line("@password wrong new");
  again.expect("That is not your password.");
}

// Tasks that fail as fast as code can fork them, each with a line in the log, fill the disk.
TEST_CASE("tasks that fail in a storm do not fill the log") {
  Trio trio;
  evals(trio.mal, {{"for i = 1, 500 do fork(0, function() error('a storm') end) end", "nil"},
                   {"while #queued_tasks() > 0 do suspend(0.01) end return 'over'", "\"over\""}});
  const std::string log = trio.server.log();
  std::size_t lines = 0;
  for (std::size_t at = log.find("a storm"); at != std::string::npos;
       at = log.find("a storm", at + 1)) {
    ++lines;
  }
  CHECK(lines >= 10);
  CHECK(lines <= 100);
  CHECK(log.find("that end badly are only counted") != std::string::npos);
}
