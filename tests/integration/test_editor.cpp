// The line editor: its commands, and that nothing typed is lost.
#include <doctest/doctest.h>

#include "tests/integration/support/players.h"

using namespace cosmoo::test;

namespace {

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

}  // namespace

TEST_CASE("a verb is edited line by line and saved") {
  Server server;
  Client wizard = server.log_in();
  talk(wizard, {{"@edit", "You are editing nothing"},
                {"@edit me:song", "@verb or @program adds one"},
                {"@verb me:song", "Added"},
                {"@edit me:song", "Editing #2:song, 0 lines."},
                {"list", "There are no lines yet"},
                {"\"return 'three'", ""},
                {"insert 1", "`.` alone ends"},
                {"local one = 1", ""},
                {"local two = 2", ""},
                {".", "2 lines in."},
                {"list", "   1  local one = 1\r\n   2> local two = 2\r\n   3  return 'three'"},
                {"list 2-$", "   2> local two = 2\r\n   3  return"},
                {"list 4", "There are lines 1 to 3."},
                {"list x", "\"x\" names no lines"},
                {"s/two/zwei/", "   2  local zwei = 2"},
                {"substitute /local/global/ all", "   1  global one"},
                {"undo", "Taken back: 3 lines."},
                {"s/zork/x/ all", "\"zork\" is not in those lines."},
                {"s zork", "substitute /OLD/NEW/"},
                {"find RETURN", "   3> return"},
                {"find nowhere", "is nowhere in it."},
                {"1", "   1> local one = 1"},
                {"copy 1 to $", "1 line copied."},
                {"move 4 to 1", "1 line moved."},
                {"list", "   1> return 'three'\r\n   2  local one = 1\r\n   3  local zwei"},
                {"delete 1", "1 line out."},
                {"append", "`.` alone ends"},
                {"return one + zwei", ""},
                {".", "1 line in."},
                {"replace 3", "`.` alone ends"},
                {"-- no more copies", ""},
                {".", "1 line in."},
                {"sing", "The editor does not know \"sing\""},
                {";1 + 1", "=> 2"},
                {"done", "Saved #2:song, 4 lines."}});
  CHECK(eval(wizard, "me:song()") == "3");
  CHECK(eval(wizard, "me.edits") == "{}");
}

TEST_CASE("code that does not compile is not saved, and stays in the editor") {
  Server server;
  Client wizard = server.log_in();
  talk(wizard, {{"@program me:song", "Now programming"},
                {"local x = = 1", ""},
                {"return x", ""},
                {".", "Not programmed: line 1, column 11"},
                {"@edit me:song", "Going on with #2:song, 2 lines"},
                {"save", "Not saved: line 1, column 11"},
                {"quit", "Your changes are kept"},
                {"@edit", "Going on with #2:song, 2 lines"},
                {"s/= =/=/ 1", "local x = 1"},
                {"done", "Saved"}});
  CHECK(eval(wizard, "me:song()") == "1");
}

TEST_CASE("properties are edited: texts, lists of lines, and other values as Lua") {
  Server server;
  Client wizard = server.log_in();
  talk(wizard, {{"@prop me.text \"first\"", "Added"},
                {"@prop me.lines {\"a\", \"b\"}", "Added"},
                {"@prop me.value {k = {1, 2}}", "Added"},
                {"@edit me.text", "Editing #2.text, 1 line."},
                {"\"second", ""},
                {"done", "Saved"},
                {"@edit me.lines", "2 lines."},
                {"delete 1", ""},
                {"done", "Saved"},
                {"@edit me.value", "1 line."},
                {"s/2/2, 3/ all", "{k = {1, 2, 3}}"},
                {"done", "Saved"},
                {"@edit me.value", "1 line."},
                {"s/}}/}/", ""},
                {"save", "Not saved"},
                {"abort", "is as it was last saved."},
                {"@edit me.zork", "no property zork"}});
  CHECK(eval(wizard, "me.text") == "\"first\\nsecond\"");
  CHECK(eval(wizard, "me.lines") == "{\"b\"}");
  CHECK(eval(wizard, "me.value") == "{k = {1, 2, 3}}");
}

TEST_CASE("what is edited outlives a lost connection, a paste cut short, and the server's end") {
  TempDirectory directory;
  {
    ServerOptions options;
    options.data = directory.path();
    Server server(options);
    Client wizard = server.log_in();
    talk(wizard, {{"@verb me:song", "Added"},
                  {"@edit me:song", "Editing"},
                  {"\"return 1", ""},
                  {"list", "return 1"}});
    wizard.vanish();
    Client again = server.log_in();
    talk(again, {{"@edit me:song", "Going on with #2:song, 1 line"},
                 {"append", "`.` alone ends"},
                 {"-- cut short", ""}});
    again.finish_sending();
    again.expect_closed();
    Client third = server.log_in();
    talk(third, {{"@edit me:song", "Going on with #2:song, 2 lines"}, {"quit", "are kept"}});
    talk(third, {{"@program me:other", "Now programming"}, {"return 'half'", ""}});
    third.finish_sending();
    third.expect_closed();
    CHECK(server.stop() == 0);
  }
  ServerOptions options;
  options.data = directory.path();
  Server server(options);
  Client wizard = server.log_in();
  talk(wizard, {{"@edit", "You are editing #2:other and #2:song."},
                {"@edit me:other", "Going on with #2:other, 1 line"},
                {"done", "Saved"},
                {"@edit", "Going on with #2:song, 2 lines"},
                {"list", "   2> -- cut short"},
                {"done", "Saved"}});
  CHECK(eval(wizard, "me:song()") == "1");
  CHECK(eval(wizard, "me:other()") == "\"half\"");
}

TEST_CASE("two edit at once, and neither overwrites the other unawares") {
  Server server;
  Client wizard = server.log_in();
  Client pat = make_player(server, wizard, "Pat", "programmer");
  talk(wizard, {{"@create $thing named lamp", "You now have"},
                {"@verb lamp:light", "Added"},
                {"@perms lamp:light rwxd", "is rwxd"},
                {"drop lamp", "You drop"},
                {"@edit lamp:light", "Editing"},
                {"\"return 'wizard'", ""}});
  talk(pat, {{"@edit lamp:light", "Editing"}, {"\"return 'pat'", ""}, {"done", "Saved"}});
  talk(wizard, {{"done", "Somebody has changed"},
                {"list", "return 'wizard'"},
                {"save anyway", "Saved"},
                {"quit", "Left the editor."}});
  // What one may read one may look at; saving is another matter.
  talk(wizard, {{"@perms lamp:light rxd", "is rxd"}});
  talk(pat, {{"@edit lamp:light", "Editing"},
             {"\"-- mine", ""},
             {"save", "may not change"},
             {"abort", "Left the editor"}});
  talk(wizard, {{"@perms lamp:light xd", "is xd"}});
  talk(pat, {{"@edit lamp:light", "may not read"}});
  CHECK(eval(wizard, "pcall(function() return lamp end)").substr(0, 5) == "false");
}
