#include "server/output_queue.h"

#include <algorithm>

namespace cosmoo {
namespace {

constexpr std::size_t kKeep = 4096;

}  // namespace

void OutputQueue::commit(From from) {
  const std::size_t size = bytes_.size() - committed_;
  if (size == 0) return;
  if (from == From::others) {
    if (backlog() - size - others_bytes_ > limit_) {  // no room for any of this kind
      bytes_.resize(committed_);
      ++lost_;
      return;
    }
    others_bytes_ += size;
    ++others_lines_;
  }
  committed_ = bytes_.size();
  lines_.push_back({size, from});
  // Dropping stops well below the limit, so that it is not to be done for every line.
  if (backlog() > limit_ && others_lines_ > 0) drop(From::others, limit_ / 4 * 3);
  if (backlog() > limit_ * kOwnLimits) drop(From::own, limit_ * kOwnLimits / 4 * 3);
}

void OutputQueue::drop(From kind, std::size_t down_to) {
  std::size_t excess = backlog() - down_to;
  std::string bytes;
  std::vector<Line> lines;
  std::size_t at = sent_;
  std::size_t first = head_;
  if (first_is_begun()) {
    const std::size_t rest = lines_[head_].size - begun_;
    bytes.append(bytes_, at, rest);
    lines.push_back(lines_[head_]);
    at += rest;
    ++first;
  }
  for (std::size_t i = first; i < lines_.size(); ++i) {
    const Line line = lines_[i];
    if (excess > 0 && (line.from == From::others || line.from == kind)) {
      excess -= std::min(excess, line.size);
      ++lost_;
      leave(line);
    } else {
      bytes.append(bytes_, at, line.size);
      lines.push_back(line);
    }
    at += line.size;
  }
  bytes_ = std::move(bytes);
  lines_ = std::move(lines);
  sent_ = head_ = 0;
  committed_ = bytes_.size();
}

// A line of others that is on its way can no longer be dropped, and no longer counts.
void OutputQueue::leave(const Line& line) {
  if (line.from != From::others) return;
  others_bytes_ -= line.size;
  --others_lines_;
}

std::string_view OutputQueue::take() {
  if (lost_ > 0) {
    const std::string note =
        ">> Network buffer overflow: " + std::to_string(lost_) +
        (lost_ == 1 ? " line of output to you has" : " lines of output to you have") +
        " been lost <<\r\n";
    lost_ = 0;
    const std::size_t rest = first_is_begun() ? lines_[head_].size - begun_ : 0;
    bytes_.insert(sent_ + rest, note);
    lines_.insert(lines_.begin() + static_cast<std::ptrdiff_t>(head_ + (rest > 0 ? 1 : 0)),
                  {note.size(), From::protocol});
    committed_ = bytes_.size();
  }
  return {bytes_.data() + sent_, backlog()};
}

void OutputQueue::consume(std::size_t count) {
  sent_ += count;
  if (sent_ == bytes_.size()) {
    const std::size_t lost = lost_;
    clear();
    lost_ = lost;
    return;
  }
  if (!first_is_begun()) leave(lines_[head_]);
  begun_ += count;
  while (begun_ >= lines_[head_].size) {
    begun_ -= lines_[head_++].size;
    if (begun_ > 0) leave(lines_[head_]);
  }
  if (sent_ > limit_) {
    bytes_.erase(0, sent_);
    lines_.erase(lines_.begin(), lines_.begin() + static_cast<std::ptrdiff_t>(head_));
    sent_ = head_ = 0;
    committed_ = bytes_.size();
  }
}

void OutputQueue::clear() {
  bytes_.clear();
  lines_.clear();
  sent_ = committed_ = head_ = begun_ = lost_ = 0;
  others_bytes_ = others_lines_ = 0;
  if (bytes_.capacity() > kKeep) bytes_.shrink_to_fit();
  if (lines_.capacity() > kKeep / sizeof(Line)) lines_.shrink_to_fit();
}

}  // namespace cosmoo
