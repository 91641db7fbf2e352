// JSON to values, by Boost.JSON's parser: it tells of each piece as it comes, and no tree is built
// beside the value.
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/src.hpp>
#include <charconv>
#include <cmath>

#include "builtins/json.h"
#include "builtins/json_types.h"

namespace cosmoo {
namespace {

namespace json = boost::json;

template <typename Number>
std::optional<Number> whole_number(std::string_view text) {
  Number number{};
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// What "#4|obj" stands for; none: it is not what its suffix says.
std::optional<Value> read_embedded(std::string_view text, Value::Type type) {
  switch (type) {
    case Value::Type::object: {
      if (text.starts_with('#')) text.remove_prefix(1);
      const auto number = whole_number<std::int64_t>(text);
      return number ? std::optional(Value(ObjectId{*number})) : std::nullopt;
    }
    case Value::Type::error: {
      const auto code = error_named(text);
      return code ? std::optional(Value(*code)) : std::nullopt;
    }
    case Value::Type::integer: {
      const auto number = whole_number<std::int64_t>(text);
      return number ? std::optional(Value(*number)) : std::nullopt;
    }
    case Value::Type::float_: {
      const auto number = whole_number<double>(text);
      return number && std::isfinite(*number) ? std::optional(Value(*number)) : std::nullopt;
    }
    case Value::Type::boolean:
      if (text != "true" && text != "false") return std::nullopt;
      return Value(text == "true");
    default:
      return Value(text);
  }
}

// Boost.JSON's handler: builds the value from the inside out. The names are the parser's.
class Builder {
 public:
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

  Builder(JsonTypes types, const JsonLimits& limits) : types_(types), limits_(limits) {}

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_array_begin(json::error_code&) { return begin(); }
  bool on_object_begin(json::error_code&) { return begin(); }

  bool on_array_end(std::size_t, json::error_code& stop) {
    const auto items = done_.begin() + static_cast<std::ptrdiff_t>(begins_.back());
    List list(std::make_move_iterator(items), std::make_move_iterator(done_.end()));
    return end(Value(std::move(list)), stop);
  }

  // Keys and values come in turn; of two equal keys, the last counts.
  bool on_object_end(std::size_t, json::error_code& stop) {
    Map map;
    for (std::size_t i = begins_.back(); i + 1 < done_.size(); i += 2) {
      map.insert_or_assign(std::move(done_[i]), std::move(done_[i + 1]));
    }
    return end(Value(std::move(map)), stop);
  }

  bool on_key_part(json::string_view part, std::size_t, json::error_code&) { return keep(part); }
  bool on_key(json::string_view part, std::size_t, json::error_code& stop) {
    return keep(part) && add_text(stop);
  }
  bool on_string_part(json::string_view part, std::size_t, json::error_code&) { return keep(part); }
  bool on_string(json::string_view part, std::size_t, json::error_code& stop) {
    return keep(part) && add_text(stop);
  }

  bool on_number_part(json::string_view part, json::error_code&) { return keep(part); }
  bool on_int64(std::int64_t number, json::string_view, json::error_code& stop) {
    text_.clear();
    return add(Value(number), stop);
  }
  bool on_uint64(std::uint64_t number, json::string_view, json::error_code& stop) {
    text_.clear();
    return add(Value(static_cast<double>(number)), stop);
  }
  // Read anew: the parser's own result may be off by a bit.
  bool on_double(double number, json::string_view part, json::error_code& stop) {
    keep(part);
    const std::string text = std::exchange(text_, {});
    const double exact = whole_number<double>(text).value_or(number);
    if (std::isfinite(exact)) return add(Value(exact), stop);
    failed_ = Error(ErrorCode::invarg, text.substr(0, 80) + " does not fit a float");
    stop = json::error::exponent_overflow;
    return false;
  }

  bool on_bool(bool value, json::error_code& stop) { return add(Value(value), stop); }
  bool on_null(json::error_code& stop) { return add(Value(ErrorCode::none), stop); }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }

  /// Why it stopped the parser, if it did.
  const std::optional<Error>& failed() const { return failed_; }
  Value take() { return std::move(done_.front()); }

 private:
  bool begin() {
    begins_.push_back(done_.size());
    return true;
  }

  bool end(Value value, json::error_code& stop) {
    done_.resize(begins_.back());
    begins_.pop_back();
    return add(std::move(value), stop);
  }

  bool keep(json::string_view part) {
    text_.append(part.data(), part.size());
    return true;
  }

  bool add_text(json::error_code& stop) {
    const std::string text = std::exchange(text_, {});
    const EmbeddedSuffix* suffix = types_ == JsonTypes::embedded ? embedded_type(text) : nullptr;
    if (suffix == nullptr) return add(Value(text), stop);
    auto value = read_embedded(std::string_view(text).substr(0, text.size() - suffix->text.size()),
                               suffix->type);
    if (value) return add(std::move(*value), stop);
    failed_ = Error(ErrorCode::invarg, to_literal(Value(text.substr(0, 80))) + " is no " +
                                           std::string(name_of(suffix->type)));
    stop = json::error::syntax;
    return false;
  }

  bool add(Value value, json::error_code& stop) {
    if (++items_ > limits_.items) {
      failed_ = Error(ErrorCode::quota,
                      "there are more than " + std::to_string(limits_.items) + " values");
      stop = json::error::array_too_large;
      return false;
    }
    done_.push_back(std::move(value));
    return true;
  }

  const JsonTypes types_;
  const JsonLimits& limits_;
  List done_;                        // what is complete, but for the lists and maps around it
  std::vector<std::size_t> begins_;  // where these begin in it
  std::string text_;                 // the string or number that is being read
  std::size_t items_ = 0;
  std::optional<Error> failed_;
};

}  // namespace

Result<Value> parse_json(std::string_view text, JsonTypes types, const JsonLimits& limits) {
  json::parse_options options;
  options.max_depth = limits.depth;
  json::basic_parser<Builder> parser(options, types, limits);
  json::error_code failed;
  const std::size_t read = parser.write_some(false, text.data(), text.size(), failed);
  if (parser.handler().failed()) return tl::unexpected(*parser.handler().failed());
  if (!failed && read < text.size()) failed = json::error::extra_data;
  if (failed == json::error::too_deep) {
    return fail(ErrorCode::quota,
                "the JSON is nested deeper than " + std::to_string(limits.depth) + " levels");
  }
  if (failed) {
    return fail(ErrorCode::invarg,
                "no JSON from character " + std::to_string(read + 1) + " on: " + failed.message());
  }
  return parser.handler().take();
}

}  // namespace cosmoo
