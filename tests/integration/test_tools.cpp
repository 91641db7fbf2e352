// The tools of those who build and program, from within the world: what they do, what they say when
// they are typed wrong, and what they refuse.
#include <doctest/doctest.h>

#include "tests/integration/support/players.h"

using namespace cosmoo::test;

namespace {

// Types each line and waits for what must come back behind it.
struct Exchange {
  std::string typed;
  std::string expected;
};
void talk(Client& client, std::initializer_list<Exchange> exchanges) {
  for (const auto& [typed, expected] : exchanges) {
    CAPTURE(typed);
    client.line(typed);
    if (!expected.empty()) client.expect(expected);
  }
}

std::string last_object(Client& client) { return eval(client, "max_object()"); }

}  // namespace

TEST_CASE("what is typed wrong is answered with how it is typed") {
  Server server;
  Client wizard = server.log_in();
  Client ann = make_player(server, wizard, "Ann");
  talk(wizard, {{"@crate $thing named x", "Did you mean @create?"},
                {"@gerp x", "Did you mean @grep?"},
                {"@create thing named x", "There is no \"thing\" here. Do you mean $thing?"},
                {"rename", "It is typed: @rename OBJECT to NAME"},
                {"@rename lamp", "Usage: @rename OBJECT to NAME"},
                {"@kill x", "Usage: @kill TASK|all"},
                {"@kill 99999", "There is no task 99999.\r\n"},
                {"@list nothing", "A verb is written OBJECT:VERB"},
                {"@set me to 3", "A property is written OBJECT.PROPERTY"},
                {"@program zork:x", "There is no \"zork\" here."},
                {"@verb me:x this this", "A command's form is three words"},
                {"@verb me:x this beyond none", "\"beyond\" is not a preposition"},
                {"@args me:nothing", "There is no verb #2:nothing"},
                {"@prop me.x 1 +", "Line 1, column"},
                {"@perms me zz", "An object has the permissions r, w and f, not z."}});
  talk(wizard, {{"@create $thing named lamp", "You now have"},
                {"@verb lamp:rub this with any", "Added"},
                {"rub lamp", ":rub takes: this with any."},
                {"@verb lamp:rub this on any", ":rub, which is found before this one: this is "},
                {"", ":2.\r\nAdded "},
                {"", ":2\r\n"},
                {"@program lamp:2", ":2. `.` alone ends"},
                {"return player:tell('on it')", ""},
                {".", "1 line."},
                {"rub lamp on me", "on it"},
                {"@rmverb lamp:2", "away."}});
  // A command that somebody does not have is not offered.
  talk(ann, {{"@crate $thing named x", "I couldn't understand that. Type help"},
             {"loook", "Did you mean look?"}});
}

TEST_CASE("help tells of commands, classes, topics and builtins") {
  Server server;
  Client wizard = server.log_in();
  Client ann = make_player(server, wizard, "Ann");
  talk(wizard, {{"help", "Commands: help wizard tells more"},
                {"help", "@shutdown"},
                {"help wizard", "@shutdown [REASON]\r\n    Ends the server."},
                {"help kill_task", "kill_task(task)  ->  nothing"},
                {"help @create", "Makes an object"},
                {"help create", "@create PARENT named NAME"},
                {"help l", "look [THING]"},
                {"help eval", ";EXPRESSION"},
                {"help editor", "substitute /OLD/NEW/ [RANGE]"},
                {"help nonsense", "There is no help on \"nonsense\""},
                {"help builtins", "set_verb_code"}});
  ann.line("help");
  CHECK(ann.expect("Topics").find("@create") == std::string::npos);
  // A verb's first comment is its help, whoever wrote it.
  talk(wizard, {{"@verb me:juggle any none none", "Added"},
                {"@program me:juggle", "Now programming"},
                {"-- juggle THINGS", ""},
                {"-- Throws them up and catches them.", ""},
                {"player:usage()", ""},
                {".", "Programmed #2:juggle, 3 lines."},
                {"help juggle", "Throws them up"},
                {"juggle", "Usage: juggle THINGS"}});
}

