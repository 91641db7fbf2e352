// What is said before a player is known: the greeting, `connect`, and the password's prompt.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cosmoo {

class Session;
class Sessions;

class Login {
 public:
  Login(Session& session, Sessions& sessions) : session_(session), sessions_(sessions) {}

  /// Shows the string property `welcome` of #0, a string or a list of them, or a built-in text.
  void greet();
  /// A line from a client that has not logged in.
  void take(std::string_view line);
  /// The password was wrong: says so, and ends the session after the last attempt.
  void refuse();

 private:
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
};

}  // namespace cosmoo
