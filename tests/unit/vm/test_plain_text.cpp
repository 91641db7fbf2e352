#include <doctest/doctest.h>

#include "vm/plain_text.h"

using cosmoo::plain_text;

TEST_CASE("plain text keeps letters of every kind, tabs and newlines") {
  CHECK(plain_text("") == "");
  CHECK(plain_text("a\tb\nc") == "a\tb\nc");
  CHECK(plain_text("n\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80") ==
        "n\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80");
}

TEST_CASE("plain text has no orders for a terminal") {
  CHECK(plain_text("\x1b[2J\x07\r\x7F") == "[2J");
  CHECK(plain_text("\xC2\x9B"
                   "2J") == "2J");
  CHECK(plain_text("\x9B"
                   "2J") == "?2J");
  CHECK(plain_text("\xC3") == "?");
  CHECK(plain_text("\xC0\x9B") == "??");
  CHECK(plain_text("\xE0\x82\x9B") == "???");
  CHECK(plain_text("\xED\xA0\x80") == "???");
  CHECK(plain_text("\xF4\x90\x80\x80") == "????");
}
