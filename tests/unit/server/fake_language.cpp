#include "tests/unit/server/fake_language.h"

#include <charconv>
#include <map>

#include "server/accounts.h"

namespace cosmoo::test {
namespace {

struct Run {
  const Foundation& server;
  const VerbCall& call;
  Resumption with;
  int turn;  // 0 at the start, then counting the times it was woken

  void print(std::string_view line) const { server.connections.notify(call.player, line); }
  std::int64_t number(std::size_t index) const {
    std::int64_t value = 0;
    const std::string& text = call.args.at(index).string();
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  }
};

using Body = Step (*)(Run&);
const std::map<std::string, Body>& bodies();

class FakeExecution final : public Execution {
 public:
  FakeExecution(const Foundation& server, VerbCall call, Body body)
      : server_(server), call_(std::move(call)), body_(body) {}
  Step run(Task&, Resumption with) override {
    Run run{server_, call_, std::move(with), turn_++};
    return body_(run);
  }
  std::vector<Frame> stack(std::size_t) const override { return {}; }
  std::size_t bytes() const override { return sizeof *this; }

 private:
  const Foundation& server_;
  VerbCall call_;
  Body body_;
  int turn_ = 0;
};

class FakeLanguage final : public Language, public Engine {
 public:
  explicit FakeLanguage(const Foundation& foundation) : server_(foundation) {}

  Engine& engine() override { return *this; }
  std::unique_ptr<Execution> planned_call(TaskId) override { return nullptr; }
  void end_jobs() override {}
  std::size_t jobs_running() const override { return 0; }

  Result<ObjectId> make_world() override {
    World& world = server_.world;
    const ObjectId wizard{2};
    for (int i = 0; i < 5; ++i) (void)world.create({}, wizard);
    const char* const names[] = {"system", "room", "wizard", "bob", "carol"};
    for (int i = 0; i < 5; ++i) (void)world.set_name(ObjectId{i}, names[i]);
    (void)world.set_flag(wizard, kWizard, true);
    auto& accounts = static_cast<PasswordAccounts&>(server_.accounts);
    for (const ObjectId player : {wizard, ObjectId{3}, ObjectId{4}}) {
      (void)world.set_flag(player, kPlayer, true);
      (void)world.move(player, ObjectId{1});
      (void)accounts.set_password_now(player, std::string(kPassword));
    }
    for (const auto& [name, body] : bodies()) {
      Verb verb;
      verb.names = name;
      verb.owner = wizard;
      verb.args = {ObjectSpec::any, kAnyPreposition, ObjectSpec::any};
      verb.code = name;
      if (name.starts_with("user_")) verb.args = {};
      (void)world.add_verb(name.starts_with("user_") ? kSystem : ObjectId{1}, verb);
    }
    return wizard;
  }

  Result<std::unique_ptr<Execution>> call(VerbCall call) override {
    const auto body = bodies().find(server_.world.verb(call.verb)->code);
    if (body == bodies().end() || body->second == nullptr) {
      return fail(ErrorCode::invarg, "#1:broken, line 1: this is no code");
    }
    return std::make_unique<FakeExecution>(server_, std::move(call), body->second);
  }
  std::unique_ptr<Execution> evaluate(std::string, ObjectId, ObjectId) override { return nullptr; }
  std::optional<SyntaxError> check(std::string_view) override { return {}; }
  std::size_t memory_used() const override { return 0; }

