// Many processes that run at once: what others wait meanwhile, and what each takes in the server.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/bench/bench_server.h"
#include "tests/bench/measurements.h"
#include "tests/bench/typist.h"

namespace cosmoo::bench {
namespace {

// Tasks that have a process each: one that keeps a processor busy, or one that waits for its input.
void start_jobs(BenchServer& server, std::size_t count, std::string_view spawn) {
  const auto running =
      server.run(fmt::format("for i = 1, {} do {} end return {{#process.list()}}", count, spawn));
  REQUIRE(running.at(0) == static_cast<double>(count));
}

// With those that are being made ahead for jobs: until the table is empty.
void end_jobs(BenchServer& server) {
  const auto left = server.run(
      "for _, row in ipairs(process.list()) do process.release(row) end "
      "return {#process.list()}");
  REQUIRE(left.at(0) == 0);
}

}  // namespace

void measure_jobs(const Scale& scale, Report& report) {
  BenchServer server;
  test::Client other = server.log_in_another();
  Rounds times;
  const std::size_t probes = scale.of<std::size_t>(2000, 50);
  times.theirs = round_trips(other, probes);
  start_jobs(server, 64, R"(process.spawn({argv = {"sha256sum", "/dev/zero"}}))");
  times.ours = round_trips(other, probes);
  end_jobs(server);
  report.latency({"jobs.busy", ";1+1 beside 64", "alone", "ms"}, times,
                 {Bar::Of::ours, Bar::Side::at_most, 10});

  BenchServer fresh;
  const std::size_t count = scale.of<std::size_t>(200, 20);
  constexpr std::string_view kWaits = R"(process.spawn({argv = {"cat"}, stdin = "pipe"}))";
  // Once, so that what the server needs for the first of all is there.
  start_jobs(fresh, 1, kWaits);
  end_jobs(fresh);
  const std::size_t before = fresh.server().memory();
  start_jobs(fresh, count, kWaits);
  const std::size_t now = fresh.server().memory();
  end_jobs(fresh);
  const double each =
      static_cast<double>(now > before ? now - before : 0) / 1024.0 / static_cast<double>(count);
  report.note("jobs.memory", fmt::format("{:.1f} KiB each of {} that run (at most 16: {})", each,
                                         count, each <= 16 ? "met" : "MISSED"));
}

}  // namespace cosmoo::bench
