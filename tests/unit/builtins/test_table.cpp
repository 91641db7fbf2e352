// The table of builtins: what help and the engine rely on.
#include <doctest/doctest.h>

#include <set>

#include "builtins/services.h"

namespace cosmoo {
namespace {

TEST_CASE("every builtin says what it takes, gives and does") {
  const BuiltinTable table = make_builtin_table();
  CHECK(table.rows().size() > 60);
  std::set<std::string_view> names;
  for (const Builtin& row : table.rows()) {
    CAPTURE(row.name);
    CHECK(names.insert(row.name).second);
    CHECK(row.required <= row.parameters.size());
    CHECK(!row.returns.empty());
    CHECK(row.help.size() > 10);
    CHECK(row.help.ends_with('.'));
    for (const Parameter& parameter : row.parameters) {
      CHECK(!parameter.name.empty());
      CHECK(parameter.types != 0);
    }
  }
}

TEST_CASE("a signature shows what may be left out") {
  const BuiltinTable table = make_builtin_table();
  CHECK(signature(*table.find("exec")) == "exec(command [, input [, environment [, options]]])");
  CHECK(signature(*table.find("suspend")) == "suspend([seconds])");
  CHECK(signature(*table.find("task_id")) == "task_id()");
  CHECK(signature(*table.find("print")) == "print(...)");
  CHECK(signature(*table.find("pcall")) == "pcall(function, ...)");
  CHECK(table.find("no_such_builtin") == nullptr);
}

TEST_CASE("two builtins of one name are refused at once") {
  BuiltinTable table = make_builtin_table();
  const Builtin again[] = {{"exec", {}, 0, Access::everyone, nullptr, "", ""}};
  CHECK_THROWS(table.add("Programs", again));
}

}  // namespace
}  // namespace cosmoo
