// A guest that begins with another function than its main().
#include <doctest/doctest.h>

#include <fstream>
#include <iterator>

#include "sandbox/guest/function_start.h"

using namespace cosmoo;
using namespace cosmoo::sandbox;

namespace {

struct Guest {
  explicit Guest(const std::string& name) {
    std::ifstream file(std::string(COSMOO_SOURCE_DIR) + "/executables/guests/" + name,
                       std::ios::binary);
    const std::vector<std::uint8_t> elf{std::istreambuf_iterator<char>(file), {}};
    symbols.add(elf);
    auto program = moxie::Program::load(elf);
    REQUIRE(program.has_value());
    moxie::Setup setup;
    setup.programs.push_back(*program);
    machine = std::move(*moxie::Machine::create(setup));
  }

  std::string start(const std::string& function, const std::vector<std::string>& arguments = {},
                    std::uint64_t most = 1'000'000) {
    const auto started = start_in_function(*machine, symbols, function, arguments, most, killed);
    return started ? "" : started.error();
  }

  moxie::Symbols symbols;
  std::unique_ptr<moxie::Machine> machine;
  std::atomic<bool> killed = false;
};

}  // namespace

TEST_CASE("a function gets its arguments, and what it does is the guest's") {
  Guest guest("wordcount");
  REQUIRE(guest.start("exit", {"a", "b", "c"}) == "");
  const moxie::Stop stop = guest.machine->run(1'000'000);
  CHECK(stop.why == moxie::Stop::Why::exited);
  CHECK(stop.exit_code == 3);
}

TEST_CASE("main() itself can be called so, to the same end") {
  Guest whole("hello"), called("hello");
  CHECK(whole.machine->run(1'000'000).why == moxie::Stop::Why::exited);
  REQUIRE(called.start("main") == "");
  CHECK(called.machine->run(1'000'000).why == moxie::Stop::Why::exited);
  CHECK(*whole.machine->output() == *called.machine->output());
  CHECK(whole.machine->state().instructions == called.machine->state().instructions);
}

TEST_CASE("what cannot be called is refused, and says why") {
  CHECK(Guest("hello").start("absent") == "it has no function absent");
  CHECK(Guest("hello").start("exit", {std::string(70'000, 'x')}) ==
        "its stack has no room for the arguments");
  // Attack: a guest whose constructors never come to an end holds up a thread so long at most.
  CHECK(Guest("hello").start("exit", {}, 3) == "it does not come to its main() in 3 instructions");
  Guest killed("hello");
  killed.killed = true;
  CHECK(killed.start("exit") == "");
  CHECK(killed.machine->state().instructions == 0);
}