TEST_CASE("objects are made, named, moved, given other parents and ended") {
  Server server;
  Client wizard = server.log_in();
  talk(wizard, {{"@create $thing named brass bell, ding", "You now have brass bell (#"}});
  const std::string bell = last_object(wizard);
  CHECK(eval(wizard, bell + ".aliases") == "{\"ding\", \"brass\", \"bell\"}");
  talk(wizard, {{"@rename ding to gong", "is now gong (#"},
                {"@describe gong as \"A big one.\"", "Described gong"},
                {"look gong", "A big one."},
                {"@move gong to here", "to The First Room"},
                {"@contents here", "gong"},
                {"@chparent gong to $container, $thing", "inherits from container (#"},
                {"@parents gong", "container"},
                {"@kids $container", "gong"},
                {"@audit", "gong"},
                {"@find GONG", "gong"},
                {"@find zork", "Nothing is called \"zork\"."},
                {"@recycle", "Usage: @recycle OBJECT"},
                {"@recycle gong", "is no more."}});
  CHECK(eval(wizard, "valid(" + bell + ")") == "false");
  talk(wizard, {{"@recycle $room", "Type yes to end it"}, {"no", "It stays."}});
  CHECK(eval(wizard, "valid($room)") == "true");
}

TEST_CASE("permissions of objects, properties and verbs are shown and set") {
  Server server;
  Client wizard = server.log_in();
  talk(wizard, {{"@create $thing named lamp", "You now have"},
                {"@perms lamp", "is closed to others"},
                {"@perms lamp rf", "is rf"},
                {"@perms lamp -r", "is f"},
                {"@prop lamp.oil 3", "Added"},
                {"@perms lamp.oil", ".oil is rc"},
                {"@perms lamp.oil +w", ".oil is rwc"},
                {"@perms lamp.oil \"\"", ".oil is \r\n"},
                {"@verb lamp:light this none none rx", "Added"},
                {"@perms lamp:light", ":light is rx"},
                {"@perms lamp:light +d", ":light is rxd"},
                {"@show lamp:light", "permissions rxd   command this none none"},
                {"@show lamp.oil", "defined on lamp"},
                {"@chown lamp.oil to $room", "now belongs to room"},
                {"@chown lamp to #999", "There is no \"#999\" here."}});
}

TEST_CASE("verbs are copied, renamed, searched, given other arguments and listed in part") {
  Server server;
  Client wizard = server.log_in();
  talk(wizard,
       {{"@create $thing named lamp", "You now have"},
        {"@verb lamp:\"light kindle\" this with any", "(this with any)"},
        {"@program lamp:light", "Now programming"},
        {"-- light THING with THING", ""},
        {"local spark = 'unlikely words'", ""},
        {"return spark", ""},
        {".", "3 lines."},
        {"@list lamp:kindle 2-3", "   2  local spark = 'unlikely words'\r\n   3  return spark\r\n"},
        {"@list lamp:light plain", "-- light THING with THING\r\nlocal spark"},
        {"@list lamp:look_self", "player:tell({ title = this.name }"},
        {"@copy lamp:light to me:burn", "Copied"},
        {"@show me:burn", "command this with any"},
        {"@copy lamp:light to me:burn", "is there already"},
        {"@copy lamp:zork to me", "There is no verb"},
        {"@grep unlikely words", "#2:burn 2: local spark"},
        {"@grep \"unlikely words\" in lamp", "1 line."},
        {"@args me:burn any in any", "is any in any"},
        {"@rename me:burn to \"burn b*laze\"", ":burn b*laze"},
        {"@rmverb me:blaze", "away."},
        {"@rmverb me:blaze", "There is no verb #2:blaze"}});
}

