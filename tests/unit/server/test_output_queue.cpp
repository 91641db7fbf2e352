#include <doctest/doctest.h>

#include "server/line_queue.h"
#include "server/output_queue.h"

using namespace cosmoo;
using From = OutputQueue::From;

namespace {

void add(OutputQueue& queue, std::string_view line, From from = From::own) {
  queue.tail() += line;
  queue.commit(from);
}

std::string drain(OutputQueue& queue) {
  const std::string all(queue.take());
  queue.consume(all.size());
  return all;
}

}  // namespace

TEST_CASE("output comes out as it went in") {
  OutputQueue queue(1000);
  add(queue, "one\r\n");
  add(queue, "two\r\n", From::others);
  CHECK(drain(queue) == "one\r\ntwo\r\n");
  CHECK(queue.empty());
}

TEST_CASE("over the limit the oldest lines of others go, and the client is told") {
  OutputQueue queue(100);
  for (char c = 'a'; c <= 'k'; ++c) add(queue, std::string(8, c) + "\r\n", From::others);
  const std::string out = drain(queue);
  CHECK(out.starts_with(
      ">> Network buffer overflow: 4 lines of output to you have been lost <<\r\neeee"));
  CHECK(out.ends_with("kkkkkkkk\r\n"));
  CHECK(queue.empty());
}

TEST_CASE("a client's own output is not dropped for the sake of others") {
  OutputQueue queue(100);
  std::string own;
  for (int i = 0; i < 100; ++i) {
    const std::string line = "own " + std::to_string(i) + "\r\n";
    own += line;
    add(queue, line);
    add(queue, "others\r\n", From::others);
  }
  const std::string out = drain(queue);
  std::string kept;
  for (std::size_t at = 0; at < out.size();) {
    const std::size_t end = out.find("\r\n", at) + 2;
    const std::string line = out.substr(at, end - at);
    if (line.starts_with("own")) kept += line;
    at = end;
  }
  CHECK(kept == own);
  CHECK(out.find("Network buffer overflow") != std::string::npos);
}

TEST_CASE("a line that is partly sent is sent whole") {
  OutputQueue queue(100);
  add(queue, "begun-line\r\n", From::others);
  CHECK(queue.take().size() == 12);
  queue.consume(5);
  for (int i = 0; i < 50; ++i) add(queue, "0123456789\r\n", From::others);
  const std::string out = drain(queue);
  CHECK(out.starts_with("-line\r\n>> Network buffer overflow: "));
}

TEST_CASE("a single line of others over the limit is dropped and told") {
  OutputQueue queue(100);
  add(queue, std::string(500, 'x') + "\r\n", From::others);
  CHECK_FALSE(queue.empty());
  CHECK(drain(queue) == ">> Network buffer overflow: 1 line of output to you has been lost <<\r\n");
}

TEST_CASE("even a client's own output is bounded") {
  OutputQueue queue(100);
  for (int i = 0; i < 10'000; ++i) add(queue, "0123456789\r\n");
  CHECK(queue.backlog() <= 100 * OutputQueue::kOwnLimits);
  CHECK(drain(queue).starts_with(">> Network buffer overflow: "));
}

TEST_CASE("counts stay right however the bytes are taken") {
  OutputQueue queue(200);
  std::size_t seed = 1;
  for (int i = 0; i < 20'000; ++i) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    const auto from = static_cast<From>((seed >> 33) % 3);
    if (from != From::protocol || i % 7 == 0) {
      add(queue, std::string(seed >> 60, 'x') + "\r\n", from);
    }
    const std::size_t take = (seed >> 40) % 24;
    const std::size_t size = queue.take().size();
    queue.consume(std::min(take, size));
    REQUIRE(queue.backlog() == size - std::min(take, size));
  }
  drain(queue);
  CHECK(queue.empty());
}

TEST_CASE("waiting lines are kept in order through compaction") {
  LineQueue queue;
  int next_in = 0;
  int next_out = 0;
  for (int round = 0; round < 200; ++round) {
    for (int i = 0; i < 100; ++i) queue.push(std::to_string(next_in++));
    for (int i = 0; i < 95; ++i) {
      REQUIRE(queue.at(0) == std::to_string(next_out++));
      queue.pop();
    }
  }
  CHECK(queue.size() == 1000);
  CHECK(queue.at(999) == std::to_string(next_in - 1));
  queue.pop(999);
  CHECK(queue.at(0) == std::to_string(next_in - 1));
  queue.pop();
  CHECK(queue.empty());
  CHECK(queue.bytes() == 0);
}
