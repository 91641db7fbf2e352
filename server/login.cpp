#include "server/login.h"

#include "server/session.h"
#include "vm/world/command.h"

namespace cosmoo {

struct Login::Row {
  std::string_view name;
  void (Login::*run)(const std::vector<std::string>& words);
  std::string_view help;
};

void Login::greet() {
  const auto say = [this](std::string_view line) { session_.notify(line, OutputQueue::From::own); };
  const auto welcome =
      sessions_.world_.property(kSystem, sessions_.world_.symbols().intern("welcome"));
  if (welcome && welcome->value->is_string() && !welcome->value->string().empty()) {
    say(welcome->value->string());
  } else if (welcome && welcome->value->is_list() && !welcome->value->list().empty()) {
    for (const Value& line : welcome->value->list()) say(to_text(line));
  } else {
    say("Welcome.");
    say("`connect NAME PASSWORD` lets you in, `help` tells more, `quit` leaves.");
  }
}

void Login::take(std::string_view line) {
  if (asking_) {
    asking_ = false;
    session_.set_echo(TelnetCodec::Echo::on);
    check(asked_for_, std::string(line));
    return;
  }
  const auto words = split_words(line);
  if (words.empty()) return;
  for (const Row& row : rows()) {
    if (same_name(words[0], row.name)) return (this->*row.run)(words);
  }
  session_.notify("That is not known here. Try `help`.", OutputQueue::From::own);
}

void Login::connect(const std::vector<std::string>& words) {
  if (words.size() == 3) return check(words[1], words[2]);
  if (words.size() == 2) {
    asked_for_ = words[1];
    asking_ = true;
    session_.prompt("Password: ");
    session_.set_echo(TelnetCodec::Echo::off);
    return;
  }
  session_.notify("Write `connect NAME PASSWORD`, with quotes around what has spaces.",
                  OutputQueue::From::own);
}

void Login::help(const std::vector<std::string>&) {
  for (const Row& row : rows()) session_.notify(row.help, OutputQueue::From::own);
}

void Login::quit(const std::vector<std::string>&) {
  session_.notify("Goodbye.", OutputQueue::From::own);
  session_.close();
}

void Login::check(const std::string& name, std::string password) {
  const auto player = sessions_.world_.find_player(name);
  auto begun = sessions_.accounts_.check_password(
      player, std::move(password), [this, waiting = session_.weak_from_this(), player](bool right) {
        const auto session = waiting.lock();
        if (!session || !session->is_open()) return;
        if (right && sessions_.world_.valid(*player)) {
          session->log_in(*player);
        } else {
          session->stay_out();
        }
      });
  if (begun) {
    session_.begin_check();
  } else {
    session_.notify("Too many are logging in just now. Try again.", OutputQueue::From::own);
  }
}

void Login::refuse() {
  session_.notify("There is no player with that name and password.", OutputQueue::From::own);
  if (++attempts_ < sessions_.limits_.login_attempts) return;
  sessions_.log_.warning(session_.name() + ": " + std::to_string(attempts_) +
                         " wrong passwords, closed");
  session_.notify("That was the last attempt.", OutputQueue::From::own);
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
