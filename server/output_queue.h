// The output that waits for one client: bytes in lines, bounded.
//
// Rules
//  1. Over `limit`, the oldest lines of other people's output are dropped, never the client's own.
//  2. Its own output is bounded too, but by kOwnLimits times as much: a client that sends commands
//     is not sent more before it has read the answers, so only one command's output can reach it.
//  3. Once lines were dropped, the client is told how many, in their place.
//  4. A line of which a part is sent already is sent whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cosmoo {

class OutputQueue {
 public:
  enum class From : std::uint8_t {
    own,      ///< of the client's own tasks, or the server's answer to it
    others,   ///< somebody else's
    protocol  ///< negotiation; never dropped
  };
  static constexpr std::size_t kOwnLimits = 64;

  explicit OutputQueue(std::size_t limit) : limit_(limit) {}

  /// Where to append the bytes of a line; then commit() it.
  std::string& tail() { return bytes_; }
  void commit(From from);

  /// What is to be sent next. Good until the next change.
  std::string_view take();
  /// The first `count` bytes of it have been sent.
  void consume(std::size_t count);

  std::size_t backlog() const { return bytes_.size() - sent_; }
  bool empty() const { return backlog() == 0 && lost_ == 0; }
  std::size_t limit() const { return limit_; }
  void clear();

 private:
  struct Line {
    std::size_t size;
    From from;
  };
  void drop(From kind, std::size_t down_to);
  void leave(const Line& line);
  /// Bytes of the first line that are sent; the line is the one at head_.
  bool first_is_begun() const { return begun_ > 0; }

  const std::size_t limit_;
  std::string bytes_;
  std::size_t sent_ = 0;       // bytes at the front that are gone
  std::size_t committed_ = 0;  // bytes_ up to here stand in lines_
  std::vector<Line> lines_;
  std::size_t head_ = 0;          // the first line that is not wholly sent
  std::size_t begun_ = 0;         // bytes of it that are sent
  std::size_t lost_ = 0;          // lines dropped and not told yet
  std::size_t others_bytes_ = 0;  // of droppable lines of others
  std::size_t others_lines_ = 0;
};

}  // namespace cosmoo
