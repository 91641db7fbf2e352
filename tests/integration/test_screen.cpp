// What players see: pages, colours, and that nobody can send another's terminal orders.
#include <doctest/doctest.h>

#include "tests/integration/support/players.h"

using namespace cosmoo::test;

TEST_CASE("long output comes in pages for those who want them") {
  Server server;
  Client wizard = server.log_in();
  wizard.line(";local t = {} for i = 1, 12 do t[i] = 'row ' .. i end player:tell_lines(t)");
  wizard.expect("row 12\r\n");
  wizard.line("@pagelength 5");
  wizard.expect("Pages: 5 lines.");
  wizard.line(";local t = {} for i = 1, 12 do t[i] = 'row ' .. i end player:tell_lines(t)");
  const std::string first = wizard.expect("-- 8 lines more: @more, @more all, @more stop --\r\n");
  CHECK(first.find("row 4\r\n") != std::string::npos);
  CHECK(first.find("row 5\r\n") == std::string::npos);
  wizard.expect("=> nil\r\n");
  wizard.line("@more");
  CHECK(wizard.expect("-- 4 lines more").find("row 9") == std::string::npos);
  wizard.expect("\r\n");
  wizard.line("@more");
  CHECK(wizard.read_line() == "row 9");
  wizard.expect("row 12\r\n");
  CHECK(answer(wizard, "@more") == "There is nothing more.");
  wizard.line("help");
  wizard.expect("@more stop --\r\n");
  wizard.line("@more all");
  wizard.expect("screen");
  wizard.line("help");
  wizard.expect("@more stop --\r\n");
  wizard.line("@more stop");
  wizard.line("more");
  wizard.expect("There is nothing more.");
  wizard.line("@pagelength off");
  wizard.expect("Pages: off.");
  wizard.line("@pagelength 1");
  wizard.expect("Usage: @pagelength");
}

// A programmer's verb fills the database with pages that a victim is never going to turn.
TEST_CASE("no more is kept for later pages than somebody may read") {
  ServerOptions options;
  options.config = "[budgets]\nforeground_ticks = 1000000\n";
  Server server(options);
  Client wizard = server.log_in();
  wizard.line("@pagelength 3");
  wizard.expect("Pages: 3 lines.\r\n");
  wizard.line(";local t = {} for i = 1, 50 do t[i] = ('x'):rep(10000) end player:tell_lines(t)");
  wizard.expect("-- 26 lines more");
  wizard.expect("=> nil\r\n");
  wizard.line("@more all");
  wizard.expect("(and 24 lines that are too long to keep)\r\n");
}

TEST_CASE("pages are one's own: what others tell is told at once, and nobody turns or reads them") {
  Server server;
  Client wizard = server.log_in();
  Client pat = make_player(server, wizard, "Pat", "programmer");
  wizard.expect("Pat has connected.\r\n");
  wizard.line("@pagelength 3");
  wizard.expect("Pages: 3 lines.\r\n");
  CHECK(eval(pat, "#2:tell_lines({'1', '2', '3', '4', '5'})") == "nil");
  CHECK(wizard.read_line() == "1");
  wizard.expect("5\r\n");
  CHECK(eval(pat, "select(2, pcall(function() #2:show_page(5) end)).name") == "\"E_PERM\"");
  CHECK(eval(pat, "select(2, pcall(function() return #2.unread end)).name") == "\"E_PERM\"");
  CHECK(eval(pat, "select(2, pcall(function() #2.page_length = 3 end)).name") == "\"E_PERM\"");
}

TEST_CASE("colours are shown to those who turn them on, and styles without a meaning are text") {
  Server server;
  Client wizard = server.log_in();
  wizard.line(";player:tell({red = 'x'}, '!')");
  CHECK(wizard.read_line() == "x!");
  wizard.expect("=> nil\r\n");
  CHECK(answer(wizard, "@colour on") == "Colour is \x1b[32mon\x1b[0m.");
  wizard.line(";player:tell({red = 'x'}, {zork = 'y'}, '!')");
  CHECK(wizard.read_line() == "\x1b[31mx\x1b[0my!");
  wizard.expect("=> nil\r\n");
  CHECK(answer(wizard, "@colour off") == "Colour is off.");
  CHECK(answer(wizard, "@colour pink") == "Usage: @colour [on|off|auto]");
}

