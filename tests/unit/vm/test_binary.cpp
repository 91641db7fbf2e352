#include <doctest/doctest.h>

#include "vm/binary.h"

namespace cosmoo {
namespace {

TEST_CASE("printable ASCII stands for itself, everything else is escaped") {
  CHECK(encode_binary("plain text") == "plain text");
  CHECK(encode_binary("a\nb") == "a~0Ab");
  CHECK(encode_binary("~") == "~7E");
  CHECK(encode_binary(std::string_view("\0\x7F\xFF", 3)) == "~00~7F~FF");
  CHECK(encode_binary("") == "");
}

TEST_CASE("every byte comes back") {
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  CHECK(decode_binary(encode_binary(all)) == all);
  CHECK(decode_binary("~0a~0A") == "\n\n");
}

TEST_CASE("a bad escape is refused with its place") {
  for (const char* bad : {"~", "~Z", "~ZZ", "~0", "~0G", "ab~", "~~7E", "~ 0A"}) {
    CAPTURE(bad);
    const auto decoded = decode_binary(bad);
    REQUIRE(!decoded);
    CHECK(decoded.error().code == ErrorCode::invarg);
  }
  CHECK(decode_binary("abc~ZZ").error().message.find("at character 4") != std::string::npos);
}

}  // namespace
}  // namespace cosmoo
