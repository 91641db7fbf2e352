// JSON in both directions.
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/fuzz/json_rule.h"
#include "tests/unit/builtins/builtin_world.h"

namespace cosmoo {
namespace {

TEST_CASE("values become JSON") {
  const Example examples[] = {
      {"generate_json({1, 2.0, 'x', true, {a = {}}})", R"("[1,2.0,\"x\",true,{\"a\":[]}]")"},
      {"generate_json({a = 1, [5] = 2, [true] = 3})", R"("{\"true\":3,\"5\":2,\"a\":1}")"},
      {"generate_json({#4, E_PERM, E_NONE})", R"("[\"#4\",\"E_PERM\",null]")"},
      {"generate_json(nil)", R"("null")"},
      {"generate_json('a\"\\\\\\n\\1\\127\\xC3\\xA9')",
       "\"\\\"a\\\\\\\"\\\\\\\\\\\\n\\\\u0001\\x7F\xC3\xA9\\\"\""},
      {"generate_json({#4, 'x|obj', 1}, 'embedded-types')", R"("[\"#4|obj\",\"x|obj|str\",1]")"},
      {"generate_json({[#4] = E_PERM, [7] = 'y'}, 'embedded-types')",
       R"("{\"7|int\":\"y\",\"#4|obj\":\"E_PERM|err\"}")"},
      {"generate_json({1}, 'common-subset')", R"("[1]")"},
      {"generate_json('\\xFF')",
       "E_INVARG: generate_json(): a string is not UTF-8 from its byte 1"},
      {"generate_json('a\\xC0\\x80')",
       "E_INVARG: generate_json(): a string is not UTF-8 from its byte 2"},
      {"generate_json('\\xED\\xA0\\x80')", "E_INVARG"},
      {"generate_json('\\xF4\\x90\\x80\\x80')", "E_INVARG"},
      {"generate_json('\\xE2\\x82')", "E_INVARG"},
      {"generate_json(math.huge)", "E_INVARG: generate_json(): JSON has no number math.huge"},
      {"generate_json(0/0)", "E_INVARG"},
      {"generate_json({[5] = 1, ['5'] = 2})", "E_INVARG: generate_json(): two keys"},
      {"generate_json(1, 'other')", "E_INVARG: generate_json(): the mode is"},
      {"generate_json(1, 2)", "E_TYPE"},
      {"generate_json()", "E_ARGS"},
  };
  check_examples(examples);
}

TEST_CASE("JSON becomes values") {
  const Example examples[] = {
      {"parse_json('[1, 2.5, \"x\", true, null, {\"a\": {}}]')",
       R"({1, 2.5, "x", true, E_NONE, {a = {}}})"},
      {"parse_json(' {\"a\": 1, \"a\": 2, \"5\": []} ')", R"({["5"] = {}, a = 2})"},
      {"parse_json('\"\\\\u00e9\\\\ud83d\\\\ude00\\\\n\"')", "\"\xC3\xA9\xF0\x9F\x98\x80\\n\""},
      {"parse_json('-9223372036854775808')", "-9223372036854775808"},
      {"typeof(parse_json('18446744073709551615'))", R"("float")"},
      {"typeof(parse_json('123456789012345678901234567890'))", R"("float")"},
      {"parse_json('0.1') == 0.1 and parse_json('1.7976931348623157e308') == "
       "1.7976931348623157e308",
       "true"},
      {"parse_json('[\"#4\", \"E_PERM\"]')", R"({"#4", "E_PERM"})"},
      {"parse_json('[\"#4|obj\", \"4|obj\", \"E_PERM|err\", \"5|int\", \"1.5|float\", "
       "\"true|bool\", \"x|obj|str\"]', 'embedded-types')",
       R"({#4, #4, E_PERM, 5, 1.5, true, "x|obj"})"},
      {"parse_json('{\"7|int\": 1}', 'embedded-types')", "{[7] = 1}"},
      {"parse_json(generate_json({[#4] = {E_PERM, 'a|str'}, [2] = 1.0}, 'embedded-types'), "
       "'embedded-types')",
       R"({[2] = 1.0, [#4] = {E_PERM, "a|str"}})"},
      {"parse_json('[\"x|obj\"]', 'embedded-types')",
       "E_INVARG: parse_json(): \"x|obj\" is no object"},
      {"parse_json('[\"E_NOPE|err\"]', 'embedded-types')", "E_INVARG"},
      {"parse_json('{\"maybe|bool\": 1}', 'embedded-types')", "E_INVARG"},
      {"parse_json('[1, 2')", "E_INVARG: parse_json(): no JSON from character"},
      {"parse_json('[1, ]')", "E_INVARG: parse_json(): no JSON from character 5 on"},
      {"parse_json('')", "E_INVARG"},
      {"parse_json('[1] 2')", "E_INVARG: parse_json(): no JSON from character 5 on: extra data"},
      {"parse_json('nul')", "E_INVARG"},
      {"parse_json('\"\\xFF\"')", "E_INVARG"},
      {"parse_json('\"\\\\ud800\"')", "E_INVARG"},
      {"parse_json('1e999')", "E_INVARG: parse_json(): 1e999 does not fit a float"},
      {"parse_json('\"inf|float\"', 'embedded-types')", "E_INVARG"},
      {"parse_json('1', 'other')", "E_INVARG: parse_json(): the mode is"},
      {"parse_json(1)", "E_TYPE"},
  };
  check_examples(examples);
}

TEST_CASE("attack: JSON that is deep or has too much in it is refused") {
  const Example examples[] = {
      {"length(parse_json(('['):rep(90) .. (']'):rep(90)))", "1"},
      {"parse_json(('['):rep(91) .. (']'):rep(91))", "E_QUOTA: parse_json(): the JSON is nested"},
      {"parse_json(('['):rep(1000000))", "E_QUOTA: parse_json(): the JSON is nested"},
      {"parse_json('[' .. ('1,'):rep(100001) .. '1]')", "E_QUOTA: parse_json(): there are more"},
  };
  check_examples(examples);
}

TEST_CASE("the rules of JSON hold for the corpus of the fuzzer") {
  const std::filesystem::path folder = COSMOO_FUZZ_CORPUS;
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "json")) {
    CAPTURE(entry.path().string());
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string input(std::istreambuf_iterator<char>(file), {});
    const char* broken = test::broken_json_rule(input);
    const std::string_view rule = broken == nullptr ? "" : broken;
    CHECK(rule == "");
    ++files;
  }
  CHECK(files > 10);
}

}  // namespace
}  // namespace cosmoo