TEST_CASE("what @dump prints makes the same object again") {
  Server server;
  Client wizard = server.log_in();
  talk(wizard, {{"@create $thing named lamp", "You now have"},
                {"@prop lamp.oil {3, {k = \"~0A\"}}", "Added"},
                {"@perms lamp.oil w", "is w"},
                {"@describe lamp as \"Old.\"", "Described"},
                {"@verb lamp:\"light kin*dle\" this on top of any rx", "Added"},
                {"@program lamp:light", "Now programming"},
                {"return this.oil", ""},
                {"..odd", ""},
                {"@abort", "Given up."},
                {"@program lamp:light", "Now programming"},
                {"return this.oil[1], [[", ""},
                {"..dotted]]", ""},
                {".", "Programmed"}});
  const std::string lamp = last_object(wizard);
  wizard.line("@dump lamp as brass copy");
  wizard.line(";'end'");
  const std::string dumped = wizard.expect("=> \"end\"\r\n");
  REQUIRE(dumped.find("@create") != std::string::npos);
  wizard.send(dumped);
  const std::string copy = last_object(wizard);
  CHECK(copy != lamp);
  CHECK(eval(wizard, "verb_code(" + copy + ", 1) == verb_code(" + lamp + ", 1)") == "true");
  CHECK(eval(wizard, "toliteral(verb_info(" + copy + ", 1)) == toliteral(verb_info(" + lamp +
                         ", 1))") == "true");
  CHECK(eval(wizard, "verb_args(" + copy + ", 1)") == eval(wizard, "verb_args(" + lamp + ", 1)"));
  CHECK(eval(wizard, "property_info(" + copy + ", 'oil')[2]") == "\"w\"");
  CHECK(eval(wizard, "toliteral(" + copy + ".oil) == toliteral(" + lamp + ".oil)") == "true");
  CHECK(eval(wizard, copy + ".description") == "\"Old.\"");
}

TEST_CASE("rooms are dug, joined by exits and walked through") {
  Server server;
  Client wizard = server.log_in();
  Client ann = make_player(server, wizard, "Ann");
  talk(wizard, {{"@dig north,n|south,s to \"The Garden\"", "Made The Garden"},
                {"look", "Exits: north."},
                {"@exits", "The Garden (#"},
                {"@dig north to here", "There is an exit north already"}});
  talk(ann, {{"north", "The Garden"}});
  wizard.expect("Ann leaves by north.");
  talk(wizard, {{"go n", "The Garden"}});
  ann.expect("Wizard comes in.");
  talk(ann, {{"west", "I couldn't understand that."},
             {"go west", "There is no way \"west\"."},
             {"s", "The First Room"},
             {"home", "You are at home."},
             {"go north", "The Garden"},
             {"home", "The First Room"}});
  talk(wizard, {{"@verb south:allows", ""},
                {"look", "The Garden"},
                {";here.exits[1].leave_text = 'slips away.'", "=> nil"},
                {"south", "The First Room"},
                {"@recycle north", "There is no \"north\" here."}});
}

// A programmer moves somebody who only looks, by the commands and helpers that move players.
TEST_CASE("nobody is moved by another's code") {
  Server server;
  Client wizard = server.log_in();
  Client pat = make_player(server, wizard, "Pat", "programmer");
  Client ann = make_player(server, wizard, "Ann");
  talk(pat,
       {{"@dig trap|out to \"The Trap\"", "Only the owner of The First Room"},
        {"@create $exit named chute", "Made chute"},
        {";add_verb(max_object(), {me, 'rxd', 'look_self'}, {'this', 'none', 'this'})", "=> 1"}});
  const std::string chute = last_object(pat);
  talk(pat, {{"@create $room named Pit", "Made Pit"}});
  const std::string pit = last_object(pat);
  talk(pat,
       {{";move(" + chute + ", me.location)", "=> nil"},
        {";" + chute + ".dest = " + pit, "=> nil"},
        {"@program chute:look_self", "Now programming"},
        {"local errors = {}", ""},
        {"for i, try in ipairs({", ""},
        {"  function() this:invoke() end, function() player:travel(this.dest, '', '') end,", ""},
        {"  function() player:home() end, function() move(player, this.dest) end,", ""},
        {"  function() player:carry(player, this.dest, '', '') end, function() player:get() end",
         ""},
        {"}) do", ""},
        {"  local ok, err = pcall(try)", ""},
        {"  errors[i] = ok or err.name", ""},
        {"end", ""},
        {"player:tell('tried ', toliteral(errors))", ""},
        {".", "Programmed"}});
  ann.line("look chute");
  ann.expect("tried {");
  CHECK(ann.read_line().find("E_PERM\", \"E_PERM\", \"E_PERM\"}") != std::string::npos);
  CHECK(eval(wizard, "find_player('Ann').location == $first_room") == "true");
}