// A programmer puts the orders of a terminal (clear the screen, set the title, answer back) into
// whatever reaches other people: lines, styled parts, names of styles, descriptions, pages.
TEST_CASE("control characters reach nobody's terminal") {
  Server server;
  Client wizard = server.log_in();
  Client pat = make_player(server, wizard, "Pat", "programmer");
  wizard.expect("Pat has connected.\r\n");
  wizard.line("@colour on");
  wizard.expect("\r\n");
  for (const char* code :
       {"#2:tell('a\\27[2Jb')", "#2:tell({bold = '\\27]0;t\\7'})", "#2:tell({['\\27[2J'] = 'x'})",
        "#2:tell('\\194\\155' .. '2J')", "#2:tell('\\155' .. '2J')",
        "#2:tell_lines({'\\27[2J', {'\\27[2J', {red = '\\27[2J'}}})", "#2:tell_text('\\27[2J')",
        "#2:tell_error('\\27[2J')"}) {
    CAPTURE(code);
    CHECK(eval(pat, code) == "nil");
  }
  CHECK(eval(pat, "(function() me.description = 'x\\27[2J' end)()") == "nil");
  wizard.line("look Pat");
  wizard.line("say done");
  const std::string seen = wizard.expect("You say, \"done\"");
  CHECK(seen.find("[2J") != std::string::npos);
  for (const char* order : {"\x1b[2J", "\x1b]", "\x07", "\xC2\x9B", "\x9B"}) {
    CAPTURE(order);
    CHECK(seen.find(order) == std::string::npos);
  }
}

TEST_CASE("pages and colours follow what the client says of its window and terminal") {
  using namespace std::string_literals;
  Server server;
  Client wizard = server.log_in();
  wizard.send("\xFF\xFC\x01"s);  // WONT ECHO: it speaks telnet
  wizard.expect("\xFF\xFD\x18\xFF\xFD\x1F"s);
  wizard.send("\xFF\xFB\x18\xFF\xFB\x1F"s);              // WILL TTYPE, WILL NAWS
  wizard.send("\xFF\xFA\x1F\x00\x28\x00\x06\xFF\xF0"s);  // 40 columns, 6 rows
  for (int i = 0; i < 2; ++i) {
    wizard.expect("\xFF\xFA\x18\x01\xFF\xF0"s);
    wizard.send("\xFF\xFA\x18\x00xterm-256color\xFF\xF0"s);
  }
  CHECK(answer(wizard, "@colour") == "Colour is \x1b[32mon\x1b[0m (auto).");
  CHECK(answer(wizard, "@pagelength") == "Pages: 6 lines (auto).");
  // A line of 60 characters takes two rows of forty: two of them and one more fill a page.
  wizard.line(
      ";local long = ('x'):rep(60) player:tell_lines({long, long, 'end', 'next', 'last', '6', "
      "'7'})");
  CHECK(wizard.expect("-- 4 lines more").find("end\r\n") != std::string::npos);
  wizard.expect("=> nil\r\n");
  wizard.line("@more stop");
  wizard.line("@describe me as " + std::string("word ") + std::string(60, 'w') + " and more words");
  wizard.expect("Described Wizard (#2).\r\n");
  wizard.line("look me");
  wizard.expect("word\r\n" + std::string(60, 'w') + "\r\nand more words\r\n");
}

// A programmer's verb, which a wizard's command runs, prints and fails with a terminal's orders.
TEST_CASE("neither print() nor a traceback sends another's control characters") {
  Server server;
  Client wizard = server.log_in();
  Client pat = make_player(server, wizard, "Pat", "programmer");
  pat.line("@create $thing named trap");
  pat.expect("You now have trap");
  for (const char* line :
       {"@verb trap:spring this none none", "@program trap:spring", "print('one \\27[2J \\155')",
        "error('two \\27]0;x\\7 \\194\\155')", ".", "drop trap"}) {
    pat.line(line);
  }
  pat.expect("You drop trap.");
  wizard.line("spring trap");
  const std::string seen = wizard.expect("(End of traceback)");
  CHECK(seen.find("one [2J ?") != std::string::npos);
  CHECK(seen.find("two ]0;x") != std::string::npos);
  for (const char* order : {"\x1b", "\x07", "\x9B"}) CHECK(seen.find(order) == std::string::npos);
  // To oneself one may send what one likes.
  pat.line(";print('\\27[2J')");
  pat.expect("\x1b[2J\r\n");
}

TEST_CASE("@password asks for passwords without showing them") {
  Server server;
  Client wizard = server.log_in();
  wizard.line("@password");
  wizard.expect("\xFF\xFB\x01");  // WILL ECHO: the client shows nothing
  wizard.line(kWizardPassword);
  wizard.expect("The new one:");
  wizard.line("other");
  wizard.expect("The new one again:");
  wizard.line("different");
  wizard.expect("Those were two different ones");
  wizard.line("@password wrong other");
  wizard.expect("That is not your password.");
  wizard.line("@password " + std::string(kWizardPassword) + " other");
  wizard.expect("Your password is changed.");
  Client again = server.log_in("wizard", "other");
}
