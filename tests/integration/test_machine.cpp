// Machines that cannot do all that jobs may ask for: what the server says, and what it then does.
#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "tests/integration/support/exec_server.h"

using namespace cosmoo::test;

namespace {

bool can_take_away() {
  if (::geteuid() == 0 && std::filesystem::is_directory("/sys/fs/cgroup")) return true;
  MESSAGE("skipped: only root can hide the control groups of a machine that has some");
  return false;
}

std::size_t times(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

}  // namespace

TEST_CASE("a strict server does not start where limits cannot hold, and says which") {
  if (!can_take_away()) return;
  const TempDirectory folder;
  std::ofstream(folder.path() / "config.toml") << "[exec]\nstrict = true\n";
  const Run run = run_server({"--port", "0", "--data", (folder.path() / "data").string(),
                              "--config", (folder.path() / "config.toml").string()},
                             Machine::without_control_groups);
  CAPTURE(run.errors);
  CHECK(run.exit_code == 1);
  CHECK(run.output.find("ready") == std::string::npos);
  CHECK(run.errors.find("exec.strict: no control group limits memory") != std::string::npos);
  CHECK(run.errors.find("no control group limits processes") != std::string::npos);
}

TEST_CASE("any other says once what is missing, and each result which limits did not hold") {
  if (!can_take_away()) return;
  ServerOptions options;
  options.machine = Machine::without_control_groups;
  const TempDirectory folder;
  std::filesystem::copy_file("/bin/sleep", folder.path() / "sleep");
  options.arguments = {"--executables", folder.path().string()};
  Server server(options);
  Client client = server.log_in();
  const std::string spawn =
      "local function run(limits) return process.wait(process.spawn{argv = {'sleep', '0'}, "
      "limits = limits}) end ";
  CHECK(eval(client, spawn + "return run({processes = 5, cpu_shares = 512}).not_enforced") ==
        "{\"processes\", \"cpu_shares\"}");
  // Each process alone may have so much: not the job.
  CHECK(eval(client, spawn + "return run({memory_bytes = 1 << 30}).not_enforced") ==
        "{\"memory\"}");
  CHECK(eval(client, spawn + "local u = run().usage return {u.cpu_from, u.memory_from}") ==
        "{\"rusage\", \"rusage\"}");
  for (const char* sentence : {"no control group limits processes",
                               "no control group limits memory: each process is limited alone"}) {
    CAPTURE(server.log());
    CHECK(times(server.log(), sentence) == 1);
  }
  CHECK(server.stop() == 0);
}
