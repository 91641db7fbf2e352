// What is run and what comes back: the contract between whoever wants something executed and the
// engines that execute it (processes, module functions, guests).
//
// A caller fills a Context, an engine starts a Job, and exactly one Result arrives through
// OnComplete, unless the job turns out not to start. This header knows no Lua, no world and no
// Asio.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace cosmoo::sandbox {

/// What a job may use up: all its processes together, unless it says otherwise. Wall time, CPU
/// time, memory, processes and output end the job when they are reached, and the Result says which
/// it was by the name that stands here in quotes. What was asked for and cannot be enforced on this
/// machine is named in Result::not_enforced. None: no limit. A job never writes a core dump.
struct Limits {
  std::optional<std::chrono::milliseconds> wall = {};  ///< From start to end: Status::timed_out.
  std::optional<std::chrono::milliseconds> cpu = {};   ///< "cpu": user and system time.
  std::optional<std::uint64_t> memory_bytes = {};      ///< "memory"
  std::optional<std::uint64_t> processes = {};         ///< "processes": threads count as well.
  /// "cpu_shares": its part of a busy machine, against 1024 for others.
  std::optional<std::uint64_t> cpu_shares = {};
  /// "open_files", of each process: the descriptor after that is refused, nothing ends.
  std::optional<std::uint64_t> open_files = {};
  /// "file_size": of each file. Writing more ends the process that tries.
  std::optional<std::uint64_t> file_size_bytes = {};
  std::size_t output_bytes = 1 << 20;  ///< "output": of each of standard output and error.

  bool operator==(const Limits&) const = default;
};

/// What follows Context::input.
enum class AfterInput {
  end_of_file,
  more  ///< Processes only: what Process::write() brings, until Process::close_input().
};

/// What happens when a stream holds as much as Limits::output_bytes.
enum class FullOutput {
  ends_job,  ///< One byte more is over the limit.
  waits      ///< Processes only: no more is read until Process::take() has made room.
};

/// What a job is given. Strings are bytes; arguments and environment may not contain NUL.
struct Context {
  std::vector<std::string> args;  ///< args[0] is the name the program sees as its own.
  std::vector<std::string> env;   ///< "NAME=value", exactly what the program gets.
  std::string input;              ///< Standard input, or how it begins.
  AfterInput after_input = AfterInput::end_of_file;
  FullOutput full_output = FullOutput::ends_job;
  /// As the job sees it. Made with mode 0755 if it is not there, and then removed after the job
  /// with all that is in it. Empty: the server's own, or /tmp where the job cannot see that.
  std::string working_directory;
  std::string profile;                    ///< How it is confined; empty: the engine's default.
  std::optional<std::uint32_t> uid = {};  ///< None: the profile's, else the server's.
  std::optional<std::uint32_t> gid = {};  ///< Likewise. Supplementary groups are dropped.
  Limits limits;
};

enum class Status {
  exited,     ///< By itself; exit_code is set.
  killed,     ///< By a signal: its own, a stranger's, or Job::kill(); signal is set.
  timed_out,  ///< Its wall time was over.
  faulted,    ///< A guest's fault (no process ends so).
  over_limit  ///< Another limit was reached; Result::limit names it.
};

std::string_view to_string(Status status);

/// "SIGSEGV"; the number of one without a name.
std::string signal_name(int number);

/// Where the figures of a Usage come from.
enum class Accounting {
  engine,  ///< The engine counted itself (guests).
  cgroup,  ///< A control group: all that the job started.
  rusage   ///< The system's account of the leader and the children that it has waited for.
};

std::string_view to_string(Accounting accounting);

struct Usage {
  double cpu_s = 0;   ///< User and system time of the job.
  double wall_s = 0;  ///< From start to end.
  /// By rusage: of its largest process. 0: not known.
  std::uint64_t memory_peak_bytes = 0;
  std::uint64_t instructions = 0;  ///< Guests only.
  Accounting cpu_from = Accounting::engine;
  Accounting memory_from = Accounting::engine;
};

/// Where a guest went wrong.
struct GuestFault {
  std::uint32_t address = 0;  ///< What it could not access; of other signals: the pc.
  std::uint32_t pc = 0;       ///< The instruction.

  bool operator==(const GuestFault&) const = default;
};

/// What a job leaves, whichever way it ended. What it had printed is always kept.
struct Result {
  Status status = Status::exited;
  int exit_code = -1;  ///< 0..255 if it exited, else -1.
  int signal = 0;      ///< The signal that ended it, else 0.
  std::string limit;   ///< Status::over_limit: its name, see Limits; else empty.
  /// The names of limits that were asked for and not enforced.
  std::vector<std::string> not_enforced;
  std::string stdout_bytes;  ///< What nobody has taken before.
  std::string stderr_bytes;
  std::optional<GuestFault> fault;  ///< Guests only, if they faulted.
  std::string output;               ///< Guests only: the output descriptor's bytes.
  std::string state;                ///< Guests only: the state descriptor's bytes.
  Usage usage;
  std::chrono::system_clock::time_point started_at;
  std::chrono::system_clock::time_point ended_at;
};

using JobId = std::int64_t;

/// A job as the job table and its viewers see it.
struct JobInfo {
  JobId id = 0;
  std::string kind;         ///< "process", "guest", "function"
  std::string label;        ///< What runs, for people: the command line, shortened.
  std::int64_t owner = -1;  ///< Whom it belongs to: opaque here, an object number upstairs.
  int pid = -1;             ///< -1 as well of a process that is about to start.
  std::string profile;      ///< Of a process: how it is confined.
  std::chrono::system_clock::time_point started_at;
  std::uint64_t stdout_bytes = 0;  ///< So far, as the rest.
  std::uint64_t stderr_bytes = 0;
  double cpu_s = 0;
  std::uint64_t memory_bytes = 0;  ///< In use now; 0: not known.
};

/// A running job. Destroying the handle does not end it; its engine owns it.
class Job {
 public:
  virtual ~Job() = default;
  /// Ends it with everything that it started. Its Result still arrives, as Status::killed.
  /// Killing a job that has ended, or twice, does nothing.
  virtual void kill() = 0;
  virtual JobInfo info() const = 0;
};

/// Why a job could not be started.
struct StartError {
  enum class Kind {
    bad_argument,  ///< The caller's mistake: a path that is refused, NUL in an argument, ...
    too_many,      ///< The limit on running jobs, or the system's on descriptors or processes.
    system         ///< The system refused: `step` and `error_number` say where and why.
  };
  Kind kind = Kind::system;
  std::string message;   ///< For people, complete: what was wrong and with what.
  std::string step;      ///< "pipe", "clone", "execveat", ...
  int error_number = 0;  ///< errno of that step, else 0.
};

/// Called once for each job that start() has returned, on the event loop's thread, never from
/// inside start(): with the Result, or with why it could not be started after all.
using OnComplete = std::function<void(tl::expected<Result, StartError>)>;

}  // namespace cosmoo::sandbox
