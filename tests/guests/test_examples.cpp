// The guests that come with the project do what their README says.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "sandbox/moxie/machine.h"

namespace {

using namespace cosmoo::moxie;

struct Ran {
  Stop stop;
  std::string output;
  std::string state;
};

std::vector<std::uint8_t> bytes_of(const std::string& text) { return {text.begin(), text.end()}; }

/// On both engines, which must agree after every slice.
Ran run(const std::string& guest, const std::vector<std::string>& data) {
  std::ifstream file(COSMOO_SOURCE_DIR "/" + guest, std::ios::binary);
  const std::vector<std::uint8_t> elf{std::istreambuf_iterator<char>(file), {}};
  Setup setup;
  auto program = Program::load(elf);
  REQUIRE_MESSAGE(program.has_value(), guest);
  setup.programs.push_back(std::move(*program));
  for (const std::string& text : data) {
    auto shared = SharedBytes::copy(bytes_of(text));
    REQUIRE(shared.has_value());
    setup.data.push_back(std::move(*shared));
  }
  auto machine = Machine::create(setup);
  setup.engine = Engine::translator;
  auto translated = Machine::create(setup);
  REQUIRE(machine.has_value());
  REQUIRE(translated.has_value());
  Ran ran;
  for (std::uint64_t slice = 1000; slice < 1'000'000'000; slice += slice / 3) {
    ran.stop = (*machine)->run(slice);
    REQUIRE((*translated)->run(slice) == ran.stop);
    REQUIRE((*translated)->state() == (*machine)->state());
    if (ran.stop.why != Stop::Why::budget) break;
  }
  ran.output = (*machine)->output().value_or("");
  ran.state = (*machine)->state_buffer().value_or("");
  CHECK((*translated)->output().value_or("") == ran.output);
  CHECK((*translated)->state_buffer().value_or("") == ran.state);
  return ran;
}

Ran example(const std::string& name, const std::vector<std::string>& data = {}) {
  return run("executables/guests/" + name, data);
}

/// "0 OUTPUT" of a guest that exited.
std::string ended(const Ran& ran) {
  if (ran.stop.why != Stop::Why::exited) return "did not exit";
  return std::to_string(ran.stop.exit_code) + " " + ran.output;
}

TEST_CASE("hello leaves a line") {
  CHECK(ended(example("hello")) == "0 Hello from a processor of its own.\n");
}

TEST_CASE("wordcount counts each file and all of them") {
  CHECK(ended(example("wordcount")) == "1 ");
  CHECK(ended(example("wordcount", {"one two\nthree"})) == "0 1 3 13 data0\n");
  CHECK(ended(example("wordcount", {"a b\n", "", " \tc\n\n"})) ==
        "0 1 2 4 data0\n0 0 0 data1\n2 1 5 data2\n3 3 9 total\n");
}

TEST_CASE("sha256 gives the digest of each file") {
  CHECK(ended(example("sha256", {"abc", std::string(1000, 'a')})) ==
        "0 ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n"
        "41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3\n");
}

TEST_CASE("json_check tells JSON from what is none, and where") {
  const auto check = [](const std::string& text) { return ended(example("json_check", {text})); };
  for (const char* good :
       {"0", "-0.5e+10", " [] ", "{}", "[1, [2, {\"a\": null}], true, false]", "\"\\u00e9\\n\"",
        "\"\xc3\xa9\xf0\x9f\x98\x80\"", "{\"a\": 1, \"b\": {\"c\": []}}\n"})
    CHECK_MESSAGE(check(good) == "0 valid\n", good);
  CHECK(check("") == "1 line 1, column 1: the end instead of a value\n");
  CHECK(check("[1,\n 2,]") == "1 line 2, column 4: no value\n");
  CHECK(check("{\"a\" 1}") == "1 line 1, column 6: no ':' after a key\n");
  CHECK(check("{\"a\": 1,}") == "1 line 1, column 9: a key that is no string\n");
  CHECK(check("01") == "1 line 1, column 2: a number that begins with 0\n");
  CHECK(check("\"\xc0\xaf\"") == "1 line 1, column 2: not UTF-8\n");
  CHECK(check("\"\xed\xa0\x80\"") == "1 line 1, column 2: not UTF-8\n");
  CHECK(check("\"\n\"") == "1 line 1, column 2: a control character in a string\n");
  CHECK(check("\"abc") == "1 line 1, column 5: a string without an end\n");
  CHECK(check("1 2") == "1 line 1, column 3: something after the value\n");
  CHECK(check("tru") == "1 line 1, column 4: an unknown word\n");
  CHECK(check(std::string(100'000, '[')) == "1 line 1, column 513: nested too deep\n");
}

TEST_CASE("forth runs a program and leaves its stack as the state") {
  const auto forth = [](const std::string& program) { return ended(example("forth", {program})); };
  CHECK(forth(": fact dup 2 < if drop 1 else dup 1 - recurse * then ; 10 fact .") == "0 3628800 ");
  CHECK(forth(": t 4 1 do i 0 do i . loop cr loop ; t") == "0 0 \n0 1 \n0 1 2 \n");
  CHECK(forth("variable n 7 n ! 5 n +! n @ . .\" text\" 65 emit") == "0 12 textA");
  CHECK(forth("1 begin dup 100 < while 2 * repeat . \\ comment") == "0 128 ");
  CHECK(forth("7 2 / . 7 2 mod . 1 2 3 rot . . .") == "0 3 1 1 3 2 ");
  CHECK(example("forth", {"1 -2 3"}).state == "1\n-2\n3\n");
  CHECK(forth("1 0 /") == "1 ? /: division by zero\n");
  CHECK(forth("drop") == "1 ? drop: the stack is empty\n");
  CHECK(forth("what") == "1 ? what: unknown\n");
  CHECK(forth(": f recurse ; f") == "1 ? f: too deep\n");
  CHECK(forth("-1 @") == "1 ? @: no such address\n");
  CHECK(forth("then") == "1 ? then: out of place\n");
}

TEST_CASE("to_pgm turns images into grey levels") {
  CHECK(ended(example("to_pgm", {std::string("P6\n# c\n2 1\n255\n\xff\xff\xff\0\0\0", 22)})) ==
        std::string("0 P5\n2 1\n255\n\xff\0", 15));
  CHECK(ended(example("to_pgm", {"P6 2 2 255\nshort"})) == "1 the pixels end early\n");
  CHECK(ended(example("to_pgm", {"GIF89a"})) == "1 neither a binary PPM nor a BMP\n");
  const Ran drawn = example("to_pgm");
  CHECK(drawn.output.substr(0, 15) == "P5\n160 120\n255\n");
  CHECK(drawn.output.size() == 15 + 160 * 120);
}

TEST_CASE("guests that keep a processor busy do the same on both engines") {
  int guests = 0;
  for (const std::string folder : {"tests/bench/guests", "tests/bench/other_guests"}) {
    for (const auto& entry : std::filesystem::directory_iterator(COSMOO_SOURCE_DIR "/" + folder)) {
      if (entry.path().extension() != ".c") continue;
      const std::string name = folder + "/" + entry.path().stem().string();
      INFO(name);
      const Ran ran = run(name, {"1"});
      CHECK(ran.stop.why == Stop::Why::exited);
      CHECK(!ran.output.empty());
      ++guests;
    }
  }
  CHECK(guests == 26);
}

TEST_CASE("the SDK's functions do what C says, as seen from inside") {
  const Ran ran = run("tests/guests/sdk_check", {"one\ntwo\n", "data"});
  CHECK(ended(ran) ==
        "3 start: ok\nstrings: ok\nstrstr: ok\nmemory: ok\nheap: ok\nrefusals: ok\nsetjmp: ok\n"
        "sha256: ok\nstdio: ok\narithmetic: ok\nthe end\n");
  CHECK(ran.state == "state");
}

}  // namespace
