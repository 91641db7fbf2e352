#include "tests/unit/builtins/builtin_world.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <filesystem>

#include "vm/world/command.h"

namespace cosmoo {
namespace {

class NoAccounts final : public Accounts {
 public:
  Result<void> set_password(ObjectId, std::string, Ticket) override {
    return fail(ErrorCode::invarg, "there are no passwords here");
  }
  Result<void> check_password(ObjectId, std::string, Ticket) override {
    return fail(ErrorCode::invarg, "there are no passwords here");
  }
};

class NoNetwork final : public Network {
 public:
  Result<ListenerInfo> listen(ListenerInfo) override {
    return fail(ErrorCode::quota, "nothing listens here");
  }
  Result<void> unlisten(std::uint16_t, std::optional<std::string_view>) override {
    return fail(ErrorCode::invarg, "nothing listens here");
  }
  std::vector<ListenerInfo> listeners() const override { return {}; }
};

class NoOutbound final : public Outbound {
 public:
  Result<GiveUp> connect(const Destination&, Ticket) override {
    return fail(ErrorCode::perm, "nothing connects from here");
  }
};

class NoStore final : public WriteBehind {
 public:
  bool is_new() const override { return true; }
  void flush() override {}
  void checkpoint(std::function<void(Result<void>)> done) override { done({}); }
  Result<void> close() override { return {}; }
};

sandbox::ExecutableDirectory open_executables() {
  return sandbox::ExecutableDirectory::open(std::filesystem::temp_directory_path()).value();
}

}  // namespace

struct BuiltinWorld::Outside {
  NoAccounts accounts;
  NoNetwork network;
  NoOutbound outbound;
  NoStore store;
  boost::asio::io_context loop;
  sandbox::JobTable jobs;
  sandbox::ProcessEngine processes{loop, {}, jobs};
  sandbox::HandleTable handles{loop, processes, {}};
  sandbox::ExecutableDirectory executables = open_executables();
  sandbox::GuestLibrary guest_programs{executables.path() / "guests", {}};
  sandbox::GuestEngine guests{
      {{},
       {},
       1'000'000,
       [this](std::function<void()> work) { boost::asio::post(loop, std::move(work)); },
       [this](std::function<void()> then) { boost::asio::post(loop, std::move(then)); }},
      guest_programs,
      jobs};
  sandbox::FrameTree frames;
  sandbox::FrameEngine frame_engine{loop, processes, jobs, frames, frame_options()};
  bool shut_down = false;

