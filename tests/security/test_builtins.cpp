// Attacks by a programmer on the builtins. Above each case stands the attack, and what must come of
// it instead.
#include "tests/unit/builtins/builtin_world.h"

namespace cosmoo {
namespace {

// Ticks alone end a task here: what they do not pay for would run on, and the test with it.
SchedulerLimits ticks_alone() {
  SchedulerLimits limits = roomy_limits();
  limits.foreground.seconds = std::chrono::hours(1);
  return limits;
}

// A hundred thousand keys that none of a hundred thousand maps has: ten thousand million look-ups
// that leave nothing, and so were counted nowhere.
TEST_CASE("slice() is paid for what it looks for, found or not") {
  BuiltinWorld world(ticks_alone());
  const std::string result = world.run_as_programmer(
      "local none, maps, keys = {}, {}, {} for i = 1, 100000 do maps[i] = none keys[i] = 'x' end "
      "return #slice(maps, keys)");
  CHECK(result.starts_with("aborted: "));
  CHECK(has(result, "ran out of ticks"));
  CHECK(world.run_as_programmer("slice({{a = 1}, {b = 2}, {a = 3}}, {'a', 'b'})") ==
        "{{1}, {2}, {3}}");
}

// PCRE2 goes through every character of a range for its other case, a million of them, when it
// compiles; a pattern has room for a thousand such ranges, and no budget is looked at meanwhile.
TEST_CASE("wide ranges of a pattern are paid for before it is compiled") {
  SchedulerLimits limits = ticks_alone();
  limits.foreground.ticks = 3'000'000;
  BuiltinWorld world(limits);
  const std::string wide = "[\\xC2\\x80-\\xF4\\x8F\\xBF\\xBF]";
  for (const std::string range :
       {wide.c_str(), "[\\\\x{80}-\\\\x{10ffff}]", "(?xx:[\\xC2\\x80- \\xF4\\x8F\\xBF\\xBF])"}) {
    CAPTURE(range);
    const std::string result =
        world.run_as_programmer("pcre_match('x', '(*UTF)' .. ('" + range + "'):rep(700))");
    CHECK(has(result, "ran out of ticks"));
  }
  BuiltinWorld usual;
  CHECK(usual.run_as_programmer(
            "#pcre_match('\\xC3\\xA4-b', '(*UTF)[a-z\\xC3\\xA0-\\xC3\\xBF-]')") == "3");
}

}  // namespace
}  // namespace cosmoo
