#include "tests/unit/builtins/script_world.h"

#include <boost/asio/io_context.hpp>
#include <deque>
#include <filesystem>
#include <optional>

#include "vm/lua/engine.h"

namespace cosmoo {
namespace {

class NoConnections final : public Connections {
 public:
  bool send(ObjectId, std::string_view, Output) override { return true; }
  std::vector<ObjectId> list() const override { return {}; }
  std::optional<ConnectionInfo> info(ObjectId) const override { return std::nullopt; }
  bool connected(ObjectId) const override { return false; }
  bool boot(ObjectId) override { return false; }
  Result<void> read_line(ObjectId, Ticket, Reading) override { return none(); }
  Result<std::optional<std::string>> poll_line(ObjectId) override { return none(); }
  Result<void> force_input(ObjectId, std::string_view, Place) override { return none(); }
  Result<std::size_t> flush_input(ObjectId) override { return none(); }
  Result<Map> options(ObjectId) const override { return none(); }
  Result<void> set_option(ObjectId, std::string_view, const Value&) override { return none(); }
  Result<Delimiters> delimiters(ObjectId) const override { return none(); }
  Result<std::size_t> buffered(ObjectId) const override { return none(); }
  std::size_t output_limit() const override { return 0; }
  Result<void> switch_player(ObjectId, ObjectId, Notice) override { return none(); }

 private:
  static tl::unexpected<Error> none() { return fail(ErrorCode::invarg, "nobody is connected"); }
};

class NoAccounts final : public Accounts {
 public:
  Result<void> set_password(ObjectId, std::string, Ticket) override {
    return fail(ErrorCode::invarg);
  }
  Result<void> check_password(ObjectId, std::string, Ticket) override {
    return fail(ErrorCode::invarg);
  }
};

class NoStore final : public WriteBehind {
 public:
  bool is_new() const override { return true; }
  void flush() override {}
  void checkpoint(std::function<void(Result<void>)> done) override { done({}); }
  Result<void> close() override { return {}; }
};

}  // namespace

struct ScriptWorld::Parts {
  explicit Parts(SchedulerLimits limits) : scheduler(limits) {}
  ~Parts() { scheduler.kill_all(); }  // tasks end before their language

  World world;
  Scheduler scheduler;
  NoConnections connections;
  NoAccounts accounts;
  NoStore store;
  BuiltinTable builtins = make_builtin_table();
  boost::asio::io_context loop;
  sandbox::JobTable jobs;
  sandbox::ProcessEngine processes{loop, {}, jobs};
  sandbox::ExecutableDirectory executables =
      sandbox::ExecutableDirectory::open(std::filesystem::temp_directory_path()).value();
  std::deque<std::function<void()>> posted;  // what comes back to the loop
  Services services{.world = world,
                    .scheduler = scheduler,
                    .connections = connections,
                    .accounts = accounts,
                    .store = store,
                    .builtins = builtins,
                    .jobs = jobs,
                    .processes = processes,
                    .executables = executables,
                    .exec = {},
                    .scripts_folder = {},
                    .version = "test",
                    .shut_down = [](const std::string&) {},
                    .log = [](std::string_view) {},
                    .offload =
                        [this](const std::function<void()>& work, std::function<void()> then) {
                          work();
                          posted.push_back(std::move(then));
                        }};
  std::unique_ptr<Engine> engine = make_lua_engine(world, scheduler, builtins, services, {});
  std::string result;
};

ScriptWorld::ScriptWorld(SchedulerLimits limits) : parts_(std::make_unique<Parts>(limits)) {
  for (int i = 0; i < 3; ++i) REQUIRE(parts_->world.create({}, kWizardPlayer).has_value());
  REQUIRE(parts_->world.set_flag(kWizardPlayer, kWizard, true).has_value());
  for (const ObjectId id : {kWizardPlayer, kProgrammerPlayer}) {
    REQUIRE(parts_->world.set_flag(id, kProgrammer, true).has_value());
    REQUIRE(parts_->world.set_owner(id, id).has_value());
  }
  parts_->scheduler.on_end([parts = parts_.get()](const Task&, const Step& step) {
    if (const auto* failed = std::get_if<Failed>(&step)) {
      const Value& error = failed->error;
      const bool finished =
          error.type() == Value::Type::error && error.error().code == ErrorCode::none;
      parts->result = finished ? error.error().message
                      : error.type() == Value::Type::error
                          ? std::string(name_of(error.error().code)) + ": " + error.error().message
                          : "error: " + to_text(error);
    } else if (const auto* aborted = std::get_if<Aborted>(&step)) {
      parts->result = "aborted: " + aborted->message;
    }
  });
}

ScriptWorld::~ScriptWorld() = default;

World& ScriptWorld::world() { return parts_->world; }

std::string ScriptWorld::run(const std::string& code, ObjectId programmer) {
  Parts& parts = *parts_;
  parts.result = "(waiting)";
  const bool expression = !parts.engine->check("return " + code);
  // It says itself what it came to: a task's value is nobody's.
  const std::string source = "raise(E_NONE, toliteral((function() " +
                             std::string(expression ? "return " : "") + code + "\nend)()))";
  if (const auto wrong = parts.engine->check(source)) return "syntax: " + wrong->message;
  parts.scheduler.run_now(programmer, programmer,
                          parts.engine->evaluate(source, programmer, programmer));
  while (parts.scheduler.run_ready() || !parts.posted.empty()) {
    if (parts.posted.empty()) continue;
    const auto then = std::move(parts.posted.front());
    parts.posted.pop_front();
    then();
  }
  return parts.result;
}

void check_examples(std::span<const Example> examples) {
  ScriptWorld world;
  for (const Example& example : examples) {
    CAPTURE(example.code);
    const std::string result = world.run(example.code);
    if (example.result.starts_with("E_")) {
      CHECK(result.substr(0, example.result.size()) == example.result);
    } else {
      CHECK(result == example.result);
    }
  }
}

}  // namespace cosmoo
