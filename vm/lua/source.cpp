#include "vm/lua/source.h"

#include <algorithm>
#include <cctype>
#include <utility>

namespace cosmoo::lua {
namespace {

bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }
bool begins_name(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool in_name(char c) { return begins_name(c) || is_digit(c); }

class Translator {
 public:
  Translator(std::string_view source, Args args) : source_(source), args_(args) {
    result_.text.reserve(source.size() + 16);
  }

  Translation run() {
    while (at_ < source_.size()) step();
    if (args_otherwise_ || (result_.variables & kRest) != 0) result_.numbered_args = 0;
    return std::move(result_);
  }

 private:
  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\0';
  }
  void copy(std::size_t count) {
    count = std::min(count, source_.size() - at_);
    result_.text.append(source_.substr(at_, count));
    at_ += count;
  }
  void replace(std::size_t count, std::string_view with) {
    at_ += count;
    result_.text.append(with);
    result_.edits.push_back({result_.text.size(), at_});
  }

  void step() {
    const char c = peek();
    const bool was_field = std::exchange(field_follows_, false);
    if (std::isspace(static_cast<unsigned char>(c)) != 0 || (c == '-' && peek(1) == '-')) {
      field_follows_ = was_field;
    }
    if (begins_name(c)) {
      name(was_field);
    } else if (is_digit(c) || (c == '.' && is_digit(peek(1)))) {
      number();
    } else if (source_.substr(at_).starts_with("...")) {
      result_.variables |= kRest;
      copy(3);
    } else if (c == '.' && peek(1) == '.') {
      copy(2);
    } else if (c == '.' || c == ':') {
      field_follows_ = true;
      copy(1);
    } else if (c == '"' || c == '\'') {
      quoted(c);
    } else if (c == '[' && long_bracket_level() >= 0) {
      long_bracket();
    } else if (c == '-' && peek(1) == '-') {
      comment();
    } else if (c == '#' && (is_digit(peek(1)) || (peek(1) == '-' && is_digit(peek(2))))) {
      object_literal();
    } else if (c == '$' && begins_name(peek(1))) {
      system_name();
    } else {
      copy(1);
    }
  }

  std::size_t name_length(std::size_t from) const {
    std::size_t end = from;
    while (end < source_.size() && in_name(source_[end])) ++end;
    return end - from;
  }

  void name(bool is_field) {
    const std::size_t length = name_length(at_);
    const std::string_view word = source_.substr(at_, length);
    if (word == "_ENV") forbid("_ENV cannot be used here");
    if ((word == "break" || word == "goto") && ++jumps_ > kMostJumps) {
      forbid("there are more than 4000 of break and goto");
    }
    for (std::size_t i = 0; i < kVerbVariables.size(); ++i) {
      if (kVerbVariables[i] == word) result_.variables |= 1u << i;
    }
    if (word == "args") {
      if (!is_field && numbered(length)) return;
      args_otherwise_ = true;
    } else if (word.starts_with("args_")) {
      args_otherwise_ = true;  // it may be the name that we would give to a parameter
    }
    copy(length);
  }

  // The first of it counts.
  void forbid(std::string_view why) {
    if (!result_.forbidden) result_.forbidden = Translation::Forbidden{at_, why};
  }

  // Takes `args[N]`, with a single digit, if that stands here; `length` is that of its name.
  bool numbered(std::size_t length) {
    const char digit = peek(length + 1);
    if (peek(length) != '[' || digit < '1' || digit > '9' || peek(length + 2) != ']') return false;
    result_.numbered_args = std::max(result_.numbered_args, static_cast<std::size_t>(digit - '0'));
    if (args_ == Args::parameters) {
      replace(length + 3, std::string("args_") + digit);
    } else {
      copy(length + 3);
    }
    return true;
  }

  // Whole, so that the digits of 0x1p4 or 1e5 are not taken for names.
  void number() {
    std::size_t length = 1;
    while (in_name(peek(length)) || peek(length) == '.' ||
           ((peek(length) == '+' || peek(length) == '-') &&
            std::string_view("eEpP").find(peek(length - 1)) != std::string_view::npos)) {
      ++length;
    }
    copy(length);
  }

  void quoted(char quote) {
    std::size_t length = 1;
    while (at_ + length < source_.size() && peek(length) != quote && peek(length) != '\n') {
      // \z skips line ends; an escaped line end belongs to the string.
      if (peek(length) == '\\' && peek(length + 1) == 'z') {
        length += 2;
        while (std::isspace(static_cast<unsigned char>(peek(length)))) ++length;
        continue;
      }
      length += peek(length) == '\\' ? 2 : 1;
    }
    copy(length + 1);
  }

  // The number of `=` in a long bracket that opens here, or -1.
  int long_bracket_level() const {
    std::size_t end = 1;
    while (peek(end) == '=') ++end;
    return peek(end) == '[' ? static_cast<int>(end - 1) : -1;
  }

  void long_bracket() {
    const auto level = static_cast<std::size_t>(long_bracket_level());
    const std::string close = "]" + std::string(level, '=') + "]";
    const std::size_t end = source_.find(close, at_ + level + 2);
    copy(end == std::string_view::npos ? source_.size() - at_ : end + close.size() - at_);
  }

  void comment() {
    copy(2);
    if (peek() == '[' && long_bracket_level() >= 0) {
      long_bracket();
    } else {
      const std::size_t end = source_.find('\n', at_);
      copy(end == std::string_view::npos ? source_.size() - at_ : end - at_);
    }
  }

  void object_literal() {
    std::size_t length = peek(1) == '-' ? 2 : 1;
    while (is_digit(peek(length))) ++length;
    replace(length, "toobj(" + std::string(source_.substr(at_ + 1, length - 1)) + ")");
  }

  void system_name() {
    const std::size_t length = 1 + name_length(at_ + 1);
    const std::string_view word = source_.substr(at_ + 1, length - 1);
    const bool called = peek(length) == '(';
    replace(length, (called ? "system:" : "system.") + std::string(word));
  }

  std::string_view source_;
  const Args args_;
  std::size_t at_ = 0;
  std::size_t jumps_ = 0;
  bool field_follows_ =
      false;  // a `.` was the last that was no space: args in x.args is no variable
  bool args_otherwise_ = false;  // mentioned in another form than args[1]
  Translation result_;
};

}  // namespace

std::size_t Translation::source_offset(std::size_t offset) const {
  const Edit* last = nullptr;
  for (const Edit& edit : edits) {
    if (edit.text_end > offset) break;
    last = &edit;
  }
  return last == nullptr ? offset : offset - last->text_end + last->source_end;
}

Translation translate(std::string_view source, Args args) { return Translator(source, args).run(); }

SyntaxError place_of(std::string_view source, std::size_t offset, std::string message) {
  offset = std::min(offset, source.size());
  SyntaxError error;
  error.message = std::move(message);
  const std::string_view before = source.substr(0, offset);
  error.line = 1 + static_cast<int>(std::count(before.begin(), before.end(), '\n'));
  const std::size_t line_start = before.rfind('\n');
  error.column =
      1 + static_cast<int>(line_start == std::string_view::npos ? offset : offset - line_start - 1);
  return error;
}

}  // namespace cosmoo::lua
