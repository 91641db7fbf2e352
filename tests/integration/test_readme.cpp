// The README's tour, pasted as a newcomer would, gives what the README says.
#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

#include "tests/integration/support/server.h"

using namespace cosmoo::test;

namespace {

// The lines of the fenced blocks that follow the mark, one vector a block.
std::vector<std::vector<std::string>> blocks_after(const std::string& mark) {
  std::ifstream in(COSMOO_README);
  std::vector<std::vector<std::string>> blocks;
  bool marked = false, inside = false;
  for (std::string line; std::getline(in, line);) {
    if (line == mark) marked = true;
    if (!marked || (!inside && line.starts_with("## "))) {
      if (!blocks.empty()) break;
      continue;
    }
    if (line.starts_with("```")) {
      inside = !inside;
      if (inside) blocks.emplace_back();
    } else if (inside) {
      blocks.back().push_back(line);
    }
  }
  return blocks;
}

}  // namespace

TEST_CASE("the README's tour works as printed") {
  const auto blocks = blocks_after("<!-- tour -->");
  REQUIRE(blocks.size() == 2);
  REQUIRE(blocks[0].size() > 10);
  Server server;
  Client client = server.log_in();
  std::string all;
  for (const std::string& line : blocks[0]) all += line + "\r\n";
  client.send(all);
  // Programs end when they end: their lines come among the others, the last one at the end.
  const std::string& last = blocks[1].back();
  const std::string seen = client.expect(last) + last;
  for (const std::string& line : blocks[1]) {
    CAPTURE(line);
    CHECK(seen.find(line) != std::string::npos);
  }
}
