// What the tests of the process engine stand on: a directory of programs of their own, a loop, an
// engine, and ways to wait for something with a deadline.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/process/engine.h"

namespace cosmoo::sandbox::testing {

inline constexpr std::chrono::seconds kDeadline{60};

/// A new directory under /tmp, removed with all that is in it.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  const std::filesystem::path& path() const { return path_; }
  std::string operator/(std::string_view name) const { return (path_ / name).native(); }

 private:
  std::filesystem::path path_;
};

void write_file(const std::filesystem::path& path, std::string_view text, unsigned mode = 0644);
std::string read_file(const std::filesystem::path& path);

/// Whether a process with this number exists and is more than a zombie.
bool alive(pid_t pid);
/// This process's children, but for the slots in which jobs run.
std::vector<pid_t> children();
/// The slots, those that wait and those that have a job.
std::vector<pid_t> slots();
/// This process's descriptors, sorted. Needs one itself.
std::vector<int> open_descriptors();

/// What a test gives a program. args are those after the name.
struct Given {
  std::vector<std::string> args = {};
  std::string input = {};
  std::vector<std::string> env{"PATH=/bin:/usr/bin"};
  Limits limits = {};
  std::string working_directory = {};
  std::string profile = {};
  std::optional<std::uint32_t> uid = {};
  std::optional<std::uint32_t> gid = {};
  AfterInput after_input = AfterInput::end_of_file;
  FullOutput full_output = FullOutput::ends_job;
};

class Playground {
 public:
  explicit Playground(EngineOptions options = {}, std::size_t max_running = 1000);
  ~Playground();

  /// Puts a shell script or a copy of a system's program into the directory.
  void script(const std::string& name, const std::string& body);
  void program(const std::string& name, const std::string& source);

  using Started = tl::expected<std::shared_ptr<Process>, StartError>;
  using OnResult = std::function<void(Result)>;
  /// Orders it, and runs the loop until it runs or cannot.
  Started start(const std::string& name, Given given = {}, OnResult on_result = {});
  Started start(Executable executable, Given given = {}, OnResult on_result = {});
  /// Only orders it.
  Started order(const std::string& name, Given given, OnComplete on_complete,
                OnStarted on_started = {});
  Started order(Executable executable, Given given, OnComplete on_complete,
                OnStarted on_started = {});
  /// Starts and waits for the Result. A failure to start or to end fails the test.
  Result run(const std::string& name, Given given = {});
  Result run(Executable executable, Given given = {});
  /// Starts what must start.
  std::shared_ptr<Process> launch(const std::string& name, Given given = {},
                                  OnResult on_result = {});

  /// Runs the loop until `condition` holds; false when the deadline comes first.
  bool until(const std::function<bool()>& condition);
  /// The text of a file that a program leaves in the directory, once it is there.
  std::string wait_for_file(const std::string& name);
  /// Runs the loop until nothing is left to be done.
  void settle();
  /// Runs everything that is ready now.
  void poll() { io.poll(); }

  TempDir dir;
  boost::asio::io_context io{1};
  JobTable table;
  std::optional<ProcessEngine> engine;
  ExecutableDirectory directory;

 private:
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io.get_executor()};
};

/// Which kind of tracking to test: both, where this machine and user allow it.
std::vector<Tracking> trackings();

/// The whole of a process that starts the script "hang" in `directory` and waits to be killed.
int run_and_hang(const std::string& directory);

}  // namespace cosmoo::sandbox::testing
