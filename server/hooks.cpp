#include "server/hooks.h"

#include "vm/world/command.h"

namespace cosmoo {
namespace {

// Runs a task's code, and notes in the inquiry what it comes to.
class Answering final : public Execution {
 public:
  Answering(std::unique_ptr<Execution> code, std::shared_ptr<Inquiry> inquiry)
      : code_(std::move(code)), inquiry_(std::move(inquiry)) {}
  ~Answering() override { answer({}); }

  Step run(Task& task, Resumption with) override {
    inquiry_->task = task.id;
    Step step = code_->run(task, std::move(with));
    if (const auto* finished = std::get_if<Finished>(&step)) {
      answer(finished->value);
    } else if (!std::holds_alternative<Wait>(step)) {
      answer({});
    }
    return step;
  }
  std::vector<Frame> stack(std::size_t most) const override { return code_->stack(most); }
  std::size_t bytes() const override { return code_->bytes(); }

 private:
  void answer(std::optional<Value> result) {
    if (std::exchange(inquiry_->answered, true)) return;
    inquiry_->result = std::move(result);
    if (const auto wake = std::exchange(inquiry_->wake, nullptr)) wake();
  }

  const std::unique_ptr<Execution> code_;
  const std::shared_ptr<Inquiry> inquiry_;
};

}  // namespace

Hooks::Hooks(World& world, Scheduler& scheduler, Engine& engine, Log& log)
    : world_(world),
      scheduler_(scheduler),
      engine_(engine),
      log_(log),
      login_(world.symbols().intern("do_login_command")),
      command_(world.symbols().intern("do_command")),
      out_of_band_(world.symbols().intern("do_out_of_band_command")),
      blank_(world.symbols().intern("do_blank_command")),
      connected_(world.symbols().intern("user_connected")),
      reconnected_(world.symbols().intern("user_reconnected")),
      created_(world.symbols().intern("user_created")),
      disconnected_(world.symbols().intern("user_disconnected")),
      client_disconnected_(world.symbols().intern("user_client_disconnected")) {}

Symbol Hooks::verb_of(Question question) const {
  switch (question) {
    case Question::login:
      return login_;
    case Question::command:
      return command_;
    case Question::out_of_band:
      return out_of_band_;
    case Question::blank:
      break;
  }
  return blank_;
}

bool Hooks::has(Question question, ObjectId handler) const {
  return world_.find_verb(handler, verb_of(question)).has_value();
}

std::shared_ptr<Inquiry> Hooks::ask(Question question, ObjectId handler, ObjectId player,
                                    std::string_view line) {
  if (!has(question, handler)) return nullptr;
  std::vector<Value> words;
  for (std::string& word : split_words(line)) words.emplace_back(std::move(word));
  return run(verb_of(question), handler, player, std::move(words), line);
}

void Hooks::arrived(ObjectId handler, ObjectId player, Arrival arrival) {
  const Symbol own = arrival == Arrival::created    ? created_
                     : arrival == Arrival::takeover ? reconnected_
                                                    : connected_;
  if (!run(own, handler, player, {Value(player)}, {})) {
    run(connected_, handler, player, {Value(player)}, {});
  }
}

void Hooks::left(ObjectId handler, ObjectId player, Departure departure) {
  if (departure == Departure::by_client &&
      run(client_disconnected_, handler, player, {Value(player)}, {})) {
    return;
  }
  run(disconnected_, handler, player, {Value(player)}, {});
}

std::shared_ptr<Inquiry> Hooks::run(Symbol name, ObjectId handler, ObjectId player,
                                    std::vector<Value> args, std::string_view line) {
  const auto ref = world_.find_verb(handler, name);
  if (!ref) return nullptr;
  const ObjectId owner = world_.verb(*ref)->owner;
  VerbCall call;
  call.verb = *ref;
  call.this_object = handler;
  call.player = player;
  call.name = world_.symbols().name_of(name);
  call.args = std::move(args);
  call.command.verb = call.name;
  call.command.argstr = line;
  const std::string what = to_string(handler) + ":" + call.name;
  auto inquiry = std::make_shared<Inquiry>();
  auto execution = engine_.call(std::move(call));
  if (!execution) {
    log_.warning(what + ": " + printable(execution.error().message));
    inquiry->answered = true;
    return inquiry;
  }
  scheduler_.run_now(player, owner, std::make_unique<Answering>(std::move(*execution), inquiry));
  return inquiry;
}

}  // namespace cosmoo
