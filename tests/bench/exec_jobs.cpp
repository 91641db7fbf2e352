// exec() against a loop of plain system calls: one after another, in a large server, many at once.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/bench/bench_server.h"
#include "tests/bench/measurements.h"
#include "tests/bench/spawn_floor.h"

namespace cosmoo::bench {
namespace {

// Many short turns: what else the machine does then falls upon both sides.
constexpr std::size_t kTurns = 6;
constexpr std::size_t kTimes = 40;

// Microseconds of one exec of `true`, over so many in one task.
double exec_sequentially(BenchServer& server, std::string_view profile = "open") {
  const auto exec = fmt::format(R"(exec({{"true"}}, "", {{}}, {{profile = "{}"}})[1])", profile);
  return server.run_sequentially(exec, kTimes);
}

double bare_sequentially(const std::string& program, std::size_t times) {
  double seconds = 0;
  for (const double one : spawn_sequentially(program.c_str(), times)) seconds += one;
  return 1e6 * seconds / static_cast<double>(times);
}

}  // namespace

void measure_exec(const Scale& scale, Report& report) {
  BenchServer server;
  const std::string program = server.program("true");
  struct Way {
    const char* profile;
    const char* line;
    double most;
  };
  for (const Way& way :
       {Way{"open", "exec.sequential", 1.25}, Way{"confined", "exec.confined", 1.4},
        Way{"sealed", "exec.sealed", 1.6}}) {
    Rounds rounds;
    exec_sequentially(server, way.profile);
    for (std::size_t i = 0; i < kTurns * scale.rounds; ++i) {
      rounds.add(exec_sequentially(server, way.profile), bare_sequentially(program, kTimes));
    }
    report.line({way.line, "exec", "bare loop", "us"}, rounds,
                {Bar::Of::ratio, Bar::Side::at_most, way.most});
  }
}

void measure_large_server(const Scale& scale, Report& report) {
  BenchServer small;
  BenchServer large;
  grow(large, scale.of<std::size_t>(std::size_t{2} << 30, std::size_t{256} << 20));
  const std::string program = small.program("true");
  exec_sequentially(small);
  exec_sequentially(large);
  Rounds to_small;
  Rounds to_bare;
  for (std::size_t i = 0; i < kTurns * scale.rounds; ++i) {
    const double with_large = exec_sequentially(large);
    to_small.add(with_large, exec_sequentially(small));
    to_bare.add(with_large, bare_sequentially(program, kTimes));
  }
  const auto mib = [](BenchServer& server) { return server.server().memory() >> 20; };
  report.note("exec.large", fmt::format("resident: {} MiB against {} MiB", mib(large), mib(small)));
  report.line({"exec.large", "large server", "small server", "us"}, to_small,
              {Bar::Of::ratio, Bar::Side::at_most, 1.2});
  report.line({"exec.large", "large server", "bare loop", "us"}, to_bare);
}

void measure_many_at_once(const Scale& scale, Report& report) {
  constexpr std::size_t kCount = 200;
  BenchServer server;
  const std::string program = server.program("true");
  // What is lost shows as a count that stays short when the time is over.
  const std::string code = fmt::format(R"(
      local me, began, back, wrong = task_id(), ftime(), 0, 0
      for i = 1, {0} do
        fork(0, function()
          local result = exec({{"true"}})
          back = back + 1
          if result[1] ~= 0 then wrong = wrong + 1 end
          if back == {0} then resume(me, ftime() - began) end
        end)
      end
      local took = suspend(20)
      return {{took or 20, back, wrong}})",
                                       kCount);
  const std::size_t repeats = scale.of<std::size_t>(100, 3);
  Rounds rates;
  std::size_t lost = 0;
  for (std::size_t i = 0; i < repeats; ++i) {
    const auto result = server.run(code);
    REQUIRE(result.size() == 3);
    lost += kCount - static_cast<std::size_t>(result[1]);
    CHECK(result[2] == 0);
    REQUIRE_MESSAGE(lost == 0, lost, " completions of round ", i + 1, " are lost");
    rates.add(kCount / result[0], kCount / spawn_at_once(program.c_str(), kCount));
  }
  report.line({"exec.many", "200 at once", "bare loop", "per s"}, rates,
              {Bar::Of::ratio, Bar::Side::at_least, 0.8});
  report.note("exec.many", fmt::format("{} times 200: {} completions lost", repeats, lost));
}

}  // namespace cosmoo::bench
