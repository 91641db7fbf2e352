#include "sandbox/process/pipes.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <new>
#include <optional>
#include <utility>

namespace cosmoo::sandbox {

namespace {

using boost::asio::posix::stream_descriptor;

/// An output beyond the first size gets room for all that it may still become, once: pages that
/// are not written cost nothing, and copying a large output again and again would.
constexpr std::size_t kSmallOutput = 1 << 20;
constexpr std::size_t kMostReserved = 64u << 20;
constexpr std::size_t kMostAtTheEnd = 4 * kMostPerEvent;

}  // namespace

struct PipeReader::State : std::enable_shared_from_this<State> {
  State(boost::asio::io_context& io, int fd, std::size_t most, std::span<char> buffer)
      : descriptor(io, fd), cap(most), scratch(buffer) {}

  void wait() {
    descriptor.async_wait(stream_descriptor::wait_read,
                          [self = shared_from_this()](const boost::system::error_code& error) {
                            if (!error && !self->ended) self->on_readable();
                          });
  }

  void on_readable() {
    read(kMostPerEvent);
    if (!ended) return wait();
    if (const auto callback = std::exchange(on_end, nullptr)) callback();
  }

  /// Until the pipe is empty, at its end, over the cap, or `most` bytes have come.
  void read(std::size_t most) {
    for (std::size_t total = 0; total < most && !ended;) {
      const ssize_t got = ::read(descriptor.native_handle(), scratch.data(), scratch.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0 && errno == EAGAIN) return;
      if (got <= 0) return close();
      const auto size = static_cast<std::size_t>(got);
      total += size;
      append(size);
      // Less than was asked for: the pipe was empty then.
      if (size < scratch.size()) return;
    }
  }

  void append(std::size_t size) {
    const std::size_t room = cap - bytes.size();
    if (size > room) {
      over_cap = true;
      size = room;
    }
    try {
      if (bytes.size() + size > kSmallOutput && bytes.capacity() <= 2 * kSmallOutput) {
        bytes.reserve(std::min(cap, kMostReserved));
      }
      bytes.append(scratch.data(), size);
    } catch (const std::bad_alloc&) {
      // No memory for more: as if the cap were here.
      over_cap = true;
    }
    if (over_cap) close();
  }

  void close() {
    ended = true;
    boost::system::error_code ignored;
    descriptor.close(ignored);
  }

  stream_descriptor descriptor;
  std::size_t cap;
  std::span<char> scratch;
  std::string bytes;
  std::function<void()> on_end;
  bool ended = false;
  bool over_cap = false;
};

PipeReader::PipeReader(boost::asio::io_context& io, UniqueFd fd, std::size_t cap,
                       std::span<char> scratch)
    : state_(std::make_shared<State>(io, fd.get(), cap, scratch)) {
  fd.release();
}

PipeReader::~PipeReader() {
  state_->on_end = nullptr;
  if (!state_->ended) state_->close();
}

void PipeReader::start(std::function<void()> on_end) {
  state_->on_end = std::move(on_end);
  state_->wait();
}

bool PipeReader::ended() const { return state_->ended; }
bool PipeReader::over_cap() const { return state_->over_cap; }
std::uint64_t PipeReader::size() const { return state_->bytes.size(); }

void PipeReader::finish() {
  state_->on_end = nullptr;
  if (state_->ended) return;
  state_->read(kMostAtTheEnd);
  if (!state_->ended) state_->close();
}

std::string PipeReader::take() { return std::move(state_->bytes); }

struct PipeWriter::State : std::enable_shared_from_this<State> {
  explicit State(std::string bytes) : input(std::move(bytes)) {}

  void wait() {
    descriptor->async_wait(stream_descriptor::wait_write,
                           [self = shared_from_this()](const boost::system::error_code& error) {
                             if (error || !self->descriptor) return;
                             if (self->write(self->descriptor->native_handle())) {
                               self->close();
                             } else {
                               self->wait();
                             }
                           });
  }

  /// True when there is nothing left to write, or nobody left to read it.
  bool write(int to) {
    for (std::size_t total = 0; total < kMostPerEvent;) {
      if (written == input.size()) return true;
      const ssize_t put =
          ::write(to, input.data() + written, std::min(input.size() - written, kMostPerEvent));
      if (put < 0 && errno == EINTR) continue;
      if (put < 0 && errno == EAGAIN) return false;
      if (put < 0) return true;
      written += static_cast<std::size_t>(put);
      total += static_cast<std::size_t>(put);
    }
    return written == input.size();
  }

  void close() {
    descriptor.reset();
    input = std::string();
  }

  std::optional<stream_descriptor> descriptor;
  std::string input;
  std::size_t written = 0;
};

PipeWriter::PipeWriter(boost::asio::io_context& io, UniqueFd fd, std::string input)
    : state_(std::make_shared<State>(std::move(input))) {
  ::fcntl(fd.get(), F_SETFL, O_NONBLOCK | O_WRONLY);
  if (state_->write(fd.get())) {
    state_->close();
    return;
  }
  state_->descriptor.emplace(io, fd.get());
  fd.release();
}

PipeWriter::~PipeWriter() { state_->close(); }

void PipeWriter::start() {
  if (state_->descriptor) state_->wait();
}

}  // namespace cosmoo::sandbox