TEST_CASE("an exit that says no keeps a player where they are") {
  Server server;
  Client wizard = server.log_in();
  talk(wizard,
       {{"@dig door to \"The Cellar\"", "leads from"},
        {";add_verb(here.exits[1], {me, 'rxd', 'allows'}, {'this', 'none', 'this'})", "=> 1"},
        {";set_verb_code(here.exits[1], 'allows', \"return false, 'It is locked.'\")", "=> nil"},
        {"door", "It is locked."}});
  CHECK(eval(wizard, "me.location == $first_room") == "true");
}

TEST_CASE("things are taken, put, given and dropped; words reach whom they are for") {
  Server server;
  Client wizard = server.log_in();
  Client ann = make_player(server, wizard, "Ann");
  Client bob = make_player(server, wizard, "Bob");
  talk(wizard, {{"@create $thing named bell", "You now have"},
                {"@create $container named box", "You now have"},
                {"put bell in box", "You put bell into box."},
                {"drop box", "You drop box."}});
  talk(ann, {{"look in box", "In it: bell."},
             {"get bell from box", "You take bell from box."},
             {"get bell", "You have bell already."},
             {"get zork from box", "There is no \"zork\" in box."},
             {"get Bob", "You can't take that."},
             {"put box in bell", "You don't have that."},
             {"put bell in bob", "Nothing can be put into Bob."},
             {"give bell to Bob", "You give bell to Bob."},
             {"give bell to Bob", "There is no \"bell\" here."}});
  bob.expect("Ann gives you bell.");
  talk(bob, {{"i", "bell (#"}, {"examine bell", "owned by Wizard"}});
  talk(ann, {{"whisper \"psst\" to Bob", "You whisper to Bob."},
             {"whisper psst to zork", "There is no \"zork\" here."},
             {"page Bob over there", "You page Bob."},
             {"page Zork hello", "There is no player called \"Zork\"."},
             {"page Bob", "Usage: page PLAYER TEXT"}});
  bob.expect("Ann whispers to you, \"psst\"");
  bob.expect("Ann pages you, \"over there\"");
  wizard.line("look");
  wizard.expect("Here: Ann, Bob, box.");
  CHECK(wizard.pending().find("psst") == std::string::npos);
  talk(ann, {{"::'s hat falls", "Ann's hat falls"}});
}

TEST_CASE("wizards speak to all and disconnect with a reason; others do not") {
  Server server;
  Client wizard = server.log_in();
  Client ann = make_player(server, wizard, "Ann");
  talk(wizard,
       {{"@wall going down", "*** Wizard to all: going down ***"}, {"@stats", "lua_bytes"}});
  ann.expect("*** Wizard to all: going down ***");
  // Commands of the wizard's class are found when one is named; they do not act as the wizard.
  talk(ann, {{"@boot Wizard", "Only wizards"},
             {"@wall Wizard", "Only wizards"},
             {"@shutdown Wizard", "E_PERM"},
             {"eval Wizard", "E_PERM"}});
  talk(wizard,
       {{"@boot Ann too loud", "Ann is disconnected."}, {"@boot Ann", "is not connected."}});
  CHECK(ann.expect_closed().find("disconnects you: too loud") != std::string::npos);
}

TEST_CASE("@profile shows where ticks go, to wizards") {
  Server server;
  Client wizard = server.log_in();
  Client pat = make_player(server, wizard, "Pat", "programmer");
  talk(wizard, {{"@profile x", "Usage: @profile"},
                {"@profile", "Nothing was counted"},
                {"@profile on", "Counting"},
                {"help", "Topics"},
                {"@profile off", "Milliseconds"},
                {"@profile 0", "Counting for 0s."},
                {"", "In all "}});
  talk(pat, {{"@profile Wizard", "Usage: @profile"}, {"@profile on", "I couldn't understand"}});
}
