#include "vm/lua/pattern.h"

#include <cctype>

namespace cosmoo::lua {
namespace {

constexpr std::size_t kMostCaptures = 32;
constexpr std::size_t kMostNodes = 4000;

using Set = std::bitset<256>;

// %a, %d, ...: sets made once.
const Set* class_named(char letter) {
  struct Classes {
    std::array<Set, 256> sets;
    std::bitset<256> known;
    void add(char name, int (*is)(int)) {
      const auto lower = static_cast<unsigned char>(name);
      const auto upper = static_cast<unsigned char>(std::toupper(lower));
      for (int c = 0; c < 256; ++c) {
        if (is(c) != 0) sets[lower].set(static_cast<std::size_t>(c));
      }
      sets[upper] = ~sets[lower];
      known.set(lower).set(upper);
    }
    Classes() {
      add('a', std::isalpha);
      add('c', std::iscntrl);
      add('d', std::isdigit);
      add('g', std::isgraph);
      add('l', std::islower);
      add('p', std::ispunct);
      add('s', std::isspace);
      add('u', std::isupper);
      add('w', std::isalnum);
      add('x', std::isxdigit);
    }
  };
  static const Classes classes;
  const auto index = static_cast<unsigned char>(letter);
  return classes.known[index] ? &classes.sets[index] : nullptr;
}

}  // namespace

class Pattern::Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<Pattern> parse() {
    if (!text_.empty() && text_[0] == '^') {
      result_.anchored_ = true;
      at_ = 1;
    }
    while (at_ < text_.size()) {
      if (auto item = parse_item(); !item) return tl::unexpected(item.error());
      if (result_.nodes_.size() > kMostNodes) return error("the pattern is too long");
    }
    if (!open_.empty()) return error("a capture is not closed");
    return std::move(result_);
  }

 private:
  tl::unexpected<Error> error(std::string what) const {
    return fail(ErrorCode::invarg, "malformed pattern at character " + std::to_string(at_ + 1) +
                                       ": " + std::move(what));
  }
  bool more() const { return at_ < text_.size(); }

  Result<void> parse_item() {
    const char c = text_[at_];
    if (c == '(') return parse_open();
    if (c == ')') return parse_close();
    if (c == '$' && at_ + 1 == text_.size()) {
      ++at_;
      add(Kind::end);
      return {};
    }
    if (c == '%' && at_ + 1 < text_.size()) {
      const char next = text_[at_ + 1];
      if (next == 'b') return parse_balanced();
      if (next == 'f') return parse_frontier();
      if (std::isdigit(static_cast<unsigned char>(next))) return parse_backref();
    }
    Node node;
    if (auto set = parse_single(node.set); !set) return set;
    if (more()) {
      switch (text_[at_]) {
        case '?':
          node.repeat = Repeat::optional;
          break;
        case '*':
          node.repeat = Repeat::any;
          break;
        case '+':
          node.repeat = Repeat::some;
          break;
        case '-':
          node.repeat = Repeat::fewest;
          break;
        default:
          break;
      }
      if (node.repeat != Repeat::once) ++at_;
    }
    result_.nodes_.push_back(node);
    return {};
  }

  Node& add(Kind kind) {
    result_.nodes_.emplace_back();
    result_.nodes_.back().kind = kind;
    return result_.nodes_.back();
  }

  Result<void> parse_open() {
    if (static_cast<std::size_t>(result_.captures_) == kMostCaptures) {
      return error("too many captures");
    }
    const auto capture = static_cast<unsigned char>(result_.captures_++);
    ++at_;
    if (more() && text_[at_] == ')') {
      ++at_;
      add(Kind::position).a = capture;
      closed_.set(capture);
    } else {
      add(Kind::open).a = capture;
      open_.push_back(capture);
    }
    return {};
  }

  Result<void> parse_close() {
    if (open_.empty()) return error("this ) closes no capture");
    ++at_;
    add(Kind::close).a = open_.back();
    closed_.set(open_.back());
    open_.pop_back();
    return {};
  }

  Result<void> parse_balanced() {
    if (at_ + 3 >= text_.size()) return error("%b wants two characters");
    Node& node = add(Kind::balanced);
    node.a = static_cast<unsigned char>(text_[at_ + 2]);
    node.b = static_cast<unsigned char>(text_[at_ + 3]);
    at_ += 4;
    return {};
  }

  Result<void> parse_frontier() {
    at_ += 2;
    if (!more() || text_[at_] != '[') return error("%f wants a set");
    Node node;
    node.kind = Kind::frontier;
    if (auto set = parse_set(node.set); !set) return set;
    result_.nodes_.push_back(node);
    return {};
  }

  Result<void> parse_backref() {
    const int number = text_[at_ + 1] - '1';
    if (number < 0 || number >= result_.captures_ || !closed_[static_cast<std::size_t>(number)]) {
      return error("there is no capture %" + std::string(1, text_[at_ + 1]) + " before");
    }
    at_ += 2;
    add(Kind::backref).a = static_cast<unsigned char>(number);
    return {};
  }

  // One character, class, set or dot.
  Result<void> parse_single(Set& set) {
    const char c = text_[at_];
    if (c == '[') return parse_set(set);
    if (c == '.') {
      set.set();
      ++at_;
      return {};
    }
    if (c == '%') return parse_escape(set);
    set.set(static_cast<unsigned char>(c));
    ++at_;
    return {};
  }

