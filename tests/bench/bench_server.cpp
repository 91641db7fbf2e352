#include "tests/bench/bench_server.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>

namespace cosmoo::bench {
namespace {

namespace fs = std::filesystem;

constexpr const char* kNoBudgets = R"(
[log]
level = "warning"

[budgets]
foreground_ticks = 1000000000000
foreground_seconds = 600
background_ticks = 1000000000000
background_seconds = 600
task_memory_mib = 8192
engine_memory_mib = 16384

[exec]
max_jobs = 1000
timeout_seconds = 120
output_bytes = 134217728
input_bytes = 134217728

[process]
max_handles = 1000
)";

test::ServerOptions options(const fs::path& programs, BenchServer::Budgets budgets) {
  for (const char* name : {"true", "cat", "sha256sum"})
    fs::copy_file(fs::path("/usr/bin") / name, programs / name);
  test::ServerOptions options;
  if (budgets == BenchServer::Budgets::none) options.config = kNoBudgets;
  options.arguments = {"--executables", programs.string()};
  return options;
}

}  // namespace

BenchServer::BenchServer(Budgets budgets)
    : server_(options(programs_.path(), budgets)), wizard_(server_.log_in()) {}

BenchServer::~BenchServer() {
  if (std::uncaught_exceptions() > 0) std::fputs(server_.log().c_str(), stderr);
}

test::Client BenchServer::log_in_another() {
  wizard_.line("@player second password wizard");
  wizard_.expect("Made wizard");
  wizard_.read_line();
  test::Client second = server_.log_in("second", "password");
  wizard_.expect("second has connected.\r\n");
  return second;
}

std::string BenchServer::program(std::string_view name) const {
  return (programs_.path() / name).string();
}

std::vector<double> BenchServer::run(std::string_view code, test::Client::Wait deadline) {
  start(code);
  return result(deadline);
}

double BenchServer::run_sequentially(std::string_view exit_code, std::size_t times) {
  const auto result = run(fmt::format(R"(
      local began, wrong = ftime(), 0
      for i = 1, {} do
        if {} ~= 0 then wrong = wrong + 1 end
      end
      return {{ftime() - began, wrong}})",
                                      times, exit_code));
  REQUIRE(result.size() == 2);
  CHECK(result[1] == 0);
  return 1e6 * result[0] / static_cast<double>(times);
}

void BenchServer::start(std::string_view code) {
  std::string line = ";" + std::string(code);
  std::replace(line.begin(), line.end(), '\n', ' ');
  wizard_.line(line);
}

std::vector<double> BenchServer::result(test::Client::Wait deadline) {
  const std::string answer = wizard_.read_line(deadline);
  REQUIRE_MESSAGE(answer.starts_with("=> {"), "the server answered ", answer);
  std::vector<double> numbers;
  const char* at = answer.c_str() + 4;
  for (char* end = nullptr; *at != '\0' && *at != '}'; at = end + (*end == ',' ? 1 : 0)) {
    numbers.push_back(std::strtod(at, &end));
    REQUIRE_MESSAGE(end != at, "the server answered ", answer);
  }
  return numbers;
}

void grow(BenchServer& server, std::size_t bytes) {
  server.run(fmt::format(R"(
      local me = task_id()
      fork(0, function()
        local kept = {{}}
        for i = 1, {} do kept[i] = string.rep(string.char(64 + i % 64), 64 << 20) end
        resume(me, {{#kept}})
        suspend()
        return #kept
      end)
      return suspend())",
                         bytes >> 26));
  REQUIRE(server.server().memory() >= bytes);
}

}  // namespace cosmoo::bench
