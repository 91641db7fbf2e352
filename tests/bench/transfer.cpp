// Much data through a program while somebody else types: bytes must be right and nobody waits.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/bench/bench_server.h"
#include "tests/bench/measurements.h"
#include "tests/bench/spawn_floor.h"
#include "tests/bench/typist.h"

namespace cosmoo::bench {
namespace {

enum class Form { raw, binary };

// Blocks of 4 KiB with every byte value in them, each numbered: none is like another.
constexpr const char* kTransfer = R"(
    local bytes = {{}}
    for byte = 0, 255 do bytes[#bytes + 1] = string.char(byte) end
    local filler = string.rep(table.concat(bytes), 16):sub(1, 4084)
    local blocks = {{}}
    for i = 1, {blocks} do blocks[i] = string.format("%012d", i) .. filler end
    local data = table.concat(blocks)
    local given = {given}
    blocks = nil
    notify(player, "made")
    read()
    local results, took = {{}}, {{}}
    for i = 1, {rounds} do
      local began = ftime()
      results[i] = exec({{"cat"}}, given, {{}}, {options})
      took[i] = ftime() - began
    end
    notify(player, "moved")
    read()
    local right = 0
    for i = 1, {rounds} do
      if results[i][1] == 0 and results[i][2] == given then right = right + 1 end
    end
    return {{#data, right, table.unpack(took)}})";

void measure_form(const Scale& scale, Report& report, Form form) {
  const std::string name = form == Form::raw ? "transfer.raw" : "transfer.binary";
  const std::size_t mib = scale.of<std::size_t>(64, 8);
  BenchServer server;
  test::Client second = server.log_in_another();
  server.start(fmt::format(fmt::runtime(kTransfer), fmt::arg("blocks", mib << 8),
                           fmt::arg("rounds", scale.rounds),
                           fmt::arg("given", form == Form::raw ? "data" : "encode_binary(data)"),
                           fmt::arg("options", form == Form::raw ? "{raw = true}" : "{}")));
  server.wizard().expect("made\r\n", BenchServer::kLongest);

  Rounds times;
  const std::size_t quiet = scale.of<std::size_t>(3000, 300);
  times.theirs = round_trips(second, quiet);

  {
    Typist typist(second);
    server.wizard().line("go");
    server.wizard().expect("moved\r\n", BenchServer::kLongest);
    times.ours = typist.stop();
  }
  server.wizard().line("go");
  const auto result = server.result();
  REQUIRE(result.size() == 2 + scale.rounds);
  CHECK_MESSAGE(result[1] == static_cast<double>(scale.rounds), name,
                ": what came back is not what was given");

  report.latency({name, ";1+1 meanwhile", "alone", "ms"}, times,
                 {Bar::Of::ours, Bar::Side::at_most, 20});
  const Rounds waits{at_any_moment(times.ours), at_any_moment(times.theirs)};
  report.latency({name + ".any_moment", "wait meanwhile", "alone", "ms"}, waits,
                 {Bar::Of::ours, Bar::Side::at_most, 20});
  Rounds rates;
  const std::string bytes(mib << 20, 'x');
  Typist typist(second);  // takes as much of the machine as before
  for (std::size_t i = 0; i < scale.rounds; ++i) {
    const double bare = pump_through(server.program("cat").c_str(), bytes);
    rates.add(static_cast<double>(mib) / result[2 + i], static_cast<double>(mib) / bare);
  }
  report.line({name + ".rate", "exec", "bare loop", "MiB/s each way"}, rates);
  report.note(name, fmt::format("{} times {} MiB in and out; came back byte for byte: {}",
                                scale.rounds, mib, result[1]));
}

}  // namespace

void measure_transfer(const Scale& scale, Report& report) {
  measure_form(scale, report, Form::raw);
  measure_form(scale, report, Form::binary);
}

}  // namespace cosmoo::bench
