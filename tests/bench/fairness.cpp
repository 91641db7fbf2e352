// What others wait while a programmer's tasks use up every budget they get, again and again.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/bench/bench_server.h"
#include "tests/bench/measurements.h"
#include "tests/bench/typist.h"

namespace cosmoo::bench {
namespace {

// A loop that lets others run only when two thirds of its ticks are gone.
constexpr const char* kLoopers = R"(
    for i = 1, {} do
      fork(0, function()
        while true do
          repeat for j = 1, 1000 do end until ticks_left() < 10000
          suspend(0)
        end
      end)
    end)";

void measure_loopers(const Scale& scale, Report& report, int loopers) {
  BenchServer server(BenchServer::Budgets::usual);
  test::Client other = server.log_in_another();
  Rounds times;
  const std::size_t probes = scale.of<std::size_t>(2000, 50);
  times.theirs = round_trips(other, probes);
  server.run(fmt::format(fmt::runtime(std::string(kLoopers) + " return {{0}}"), loopers));
  times.ours = round_trips(other, scale.of<std::size_t>(500, 20));
  const auto left = server.run(
      "local n = 0 for _, row in ipairs(queued_tasks()) do "
      "kill_task(row[1]) n = n + 1 end return {n}");
  CHECK_MESSAGE(left[0] == loopers, "a loop has ended before it was killed");
  const std::string name = fmt::format("fairness.{}", loopers);
  report.latency({name, ";1+1 beside them", "alone", "ms"}, times,
                 {Bar::Of::ours, Bar::Side::at_most, 50});
}

}  // namespace

void measure_fairness(const Scale& scale, Report& report) {
  measure_loopers(scale, report, 1);
  measure_loopers(scale, report, 20);
}

}  // namespace cosmoo::bench