  sandbox::FrameOptions frame_options() {
    sandbox::FrameOptions options;
    options.offload = [this](std::function<void()> work, std::function<void()> then) {
      work();
      boost::asio::post(loop, std::move(then));
    };
    return options;
  }
};

template <typename T>
Result<T> FakeConnections::if_connected(ObjectId player, T value) const {
  if (connected(player)) return value;
  return fail(ErrorCode::invarg, to_string(player) + " is not connected");
}

bool FakeConnections::send(ObjectId player, std::string_view text, Output) {
  heard[player].emplace_back(text);
  return true;
}

std::vector<ObjectId> FakeConnections::list() const {
  std::vector<ObjectId> all;
  for (const auto& [player, info] : online) all.push_back(player);
  return all;
}

std::optional<ConnectionInfo> FakeConnections::info(ObjectId player) const {
  const auto it = online.find(player);
  return it == online.end() ? std::nullopt : std::optional(it->second);
}

Result<void> FakeConnections::read_line(ObjectId player, Ticket, Reading) {
  return if_connected(player, 0).map([](int) {});
}

Result<std::optional<std::string>> FakeConnections::poll_line(ObjectId player) {
  return if_connected(player, std::optional<std::string>());
}

Result<std::size_t> FakeConnections::flush_input(ObjectId player) {
  return if_connected(player, std::size_t{0});
}

Result<Map> FakeConnections::options(ObjectId player) const { return if_connected(player, Map{}); }

Result<void> FakeConnections::set_option(ObjectId player, std::string_view, const Value&) {
  return if_connected(player, 0).map([](int) {});
}

Result<Connections::Delimiters> FakeConnections::delimiters(ObjectId player) const {
  return if_connected(player, Delimiters{});
}

Result<std::size_t> FakeConnections::buffered(ObjectId player) const {
  return if_connected(player, std::size_t{0});
}

Result<void> FakeConnections::switch_player(ObjectId from, ObjectId, Notice) {
  return if_connected(from, 0).map([](int) {});
}

SchedulerLimits roomy_limits() {
  SchedulerLimits limits;
  limits.foreground.ticks *= 10;
  limits.background.ticks *= 10;
  return limits;
}

BuiltinWorld::BuiltinWorld(SchedulerLimits limits, LuaOptions options)
    : scheduler(limits),
      builtins(make_builtin_table()),
      outside_(std::make_unique<Outside>()),
      services{.world = world,
               .scheduler = scheduler,
               .connections = connections,
               .accounts = outside_->accounts,
               .network = outside_->network,
               .outbound = outside_->outbound,
               .store = outside_->store,
               .builtins = builtins,
               .jobs = outside_->jobs,
               .processes = outside_->processes,
               .executables = outside_->executables,
               .exec = {},
               .handles = outside_->handles,
               .process = {},
               .guest_programs = outside_->guest_programs,
               .guests = outside_->guests,
               .guest_policy = {},
               .frames = outside_->frames,
               .frame_engine = outside_->frame_engine,
               .scripts_folder = {},
               .export_folder = {},
               .version = "test",
               .shut_down = [this](std::string) { outside_->shut_down = true; },
               .log = [this](std::string_view line) { log.emplace_back(line); },
               .offload =
                   [this](std::function<void()> work, std::function<void()> then) {
                     work();
                     boost::asio::post(outside_->loop, std::move(then));
                   }},
      engine(make_lua_engine(world, scheduler, builtins, services, options)) {
  services.engine = engine.get();
  for (int i = 0; i <= 6; ++i) {
    std::vector<ObjectId> parents;
    if (i >= 2) parents.push_back(kRoot);
    REQUIRE(world.create(parents, kWizardPlayer).has_value());
  }
  REQUIRE(world.set_flag(kRoot, kFertile, true).has_value());
  REQUIRE(world.set_flag(kWizardPlayer, kWizard, true).has_value());
  for (const ObjectId id : {kWizardPlayer, kProgrammerPlayer, kOtherProgrammer}) {
    REQUIRE(world.set_flag(id, kProgrammer, true).has_value());
  }
  for (const ObjectId id : {kWizardPlayer, kProgrammerPlayer, kPlainPlayer, kOtherProgrammer}) {
    REQUIRE(world.set_flag(id, kPlayer, true).has_value());
    REQUIRE(world.set_owner(id, id).has_value());
  }
  REQUIRE(world.set_owner(kThing, kProgrammerPlayer).has_value());
  scheduler.on_end([this](const Task&, const Step& step) {
    if (const auto* failed = std::get_if<Failed>(&step)) {
      const Value& error = failed->error;
      result_ = error.type() == Value::Type::error
                    ? std::string(name_of(error.error().code)) + ": " + error.error().message
                    : "error: " + to_text(error);
    } else if (const auto* aborted = std::get_if<Aborted>(&step)) {
      result_ = "aborted: " + aborted->message;
    }
  });
}

BuiltinWorld::~BuiltinWorld() { scheduler.kill_all(); }  // tasks end before their language

std::string BuiltinWorld::run(const std::string& code, ObjectId programmer) {
  result_ = "(waiting)";
  const bool expression = !engine->check("return " + code);
  // The code says what it came to itself: a task's value is nobody's.
  const std::string source = "notify(player, \"=> \" .. toliteral(((function() " +
                             std::string(expression ? "return " : "") + code + "\nend)())))";
  connections.heard[programmer].clear();
  scheduler.run_now(programmer, programmer, engine->evaluate(source, programmer, programmer));
  turn();
  for (const std::string& line : connections.heard[programmer]) {
    if (line.starts_with("=> ")) result_ = line.substr(3);
  }
  return result_;
}

std::string BuiltinWorld::outcome_of(const std::string& code, ObjectId programmer) {
  const std::string result = run(code, programmer);
  return result.starts_with("E_") ? result.substr(0, result.find(':')) : result;
}

void BuiltinWorld::turn() {
  while (scheduler.run_ready() || outside_->loop.poll() > 0) {
    outside_->loop.restart();
  }
}

void BuiltinWorld::verb(ObjectId object, const std::string& names, const std::string& code,
                        ObjectId owner, std::string_view permissions) {
  Verb verb;
  verb.names = names;
  verb.owner = owner;
  verb.code = code;
  verb.permissions = parse_verb_permissions(permissions).value();
  verb.args = {ObjectSpec::this_, kNoPreposition, ObjectSpec::this_};
  REQUIRE(world.add_verb(object, verb).has_value());
  REQUIRE_FALSE(engine->check(code).has_value());
}

void BuiltinWorld::property(ObjectId object, const std::string& name, Value value, ObjectId owner,
                            std::string_view permissions) {
  Property property;
  property.value = std::move(value);
  property.owner = owner;
  property.permissions = parse_property_permissions(permissions).value();
  REQUIRE(world.add_property(object, world.symbols().intern(name), property).has_value());
}

const Value& BuiltinWorld::value_of(ObjectId object, std::string_view name) const {
  const auto symbol = world.symbols().find(name);
  REQUIRE(symbol.has_value());
  const auto view = world.property(object, *symbol);
  REQUIRE(view.has_value());
  return *view->value;
}

void check_examples(std::span<const Example> examples) {
  BuiltinWorld world;
  for (const Example& example : examples) {
    CAPTURE(example.code);
    const std::string result = world.run_as_programmer(example.code);
    if (example.result.starts_with("E_")) {
      CHECK(result.substr(0, example.result.size()) == example.result);
    } else {
      CHECK(result == example.result);
    }
  }
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace cosmoo