 private:
  const Foundation server_;
};

Step read(Run& run, Reading::Echo echo) {
  if (run.turn == 0) {
    const auto begun = run.server.connections.read_line(
        run.call.player, run.server.scheduler.next_ticket(), {echo, {}});
    if (!begun) {
      run.print("cannot read: " + begun.error().message);
      return Finished{};
    }
    Wait wait;
    wait.kind = Wait::Kind::read;
    return wait;
  }
  if (const auto* error = std::get_if<Error>(&run.with)) {
    // The reader is gone: whoever is there hears of it.
    for (const ObjectId connection : run.server.connections.list()) {
      run.server.connections.notify(connection,
                                    "reading raised " + std::string(name_of(error->code)));
    }
  } else {
    run.print("read: " + to_text(std::get<Value>(run.with)));
  }
  return Finished{};
}

Step print_to(Run& run, ObjectId who, std::int64_t count, std::size_t size) {
  for (std::int64_t i = 0; i < count; ++i) {
    std::string line = std::to_string(i) + " ";
    line.resize(std::max(line.size(), size), '.');
    run.server.connections.notify(who, line);
  }
  return Finished{};
}

const std::map<std::string, Body>& bodies() {
  static const std::map<std::string, Body> kBodies = {
      {"say",
       [](Run& run) -> Step {
         run.print(run.call.command.argstr);
         return Finished{};
       }},
      // flood COUNT SIZE: to oneself
      {"flood",
       [](Run& run) -> Step {
         return print_to(run, run.call.player, run.number(0),
                         static_cast<std::size_t>(run.number(1)));
       }},
      // pour PLAYER COUNT SIZE: to somebody else
      {"pour",
       [](Run& run) -> Step {
         return print_to(run, ObjectId{run.number(0)}, run.number(1),
                         static_cast<std::size_t>(run.number(2)));
       }},
      {"read", [](Run& run) -> Step { return read(run, Reading::Echo::on); }},
      {"secret", [](Run& run) -> Step { return read(run, Reading::Echo::off); }},
      // spin MILLISECONDS [WHO]: keeps the loop busy, then tells WHO whose it was
      {"spin",
       [](Run& run) -> Step {
         const auto until = Clock::now() + std::chrono::milliseconds(run.number(0));
         while (Clock::now() < until) {
         }
         const ObjectId who = run.call.args.size() > 1 ? ObjectId{run.number(1)} : run.call.player;
         run.server.connections.notify(who, to_string(run.call.player) + " spun");
         return Finished{};
       }},
      // later MILLISECONDS: suspends, then prints
      {"later",
       [](Run& run) -> Step {
         if (run.turn == 0) {
           Wait wait;
           wait.kind = Wait::Kind::timer;
           wait.until = Clock::now() + std::chrono::milliseconds(run.number(0));
           return wait;
         }
         run.print("later");
         return Finished{};
       }},
      {"err",
       [](Run&) -> Step {
         return Failed{Value(ErrorCode::perm), {"#1:err, line 1: E_PERM", "(end)"}};
       }},
      {"over",
       [](Run&) -> Step {
         return Aborted{Budget::ticks, "over its ticks", {"#1:over, line 1: too many ticks"}};
       }},
      {"broken", nullptr},
      {"boot",
       [](Run& run) -> Step {
         run.print(run.server.connections.boot(ObjectId{run.number(0)}) ? "booted" : "nobody");
         return Finished{};
       }},
      {"killreads",
       [](Run& run) -> Step {
         for (const TaskView& task : run.server.scheduler.list({}, SIZE_MAX)) {
           if (task.wait_kind == Wait::Kind::read && task.state == TaskState::waiting) {
             (void)run.server.scheduler.kill(task.id, kNothing, Scheduler::Authority::wizard);
           }
         }
         run.print("killed");
         return Finished{};
       }},
      {"down",
       [](Run& run) -> Step {
         run.server.shut_down("Down for a moment.");
         return Finished{};
       }},
      {"rename",
       [](Run& run) -> Step {
         (void)run.server.world.set_name(ObjectId{1}, run.call.command.argstr);
         run.print("renamed");
         return Finished{};
       }},
      {"name",
       [](Run& run) -> Step {
         run.print("the room is " + run.server.world.find(ObjectId{1})->name);
         return Finished{};
       }},
      {"user_connected",
       [](Run& run) -> Step {
         run.print("you are " + to_string(run.call.player));
         return Finished{};
       }},
      {"user_reconnected",
       [](Run& run) -> Step {
         run.print("you are " + to_string(run.call.player) + " again");
         return Finished{};
       }},
      {"user_disconnected",
       [](Run& run) -> Step {
         if (run.call.player.number < 0) return Finished{};  // it had not logged in
         for (const ObjectId connection : run.server.connections.list()) {
           run.server.connections.notify(connection, to_string(run.call.player) + " has left");
         }
         return Finished{};
       }},
  };
  return kBodies;
}

}  // namespace

Result<std::unique_ptr<Language>> make_fake_language(const Foundation& foundation) {
  return std::make_unique<FakeLanguage>(foundation);
}

}  // namespace cosmoo::test
