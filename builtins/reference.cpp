#include "builtins/reference.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "vm/world/symbol.h"

namespace cosmoo {
namespace {

constexpr std::size_t kWidth = 100;

// --- text

/// Words in lines of at most kWidth, each begun with `start`.
std::string wrapped(std::string_view text, std::string_view start) {
  std::string out, line;
  while (!text.empty()) {
    const std::size_t space = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, space);
    if (!line.empty() && start.size() + line.size() + 1 + word.size() > kWidth) {
      out += fmt::format("{}{}\n", start, line);
      line.clear();
    }
    if (!line.empty()) line += ' ';
    line += word;
    text.remove_prefix(std::min(space + 1, text.size()));
  }
  if (!line.empty()) out += fmt::format("{}{}\n", start, line);
  return out;
}

std::string access_sentence(const Builtin& builtin) {
  if (builtin.access == Access::everyone) return "";
  return fmt::format("For {}.", name_of(builtin.access));
}

// --- the page

/// Text that Markdown shows as it is, but for `code`.
std::string plain_markdown(std::string_view text) {
  std::string out;
  bool code = false;
  for (const char c : text) {
    if (c == '`') code = !code;
    if (!code && std::string_view("*<>[]\\").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

std::string parameters_text(const Builtin& builtin) {
  std::string text;
  for (std::size_t i = 0; i < builtin.parameters.size(); ++i) {
    const Parameter& parameter = builtin.parameters[i];
    text += fmt::format("{}`{}{}`: {}", text.empty() ? "" : ", ", parameter.name,
                        i < builtin.required ? "" : "?", text_of(parameter.types));
  }
  if (builtin.variadic) text += fmt::format("{}`...`: anything", text.empty() ? "" : ", ");
  return text.empty() ? "" : text + '.';
}

std::string page_entry(const Builtin& builtin) {
  std::string out = fmt::format("\n### {}\n\n    {}  ->  {}\n\n", plain_markdown(builtin.name),
                                signature(builtin), builtin.returns);
  std::string facts = parameters_text(builtin);
  if (const std::string access = access_sentence(builtin); !access.empty()) {
    facts += facts.empty() ? access : ' ' + access;
  }
  if (!facts.empty()) out += wrapped(facts, "") + '\n';
  return out + wrapped(plain_markdown(builtin.help), "");
}

// --- the stubs

/// A parameter's name as one that Lua takes.
std::string identifier(std::string_view name) {
  static constexpr std::array<std::string_view, 22> kWords{
      "and",      "break",  "do",   "else", "elseif", "end",  "false", "for",
      "function", "goto",   "if",   "in",   "local",  "nil",  "not",   "or",
      "repeat",   "return", "then", "true", "until",  "while"};
  std::string out(name);
  std::replace_if(
      out.begin(), out.end(), [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); },
      '_');
  if (std::find(kWords.begin(), kWords.end(), out) != kWords.end()) out += '_';
  return out;
}

std::string annotation(TypeSet set) {
  if ((set & types::kValue) == types::kValue) return "any";
  struct Row {
    TypeSet types;
    std::string_view annotation;
  };
  // What comes first takes its types away from what follows.
  static constexpr Row kRows[] = {
      {types::kBoolean, "boolean"}, {types::kNumber, "number"}, {types::kInteger, "integer"},
      {types::kString, "string"},   {types::kObject, "object"}, {types::kError, "error"},
      {types::kMap, "table"},       {types::kList, "any[]"},    {types::kNil, "nil"}};
  std::string text;
  TypeSet left = set;
  for (const Row& row : kRows) {
    if ((left & row.types) != row.types) continue;
    left = static_cast<TypeSet>(left & ~row.types);
    text += (text.empty() ? "" : "|") + std::string(row.annotation);
  }
  return text;
}

/// The type that a row's words for what it returns mean: "list of objects" is object[].
std::string annotation(std::string_view words) {
  struct Row {
    std::string_view word, annotation;
  };
  static constexpr Row kRows[] = {
      {"boolean", "boolean"}, {"integer", "integer"}, {"float", "number"},
      {"string", "string"},   {"object", "object"},   {"error", "error"},
      {"list", "any[]"},      {"map", "table"},       {"nil", "nil"}};
  const bool is_list_of = words.starts_with("list of ") && words.ends_with('s');
  const std::string_view word = is_list_of ? words.substr(8, words.size() - 9) : words;
  for (const Row& row : kRows) {
    if (row.word == word) return std::string(row.annotation) + (is_list_of ? "[]" : "");
  }
  return words.starts_with('{') && words.ends_with('}') ? "any[]" : "any";
}

/// "map | list of maps", "string, or nil" are alternatives; "true, results..." are several values.
std::string returns_annotation(std::string_view returns) {
  if (returns == "nothing") return "";
  const std::string comment = fmt::format(" # {}\n", returns);
  if (returns.find("...") != std::string_view::npos) return "---@return any ..." + comment;
  std::string types;
  for (std::string_view left = returns; !left.empty();) {
    constexpr std::string_view kOr[] = {" | ", ", or "};
    std::size_t end = left.size(), next = left.size();
    for (const std::string_view word : kOr) {
      if (const std::size_t at = left.find(word); at < end) {
        end = at;
        next = at + word.size();
      }
    }
    types += (types.empty() ? "" : "|") + annotation(left.substr(0, end));
    left.remove_prefix(next);
  }
  return "---@return " + types + (types == returns ? "\n" : comment);
}

std::string stub(const Builtin& builtin) {
  std::string out = '\n' + wrapped(builtin.help, "---");
  out += wrapped(access_sentence(builtin), "---");
  std::string names;
  for (std::size_t i = 0; i < builtin.parameters.size(); ++i) {
    const Parameter& parameter = builtin.parameters[i];
    const std::string name = identifier(parameter.name);
    out += fmt::format("---@param {}{} {}\n", name, i < builtin.required ? "" : "?",
                       annotation(parameter.types));
    names += (names.empty() ? "" : ", ") + name;
  }
  if (builtin.variadic) {
    out += "---@param ... any\n";
    names += names.empty() ? "..." : ", ...";
  }
  out += returns_annotation(builtin.returns);
  return out + fmt::format("function {}({}) end\n", builtin.name, names);
}

std::string variable(std::string_view name, std::string_view type, std::string_view help) {
  return fmt::format("\n---{}\n---@type {}\n{} = nil\n", help, type, name);
}

std::string property_type(BuiltinProperty property) {
  switch (property) {
    case BuiltinProperty::name:
      return "string";
    case BuiltinProperty::owner:
    case BuiltinProperty::location:
      return "object";
    case BuiltinProperty::contents:
    case BuiltinProperty::parents:
    case BuiltinProperty::children:
      return "object[]";
    default:
      return "boolean";
  }
}

std::string classes() {
  std::string out =
      "\n---An object of the world, as #4 or $room: its properties are fields, its verbs methods.\n"
      "---@class object\n";
  const SymbolTable builtin;
  for (std::uint32_t i = 0; i < static_cast<std::uint32_t>(BuiltinProperty::count); ++i) {
    out += fmt::format("---@field {} {}\n", builtin.name_of(static_cast<Symbol>(i)),
                       property_type(static_cast<BuiltinProperty>(i)));
  }
  return out +
         "---@field [string] any\n"
         "\n---What raise() raises and pcall() catches; it equals its code: err == E_INVARG.\n"
         "---@class error\n"
         "---@field code error\n"
         "---@field name string\n"
         "---@field message string\n"
         "---@field value any\n";
}

std::string verb_variables() {
  struct Row {
    std::string_view name, type, help;
  };
  static constexpr Row kRows[] = {
      {"this", "object", "The object that the verb was called on."},
      {"player", "object", "The player whose command this is, or led here."},
      {"caller", "object", "The object whose verb called this one; the player, of a command."},
      {"verb", "string", "The name that the verb was called by."},
      {"args", "any[]", "What the verb was called with; of a command, its words."},
      {"argstr", "string", "The command behind its first word."},
      {"dobj", "object",
       "The command's direct object; #-1: none; #-2: several fit; #-3: none fits."},
      {"dobjstr", "string", "The words of the direct object."},
      {"prepstr", "string", "The words of the preposition."},
      {"iobj", "object", "The command's indirect object, as dobj."},
      {"iobjstr", "string", "The words of the indirect object."},
  };
  std::string out;
  for (const Row& row : kRows) out += variable(row.name, row.type, row.help);
  return out;
}

std::string constants() {
  std::string out;
  for (int i = 0; i < kErrorCodes; ++i) {
    const auto code = static_cast<ErrorCode>(i);
    out += variable(name_of(code), "error", text_of(code));
  }
  // What typeof() returns.
  for (const std::string_view name :
       {"INT", "NUM", "FLOAT", "STR", "OBJ", "ERR", "LIST", "MAP", "BOOL", "NIL"}) {
    out += variable(name, "string", "What typeof() returns.");
  }
  return out;
}

}  // namespace

std::string reference_page(const BuiltinTable& table) {
  std::string out =
      "# Builtins\n\n" +
      wrapped(
          "What verbs can call besides Lua's own functions. `help NAME` shows the same in the "
          "world. What stands in brackets, or has a question mark, may be left out. An argument of "
          "a wrong type raises E_TYPE, a wrong number of them E_ARGS, a caller who may not E_PERM.",
          "") +
      "\nThis page is made from the builtins' tables: `cosmoo --print-builtins` prints it.\n";
  std::string_view family;
  for (const Builtin& builtin : table.rows()) {
    if (builtin.family != family) out += fmt::format("\n## {}\n", builtin.family);
    family = builtin.family;
    out += page_entry(builtin);
  }
  return out;
}

std::string editor_stubs(const BuiltinTable& table) {
  std::string out =
      "---@meta\n"
      "-- What verbs can use, for the Lua language server: completion and help in an editor.\n"
      "-- Made from the builtins' tables: `cosmoo --print-stubs` prints it. No server reads it.\n";
  out += classes() + verb_variables() + constants();
  std::string_view family;
  std::set<std::string_view> tables;
  for (const Builtin& builtin : table.rows()) {
    if (builtin.family != family) out += fmt::format("\n-- {}\n", builtin.family);
    family = builtin.family;
    const std::size_t dot = builtin.name.find('.');
    if (dot != std::string_view::npos && tables.insert(builtin.name.substr(0, dot)).second) {
      out += fmt::format("\n{} = {{}}\n", builtin.name.substr(0, dot));
    }
    out += stub(builtin);
  }
  return out;
}

}  // namespace cosmoo
