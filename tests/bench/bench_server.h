// The built server as the benchmark needs it: budgets out of the way or as usual, programs of the
// machine's own beneath its executables, a wizard logged in.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/integration/support/server.h"

namespace cosmoo::bench {

class BenchServer {
 public:
  enum class Budgets { none, usual };
  explicit BenchServer(Budgets budgets = Budgets::none);
  /// Prints the server's log if a measurement is failing.
  ~BenchServer();
  BenchServer(const BenchServer&) = delete;
  BenchServer& operator=(const BenchServer&) = delete;

  test::Server& server() { return server_; }
  test::Client& wizard() { return wizard_; }
  /// A second wizard.
  test::Client log_in_another();
  /// A file that exec({name}) runs: "true", "cat" or "sha256sum".
  std::string program(std::string_view name) const;

  /// Runs code that returns a list of numbers, as the wizard; line ends are as good as spaces.
  std::vector<double> run(std::string_view code, test::Client::Wait deadline = kLongest);
  /// Microseconds of one run of what gives this exit code, which must be 0, over so many in one
  /// task.
  double run_sequentially(std::string_view exit_code, std::size_t times);
  /// run() in two halves, for what happens meanwhile.
  void start(std::string_view code);
  std::vector<double> result(test::Client::Wait deadline = kLongest);

  static constexpr std::chrono::seconds kLongest{60};

 private:
  test::TempDirectory programs_;
  test::Server server_;
  test::Client wizard_;
};

/// Keeps strings of 64 MiB in a task that waits, until the process has so much resident.
void grow(BenchServer& server, std::size_t bytes);

}  // namespace cosmoo::bench
