// The log: what is written of text that others have a part in.
#include "server/log.h"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

using namespace cosmoo;

namespace {

std::string logged(std::string_view text) {
  std::string name = "/tmp/cosmoo-log-XXXXXX";
  const int file = ::mkstemp(name.data());
  REQUIRE(file >= 0);
  ::close(file);
  {
    const auto log = Log::open("info", name);
    REQUIRE(log.has_value());
    (*log)->info(text);
    (*log)->debug("not at this level");
  }
  std::ostringstream all;
  all << std::ifstream(name).rdbuf();
  ::unlink(name.c_str());
  const std::string written = all.str();
  const std::size_t level = written.find(" info ");
  REQUIRE(level != std::string::npos);
  return written.substr(level + 6);
}

}  // namespace

TEST_CASE("text in the log cannot pass for another record, or for a terminal's orders") {
  CHECK(logged("all is well") == "all is well\n");
  CHECK(logged("caf\xC3\xA9") == "caf\xC3\xA9\n");
  CHECK(logged("x\n2026-01-01 00:00:00.000 error the disk is gone") ==
        "x\n    2026-01-01 00:00:00.000 error the disk is gone\n");
  CHECK(logged("a\r\x1B[2Jb\x9B") == "a[2Jb?\n");
}

TEST_CASE("a log file that cannot be opened is an error that says why") {
  const auto log = Log::open("info", "/tmp");
  REQUIRE_FALSE(log.has_value());
  CHECK(log.error().code == ErrorCode::file);
  CHECK(log.error().message.find("/tmp") != std::string::npos);
}
