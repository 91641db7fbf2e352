// Values as text: literals and what people read.
#include <cctype>
#include <charconv>
#include <cmath>

#include "vm/value.h"

namespace cosmoo {
namespace {

constexpr std::string_view kTypeNames[] = {"nil",    "boolean", "integer", "float", "string",
                                           "object", "error",   "list",    "map"};

constexpr std::string_view kReserved[] = {"and",   "break", "do",       "else", "elseif", "end",
                                          "false", "for",   "function", "goto", "if",     "in",
                                          "local", "nil",   "not",      "or",   "repeat", "return",
                                          "then",  "true",  "until",    "while"};

// Bytes that are not printable ASCII or UTF-8's own range are escaped, so that a literal can be
// shown, stored and pasted back.
void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c < 32 || c == 127) {
      constexpr char kHex[] = "0123456789ABCDEF";
      out += "\\x";
      out += kHex[c >> 4];
      out += kHex[c & 15];
    } else {
      out += static_cast<char>(c);
    }
  }
  out += '"';
}

void append_float(std::string& out, double number) {
  if (std::isnan(number)) {
    out += "(0/0)";
  } else if (std::isinf(number)) {
    out += number > 0 ? "math.huge" : "-math.huge";
  } else {
    char buffer[32];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, number).ptr;
    const std::string_view text(buffer, static_cast<std::size_t>(end - buffer));
    out += text;
    if (text.find_first_of(".eE") == std::string_view::npos) out += ".0";
  }
}

void append_literal(std::string& out, const Value& value) {
  switch (value.type()) {
    case Value::Type::nil:
      out += "nil";
      break;
    case Value::Type::boolean:
      out += value.boolean() ? "true" : "false";
      break;
    case Value::Type::integer:
      out += std::to_string(value.integer());
      break;
    case Value::Type::float_:
      append_float(out, value.number());
      break;
    case Value::Type::string:
      append_quoted(out, value.string());
      break;
    case Value::Type::object:
      out += to_string(value.object());
      break;
    case Value::Type::error:
      out += name_of(value.error().code);
      break;
    case Value::Type::list: {
      out += '{';
      bool first = true;
      for (const Value& item : value.list()) {
        if (!std::exchange(first, false)) out += ", ";
        append_literal(out, item);
      }
      out += '}';
      break;
    }
    case Value::Type::map: {
      out += '{';
      bool first = true;
      for (const auto& [key, item] : value.map()) {
        if (!std::exchange(first, false)) out += ", ";
        if (key.is_string() && is_identifier(key.string())) {
          out += key.string();
        } else {
          out += '[';
          append_literal(out, key);
          out += ']';
        }
        out += " = ";
        append_literal(out, item);
      }
      out += '}';
      break;
    }
  }
}

}  // namespace

std::string_view name_of(Value::Type type) { return kTypeNames[static_cast<std::size_t>(type)]; }

bool is_identifier(std::string_view text) {
  if (text.empty() || std::isdigit(static_cast<unsigned char>(text[0]))) return false;
  for (const char c : text) {
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '_') return false;
  }
  for (const std::string_view word : kReserved) {
    if (word == text) return false;
  }
  return true;
}

std::string to_literal(const Value& value) {
  std::string out;
  append_literal(out, value);
  return out;
}

std::string to_text(const Value& value) {
  return value.is_string() ? value.string() : to_literal(value);
}

}  // namespace cosmoo
