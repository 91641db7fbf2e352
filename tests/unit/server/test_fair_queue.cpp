#include <doctest/doctest.h>

#include "server/fair_queue.h"

namespace cosmoo {
namespace {

TEST_CASE("parties take turns, and each party's work stays in order") {
  FairQueue queue;
  std::string done;
  for (const char* name : {"a1", "a2", "a3", "b1", "c1", "c2"}) {
    queue.push(std::string(name, 1), [&done, name] { done += std::string(name) + " "; });
  }
  CHECK(queue.size() == 6);
  CHECK(queue.size("a") == 3);
  CHECK(queue.size("nobody") == 0);
  while (auto work = queue.pop()) work();
  CHECK(done == "a1 b1 c1 a2 c2 a3 ");
  CHECK(queue.size() == 0);
  CHECK(queue.size("a") == 0);
}

TEST_CASE("who comes back waits behind those who are there") {
  FairQueue queue;
  std::string done;
  const auto push = [&](const std::string& party) {
    queue.push(party, [&done, party] { done += party; });
  };
  push("a");
  push("b");
  queue.pop()();
  push("a");
  queue.pop()();
  queue.pop()();
  CHECK(done == "aba");
  CHECK(queue.pop() == nullptr);
}

}  // namespace
}  // namespace cosmoo
