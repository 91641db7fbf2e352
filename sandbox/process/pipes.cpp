#include "sandbox/process/pipes.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <deque>
#include <new>
#include <optional>
#include <utility>

#include "sandbox/process/byte_queue.h"

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
  State(boost::asio::io_context& io, int fd, std::size_t most, FullOutput full,
        std::span<char> buffer)
      : descriptor(io, fd),
        // One that waits at a cap of nothing would wait for ever.
        cap(full == FullOutput::waits ? std::max<std::size_t>(most, 1) : most),
        at_cap(full == FullOutput::waits ? AtCap::wait : AtCap::stop),
        scratch(buffer) {}

  enum class AtCap { stop, wait, cut };

  /// How much more may come: `stop` counts all that came, the others what is held.
  std::size_t room() const {
    if (at_cap == AtCap::stop) return cap - static_cast<std::size_t>(came);
    const std::size_t most = at_cap == AtCap::cut ? cap + kMostAtTheEnd : cap;
    return most - std::min(most, bytes.size());
  }
  bool full() const { return at_cap == AtCap::wait && room() == 0; }

  void wait() {
    if (waiting || ended || full()) return;
    waiting = true;
    descriptor.async_wait(stream_descriptor::wait_read,
                          [self = shared_from_this()](const boost::system::error_code& error) {
                            self->waiting = false;
                            if (!error && !self->ended) self->on_readable();
                          });
  }

  void on_readable() {
    const std::uint64_t before = came;
    read(kMostPerEvent);
    if (came != before && on_bytes) {
      const auto callback = on_bytes;
      callback();
    }
    if (!ended) return wait();
    on_bytes = nullptr;
    if (const auto callback = std::exchange(on_end, nullptr)) callback();
  }

  /// Until the pipe is empty, at its end, at or over the cap, or `most` bytes have come.
  void read(std::size_t most) {
    for (std::size_t total = 0; total < most && !ended && !full();) {
      const std::size_t asked =
          at_cap == AtCap::wait ? std::min(scratch.size(), room()) : scratch.size();
      const ssize_t got = ::read(descriptor.native_handle(), scratch.data(), asked);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0 && errno == EAGAIN) return;
      if (got <= 0) return close();
      const auto size = static_cast<std::size_t>(got);
      total += size;
      append(size);
      // Less than was asked for: the pipe was empty then.
      if (size < asked) return;
    }
  }

  void append(std::size_t size) {
    bool over = size > room();
    if (over) size = room();
    try {
      if (bytes.size() + size > kSmallOutput && bytes.capacity() <= 2 * kSmallOutput) {
        bytes.reserve(std::min(cap, kMostReserved));
      }
      bytes.append({scratch.data(), size});
      came += size;
    } catch (const std::bad_alloc&) {
      // No memory for more: as if the cap were here.
      over = true;
    }
    if (!over) return;
    over_cap = at_cap != AtCap::cut;
    close();
  }

  void close() {
    ended = true;
    boost::system::error_code ignored;
    descriptor.close(ignored);
  }

  stream_descriptor descriptor;
  std::size_t cap;
  AtCap at_cap;
  std::span<char> scratch;
  ByteQueue bytes;
  std::uint64_t came = 0;
  std::function<void()> on_bytes;
  std::function<void()> on_end;
  bool waiting = false;
  bool ended = false;
  bool over_cap = false;
};

PipeReader::PipeReader(boost::asio::io_context& io, UniqueFd fd, std::size_t cap,
                       FullOutput when_full, std::span<char> scratch)
    : state_(std::make_shared<State>(io, fd.get(), cap, when_full, scratch)) {
  fd.release();
}

PipeReader::~PipeReader() {
  state_->on_bytes = nullptr;
  state_->on_end = nullptr;
  if (!state_->ended) state_->close();
}

void PipeReader::start(std::function<void()> on_bytes, std::function<void()> on_end) {
  state_->on_bytes = std::move(on_bytes);
  state_->on_end = std::move(on_end);
  state_->wait();
}

bool PipeReader::ended() const { return state_->ended; }
bool PipeReader::over_cap() const { return state_->over_cap; }
std::uint64_t PipeReader::size() const { return state_->came; }
std::string_view PipeReader::held() const { return state_->bytes.view(); }

