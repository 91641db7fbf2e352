// One process from the order to launch it to its Result.
//
// Rules: (1) whichever comes first of its own end, kill() and a limit decides what the Result says,
// but for a limit that it had reached before anybody looked; (2) it is complete when its leader has
// ended and both its output streams have, or when a grandchild that holds them has had its grace;
// (3) what is left of its tree is killed before its Result is given; (4) its leader is reaped last,
// see tree.h; (5) its slot serves another job only if this one has left nothing there; (6) a
// process that gave up before it had executed its program gives no Result, unless we ended it.
#pragma once

#include <chrono>
#include <memory>
#include <span>

#include "sandbox/process/controls.h"
#include "sandbox/process/pipes.h"
#include "sandbox/process/process.h"
#include "sandbox/process/slots.h"
#include "sandbox/process/tree.h"
#include "sandbox/process/unique_fd.h"

namespace cosmoo::sandbox {

/// What jobs ask of the engine that keeps them.
class JobKeeper {
 public:
  virtual ~JobKeeper() = default;
  virtual boost::asio::io_context& io() = 0;
  virtual ProcessTree& tree() = 0;
  virtual SlotPool& slots() = 0;
  virtual const Controls& controls() = 0;
  virtual std::span<char> scratch() = 0;
  virtual std::chrono::milliseconds drain_grace() const = 0;
  /// It is to end, and has not been launched.
  virtual void end_unlaunched(JobId id) = 0;
  /// Its streams have ended: its leader will do so soon, as a rule.
  virtual void end_is_near(JobId id) = 0;
  /// It has executed its program, and nobody may have said so yet.
  virtual void executed(JobId id) = 0;
  /// The job has ended and been reaped. Takes it out, then hands the Result on, or why its program
  /// was not executed.
  virtual void finished(JobId id, tl::expected<Result, LaunchFailure> end) = 0;
};

/// A process that is to be launched, with our ends of its streams.
struct NewProcess {
  Place place;
  std::shared_ptr<Slot> slot;  ///< Null: it waits for one.
  GroupNames groups;
  std::vector<std::string> not_enforced;
  std::unique_ptr<PipeWriter> input;  ///< Null: the job is given none.
  std::unique_ptr<PipeReader> output;
  std::unique_ptr<PipeReader> errors;
  Limits limits;
  std::chrono::system_clock::time_point started_at;
  std::chrono::steady_clock::time_point started;
};

class ProcessJob final : public Process, public std::enable_shared_from_this<ProcessJob> {
 public:
  ProcessJob(JobKeeper& keeper, JobInfo info, NewProcess process);
  ~ProcessJob() override;

  void kill() override;
  JobInfo info() const override;

  std::string_view held(Stream stream) const override;
  std::string take(Stream stream, std::size_t most) override;
  std::uint64_t printed(Stream stream) const override;
  bool closed(Stream stream) const override;
  bool takes_input() const override;
  void write(std::string bytes) override;
  std::size_t unwritten() const override;
  std::uint64_t written() const override;
  void close_input() override;
  std::vector<std::string> not_enforced() const override;
  void on_activity(std::function<void()> callback) override;

  // --- For the engine ---

  /// Begins to listen to its streams and clocks. It has not been launched.
  void start();
  NewProcess& process();
  /// There is a process. Kills it at once if it was to end meanwhile.
  void launched(Launched launched);
  bool is_launched() const;
  /// Its program was executed, now that its slot says that it was, or it has ended, or it was ended
  /// before.
  bool has_executed() const;
  /// A directory is being made for it, and to be removed.
  void makes_directory();
  /// It ends without having executed its program. May come before launched().
  void gave_up(LaunchFailure failure);
  /// Ends it as one that gave up: nobody can tell any more whether it has.
  void end_as_failed(LaunchFailure failure);
  bool is_to_end() const;
  /// Ends it without having been launched: end_unlaunched() was called.
  void end_unlaunched();
  /// Looks whether its leader has ended. True once: when it has, and was not known to.
  bool look_for_end();
  /// To be called after look_for_end() said so. May end in JobKeeper::finished().
  void on_end_of_leader();
  /// The engine goes away: kills the tree, waits for the leader until `deadline`, gives no Result.
  void abandon(std::chrono::steady_clock::time_point deadline);

 private:
  enum class Reason { none, killed, timed_out, limit };
  struct Live;  ///< All that needs the loop or the process.

  PipeReader& reader(Stream stream) const;
  void tell_activity();
  void end_because(Reason reason, const char* limit = "");
  void watch_limits(std::chrono::milliseconds delay);
  void look_at_limits();
  bool output_over_cap() const;
  void kill_tree();
  void advance();
  void linger();
  void finish();
  void remove_directory();
  void give_slot_back();
  void hand_over();
  Result make_result();

  JobKeeper& keeper_;
  JobInfo info_;
  std::unique_ptr<Live> live_;  ///< Null once it has ended.
};

}  // namespace cosmoo::sandbox
