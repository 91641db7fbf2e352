// What is made from the table: the reference page, the stubs for editors, function_info().
#include "builtins/reference.h"

#include <fstream>
#include <sstream>

#include "tests/unit/builtins/builtin_world.h"
#include "vm/lua/verb_form.h"

namespace cosmoo {
namespace {

std::string checked_in(const std::string& name) {
  std::ifstream in(COSMOO_SOURCE_DIR "/scripts/" + name, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

Outcome nothing(Call&) { return Value(); }

BuiltinTable small_table() {
  using namespace types;
  static const Builtin kRows[] = {
      {"weigh",
       {{"object", kObject}, {"unit", kString | kInteger}},
       1,
       Access::wizard,
       nothing,
       "float, or nil",
       "How heavy it is."},
      {"water.pour",
       {{"end", kNumber}, {"function or object"}, {"into", kMap}},
       2,
       Access::everyone,
       nothing,
       "true, results... | false, error",
       "Pours *it*: `a*b` stays.",
       true},
      {"water.drops", {}, 0, Access::everyone, nothing, "list of objects", "All of them."},
  };
  BuiltinTable table;
  table.add("Water", kRows);
  return table;
}

TEST_CASE("the checked-in reference is what the table says") {
  const BuiltinTable table = make_builtin_table();
  const bool page = checked_in("BUILTINS.md") == reference_page(table);
  const bool stubs = checked_in("cosmoo.lua") == editor_stubs(table);
  CHECK_MESSAGE(page, "scripts/BUILTINS.md is out of date: run `ninja -C build/debug reference`");
  CHECK_MESSAGE(stubs, "scripts/cosmoo.lua is out of date: run `ninja -C build/debug reference`");
}

TEST_CASE("the stubs are Lua, and give every builtin its types") {
  const std::string stubs = editor_stubs(small_table());
  CHECK(stubs.starts_with("---@meta\n"));
  CHECK(has(stubs,
            "\n---How heavy it is.\n---For wizards.\n---@param object object\n"
            "---@param unit? integer|string\n---@return number|nil # float, or nil\n"
            "function weigh(object, unit) end\n"));
  CHECK(has(stubs,
            "---@param end_ number\n---@param function_or_object any\n---@param into? table\n"
            "---@param ... any\n---@return any ... # true, results... | false, error\n"
            "function water.pour(end_, function_or_object, into, ...) end\n"));
  CHECK(has(stubs, "---@return object[] # list of objects\nfunction water.drops() end\n"));
  CHECK(stubs.find("\nwater = {}\n") == stubs.rfind("\nwater = {}\n"));
  CHECK(has(stubs, "---@type object\nplayer = nil\n"));
  CHECK(has(stubs, "---@type error\nE_PERM = nil\n"));
  VerbChecker checker;
  CHECK_FALSE(checker.check(stubs).has_value());
  CHECK_FALSE(checker.check(editor_stubs(make_builtin_table())).has_value());
}

TEST_CASE("the page shows what a builtin takes, and text as it is") {
  const std::string page = reference_page(small_table());
  CHECK(has(page,
            "\n## Water\n\n### weigh\n\n    weigh(object [, unit])  ->  float, or nil\n\n"
            "`object`: object, `unit?`: integer or string. For wizards.\n\nHow heavy it is.\n"));
  CHECK(has(page, "\nPours \\*it\\*: `a*b` stays.\n"));
  CHECK(page.find("## Water") == page.rfind("## Water"));
}

TEST_CASE("function_info() tells of parameters") {
  BuiltinWorld world;
  CHECK(world.run("function_info(\"find_player\").parameters") ==
        "{{name = \"name\", optional = false, types = {\"string\"}}}");
  CHECK(world.run("#function_info(\"raise\").parameters[3].types") == "9");
  CHECK(world.run("function_info(\"task_id\").parameters") == "{}");
  CHECK(world.run("function_info(\"move\").family") == "\"Places\"");
  CHECK(world.run("function_info(\"pcall\").more") == "true");
  CHECK(world.outcome_of("function_info(\"no_such_builtin\")") == "E_INVARG");
}

}  // namespace
}  // namespace cosmoo
