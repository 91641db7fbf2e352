// A process that somebody keeps by a name, to ask about while it runs and after it has ended.
//
// Rules: (1) the loop's thread only; (2) who waits gives a call-back, which runs once, from the
// loop, unless forget() came first; (3) readers are served one after the other, each with all there
// is for it, so that no byte is given twice; (4) what was printed is kept until it is taken or the
// handle goes, within the limit on output.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "sandbox/process/byte_queue.h"
#include "sandbox/process/process.h"

namespace boost::asio {
class io_context;
}

namespace cosmoo::sandbox {

struct HandleInfo {
  std::string id;            ///< "psh-<process id, hexadecimal>-<number>"
  std::uint64_t number = 0;  ///< Counts up with every handle.
  std::int64_t owner = -1;   ///< Opaque here.
  std::string label;
  int pid = -1;
  std::chrono::system_clock::time_point started_at;
};

class Handle : public std::enable_shared_from_this<Handle> {
 public:
  using Stream = Process::Stream;
  using WaiterId = std::uint64_t;
  using Callback = std::function<void(Handle&)>;

  Handle(boost::asio::io_context& io, HandleInfo info, std::shared_ptr<Process> process);
  ~Handle();
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  const HandleInfo& info() const { return info_; }
  bool running() const { return !result_.has_value(); }
  /// How it ended; null while it runs. Its outputs are not there but in held().
  const Result* result() const { return result_ ? &*result_ : nullptr; }
  /// What it has used, as far as that is known before it ends.
  Usage usage() const;

  /// What it has printed and nobody has taken, until the next call of anything else.
  std::string_view held(Stream stream) const;
  std::string take(Stream stream, std::size_t most);
  /// How many bytes it has printed there.
  std::uint64_t printed(Stream stream) const;
  /// Whether when_readable() would be answered at once.
  bool readable() const;
  /// Nothing is held, and nothing more can come.
  bool at_end() const;

  /// Its input, and kill().
  Process& process() { return *process_; }

  /// Runs `callback` when it has ended or after `timeout`: running() tells which. Only while it
  /// runs.
  WaiterId when_ended(std::optional<std::chrono::milliseconds> timeout, Callback callback);
  /// ... when something is held, or at the end of both streams.
  WaiterId when_readable(Callback callback);
  /// ... when what was written so far is on its way, or will never be.
  WaiterId when_written(Callback callback);
  void forget(WaiterId waiter);

  /// What its user has made of it and may find again here; opaque. Gone once more is taken.
  std::shared_ptr<const void> memo;

  // --- For the table ---

  /// Begins to serve who waits.
  void start();
  void ended(Result result);

 private:
  struct Patient;  ///< Who waits for the end.
  struct Waiter {
    WaiterId id;
    Callback callback;
    std::uint64_t position = 0;  ///< Of a writer: how much will have been written.
  };

  void serve();
  void serve_readers();
  void serve_writers();
  void give_up(WaiterId waiter);

  boost::asio::io_context& io_;
  const HandleInfo info_;
  const std::shared_ptr<Process> process_;
  std::optional<Result> result_;
  ByteQueue output_;  ///< Once it has ended.
  ByteQueue errors_;
  std::list<Patient> patients_;
  std::deque<Waiter> readers_;
  std::deque<Waiter> writers_;
  WaiterId last_waiter_ = 0;
};

}  // namespace cosmoo::sandbox
