#include "vm/object_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "vm/world/codec.h"
#include "vm/world/command.h"

namespace cosmoo {
namespace {

constexpr std::size_t kWidth = 100;
constexpr std::uint8_t kVerbDefault = kRead | kExecute | kDebug;
constexpr VerbArgs kArgsDefault{ObjectSpec::this_, kNoPreposition, ObjectSpec::this_};

// --- which form a value needs

// Lua tells apart as keys what the world does, and keeps them as they are.
bool is_plain_key(const Value& key) {
  switch (key.type()) {
    case Value::Type::boolean:
    case Value::Type::integer:
    case Value::Type::string:
    case Value::Type::object:
      return true;
    case Value::Type::float_:  // 2.0 would become 2
      return !std::isnan(key.number()) && key.number() != std::floor(key.number());
    default:
      return false;
  }
}

// Whether Lua reads the table of these pairs as this map, and not as a list or another map.
bool is_plain(const Map& map) {
  std::size_t in_sequence = 0;
  for (const auto& [key, item] : map) {
    if (!is_plain_key(key) || item.is_nil()) return false;
    if (key.type() == Value::Type::integer &&
        key.integer() == static_cast<std::int64_t>(in_sequence) + 1) {
      ++in_sequence;
    }
  }
  return in_sequence != map.size();  // an empty one too reads as a list
}

bool is_plain(const List& list) {
  for (const Value& item : list) {
    if (item.is_nil()) return false;
  }
  return true;
}

// Lua compiles a literal with 250 registers and 200 levels: about what this one takes of either.
// Items of a list are gathered fifty at a time, each in a register.
std::size_t weight(const Value& value) {
  constexpr std::size_t kGathered = 50;
  constexpr std::size_t kMuch = 1000;
  std::size_t most = 4;
  if (value.is_list()) {
    for (std::size_t i = 0; i < value.list().size() && most < kMuch; ++i) {
      most = std::max(most, 2 + i % kGathered + weight(value.list()[i]));
    }
  } else if (value.is_map()) {
    const bool plain = is_plain(value.map());
    std::size_t place = 0;
    for (const auto& [key, item] : value.map()) {
      const std::size_t both = std::max(weight(key), 1 + weight(item));
      most = std::max(most, both + (plain ? 2 : 5 + place++ % kGathered));
      if (most >= kMuch) break;
    }
  } else if (value.type() == Value::Type::error) {
    most = 4 + weight(value.error().value);
  }
  return most;
}
constexpr std::size_t kMostWeight = 150;

// --- values as text

class Writer {
 public:
  Writer(const ObjectNames& names, VerbChecker& checker) : names_(names), checker_(checker) {}

  std::string write(const ObjectSource& object) {
    out_ += object.comment;
    write_object(object);
    bool after_line = false;  // a property of one line stands right above
    for (const auto& property : object.properties) {
      const std::string text = property_text(property);
      const bool one_line = text.find('\n') == std::string::npos;
      if (!(after_line && one_line && property.comment.empty())) out_ += '\n';
      out_ += property.comment + text + '\n';
      after_line = one_line;
    }
    for (const auto& verb : object.verbs) {
      out_ += '\n' + verb.comment;
      write_verb(verb);
    }
    return std::move(out_);
  }

 private:
  // In a field that takes a name or an object.
  std::string reference(ObjectId id) const {
    const auto named = names_.find(id);
    return named != names_.end() ? '"' + named->second + '"' : to_string(id);
  }

  std::string object_value(ObjectId id) const {
    const auto named = names_.find(id);
    if (named == names_.end() || id == kSystem) return to_string(id);
    return is_identifier(named->second) ? '$' + named->second : "ref \"" + named->second + '"';
  }

  std::string key_text(const Value& key) const {
    if (key.is_string() && is_identifier(key.string())) return key.string() + " = ";
    return '[' + inline_text(key) + "] = ";
  }

  // Opening, items and closing of a table as it is written.
  struct Pieces {
    std::string open;
    std::vector<std::pair<std::string, const Value*>> items;  // what stands before each
    bool pairs = false;                                       // each item is a pair of a map
  };

  Pieces pieces(const Value& value) const {
    Pieces pieces{"{", {}, false};
    if (value.is_list()) {
      if (!is_plain(value.list())) {
        pieces.open = fmt::format("list {{ n = {},", value.list().size());
      }
      for (const Value& item : value.list()) pieces.items.emplace_back("", &item);
      return pieces;
    }
    pieces.pairs = !is_plain(value.map());
    if (pieces.pairs) pieces.open = "map {";
    for (const auto& [key, item] : value.map()) {
      pieces.items.emplace_back(pieces.pairs ? "{ " + inline_text(key) + ", " : key_text(key),
                                &item);
    }
    return pieces;
  }

  std::string error_text(const ErrorValue& error) const {
    const std::string code(name_of(error.code));
    const bool bare = error.value.is_nil() && error.message == text_of(error.code);
    if (bare) return code;
    std::string text = fmt::format("failure({}, {}", code, to_literal(Value(error.message)));
    if (!error.value.is_nil()) text += ", " + inline_text(error.value);
    return text + ')';
  }

