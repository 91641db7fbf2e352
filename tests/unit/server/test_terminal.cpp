// What a client's names for its terminal tell: the answers are those of real clients.
#include <doctest/doctest.h>

#include "server/terminal.h"

namespace cosmoo {
namespace {

TEST_CASE("a client that tells nothing has no colours, and is thought to show UTF-8") {
  const Terminal terminal = judge_terminal({});
  CHECK(terminal.colour == Colour::none);
  CHECK(terminal.utf8);
  CHECK_FALSE(terminal.screen_reader);
}

TEST_CASE("a name tells how many colours there are") {
  CHECK(judge_terminal({"XTERM-256COLOR"}).colour == Colour::many);
  CHECK(judge_terminal({"xterm"}).colour == Colour::sixteen);
  CHECK(judge_terminal({"TINYFUGUE", "ANSI-ATTR", "ANSI", "UNKNOWN"}).colour == Colour::sixteen);
  CHECK(judge_terminal({"xterm-direct"}).colour == Colour::true_colour);
  CHECK(judge_terminal({"DUMB"}).colour == Colour::none);
  CHECK(judge_terminal({"VT100"}).colour == Colour::none);
}

TEST_CASE("MTTS counts for more than names") {
  const Terminal tintin = judge_terminal({"TINTIN++", "xterm-256color", "MTTS 271"});
  CHECK(tintin.colour == Colour::true_colour);
  CHECK(tintin.utf8);
  CHECK(tintin.names.size() == 3);
  const Terminal plain = judge_terminal({"xterm-256color", "MTTS 64"});
  CHECK(plain.colour == Colour::none);
  CHECK_FALSE(plain.utf8);
  CHECK(plain.screen_reader);
  CHECK(judge_terminal({"X", "MTTS 9"}).colour == Colour::many);
  CHECK(judge_terminal({"X", "MTTS 1"}).colour == Colour::sixteen);
}

TEST_CASE("what only looks like MTTS is a name") {
  CHECK(judge_terminal({"MTTS 4294967296"}).utf8);
  CHECK(judge_terminal({"MTTS 0x"}).utf8);
  CHECK(judge_terminal({"MTTS "}).utf8);
}

}  // namespace
}  // namespace cosmoo
