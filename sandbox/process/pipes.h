// The server's ends of a job's standard streams, on the event loop.
//
// Rules: (1) nothing blocks and nothing stalls: at most kMostPerEvent bytes are moved before other
// events get their turn; (2) a call-back runs at most once, from the loop, never from inside the
// call that it was given to; (3) destroying or closing an end is always allowed, and no call-back
// runs afterwards.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

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
  PipeReader(boost::asio::io_context& io, UniqueFd fd, std::size_t cap, std::span<char> scratch);
  ~PipeReader();
  PipeReader(const PipeReader&) = delete;
  PipeReader& operator=(const PipeReader&) = delete;

  /// `on_end` runs when the stream is at its end or has brought more than the cap.
  void start(std::function<void()> on_end);
  bool ended() const;
  /// More than `cap` bytes came; the first `cap` are kept.
  bool over_cap() const;
  std::uint64_t size() const;
  /// Takes what is there now without waiting for more, and closes.
  void finish();
  std::string take();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

/// Feeds a job's standard input. That the job does not want all of it is not an error.
class PipeWriter {
 public:
  /// Writes what fits at once; the caller still holds the reading end. Throws as PipeReader does.
  PipeWriter(boost::asio::io_context& io, UniqueFd fd, std::string input);
  ~PipeWriter();
  PipeWriter(const PipeWriter&) = delete;
  PipeWriter& operator=(const PipeWriter&) = delete;

  /// Writes the rest as the job takes it, then closes.
  void start();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace cosmoo::sandbox
