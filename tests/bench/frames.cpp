// Functions of shared libraries: what a call costs, in a process of its own and in one for all, and
// what others notice of calls that crash.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

#include "tests/bench/bench_server.h"
#include "tests/bench/measurements.h"
#include "tests/bench/typist.h"

namespace cosmoo::bench {
namespace {

constexpr std::size_t kTurns = 6;
constexpr std::size_t kTimes = 200;

// Microseconds of one call, over so many in one task.
double call_sequentially(BenchServer& server, std::string_view path) {
  return server.run_sequentially(fmt::format("frame.exec(\"{}\").exit_code", path), kTimes);
}

// Microseconds of a bare fork, _exit and wait of a small process.
double fork_sequentially() {
  FILE* const pipe =
      ::popen(fmt::format("{} {}", COSMOO_FORK_FLOOR, kTimes).c_str(), "r");  // NOLINT
  REQUIRE(pipe != nullptr);
  double microseconds = 0;
  CHECK(std::fscanf(pipe, "%lf", &microseconds) == 1);
  CHECK(::pclose(pipe) == 0);
  return microseconds;
}

void bind_worker(BenchServer& server) {
  server.run(
      "frame.bind{aframe_id = 'worker', module_id = 'dlib', addr = 'compute.so', "
      "isolate = 'library'} return {0}");
}

}  // namespace

void measure_frames(const Scale& scale, Report& report) {
  BenchServer small;
  BenchServer large;
  grow(large, scale.of<std::size_t>(std::size_t{2} << 30, std::size_t{256} << 20));
  bind_worker(small);
  const std::string call = "dlib/compute.so/nothing";
  for (BenchServer* server : {&small, &large}) call_sequentially(*server, call);
  call_sequentially(small, "worker/nothing");
  Rounds to_bare, to_small, worker;
  for (std::size_t i = 0; i < kTurns * scale.rounds; ++i) {
    const double of_small = call_sequentially(small, call);
    to_bare.add(of_small, fork_sequentially());
    to_small.add(call_sequentially(large, call), of_small);
    worker.add(call_sequentially(small, "worker/nothing"), of_small);
  }
  report.line({"frames.call", "frame.exec", "bare fork", "us"}, to_bare,
              {Bar::Of::ratio, Bar::Side::at_most, 1.5});
  report.line({"frames.large", "large server", "small server", "us"}, to_small,
              {Bar::Of::ratio, Bar::Side::at_most, 1.2});
  report.line({"frames.worker", "one for all", "one a call", "us"}, worker,
              {Bar::Of::ours, Bar::Side::at_most, 40});
}

void measure_crashes(const Scale& scale, Report& report) {
  BenchServer server;
  test::Client other = server.log_in_another();
  Rounds times;
  const std::size_t probes = scale.of<std::size_t>(2000, 50);
  times.theirs = round_trips(other, probes);
  const std::string crash =
      "local r = frame.exec('dlib/crash.so/segfault') "
      "if r.signal ~= 'SIGSEGV' then raise(E_INVARG, 'no crash') end ";
  server.run(crash + "return {0}");
  const std::size_t before = server.server().memory();
  server.run("fork(0, function() while true do " + crash + "end end) return {0}");
  times.ours = round_trips(other, probes);
  const auto after = server.run(
      "for _, t in ipairs(queued_tasks()) do kill_task(t[1]) end "
      "for i = 1, 1000 do " +
      crash + "end return {#jobs()}");
  REQUIRE(after.size() == 1);
  CHECK(after[0] <= 1);  // the host that waits for the next call
  report.latency({"frames.crashes", ";1+1 beside them", "alone", "ms"}, times,
                 {Bar::Of::ours, Bar::Side::at_most, 20});
  const auto grown = static_cast<double>(server.server().memory()) - static_cast<double>(before);
  report.note("frames.crashes",
              fmt::format("{:.0f} KiB more after a thousand and more", grown / 1024));
}

}  // namespace cosmoo::bench