  Result<void> parse_escape(Set& set) {
    if (++at_ >= text_.size()) return error("it ends with %");
    if (const Set* known = class_named(text_[at_])) {
      set |= *known;
    } else {
      set.set(static_cast<unsigned char>(text_[at_]));
    }
    ++at_;
    return {};
  }

  Result<void> parse_set(Set& set) {
    const std::size_t opened = at_++;
    bool negated = false;
    if (more() && text_[at_] == '^') {
      negated = true;
      ++at_;
    }
    bool first = true;
    while (more() && (text_[at_] != ']' || first)) {
      first = false;
      if (text_[at_] == '%') {
        if (auto escape = parse_escape(set); !escape) return escape;
      } else if (at_ + 2 < text_.size() && text_[at_ + 1] == '-' && text_[at_ + 2] != ']') {
        const auto low = static_cast<unsigned char>(text_[at_]);
        const auto high = static_cast<unsigned char>(text_[at_ + 2]);
        for (int c = low; c <= high; ++c) set.set(static_cast<std::size_t>(c));
        at_ += 3;
      } else {
        set.set(static_cast<unsigned char>(text_[at_++]));
      }
    }
    if (!more()) {
      at_ = opened;
      return error("this [ is not closed");
    }
    ++at_;
    if (negated) set.flip();
    return {};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  Pattern result_;
  std::vector<unsigned char> open_;
  std::bitset<kMostCaptures> closed_;
};

std::size_t Pattern::bytes() const { return nodes_.capacity() * sizeof(Node); }

Result<Pattern> Pattern::compile(std::string_view text) { return Parser(text).parse(); }

std::size_t Matcher::match_at(std::size_t at) { return run(0, at); }

std::size_t Matcher::search(std::size_t from, std::size_t& end) {
  for (std::size_t at = from; at <= subject_.size(); ++at) {
    end = match_at(at);
    if (end != kNone) return at;
    if (pattern_.anchored_) break;
  }
  return kNone;
}

bool Matcher::frontier(const Node& node, std::size_t at) const {
  const auto before = at == 0 ? '\0' : subject_[at - 1];
  const auto after = at == subject_.size() ? '\0' : subject_[at];
  return !node.set[static_cast<unsigned char>(before)] &&
         node.set[static_cast<unsigned char>(after)];
}

// The recursion is as deep as the pattern has nodes at most: its stack use is bounded.
std::size_t Matcher::run(std::size_t index, std::size_t at) {
  for (;; ++index) {
    step();
    if (index == pattern_.nodes_.size()) return at;
    const Node& node = pattern_.nodes_[index];
    switch (node.kind) {
      case Pattern::Kind::set:
        if (node.repeat != Pattern::Repeat::once) return run_repeat(index, at);
        if (!has(node, at)) return kNone;
        ++at;
        break;
      case Pattern::Kind::open: {
        const Capture old = captured_[node.a];
        captured_[node.a] = {at, 0};
        const std::size_t end = run(index + 1, at);
        if (end == kNone) captured_[node.a] = old;
        return end;
      }
      case Pattern::Kind::position:
        captured_[node.a] = {at, Capture::kPosition};
        break;
      case Pattern::Kind::close: {
        const std::size_t old = captured_[node.a].length;
        captured_[node.a].length = at - captured_[node.a].start;
        const std::size_t end = run(index + 1, at);
        if (end == kNone) captured_[node.a].length = old;
        return end;
      }
      case Pattern::Kind::backref: {
        const Capture& capture = captured_[node.a];
        if (capture.length == Capture::kPosition) return kNone;
        const std::string_view text = subject_.substr(capture.start, capture.length);
        steps_ += text.size() / 64;
        if (subject_.substr(at, text.size()) != text) return kNone;
        at += text.size();
        break;
      }
      case Pattern::Kind::balanced:
        at = run_balanced(node, at);
        if (at == kNone) return kNone;
        break;
      case Pattern::Kind::frontier:
        if (!frontier(node, at)) return kNone;
        break;
      case Pattern::Kind::end:
        if (at != subject_.size()) return kNone;
        break;
    }
  }
}

std::size_t Matcher::run_repeat(std::size_t index, std::size_t at) {
  const Node& node = pattern_.nodes_[index];
  if (node.repeat == Pattern::Repeat::fewest) {
    for (;; ++at) {
      const std::size_t end = run(index + 1, at);
      if (end != kNone || !has(node, at)) return end;
    }
  }
  const std::size_t least = node.repeat == Pattern::Repeat::some ? 1 : 0;
  const std::size_t most = node.repeat == Pattern::Repeat::optional ? 1 : subject_.size() - at;
  std::size_t count = 0;
  while (count < most && has(node, at + count)) {
    ++count;
    step();
  }
  for (;; --count) {
    if (count < least) return kNone;
    const std::size_t end = run(index + 1, at + count);
    if (end != kNone || count == 0) return end;
  }
}

std::size_t Matcher::run_balanced(const Node& node, std::size_t at) {
  if (at >= subject_.size() || static_cast<unsigned char>(subject_[at]) != node.a) return kNone;
  std::size_t depth = 1;
  for (std::size_t i = at + 1; i < subject_.size(); ++i) {
    step();
    const auto c = static_cast<unsigned char>(subject_[i]);
    if (c == node.b) {
      if (--depth == 0) return i + 1;
    } else if (c == node.a) {
      ++depth;
    }
  }
  return kNone;
}

std::vector<Capture> Matcher::captures(std::size_t start, std::size_t end) const {
  if (pattern_.captures_ == 0) return {{start, end - start}};
  return {captured_.begin(), captured_.begin() + pattern_.captures_};
}

}  // namespace cosmoo::lua
