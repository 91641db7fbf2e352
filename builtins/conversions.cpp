// Values as other values: texts, numbers, sizes.
#include <charconv>
#include <cmath>

#include "builtins/bounds.h"
#include "builtins/common.h"
#include "builtins/families.h"

namespace cosmoo {
namespace {

// What writing a value down may cost.
bool afford_text(Call& call, const Value& value) {
  constexpr std::size_t kBytesPerTick = 256;
  return afford(call, static_cast<std::int64_t>(value.bytes() / kBytesPerTick));
}

Outcome tostr(Call& call) {
  std::string text;
  for (std::size_t i = 0; i < call.size(); ++i) {
    if (!call[i].is_string() && !afford_text(call, call[i])) return Value();
    text += to_text(call[i]);
  }
  return Value(std::move(text));
}

Outcome toliteral(Call& call) {
  if (!afford_text(call, call[0])) return Value();
  return Value(to_literal(call[0]));
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

// The whole of the text, blanks around it left out; a + before it is allowed.
template <typename Number>
std::errc read_number(std::string_view text, Number& number) {
  text = trimmed(text);
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc()) return failed;
  return end == text.data() + text.size() ? std::errc() : std::errc::invalid_argument;
}

Outcome integer_of(double number) {
  constexpr double kLimit = 9223372036854775808.0;  // 2^63
  if (!(number >= -kLimit && number < kLimit)) {
    return Error(ErrorCode::float_,
                 "toint(): " + to_literal(Value(number)) + " does not fit an integer");
  }
  return Value(static_cast<std::int64_t>(number));
}

Outcome toint(Call& call) {
  const Value& value = call[0];
  switch (value.type()) {
    case Value::Type::float_:
      return integer_of(value.number());
    case Value::Type::boolean:
      return Value(value.boolean() ? 1 : 0);
    case Value::Type::object:
      return Value(value.object().number);
    case Value::Type::error:
      return Value(static_cast<std::int64_t>(value.error().code));
    case Value::Type::string: {
      std::int64_t number = 0;
      if (read_number(value.string(), number) == std::errc()) return Value(number);
      double inexact = 0;
      const std::errc failed = read_number(value.string(), inexact);
      if (failed == std::errc::result_out_of_range) inexact = HUGE_VAL;
      return failed == std::errc::invalid_argument ? Value(0) : integer_of(inexact);
    }
    default:
      return value;
  }
}

Outcome tofloat(Call& call) {
  const Value& value = call[0];
  switch (value.type()) {
    case Value::Type::boolean:
      return Value(value.boolean() ? 1.0 : 0.0);
    case Value::Type::object:
      return Value(static_cast<double>(value.object().number));
    case Value::Type::error:
      return Value(static_cast<double>(value.error().code));
    case Value::Type::string: {
      double number = 0;
      const std::errc failed = read_number(value.string(), number);
      if (failed == std::errc()) return Value(number);
      const std::string shown = to_literal(Value(value.string().substr(0, 80)));
      if (failed == std::errc::result_out_of_range) {
        return Error(ErrorCode::float_, "tofloat(): " + shown + " does not fit a float");
      }
      return Error(ErrorCode::invarg, "tofloat(): " + shown + " is not a number");
    }
    default:
      return Value(value.number());
  }
}

Outcome value_bytes(Call& call) { return Value(static_cast<std::int64_t>(call[0].bytes())); }

}  // namespace

std::span<const Builtin> conversion_builtins() {
  using namespace types;
  constexpr TypeSet kScalar = kNumber | kString | kObject | kError | kBoolean;
  static const Builtin kRows[] = {
      {"tostr",
       {},
       0,
       Access::everyone,
       tostr,
       "string",
       "Its arguments as people read them, one behind the other.",
       true},
      {"toliteral",
       {{"value"}},
       1,
       Access::everyone,
       toliteral,
       "string",
       "A value as code that makes it again: \"text\" in quotes, {1, 2}, {name = \"x\"}, #4, "
       "E_PERM."},
      {"toint",
       {{"value", kScalar}},
       1,
       Access::everyone,
       toint,
       "integer",
       "A float without its fraction, a string's number (0 if it is none, as in MOO; see "
       "tonumber()), an object's or error's number, 1 for true. E_FLOAT if it does not fit."},
      {"tofloat",
       {{"value", kScalar}},
       1,
       Access::everyone,
       tofloat,
       "float",
       "The value as a float: a number, a string's number, an object's or error's number, 1.0 for "
       "true. E_INVARG if the string is no number, E_FLOAT if it does not fit."},
      {"value_bytes",
       {{"value"}},
       1,
       Access::everyone,
       value_bytes,
       "integer",
       "About how many bytes of memory the value occupies where it is stored."},
  };
  return kRows;
}

}  // namespace cosmoo
