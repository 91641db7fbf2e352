// The server's ends of a job's standard streams, on the event loop.
//
// Rules: (1) nothing blocks and nothing stalls: at most kMostPerEvent bytes are moved before other
// events get their turn; (2) call-backs run from the loop, never from inside the call that they
// were given to, and the one for the end runs once and last; (3) destroying or closing an end is
// always allowed, and no call-back runs afterwards; (4) no end holds more than its owner allows: a
// reader its cap, a writer what it was given.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "sandbox/job.h"
#include "sandbox/process/unique_fd.h"

namespace boost::asio {
class io_context;
}

namespace cosmoo::sandbox {

inline constexpr std::size_t kMostPerEvent = 256 * 1024;

/// Collects what a job writes to one of its streams, up to a cap.
class PipeReader {
 public:
  /// `scratch` is shared by all readers of a loop and outlives them. Throws
  /// boost::system::system_error when the loop cannot watch another descriptor.
  PipeReader(boost::asio::io_context& io, UniqueFd fd, std::size_t cap, FullOutput when_full,
             std::span<char> scratch);
  ~PipeReader();
  PipeReader(const PipeReader&) = delete;
  PipeReader& operator=(const PipeReader&) = delete;

  /// `on_bytes` runs when some have come, `on_end` when the stream is at its end or over the cap.
  void start(std::function<void()> on_bytes, std::function<void()> on_end);
  bool ended() const;
  /// More than `cap` bytes came and ended it; the first `cap` are kept. Never with
  /// FullOutput::waits.
  bool over_cap() const;
  /// How many bytes have come and were kept, those that were taken included.
  std::uint64_t size() const;
  /// What has not been taken.
  std::string_view held() const;
  std::string take(std::size_t most);
  std::string take_all() { return take(held().size()); }
  /// Nobody writes any more but what is left: a reader that waits at its cap goes on to the end,
  /// over the cap by what a pipe may hold.
  void drain();
  /// Takes what is there now without waiting for more, and closes.
  void finish();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

/// Feeds a job's standard input. That the job does not want all of it is not an error.
class PipeWriter {
 public:
  /// Writes what fits at once; the caller still holds the reading end. Throws as PipeReader does.
  PipeWriter(boost::asio::io_context& io, UniqueFd fd, std::string input, AfterInput after);
  ~PipeWriter();
  PipeWriter(const PipeWriter&) = delete;
  PipeWriter& operator=(const PipeWriter&) = delete;

  /// Writes the rest as the job takes it, and closes behind it unless there may be more.
  /// `on_progress` runs when the loop has written some, or was refused.
  void start(std::function<void()> on_progress);

  /// Neither closed nor refused: write() is of use.
  bool open() const;
  /// Queues `bytes` and writes what fits at once. Nothing happens unless open().
  void write(std::string bytes);
  std::size_t unwritten() const;
  std::uint64_t written() const;
  /// Closes behind what is queued.
  void close();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace cosmoo::sandbox
