// Work of several parties that wait in line: each party's turn comes after one piece of every other
// party's, however much any of them has brought.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <unordered_map>

namespace cosmoo {

class FairQueue {
 public:
  using Work = std::function<void()>;

  void push(const std::string& party, Work work) {
    auto& waiting = of_[party];
    if (waiting.empty()) turns_.push_back(party);
    waiting.push_back(std::move(work));
    ++size_;
  }

  /// The next piece; null: there is none.
  Work pop() {
    if (turns_.empty()) return nullptr;
    const std::string party = std::move(turns_.front());
    turns_.pop_front();
    const auto it = of_.find(party);
    Work work = std::move(it->second.front());
    it->second.pop_front();
    --size_;
    if (it->second.empty()) {
      of_.erase(it);
    } else {
      turns_.push_back(party);
    }
    return work;
  }

  std::size_t size() const { return size_; }
  std::size_t size(const std::string& party) const {
    const auto it = of_.find(party);
    return it == of_.end() ? 0 : it->second.size();
  }

 private:
  std::unordered_map<std::string, std::deque<Work>> of_;  // none is empty
  std::deque<std::string> turns_;                         // its keys
  std::size_t size_ = 0;
};

}  // namespace cosmoo
