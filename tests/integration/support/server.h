// Starts the built server for a test, in a directory of its own, and ends it by its pid.
//
// When an assertion fails, the logs of all servers that run are printed (see main.cpp).
#pragma once

#include <sys/types.h>

#include <csignal>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "tests/integration/support/client.h"

namespace cosmoo::test {

/// A directory that goes away with the object.
class TempDirectory {
 public:
  TempDirectory();
  ~TempDirectory();
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// A sanitizer's build: it holds memory back, and has needs of its own.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

inline constexpr std::string_view kWizardPassword = "open-sesame";

/// What the server sees of the machine. To take something away, the test must be root.
enum class Machine { whole, without_control_groups };

struct ServerOptions {
  std::vector<std::string> arguments;    ///< Besides --port, --data and --config.
  std::string config;                    ///< Text of the configuration file.
  std::vector<std::string> environment;  ///< "NAME=value", besides the test's own.
  std::filesystem::path data;            ///< Empty: a fresh directory.
  int descriptors = 0;                   ///< How many it may have open; 0: as the test.
  Machine machine = Machine::whole;
};

class Server {
 public:
  /// Starts it and waits for its ready line.
  explicit Server(ServerOptions options = {});
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::uint16_t port() const { return port_; }
  pid_t pid() const { return pid_; }
  const std::filesystem::path& data() const { return data_; }
  /// What it has written to standard error.
  std::string log() const;
  /// What it has written to standard output, the ready line first. Once it has ended.
  const std::string& output() const { return output_; }

  Client connect(int receive_buffer = 0) const { return Client(port_, receive_buffer); }
  /// A client that has logged in as a programmer.
  Client log_in(std::string_view name = "wizard", std::string_view password = kWizardPassword,
                int receive_buffer = 0) const;

  /// Sends the signal and waits for the end: its exit code, or 128 and the signal's number.
  int stop(int signal = SIGTERM);
  /// Bytes of physical memory that it holds.
  std::size_t memory() const;

 private:
  int wait(std::chrono::milliseconds deadline);

  TempDirectory directory_;
  std::filesystem::path data_;
  pid_t pid_ = -1;
  int stdout_ = -1;
  int exit_code_ = -1;
  std::uint16_t port_ = 0;
  std::string output_;
};

/// A run of the server that is expected to end by itself.
struct Run {
  int exit_code = -1;
  std::string output;
  std::string errors;
};
Run run_server(const std::vector<std::string>& arguments, Machine machine = Machine::whole);

/// The logs of the servers that run, for a failed assertion.
std::string logs_of_running_servers();

}  // namespace cosmoo::test
