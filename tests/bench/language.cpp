// What scripts do most, in ns: properties, verb calls, loops. The other side does the same with
// fields and functions of a bare Lua table.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/bench/bench_server.h"
#include "tests/bench/lua_floor.h"
#include "tests/bench/measurements.h"

namespace cosmoo::bench {
namespace {

struct Operation {
  std::string_view name;
  std::string_view ours;
  std::string_view theirs;
  std::string_view body;
};

constexpr Operation kOperations[] = {
    {"language.read", "property", "field", "x = object.number"},
    {"language.write", "property", "field", "object.number = i"},
    {"language.call", "verb", "method", "x = object:verb_of_bench(i)"},
    {"language.loop", "integer loop", "the same", "x = x + (i & 3)"},
};

// Nanoseconds of the body; the empty loop around it is taken off.
std::string timed(std::string_view object, std::string_view body, std::size_t times) {
  return fmt::format(R"(
      local object, x = {0}, 0
      local began = ftime()
      for i = 1, {2} do end
      local empty = ftime() - began
      began = ftime()
      for i = 1, {2} do {1} end
      return {{(ftime() - began - empty) * 1e9 / {2}}})",
                     object, body, times);
}

}  // namespace

void measure_language(const Scale& scale, Report& report) {
  BenchServer server;
  const auto made = server.run(R"(
      local object = create($thing)
      add_property(object, "number", 1, "r")
      add_verb(object, {player, "rxd", "verb_of_bench"}, {"this", "none", "this"})
      set_verb_code(object, "verb_of_bench", "return args[1]")
      add_property(#0, "bench_object", object, "r")
      return {1})");
  REQUIRE(made.size() == 1);
  BareLua lua;
  const std::size_t times = scale.of<std::size_t>(300'000, 10'000);
  for (const Operation& operation : kOperations) {
    Rounds rounds;
    for (std::size_t i = 0; i < scale.rounds; ++i) {
      const auto ours = server.run(timed("system.bench_object", operation.body, times));
      const auto bare = lua.run(timed(
          "{number = 1, verb_of_bench = function(self, ...) local args = {...} return args[1] end}",
          operation.body, times));
      rounds.add(ours[0], bare[0]);
    }
    report.line({operation.name, operation.ours, operation.theirs, "ns"}, rounds);
  }
}

}  // namespace cosmoo::bench
