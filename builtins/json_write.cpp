// Values to JSON.
#include <charconv>
#include <cmath>
#include <set>

#include "builtins/json.h"
#include "builtins/json_types.h"

namespace cosmoo {
namespace {

// The length of the UTF-8 character at the front, 0 if there is none (RFC 3629, section 4).
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
  };
  const auto follows = [&](std::size_t i) { return (byte(i) & 0xC0) == 0x80; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool overlong = first == 0xE0 && byte(1) < 0xA0;
    const bool surrogate = first == 0xED && byte(1) > 0x9F;
    return follows(1) && follows(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool overlong = first == 0xF0 && byte(1) < 0x90;
    const bool beyond = first == 0xF4 && byte(1) > 0x8F;
    return follows(1) && follows(2) && follows(3) && !overlong && !beyond ? 4 : 0;
  }
  return 0;
}

class Writer {
 public:
  Writer(JsonTypes types, const JsonLimits& limits) : types_(types), limits_(limits) {}

  Result<void> write(const Value& value) {
    if (out_.size() > limits_.bytes) return fail(ErrorCode::quota, "the JSON gets too long");
    switch (value.type()) {
      case Value::Type::nil:
        out_ += "null";
        break;
      case Value::Type::boolean:
        out_ += value.boolean() ? "true" : "false";
        break;
      case Value::Type::integer:
        out_ += std::to_string(value.integer());
        break;
      case Value::Type::float_:
        return write_float(value.number());
      case Value::Type::string:
        return write_string(value.string());
      case Value::Type::object:
        return write_quoted(value);
      case Value::Type::error:
        if (value.error().code != ErrorCode::none) return write_quoted(value);
        out_ += "null";
        break;
      case Value::Type::list:
        return write_list(value.list());
      case Value::Type::map:
        return write_map(value.map());
    }
    return {};
  }

  std::string take() { return std::move(out_); }

 private:
  Result<void> write_float(double number) {
    if (!std::isfinite(number)) {
      return fail(ErrorCode::invarg, "JSON has no number " + to_literal(Value(number)));
    }
    out_ += to_literal(Value(number));
    return {};
  }

  // The text that stands for a value which JSON has no type for.
  std::string text_for(const Value& value) const {
    std::string text = to_literal(value);
    return types_ == JsonTypes::embedded ? with_type(std::move(text), value.type()) : text;
  }

  Result<void> write_quoted(const Value& value) { return write_bytes(text_for(value)); }

  Result<void> write_string(const std::string& text) {
    return types_ == JsonTypes::embedded && embedded_type(text)
               ? write_bytes(with_type(text, Value::Type::string))
               : write_bytes(text);
  }

  Result<void> write_bytes(std::string_view text) {
    out_ += '"';
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t length = utf8_length(text.substr(at));
      if (length == 0) {
        return fail(ErrorCode::invarg, "a string is not UTF-8 from its byte " +
                                           std::to_string(at + 1) +
                                           " on; encode_base64() makes text of bytes");
      }
      if (length == 1) {
        write_ascii(text[at]);
      } else {
        out_ += text.substr(at, length);
      }
      at += length;
    }
    out_ += '"';
    return {};
  }

  void write_ascii(char c) {
    constexpr char kHex[] = "0123456789abcdef";
    switch (c) {
      case '"':
        out_ += "\\\"";
        break;
      case '\\':
        out_ += "\\\\";
        break;
      case '\n':
        out_ += "\\n";
        break;
      case '\r':
        out_ += "\\r";
        break;
      case '\t':
        out_ += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) >= 0x20) {
          out_ += c;
        } else {
          out_ += "\\u00";
          out_ += kHex[c >> 4];
          out_ += kHex[c & 15];
        }
    }
  }

  Result<void> write_list(const List& list) {
    out_ += '[';
    bool first = true;
    for (const Value& item : list) {
      if (!std::exchange(first, false)) out_ += ',';
      if (auto written = write(item); !written) return written;
    }
    out_ += ']';
    return {};
  }

  Result<void> write_map(const Map& map) {
    out_ += '{';
    std::set<std::string, std::less<>> made;  // of what is no string
    bool first = true;
    for (const auto& [key, item] : map) {
      if (!std::exchange(first, false)) out_ += ',';
      if (auto written = write_key(key, map, made); !written) return written;
      out_ += ':';
      if (auto written = write(item); !written) return written;
    }
    out_ += '}';
    return {};
  }

  Result<void> write_key(const Value& key, const Map& map,
                         std::set<std::string, std::less<>>& made) {
    if (key.is_string()) return write_string(key.string());
    if (key.is_list() || key.is_map()) {
      return fail(ErrorCode::invarg, "a key of a map is a list or map, which JSON's cannot be");
    }
    const std::string text = text_for(key);
    const bool twice = types_ == JsonTypes::common_subset && map.contains(Value(text));
    if (twice || !made.insert(text).second) {
      return fail(ErrorCode::invarg, "two keys of a map would both be \"" + text + "\"");
    }
    return write_bytes(text);
  }

  const JsonTypes types_;
  const JsonLimits& limits_;
  std::string out_;
};

}  // namespace

Result<std::string> generate_json(const Value& value, JsonTypes types, const JsonLimits& limits) {
  Writer writer(types, limits);
  if (auto written = writer.write(value); !written) return tl::unexpected(written.error());
  return writer.take();
}

}  // namespace cosmoo
