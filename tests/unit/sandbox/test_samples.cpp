// The programs in executables/, as they are in the tree.
#include <doctest/doctest.h>

#include "tests/unit/sandbox/playground.h"

namespace cosmoo::sandbox::testing {

namespace {

Result sample(Playground& ground, const std::string& name, Given given = {}) {
  const auto samples = ExecutableDirectory::open(COSMOO_SAMPLES).value();
  auto found = samples.find(name);
  INFO(name);
  REQUIRE(found.has_value());
  return ground.run(std::move(*found), std::move(given));
}

bool has(const std::string& text, std::string_view words) {
  return text.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("the samples do what their README says") {
  Playground ground;
  const Result io = sample(ground, "test_io", {.input = "some text"});
  CHECK(io.stdout_bytes == "SOME TEXT");
  CHECK(io.stderr_bytes == "test_io: done\n");
  CHECK(sample(ground, "test_args", {.args = {"a b", "", "*"}}).stdout_bytes ==
        "\"a b\"\n\"\"\n\"*\"\n");
  CHECK(sample(ground, "test_exit_status").exit_code == 0);
  CHECK(sample(ground, "test_exit_status", {.args = {"42"}}).exit_code == 42);
  CHECK(sample(ground, "test_with_sleep", {.args = {"0.01"}}).stdout_bytes == "before\nafter\n");
  CHECK(sample(ground, "echo", {.args = {"-n", "a  b"}}).stdout_bytes == "-n a  b\n");
  CHECK(sample(ground, "cat", {.input = std::string("\0x", 2)}).stdout_bytes ==
        std::string("\0x", 2));
  CHECK(sample(ground, "sleep", {.args = {"0"}}).exit_code == 0);
  CHECK(sample(ground, "true").exit_code == 0);
  CHECK(sample(ground, "printenv", {.env = {"A=1", "B=2"}}).stdout_bytes == "A=1\nB=2\n");
  CHECK(sample(ground, "printenv", {.args = {"B"}, .env = {"B=2"}}).stdout_bytes == "2\n");
}

TEST_CASE("world_report finds the biggest objects and totals per owner") {
  Playground ground;
  const Result report = sample(ground, "world_report",
                               {.args = {"1"},
                                .input = "#1\tRoot Class\t#2\t\t3\t4\t1000\n"
                                         "#2\tWizard\t#2\t#1 #3\t3\t4\t5000000000\n"
                                         "#7\tLamp\t#4\t#1\t1\t0\t10\n"});
  CHECK(report.exit_code == 0);
  CHECK(report.stderr_bytes.empty());
  CHECK(has(report.stdout_bytes, "3 objects, 7 properties, 8 verbs, 5000001010 bytes"));
  CHECK(has(report.stdout_bytes, "5000000000 bytes  #2       Wizard"));
  CHECK_FALSE(has(report.stdout_bytes, "Lamp"));
  CHECK(has(report.stdout_bytes, "5000001000 bytes  #2       2 objects"));
  CHECK(has(report.stdout_bytes, "10 bytes  #4       1 objects"));
}

TEST_CASE("world_report names malformed lines and goes on") {
  Playground ground;
  const Result report = sample(ground, "world_report",
                               {.input = "nonsense\n"
                                         "#1\tRoot\t#2\t\t3\t4\t1000\n"
                                         "#1\tAgain\t#2\t\t3\t4\t1000\n"
                                         "#3\tx\tnobody\t\t3\t4\t1\n"
                                         "#4\tx\t#2\tnowhere\t3\t4\t1\n"
                                         "#5\tx\t#2\t#1\t3\t-4\t1\n"});
  CHECK(report.exit_code == 0);
  CHECK(has(report.stdout_bytes, "1 objects"));
  CHECK(has(report.stdout_bytes, "5 malformed lines were left out"));
  for (const char* line : {"line 1:", "line 3:", "line 4:", "line 5:", "line 6:"}) {
    CHECK(has(report.stderr_bytes, line));
  }
  CHECK(sample(ground, "world_report", {.args = {"many"}}).exit_code == 2);
}

}  // namespace cosmoo::sandbox::testing
