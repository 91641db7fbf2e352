// Rules, of MOO's syntax
//  1. . * + ? ^ $ [...] are special by themselves; %| %( %) %1 to %9 %b %B %< %> %w %W with their
//     %. A % takes its meaning from every other character.
//  2. *, + and ? need something before them to repeat. They may be repeated themselves.
//  3. ^ stands at the beginning of the pattern, of a group or of an alternative; $ at their end.
//  4. A set may begin with ^ (all others) and then with ], which is itself there. Nothing else is
//     special in it but the - of a range, and that not as its first or last character.
//  5. The first nine groups are remembered; further ones only hold together.
//  6. A word is of letters and digits. %b also matches where the subject begins and ends, %B never
//     does.
#include "builtins/moo_pattern.h"

#include <fmt/format.h>
#include <bitset>
#include <vector>

namespace cosmoo {
namespace {

constexpr std::string_view kWord = "[0-9A-Za-z]";
constexpr std::string_view kNoWord = "[^0-9A-Za-z]";
constexpr std::string_view kWordBegin = "(?<![0-9A-Za-z])(?=[0-9A-Za-z])";
constexpr std::string_view kWordEnd = "(?<=[0-9A-Za-z])(?![0-9A-Za-z])";
constexpr std::string_view kBoundary =
    "(?:\\A|\\z|(?<![0-9A-Za-z])(?=[0-9A-Za-z])|(?<=[0-9A-Za-z])(?![0-9A-Za-z]))";
constexpr std::string_view kNoBoundary =
    "(?:(?<=[0-9A-Za-z])(?=[0-9A-Za-z])|(?<=[^0-9A-Za-z])(?=[^0-9A-Za-z]))";

class Translator {
 public:
  explicit Translator(std::string_view pattern) : pattern_(pattern) {}

  Result<std::string> run() {
    while (at_ < pattern_.size()) {
      if (auto done = step(); !done) return tl::unexpected(done.error());
    }
    if (!open_.empty()) return bad(open_.back().at, "the group is not closed by %)");
    return std::move(out_);
  }

 private:
  struct Group {
    std::size_t at;      // in the pattern
    std::size_t begins;  // in what is written
    int number;
  };

  tl::unexpected<Error> bad(std::size_t at, std::string_view what) const {
    return fail(ErrorCode::invarg, fmt::format("the pattern's character {}: {}", at + 1, what));
  }

  // --- what is written: pieces, the last of which can be repeated

  void piece(std::string_view text) {
    piece_ = out_.size();
    out_ += text;
    begins_ = false;
    repeated_ = false;
  }

  void literal(char c) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = byte >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                       (c >= 'A' && c <= 'Z') || c == ' ' || c == '_';
    piece(plain ? std::string(1, c) : fmt::format("\\x{:02x}", byte));
  }

  // What may not be repeated as it stands, or would grow together with what follows.
  void isolated(std::string_view text) { piece(fmt::format("(?:{})", text)); }

  Result<void> repeat(char how) {
    if (begins_) return bad(at_, fmt::format("there is nothing before {} to repeat", how));
    if (repeated_) {
      out_.insert(piece_, "(?:");
      out_ += ')';
    }
    out_ += how;
    repeated_ = true;
    ++at_;
    return {};
  }

  void begin_alternative() {
    begins_ = true;
    repeated_ = false;
  }

  // --- what is read

  bool ends_here(std::size_t at) const {
    if (at >= pattern_.size()) return true;
    const std::string_view next = pattern_.substr(at, 2);
    return next == "%|" || next == "%)";
  }

  Result<void> step() {
    const char c = pattern_[at_];
    switch (c) {
      case '%':
        return escape();
      case '[':
        return set();
      case '*':
      case '+':
      case '?':
        return repeat(c);
      case '.':
        piece(".");
        break;
      case '^':
        if (!begins_) return bad(at_, "^ can only stand at a beginning; %^ is itself");
        isolated("^");
        break;
      case '$':
        if (!ends_here(at_ + 1)) return bad(at_, "$ can only stand at an end; %$ is itself");
        isolated("$");
        break;
      default:
        literal(c);
    }
    ++at_;
    return {};
  }

  Result<void> escape() {
    if (at_ + 1 >= pattern_.size()) return bad(at_, "nothing follows the %");
    const char c = pattern_[at_ + 1];
    switch (c) {
      case '(':
        open_.push_back({at_, out_.size(), ++groups_});
        out_ += groups_ <= kMostGroups ? "(" : "(?:";
        begin_alternative();
        break;
      case ')':
        if (open_.empty()) return bad(at_, "no group is open here");
        out_ += ')';
        if (open_.back().number <= kMostGroups)
          closed_.set(static_cast<std::size_t>(open_.back().number));
        piece_ = open_.back().begins;
        open_.pop_back();
        begins_ = false;
        repeated_ = false;
        break;
      case '|':
        out_ += '|';
        begin_alternative();
        break;
      case 'w':
        piece(kWord);
        break;
      case 'W':
        piece(kNoWord);
        break;
      case '<':
        isolated(kWordBegin);
        break;
      case '>':
        isolated(kWordEnd);
        break;
      case 'b':
        isolated(kBoundary);
        break;
      case 'B':
        isolated(kNoBoundary);
        break;
      default:
        if (c >= '1' && c <= '9') {
          if (!closed_[static_cast<std::size_t>(c - '0')]) {
            return bad(at_, fmt::format("no group {} has been closed before %{}", c, c));
          }
          isolated(fmt::format("\\g{{{}}}", c));
        } else {
          literal(c);
        }
    }
    at_ += 2;
    return {};
  }

  Result<void> set() {
    const std::size_t begin = at_++;
    const bool others = peek() == '^';
    if (others) ++at_;
    std::bitset<256> members;
    for (bool first = true; first || peek() != ']'; first = false) {
      if (at_ >= pattern_.size()) return bad(begin, "the set is not closed by ]");
      const auto low = static_cast<unsigned char>(pattern_[at_++]);
      auto high = low;
      if (peek() == '-' && at_ + 1 < pattern_.size() && pattern_[at_ + 1] != ']') {
        high = static_cast<unsigned char>(pattern_[at_ + 1]);
        if (high < low) return bad(at_ - 1, "the range ends before it begins");
        at_ += 2;
      }
      for (unsigned c = low; c <= high; ++c) members.set(c);
    }
    ++at_;
    write_set(members, others);
    return {};
  }

  char peek() const { return at_ < pattern_.size() ? pattern_[at_] : '\0'; }

  void write_set(const std::bitset<256>& members, bool others) {
    std::string text = others ? "[^" : "[";
    for (unsigned c = 0; c < 256; ++c) {
      if (!members[c]) continue;
      unsigned last = c;
      while (last < 255 && members[last + 1]) ++last;
      text += fmt::format("\\x{:02x}-\\x{:02x}", c, last);
      c = last;
    }
    piece(text += ']');
  }

  static constexpr int kMostGroups = 9;

  const std::string_view pattern_;
  std::size_t at_ = 0;
  std::string out_;
  std::size_t piece_ = 0;  // where the last piece begins in out_
  bool begins_ = true;     // at a beginning: nothing to repeat, and ^ is special
  bool repeated_ = false;  // the last piece has a repetition already
  std::vector<Group> open_;
  std::bitset<kMostGroups + 1> closed_;
  int groups_ = 0;
};

}  // namespace

Result<std::string> translate_moo_pattern(std::string_view pattern) {
  return Translator(pattern).run();
}

}  // namespace cosmoo
