// The server's side of one slot: orders go out, answers come in from the loop. What a slot is
// stands in slot/main.cpp.
//
// Rules: (1) nothing here waits but await(), which is for the server's start and end; (2) one order
// at a time: when the next is given, nobody hears what still comes of the last one; (3) call-backs
// run from the loop, or from await() and read_all(); they may let go of the slot; (4) what becomes
// of a launch is told in this order: it has begun, or has not; the child's troubles, which may even
// come before; that the program was executed, if that was asked for.
#pragma once

#include <sys/types.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "sandbox/job.h"
#include "sandbox/process/controls.h"
#include "sandbox/process/launch.h"
#include "sandbox/process/slot/protocol.h"
#include "sandbox/process/unique_fd.h"

namespace cosmoo::sandbox {

/// What a launch in a slot needs. Borrowed for the duration of the call.
struct SlotLaunch {
  int program = -1;
  bool is_script = false;
  const std::vector<std::string>& arguments;
  const std::vector<std::string>& environment;
  int standard_input = -1;
  int standard_output = -1;
  int standard_error = -1;
  int cgroup = -1;
  const std::string& working_directory;
  mode_t umask = 022;
  std::int64_t uid = slot::kNobody;
  std::int64_t gid = slot::kNobody;
  Limits limits;                   ///< Those that a process sets for itself.
  bool memory_by_process = false;  ///< No group limits memory.
  bool tells_executed = false;     ///< LaunchNews::What::executed is wanted.
};

/// What becomes of a launch, one thing after another.
struct LaunchNews {
  enum class What {
    begun,            ///< There is a child of this process: `launched`.
    makes_directory,  ///< It is about to: Slot::remove_directory() is needed.
    gave_up,          ///< It ends without having executed its program: `failure`.
    executed,         ///< It has executed its program, unless it was killed or gave up.
    failed            ///< The slot: `failure`. If nothing has begun, nothing will.
  };
  What what = What::failed;
  Launched launched = {};
  LaunchFailure failure = {};
};

class Slot : public std::enable_shared_from_this<Slot> {
 public:
  using Clock = std::chrono::steady_clock;
  using OnChange = std::function<void(Slot&)>;
  using OnNews = std::function<void(LaunchNews)>;
  using OnRemoved = std::function<void(bool)>;

  /// `pid` is a child that runs the slots' program with the other end of `socket`. Throws
  /// boost::system::system_error when the loop cannot watch another descriptor.
  Slot(boost::asio::io_context& io, UniqueFd socket, pid_t pid, UniqueFd pidfd);
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;

  /// Begins to listen. `on_change` runs when it has got ready, and when it has ended by itself.
  void start(OnChange on_change);
  /// Sends what it is to be and the groups that it is to enter. False, with errno: it is gone.
  bool set_up(const std::string& setup, const std::vector<UniqueFd>& entrances);

  bool is_ready() const { return ready_.processes > 0; }
  bool has_ended() const { return ended_; }
  /// What it has become. When it is ready.
  const slot::Ready& ready() const { return ready_; }
  pid_t pid() const { return pid_; }
  /// Nothing was left in its private /tmp, if it has one.
  bool tmp_is_empty() const;
  /// It was asked for something longer than `patience` ago.
  bool overdue(Clock::duration patience) const;

  /// Sends the order. What it fails with at once has not begun; when a failure's step is "slot",
  /// the slot is of no more use.
  tl::expected<void, LaunchFailure> launch(const SlotLaunch& what, OnNews on_news);
  /// Has the directory removed that it has made for its job; may be asked again.
  void remove_directory(OnRemoved on_removed);

  /// Stops listening and kills it. No call-back runs any more. The descriptor is for whoever reaps.
  UniqueFd kill();
  /// Waits for the next message, or the slot's end. False: it takes too long.
  bool await(Clock::time_point deadline);
  /// Reads what has come. Of a launched process that has ended: all that will be told of it.
  void read_all();

  // --- The pool's own ---
  std::size_t kind = 0;
  std::string group;  ///< Of v1; empty: none.
  GroupState state;
  bool taken = false;

 private:
  using OnAnswer = std::function<void(const slot::Answer*)>;  ///< Null: it has ended.

  void listen();
  /// False: there was nothing.
  bool read();
  void answer(const slot::Answer* answer);

  boost::asio::posix::stream_descriptor socket_;
  const pid_t pid_;
  UniqueFd pidfd_;
  UniqueFd tmp_;
  slot::Ready ready_;
  bool ended_ = false;
  OnChange on_change_;
  OnAnswer on_answer_;  ///< Of the order `number_`.
  std::uint32_t number_ = 0;
  std::optional<Clock::time_point> asked_;
};

}  // namespace cosmoo::sandbox
