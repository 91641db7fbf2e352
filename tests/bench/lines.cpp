// Lines of one connection, answered: as many as will go, and one at a time. The other side is an
// echo of as many bytes over the same kind of socket, with the same Lua compiled and run.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>

#include <chrono>
#include <future>

#include "tests/bench/bench_server.h"
#include "tests/bench/echo_floor.h"
#include "tests/bench/lua_floor.h"
#include "tests/bench/measurements.h"

namespace cosmoo::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view kCode = "return 1+1";
constexpr std::string_view kLine = ";1+1\r\n";
constexpr std::string_view kAnswer = "=> 2\r\n";
static_assert(kLine.size() == kAnswer.size());

double seconds_since(Clock::time_point began) {
  return std::chrono::duration<double>(Clock::now() - began).count();
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string all;
  all.reserve(text.size() * times);
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

// What comes until there are `size` bytes.
std::string receive(const test::Client& client, std::size_t size) {
  std::string got(size, '\0');
  std::size_t have = 0;
  while (have < size) {
    pollfd entry{client.descriptor(), POLLIN, 0};
    REQUIRE(::poll(&entry, 1, 30'000) == 1);
    const ssize_t more = ::recv(client.descriptor(), got.data() + have, size - have, 0);
    REQUIRE(more > 0);
    have += static_cast<std::size_t>(more);
  }
  return got;
}

// Sends and receives at once: seconds until all has come.
double pipeline(test::Client& client, const std::string& sent, const std::string& expected) {
  const auto began = Clock::now();
  auto writer = std::async(std::launch::async, [&] { client.send(sent, BenchServer::kLongest); });
  const std::string got = receive(client, expected.size());
  const double seconds = seconds_since(began);
  writer.get();
  REQUIRE_MESSAGE(got == expected, "the answers are not those of the lines");
  return seconds;
}

double one_at_a_time(test::Client& client, std::string_view line, std::string_view answer) {
  const auto began = Clock::now();
  client.send(line);
  REQUIRE(receive(client, answer.size()) == answer);
  return seconds_since(began);
}

Rounds round_trips(const Scale& scale, BenchServer& server, test::Client& echoed) {
  const std::size_t trips = scale.of<std::size_t>(2000, 300);
  Rounds times;
  for (std::size_t round = 0; round < scale.rounds; ++round) {
    for (std::size_t i = 0; i < trips; ++i) {
      times.ours.push_back(one_at_a_time(server.wizard(), kLine, kAnswer));
    }
    for (std::size_t i = 0; i < trips; ++i) {
      times.theirs.push_back(one_at_a_time(echoed, kLine, kLine));
    }
  }
  return times;
}

// Where the system puts the two ends decides more of a round trip than what they do: waking another
// processor takes longer than the answer. Here all of them share one.
void measure_on_one_cpu(const Scale& scale, Report& report) {
  cpu_set_t before;
  REQUIRE(::sched_getaffinity(0, sizeof before, &before) == 0);
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(static_cast<std::size_t>(::sched_getcpu()), &one);
  REQUIRE(::sched_setaffinity(0, sizeof one, &one) == 0);
  struct Restore {
    const cpu_set_t& set;
    ~Restore() { ::sched_setaffinity(0, sizeof set, &set); }
  } const restore{before};
  // Both inherit it.
  BenchServer server;
  const EchoServer echo;
  test::Client echoed(echo.port());
  report.latency({"lines.on_one_cpu", ";1+1", "echo", "ms"}, round_trips(scale, server, echoed));
}

}  // namespace

void measure_lines(const Scale& scale, Report& report) {
  BenchServer server;
  const EchoServer echo;
  test::Client echoed(echo.port());
  BareLua lua;

  const std::size_t count = scale.of<std::size_t>(100'000, 5000);
  const std::string lines = repeated(kLine, count);
  const std::string answers = repeated(kAnswer, count);
  Rounds rates;
  for (std::size_t i = 0; i < scale.rounds; ++i) {
    const double ours = pipeline(server.wizard(), lines, answers);
    const double bare = pipeline(echoed, lines, lines) + lua.compile_and_run(kCode, count);
    rates.add(static_cast<double>(count) / ours, static_cast<double>(count) / bare);
  }
  report.line({"lines.pipelined", ";1+1", "echo and bare Lua", "per s"}, rates,
              {Bar::Of::ours, Bar::Side::at_least, 60'000});

  report.latency({"lines.one_at_a_time", ";1+1", "echo", "ms"}, round_trips(scale, server, echoed));
  measure_on_one_cpu(scale, report);
}

}  // namespace cosmoo::bench
