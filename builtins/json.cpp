// The builtins of JSON.
#include "builtins/json.h"

#include "builtins/bounds.h"
#include "builtins/common.h"
#include "builtins/families.h"

namespace cosmoo {
namespace {

Result<JsonTypes> read_types(std::string_view builtin, const Value& mode) {
  if (mode.is_nil() || mode.string() == "common-subset") return JsonTypes::common_subset;
  if (mode.string() == "embedded-types") return JsonTypes::embedded;
  return fail(ErrorCode::invarg,
              std::string(builtin) + "(): the mode is \"common-subset\" or \"embedded-types\"");
}

Error in_builtin(std::string_view builtin, const Error& error) {
  return Error(error.code, std::string(builtin) + "(): " + error.message);
}

JsonLimits limits() {
  JsonLimits limits;
  limits.items = kMostItems;
  limits.bytes = kMostBytes;
  return limits;
}

// parse_json(text [, mode])
Outcome parse(Call& call) {
  const auto types = read_types("parse_json", call[1]);
  if (!types) return types.error();
  const std::string& text = call[0].string();
  if (!afford(call, 1 + ticks_for_bytes(text.size()) * 2)) return Value();
  auto value = parse_json(text, *types, limits());
  if (!value) return in_builtin("parse_json", value.error());
  return std::move(*value);
}

// generate_json(value [, mode])
Outcome generate(Call& call) {
  const auto types = read_types("generate_json", call[1]);
  if (!types) return types.error();
  if (!afford(call, 1 + ticks_for_bytes(call[0].bytes()))) return Value();
  auto text = generate_json(call[0], *types, limits());
  if (!text) return in_builtin("generate_json", text.error());
  return Value(std::move(*text));
}

}  // namespace

std::span<const Builtin> json_builtins() {
  using namespace types;
  static const Builtin kRows[] = {
      {"generate_json",
       {{"value"}, {"mode", kString}},
       1,
       Access::everyone,
       generate,
       "string",
       "A value as JSON. Lists are arrays, also the empty table; maps are objects, whose keys "
       "become strings; objects and errors are strings (\"#4\", \"E_PERM\"), nil and E_NONE null. "
       "The mode \"embedded-types\" (the other is \"common-subset\") writes types into strings, "
       "\"#4|obj\", so that parse_json() in that mode gives back what it was. E_INVARG for strings "
       "that are not UTF-8, numbers that are not finite, and keys that are lists or become the "
       "same string; E_QUOTA when it gets too long."},
      {"parse_json",
       {{"text", kString}, {"mode", kString}},
       1,
       Access::everyone,
       parse,
       "anything",
       "The value of a JSON text: arrays are lists, objects maps, null is E_NONE (nil would be a "
       "hole in a list), numbers with a fraction, an exponent or more than 64 bits floats. Modes "
       "as for generate_json(). E_INVARG says what is wrong, and where; E_QUOTA for more than 90 "
       "levels or 100000 values."},
  };
  return kRows;
}

}  // namespace cosmoo