  std::string inline_text(const Value& value) const {
    switch (value.type()) {
      case Value::Type::object:
        return object_value(value.object());
      case Value::Type::integer:  // the digits alone would be read as a float
        if (value.integer() == INT64_MIN) return "math.mininteger";
        return to_literal(value);
      case Value::Type::error:
        return error_text(value.error());
      case Value::Type::list:
      case Value::Type::map: {
        const Pieces table = pieces(value);
        std::string text = table.open;
        for (const auto& [before, item] : table.items) {
          if (text.size() > table.open.size()) text += ',';
          text += ' ' + before + inline_text(*item);
          if (table.pairs) text += " }";
        }
        return text + (table.items.empty() ? "}" : " }");
      }
      default:
        return to_literal(value);
    }
  }

  // The value, on several lines if it does not fit between `column` and what follows.
  std::string text_of_value(const Value& value, std::size_t column, std::size_t follows,
                            std::size_t indent) const {
    std::string text = inline_text(value);
    const bool fits = column + text.size() + follows <= kWidth;
    if (fits || !(value.is_list() || value.is_map())) return text;
    const Pieces table = pieces(value);
    if (table.items.empty()) return text;
    const std::string margin(indent + 2, ' ');
    text = table.open + '\n';
    for (const auto& [before, item] : table.items) {
      text += margin + before;
      text += text_of_value(*item, margin.size() + before.size(), 3, indent + 2);
      text += table.pairs ? " },\n" : ",\n";
    }
    return text + std::string(indent, ' ') + '}';
  }

  std::string stored_text(const Value& value) const {
    std::string bytes;
    encode(value, bytes);
    std::string text = "stored \"";
    for (const char c : bytes) text += fmt::format("{:02X}", static_cast<unsigned char>(c));
    return text + '"';
  }

  // --- statements

  void write_object(const ObjectSource& object) {
    std::vector<std::string> fields{"name = " + to_literal(Value(object.name))};
    if (!object.parents.empty()) {
      std::string parents;
      for (const ObjectId parent : object.parents) {
        parents += (parents.empty() ? "" : ", ") + reference(parent);
      }
      fields.push_back("parents = { " + parents + " }");
    }
    if (object.owner) fields.push_back("owner = " + reference(*object.owner));
    std::string flags;
    for (const auto& [word, flag] : kFlagWords) {
      if ((object.flags & flag) == 0) continue;
      flags += (flags.empty() ? "" : " ") + std::string(word);
    }
    if (!flags.empty()) fields.push_back("flags = \"" + flags + '"');
    if (object.location) fields.push_back("location = " + reference(*object.location));
    if (object.arrived) fields.push_back("arrived = " + std::to_string(*object.arrived));
    const std::string line = fmt::format("object {{ {} }}\n", fmt::join(fields, ", "));
    out_ += line.size() <= kWidth + 1
                ? line
                : fmt::format("object {{\n  {},\n}}\n", fmt::join(fields, ",\n  "));
  }

  std::string property_text(const ObjectSource::PropertySource& property) const {
    std::string after;
    if (!property.value) after += ", clear = true";
    if (property.permissions) {
      after += fmt::format(", perms = \"{}\"", property_permissions_text(*property.permissions));
    }
    if (property.owner) after += ", owner = " + reference(*property.owner);
    after += " }";
    std::string text = "property { " + to_literal(Value(property.name));
    if (!property.value) return text + after;
    text += ", ";
    text += weight(*property.value) > kMostWeight
                ? stored_text(*property.value)
                : text_of_value(*property.value, text.size(), after.size(), 0);
    return text + after;
  }

  void write_verb(const ObjectSource::VerbSource& verb) {
    out_ += "verb { " + to_literal(Value(verb.names));
    if (verb.args != kArgsDefault) out_ += fmt::format(", \"{}\"", to_string(verb.args));
    if (verb.permissions != kVerbDefault) {
      out_ += fmt::format(", perms = \"{}\"", verb_permissions_text(verb.permissions));
    }
    if (verb.owner) out_ += ", owner = " + reference(*verb.owner);
    const VerbForm form = checker_.form_of(verb.code);
    switch (form) {
      case VerbForm::function:
        out_ += ", function()\n";
        write_body(verb.code);
        out_ += "end }\n";
        break;
      case VerbForm::vararg_function:
        out_ += ", function(...)\n";
        write_body(verb.code);
        out_ += "end }\n";
        break;
      case VerbForm::text:
      case VerbForm::unchecked_text:
        out_ += ", code = " + code_text(verb.code);
        if (form == VerbForm::unchecked_text) out_ += ", unchecked = true";
        out_ += " }\n";
        break;
    }
  }

  void write_body(std::string_view code) {
    while (!code.empty()) {
      const std::size_t end = code.find('\n');
      const std::string_view line = code.substr(0, end);
      if (!line.empty()) out_ += "  ";
      out_ += line;
      out_ += '\n';
      if (end == std::string_view::npos) return;
      code.remove_prefix(end + 1);
      if (code.empty()) out_ += '\n';  // what ends with a line's end has an empty line behind it
    }
  }

  // In long brackets, whose content is what stands in them, if no byte of it would be changed.
  std::string code_text(const std::string& code) const {
    for (const char c : code) {
      const auto byte = static_cast<unsigned char>(c);
      if ((byte < 32 && c != '\n' && c != '\t') || byte == 127) return to_literal(Value(code));
    }
    std::string level;
    while ((code + "]").find("]" + level + "]") != std::string::npos) level += '=';
    return "[" + level + "[\n" + code + "]" + level + "]";
  }

  const ObjectNames& names_;
  VerbChecker& checker_;
  std::string out_;
};

}  // namespace

std::string object_text(const ObjectSource& object, const ObjectNames& names,
                        VerbChecker& checker) {
  return Writer(names, checker).write(object);
}

}  // namespace cosmoo
