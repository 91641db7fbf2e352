// What every builtin refuses, by its row; and errors that no other test of a family meets.
#include "tests/unit/builtins/builtin_world.h"

namespace cosmoo {
namespace {

constexpr ObjectId kWizardId = BuiltinWorld::kWizardPlayer;
constexpr ObjectId kMe = BuiltinWorld::kProgrammerPlayer;
constexpr ObjectId kPlain = BuiltinWorld::kPlainPlayer;

struct Sample {
  TypeSet types;
  std::string_view literal;
};
constexpr Sample kSamples[] = {
    {types::kString, "'x'"},   {types::kInteger, "1"},   {types::kObject, "#3"},
    {types::kBoolean, "true"}, {types::kList, "{7}"},    {types::kMap & ~types::kList, "{a = 7}"},
    {types::kNumber, "1.5"},   {types::kError, "E_DIV"},
};

std::string literal_of(TypeSet types) {
  for (const Sample& sample : kSamples) {
    if ((sample.types & types) != 0) return std::string(sample.literal);
  }
  return "nil";
}

// What a parameter does not take; empty: it takes everything.
std::string wrong_for(TypeSet types) {
  for (const Sample& sample : kSamples) {
    if ((sample.types & types) == 0) return std::string(sample.literal);
  }
  return "";
}

std::string call_of(const Builtin& row, const std::vector<std::string>& arguments) {
  std::string code(row.name);
  code += '(';
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    code.append(i > 0 ? ", " : "").append(arguments[i]);
  }
  return code + ")";
}

// One that is right, as far as a row can say.
std::vector<std::string> right_arguments(const Builtin& row) {
  std::vector<std::string> arguments;
  for (const Parameter& parameter : row.parameters) {
    arguments.push_back(literal_of(parameter.types));
  }
  return arguments;
}

TEST_CASE("every builtin refuses too few, too many and wrong arguments") {
  BuiltinWorld w;
  for (const Builtin& row : w.builtins.rows()) {
    if (row.run == nullptr) continue;  // the language's own
    const std::vector<std::string> right = right_arguments(row);
    if (row.required > 0) {
      const std::vector few(right.begin(),
                            right.begin() + static_cast<std::ptrdiff_t>(row.required - 1));
      CAPTURE(call_of(row, few));
      CHECK(w.outcome_of(call_of(row, few)) == "E_ARGS");
    }
    if (!row.variadic) {
      std::vector many = right;
      many.emplace_back("1");
      CAPTURE(call_of(row, many));
      CHECK(w.outcome_of(call_of(row, many)) == "E_ARGS");
    }
    for (std::size_t i = 0; i < right.size(); ++i) {
      std::vector wrong = right;
      wrong[i] = wrong_for(row.parameters[i].types);
      if (wrong[i].empty()) continue;
      CAPTURE(call_of(row, wrong));
      CHECK(w.outcome_of(call_of(row, wrong)) == "E_TYPE");
    }
  }
}

TEST_CASE("what is for wizards or programmers is for nobody else") {
  BuiltinWorld w;
  for (const Builtin& row : w.builtins.rows()) {
    if (row.access == Access::everyone) continue;
    const std::string code = call_of(row, right_arguments(row));
    CAPTURE(code);
    CHECK(w.outcome_of(code, kPlain) == "E_PERM");
    if (row.access == Access::wizard) CHECK(w.outcome_of(code, kMe) == "E_PERM");
  }
}

TEST_CASE("another's connection is not one's own, and who is not connected has none") {
  BuiltinWorld w;
  for (const char* code :
       {"output_delimiters(%)", "buffered_output_length(%)", "connection_options(%)",
        "connection_option(%, 'binary')", "set_connection_option(%, 'binary', true)",
        "connection_name(%)", "connection_info(%)", "flush_input(%)", "read(%)", "read(%, true)"}) {
    CAPTURE(code);
    const auto of = [&](const std::string& player) {
      std::string with = code;
      return with.replace(with.find('%'), 1, player);
    };
    CHECK(w.outcome_of(of("#5"), kMe) == "E_PERM");
    CHECK(w.outcome_of(of("#3"), kMe) == "E_INVARG");
    CHECK(w.outcome_of(of("#5")) == "E_INVARG");
  }
  for (const char* code :
       {"notify(#5, 'x')", "force_input(#5, 'x')", "boot_player(#5)", "set_password(#5, 'x')",
        "check_password(#5, 'x')", "set_task_perms(#5)"}) {
    CAPTURE(code);
    CHECK(w.outcome_of(code, kMe) == "E_PERM");
  }
  CHECK(w.outcome_of("connected_seconds(#3)", kMe) == "E_INVARG");
  CHECK(w.outcome_of("idle_seconds(#3)", kMe) == "E_INVARG");
}

TEST_CASE("notify() wants a binary string where binary is set") {
  BuiltinWorld w;
  w.connections.connect(kMe);
  w.connections.online[kMe].binary = true;
  CHECK(w.outcome_of("notify(#3, '~zz')", kMe) == "E_INVARG");
  CHECK(w.run("notify(#3, '~41~0D')", kMe) == "true");
  CHECK(w.connections.heard[kMe].front() == "A\r");
}

TEST_CASE("another's task is not one's own, and one that is gone is nobody's") {
  BuiltinWorld w;
  const std::string task = w.run("fork(1000, function() end)");
  for (const std::string name : {"kill_task", "resume", "task_stack"}) {
    CAPTURE(name);
    CHECK(w.outcome_of(name + "(" + task + ")", kMe) == "E_PERM");
    CHECK(w.outcome_of(name + "(999999)", kMe) == "E_INVARG");
  }
  CHECK(w.outcome_of("task_stack(task_id())", kMe) == "E_INVARG");
  CHECK(w.outcome_of("resume(task_id())", kMe) == "E_INVARG");
  // But who runs in a task may end it, as its budget's end would.
  w.verb(BuiltinWorld::kThing, "stop", "pcall(kill_task, task_id()) #6.p = 'went on'", kMe);
  w.property(BuiltinWorld::kThing, "p", Value("kept"), kMe);
  CHECK(has(w.run("#6:stop() return 'went on'"), "killed"));
  CHECK(w.run("#6.p") == "\"kept\"");
}

TEST_CASE("who has too many tasks that wait begins no further wait") {
  SchedulerLimits limits;
  limits.tasks_per_player = 1;
  BuiltinWorld w(limits);
  w.connections.connect(kMe);
  REQUIRE(w.outcome_of("fork(1000, function() end) return 1", kMe) == "1");
  for (const char* code :
       {"read(#3)", "suspend(1)", "suspend()", "while true do yin(0) end",
        "fork(1, function() end)", "sandbox.run('x')", "sandbox.list()", "sandbox.info('x')"}) {
    CAPTURE(code);
    CHECK(w.outcome_of(code, kMe) == "E_QUOTA");
  }
}

TEST_CASE("a verb takes no more room than its object's owner has") {
  BuiltinWorld w;
  w.verb(BuiltinWorld::kThing, "v", "return 1", kMe);
  w.property(kMe, "byte_quota", Value(1000));
  const std::string names = "('n'):rep(900)";
  for (const std::string& code :
       {"add_verb(#6, {#3, 'rxd', " + names + "}, {'this', 'none', 'this'})",
        "set_verb_info(#6, 'v', {#3, 'rxd', " + names + "})",
        std::string("set_verb_code(#6, 'v', 'return 1' .. (' '):rep(900))"),
        std::string("add_property(#6, ('p'):rep(250), ('x'):rep(900))")}) {
    CAPTURE(code);
    CHECK(w.outcome_of(code, kMe) == "E_QUOTA");
    CHECK(w.outcome_of("#3.byte_quota = 1000 return 1", kWizardId) == "1");
  }
  CHECK(w.outcome_of("set_verb_args(#6, 'none', {'this', 'none', 'this'})", kMe) == "E_VERBNF");
}

}  // namespace
}  // namespace cosmoo
