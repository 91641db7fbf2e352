// What is said before a player is known: the world's do_login_command, then what is built in: the
// greeting, `connect`, and the password's prompt.
//
// Rules
//  1. do_login_command has the first word on every line, and on none, which is the greeting: the
//     player that it returns is logged in; nil leaves the line to what is built in, and anything
//     else means that the line is dealt with.
//  2. A verb that fails, or that waits for so long that nobody could log in, has said nil.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/hooks.h"

namespace cosmoo {

class Session;
class Sessions;

class Login {
 public:
  Login(Session& session, Sessions& sessions) : session_(session), sessions_(sessions) {}

  void greet();
  /// A line from a client that has not logged in.
  void take(std::string_view line);
  /// do_login_command has not answered yet: the lines behind have to wait.
  bool waits() const { return asked_world_ != nullptr; }
  /// Acts on its answer. False: there is none.
  bool settle();
  /// Ends a do_login_command that neither answers nor reads (rule 2).
  void check_patience(Clock::time_point now);
  /// The connection has ended: nobody waits for the answer any more.
  void leave();
  /// Whether the lines are do_login_command's to understand.
  bool belongs_to_world() const;
  /// The password was wrong: says so, and ends the session after the last attempt.
  void refuse();

 private:
  void ask_world(std::string_view line);
  void act_on(const Inquiry& inquiry);
  void show_welcome();
  void take_built_in(std::string_view line);
  struct Row;
  static const std::vector<Row>& rows();
  void connect(const std::vector<std::string>& words);
  void help(const std::vector<std::string>& words);
  void quit(const std::vector<std::string>& words);
  void check(const std::string& name, std::string password);

  Session& session_;
  Sessions& sessions_;
  std::string asked_for_;  // whose password is typed next
  bool asking_ = false;
  int attempts_ = 0;
  std::shared_ptr<Inquiry> asked_world_;
  std::string line_;                // that it was asked about
  bool greeting_ = false;           // that there is none yet
  ObjectId newest_ = kNothing;      // of the world's objects, when it was asked
  Clock::time_point silent_since_;  // it has neither answered nor read
};

}  // namespace cosmoo