std::string PipeReader::take(std::size_t most) {
  std::string taken = state_->bytes.take(most);
  // Before start() and after finish() there is nobody to tell of more.
  if (state_->on_end) state_->wait();
  return taken;
}

void PipeReader::drain() {
  if (state_->at_cap != State::AtCap::wait) return;
  state_->at_cap = State::AtCap::cut;
  if (state_->on_end) state_->wait();
}

void PipeReader::finish() {
  state_->on_bytes = nullptr;
  state_->on_end = nullptr;
  if (state_->ended) return;
  drain();
  state_->read(kMostAtTheEnd);
  if (!state_->ended) state_->close();
}

struct PipeWriter::State : std::enable_shared_from_this<State> {
  State(std::string bytes, AfterInput after_input) : after(after_input) { push(std::move(bytes)); }

  void push(std::string bytes) {
    left += bytes.size();
    if (!bytes.empty()) queue.push_back(std::move(bytes));
  }

  void wait() {
    if (waiting || !descriptor || queue.empty()) return;
    waiting = true;
    descriptor->async_wait(stream_descriptor::wait_write,
                           [self = shared_from_this()](const boost::system::error_code& error) {
                             self->waiting = false;
                             if (!error && self->descriptor) self->on_writable();
                           });
  }

  void on_writable() {
    write(descriptor->native_handle());
    settle();
    if (!on_progress) return;
    const auto callback = on_progress;
    callback();
  }

  /// Until all is written, the pipe is full, nobody reads it any more, or enough for one event.
  void write(int to) {
    for (std::size_t total = 0; total < kMostPerEvent && !queue.empty() && !refused;) {
      const std::string& front = queue.front();
      const ssize_t put =
          ::write(to, front.data() + begun, std::min(front.size() - begun, kMostPerEvent));
      if (put < 0 && errno == EINTR) continue;
      if (put < 0 && errno == EAGAIN) return;
      refused = put < 0;
      if (refused) return;
      const auto size = static_cast<std::size_t>(put);
      total += size;
      left -= size;
      done += size;
      begun += size;
      if (begun < front.size()) continue;
      queue.pop_front();
      begun = 0;
    }
  }

  bool over() const { return refused || (queue.empty() && after == AfterInput::end_of_file); }

  void settle() {
    if (over()) return close();
    wait();
  }

  void close() {
    descriptor.reset();
    queue.clear();
    left = 0;
  }

  std::optional<stream_descriptor> descriptor;
  AfterInput after;
  std::deque<std::string> queue;
  std::size_t begun = 0;  ///< How much of the first in the queue is written.
  std::size_t left = 0;
  std::uint64_t done = 0;
  std::function<void()> on_progress;
  bool waiting = false;
  bool refused = false;  ///< The other end is closed.
};

PipeWriter::PipeWriter(boost::asio::io_context& io, UniqueFd fd, std::string input,
                       AfterInput after)
    : state_(std::make_shared<State>(std::move(input), after)) {
  ::fcntl(fd.get(), F_SETFL, O_NONBLOCK | O_WRONLY);
  state_->write(fd.get());
  if (state_->over()) {
    state_->close();
    return;
  }
  state_->descriptor.emplace(io, fd.get());
  fd.release();
}

PipeWriter::~PipeWriter() {
  state_->on_progress = nullptr;
  state_->close();
}

void PipeWriter::start(std::function<void()> on_progress) {
  state_->on_progress = std::move(on_progress);
  state_->wait();
}

bool PipeWriter::open() const {
  return state_->descriptor && !state_->refused && state_->after == AfterInput::more;
}

void PipeWriter::write(std::string bytes) {
  if (!open()) return;
  const bool behind_others = !state_->queue.empty();
  state_->push(std::move(bytes));
  if (!behind_others) state_->write(state_->descriptor->native_handle());
  state_->settle();
}

std::size_t PipeWriter::unwritten() const { return state_->left; }
std::uint64_t PipeWriter::written() const { return state_->done; }

void PipeWriter::close() {
  state_->after = AfterInput::end_of_file;
  if (state_->descriptor) state_->settle();
}

}  // namespace cosmoo::sandbox
