// The server as one object: builds every part in order, runs them on one thread, and takes them
// down again.
//
// Rules
//  1. What fails at the start fails before anything is changed, as one line that says what to do
//     something about.
//  2. However it ends, the world is written.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <memory>

#include "server/accounts.h"
#include "server/commands.h"
#include "server/config.h"
#include "server/dialer.h"
#include "server/language.h"
#include "server/listeners.h"
#include "server/log.h"
#include "server/pump.h"
#include "server/sessions.h"
#include "vm/allowances.h"

namespace cosmoo {

class App {
 public:
  App(Config config, Log& log, MakeLanguage make_language);
  ~App();

  /// Everything up to accepting clients.
  Result<void> start();
  /// "telnet 127.0.0.1:7777"
  std::string address() const { return "telnet " + listeners_.own().address(); }
  /// "telnet 127.0.0.1 7777": what a person types.
  std::string how_to_connect() const;
  /// Until a signal or shut_down(); then writes the world.
  Result<void> run();
  void shut_down(const std::string& reason);

  boost::asio::io_context& loop() { return loop_; }

 private:
  Result<void> allow_outbound();
  Result<void> open_world();
  void tell_wizards(std::string_view text);
  Result<void> start_language();
  Result<void> make_world();
  void await_signals();
  void await_quiet(Clock::time_point deadline);
  WriteBehind::Post poster();

  Config config_;
  Log& log_;
  MakeLanguage make_language_;
  boost::asio::io_context loop_;
  boost::asio::signal_set signals_;
  World world_;
  const PlayerAllowances allowances_;
  Scheduler scheduler_;
  Pump pump_;
  PasswordAccounts accounts_;
  Sessions sessions_;
  Listeners listeners_;
  Dialer dialer_;
  boost::asio::steady_timer quiet_timer_;
  std::unique_ptr<WriteBehind> store_;
  std::unique_ptr<Language> language_;
  std::unique_ptr<Commands> commands_;
  std::unique_ptr<Hooks> hooks_;
  bool stopping_ = false;
  std::optional<Clock::time_point> told_at_;  // when the last word to the last client was sent
};

}  // namespace cosmoo
