#include "server/login.h"

#include <boost/asio/ip/address.hpp>

#include "server/session.h"
#include "vm/world/command.h"

namespace cosmoo {
namespace {

// Who has an IPv6 address has 2^64 of them.
std::string network_of(const std::string& address) {
  boost::system::error_code error;
  const auto ip = boost::asio::ip::make_address(address, error);
  if (error || !ip.is_v6() || ip.to_v6().is_v4_mapped()) return address;
  const auto bytes = ip.to_v6().to_bytes();
  return {bytes.begin(), bytes.begin() + 8};
}

}  // namespace

struct Login::Row {
  std::string_view name;
  void (Login::*run)(const std::vector<std::string>& words);
  std::string_view help;
};

void Login::greet() {
  greeting_ = true;
  if (session_.door().kind == Door::Kind::outbound) return;
  if (belongs_to_world()) {
    ask_world({});
  } else {
    show_welcome();
  }
}

void Login::take(std::string_view line) {
  greeting_ = false;
  if (asking_) {
    asking_ = false;
    session_.show_input();
    check(asked_for_, std::string(line));
  } else if (belongs_to_world()) {
    ask_world(line);
  } else {
    take_built_in(line);
  }
}

// --- do_login_command

bool Login::belongs_to_world() const {
  return sessions_.limits_.logins == SessionLimits::Logins::world_first &&
         sessions_.hooks_->has(Hooks::Question::login, session_.handler());
}

void Login::ask_world(std::string_view line) {
  line_ = line;
  newest_ = sessions_.world_.max_object();
  silent_since_ = Clock::now();
  auto inquiry =
      sessions_.hooks_->ask(Hooks::Question::login, session_.handler(), session_.number(), line_);
  if (!inquiry) return take_built_in(line_);
  if (inquiry->answered) return act_on(*inquiry);
  asked_world_ = std::move(inquiry);
  asked_world_->wake = [weak = session_.weak_from_this()] {
    if (const auto session = weak.lock()) session->wake();
  };
}

bool Login::settle() {
  if (!asked_world_ || !asked_world_->answered) return false;
  const auto inquiry = std::exchange(asked_world_, nullptr);
  act_on(*inquiry);
  return true;
}

void Login::act_on(const Inquiry& inquiry) {
  if (!session_.is_open() || session_.number().number >= 0)
    return;  // booted, or switched meanwhile
  const Value answer = inquiry.result.value_or(Value());
  if (answer.is_object()) {
    const Object* const player = sessions_.world_.find(answer.object());
    if (player != nullptr && player->is(kPlayer)) {
      return session_.log_in(answer.object(), newest_ < answer.object() ? Session::Made::just_now
                                                                        : Session::Made::before);
    }
    sessions_.log_.warning("do_login_command named " + to_string(answer.object()) +
                           ", which is no player");
  } else if (!answer.is_nil()) {
    return;
  }
  if (greeting_) {
    show_welcome();
  } else {
    take_built_in(line_);
  }
}

void Login::check_patience(Clock::time_point now) {
  if (!asked_world_) return;
  if (session_.is_read()) {
    silent_since_ = now;
  } else if (now - silent_since_ >= sessions_.limits_.login_patience && asked_world_->task != 0) {
    sessions_.log_.warning(session_.name() + ": do_login_command has not answered for too long");
    (void)sessions_.scheduler_.kill(asked_world_->task, kNothing, Scheduler::Authority::wizard);
  }
}

void Login::leave() { asked_world_.reset(); }

// --- what is built in

void Login::show_welcome() {
  if (session_.door().messages == Door::Messages::hidden) return;
  const World& world = sessions_.world_;
  const auto welcome = world.property(kSystem, sessions_.welcome_);
  if (welcome && welcome->value->is_string() && !welcome->value->string().empty()) {
    session_.say(welcome->value->string());
  } else if (welcome && welcome->value->is_list() && !welcome->value->list().empty()) {
    for (const Value& line : welcome->value->list()) session_.say(to_text(line));
  } else {
    session_.say("Welcome.");
    session_.say("`connect NAME PASSWORD` lets you in, `help` tells more, `quit` leaves.");
  }
}

void Login::take_built_in(std::string_view line) {
  if (session_.door().kind == Door::Kind::outbound) return;
  const auto words = split_words(line);
  if (words.empty()) return;
  for (const Row& row : rows()) {
    if (same_name(words[0], row.name)) return (this->*row.run)(words);
  }
  session_.say("That is not known here. Try `help`.");
}

void Login::connect(const std::vector<std::string>& words) {
  if (words.size() == 3) return check(words[1], words[2]);
  if (words.size() == 2) {
    asked_for_ = words[1];
    asking_ = true;
    session_.prompt("Password: ");
    session_.hide_input();
    return;
  }
  session_.say("Write `connect NAME PASSWORD`, with quotes around what has spaces.");
}

void Login::help(const std::vector<std::string>&) {
  for (const Row& row : rows()) session_.say(row.help);
}

void Login::quit(const std::vector<std::string>&) {
  session_.say("Goodbye.");
  session_.close();
}

void Login::check(const std::string& name, std::string password) {
  const auto player = sessions_.world_.find_player(name);
  auto begun = sessions_.accounts_.check_password(
      player, std::move(password), network_of(session_.address()),
      [this, waiting = session_.weak_from_this(), player](bool right) {
        const auto session = waiting.lock();
        if (!session || !session->is_open()) return;
        if (right && sessions_.world_.valid(*player)) {
          session->log_in(*player, Session::Made::before);
        } else {
          session->stay_out();
        }
      });
  if (begun) {
    session_.begin_check();
  } else {
    session_.say("Too many are logging in just now. Try again.");
  }
}

void Login::refuse() {
  session_.say("There is no player with that name and password.");
  if (++attempts_ < sessions_.limits_.login_attempts) return;
  sessions_.log_.warning(session_.name() + ": " + std::to_string(attempts_) +
                         " wrong passwords, closed");
  session_.say("That was the last attempt.");
  session_.close();
}

// To add a command for those who have not logged in, add its row.
const std::vector<Login::Row>& Login::rows() {
  static const std::vector<Row> kRows = {
      {"connect", &Login::connect,
       "connect NAME PASSWORD    logs in; without a password, it is asked for and not shown"},
      {"help", &Login::help, "help                     shows this"},
      {"quit", &Login::quit, "quit                     leaves"},
  };
  return kRows;
}

}  // namespace cosmoo
