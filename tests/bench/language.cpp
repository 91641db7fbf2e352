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
  Bar bar;
};

constexpr Operation kOperations[] = {
    {"language.read",
     "property",
     "field",
     "x = object.number",
     {Bar::Of::ours, Bar::Side::at_most, 90}},
    {"language.write",
     "property",
     "field",
     "object.number = i",
     {Bar::Of::ours, Bar::Side::at_most, 90}},
    {"language.call",
     "verb",
     "method",
     "x = object:verb_of_bench(i)",
     {Bar::Of::ours, Bar::Side::at_most, 250}},
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

// Nanoseconds of a round of the loop, the loop itself included.
std::string timed_loop(std::size_t times) {
  return fmt::format(R"(
      local s, began = 0, ftime()
      for i = 1, {0} do s = s + i end
      return {{(ftime() - began) * 1e9 / {0}}})",
                     times);
}

// Nanoseconds of appending one element to a list that grows to `length`.
std::string timed_append(std::string_view list, std::size_t length) {
  return fmt::format(R"(
      system.bench_list = {{}}
      local list = {0}
      local began = ftime()
      for i = 1, {1} do list[#list + 1] = i end
      return {{(ftime() - began) * 1e9 / {1}}})",
                     list, length);
}

// The other side is the same list at a tenth of the length: linear in time is a ratio of 1.
void measure_append(const Scale& scale, Report& report, std::string_view name,
                    std::string_view list, BenchServer& server) {
  const std::size_t length = scale.of<std::size_t>(100'000, 2'000);
  Rounds rounds;
  for (std::size_t i = 0; i < scale.rounds; ++i) {
    const auto whole = server.run(timed_append(list, length));
    const auto tenth = server.run(timed_append(list, length / 10));
    rounds.add(whole[0], tenth[0]);
  }
  report.line({name, "of 100,000", "of 10,000", "ns"}, rounds,
              {Bar::Of::ratio, Bar::Side::at_most, 2});
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
      add_property(#0, "bench_list", {}, "r")
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
    report.line({operation.name, operation.ours, operation.theirs, "ns"}, rounds, operation.bar);
  }
  Rounds loops;
  const std::size_t turns = scale.of<std::size_t>(10'000'000, 100'000);
  for (std::size_t i = 0; i < scale.rounds; ++i) {
    const auto ours = server.run(timed_loop(turns));
    loops.add(ours[0], lua.run(timed_loop(turns))[0]);
  }
  report.line({"language.loop", "integer loop", "the same", "ns"}, loops,
              {Bar::Of::ratio, Bar::Side::at_most, 1.6});
  measure_append(scale, report, "language.append_local", "{}", server);
  measure_append(scale, report, "language.append_property", "system.bench_list", server);
}

}  // namespace cosmoo::bench
