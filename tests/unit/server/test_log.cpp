// The log: what is written of text that others have a part in.
#include "server/log.h"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "server/task_log.h"

using namespace cosmoo;

namespace {

// What is in the file after `write` has written to a log.
template <typename Write>
std::string logged_by(Write write) {
  std::string name = "/tmp/cosmoo-log-XXXXXX";
  const int file = ::mkstemp(name.data());
  REQUIRE(file >= 0);
  ::close(file);
  {
    const auto log = Log::open("info", name);
    REQUIRE(log.has_value());
    write(**log);
  }
  std::ostringstream all;
  all << std::ifstream(name).rdbuf();
  ::unlink(name.c_str());
  return all.str();
}

std::string logged(std::string_view text) {
  const std::string written = logged_by([&](Log& log) {
    log.info(text);
    log.debug("not at this level");
  });
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

// Tasks that fail as fast as code can fork them would fill the disk.
TEST_CASE("the log has so many lines of one player's tasks at a time, and then their number") {
  const auto count = [](const std::string& text, std::string_view part) {
    std::size_t found = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
      ++found;
    }
    return found;
  };
  const std::string written = logged_by([](Log& log) {
    TaskLog tasks(log);
    const auto begin = TaskLog::Clock::now();
    for (int i = 0; i < 1000; ++i) tasks.note(ObjectId{3}, "three failed", begin);
    tasks.note(ObjectId{4}, "four failed", begin);
    tasks.note(ObjectId{3}, "three failed", begin + std::chrono::seconds(9));
    tasks.note(ObjectId{3}, "three again", begin + std::chrono::seconds(10));
    // Those who are forgotten are told of before.
    for (int i = 0; i < 30; ++i) tasks.note(ObjectId{-5}, "a stranger's", begin);
    for (int i = 10; i < 1100; ++i) {
      tasks.note(ObjectId{i}, "another", begin + std::chrono::seconds(30));
    }
  });
  CHECK(count(written, "three failed") == 20);
  CHECK(count(written, "further tasks of #3 that end badly are only counted for 10 seconds") == 1);
  CHECK(count(written, "four failed") == 1);
  CHECK(count(written, "981 further tasks of #3 ended badly") == 1);
  CHECK(count(written, "three again") == 1);
  CHECK(count(written, "10 further tasks of #-5 ended badly") == 1);
  CHECK(count(written, "another") == 1090);
}
