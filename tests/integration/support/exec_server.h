// A server whose executables are the test's own: for tests of exec() and process.*.
#pragma once

#include <memory>
#include <string>

#include "tests/integration/support/server.h"

namespace cosmoo::test {

class ExecServer {
 public:
  explicit ExecServer(const std::string& config = "");

  /// Puts a shell script, or any file, among the executables.
  void script(const std::string& name, const std::string& body) const;
  void write(const std::string& name, const std::string& text, mode_t mode) const;

  TempDirectory folder;
  std::unique_ptr<Server> server;
};

/// What a call raised: the error's name, or "none", as a literal.
std::string error_of(Client& client, const std::string& call);

/// Whether a process runs; one that has ended and only waits to be reaped does not.
bool alive(pid_t pid);
/// Waits until it does not run any more; false when that takes too long.
bool gone(pid_t pid);

}  // namespace cosmoo::test
