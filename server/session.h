// One client: its socket, what it has sent, and what waits to be sent to it.
//
// Rules
//  1. Commands run one after the other, in the order they came. While a password is checked, while
//     a line that a task reads is still on its way to it, and while more than half of the output
//     limit is unsent, the next one waits.
//  2. While too much input waits, or output (rule 1), nothing more is read from the socket.
//  3. A session that closes sends what is queued, says that nothing more will come, and reads on
//     until the client closes too: data that nobody read would make the system discard the rest.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "server/login.h"
#include "server/output_queue.h"
#include "server/sessions.h"
#include "server/telnet.h"

namespace cosmoo {

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(Sessions& sessions, boost::asio::ip::tcp::socket socket, ObjectId number, Peer peer);

  /// Greets, and begins to read.
  void start();
  /// For a connection that is not to be: one line, and nothing is read.
  void turn_away(std::string_view line);

  void notify(std::string_view line, OutputQueue::From from);
  /// Text without a line end.
  void prompt(std::string_view text);
  void set_echo(TelnetCodec::Echo echo);
  Result<void> read_line(Ticket ticket, Connections::Echo echo);

  /// The password is being checked (rule 1) until log_in() or stay_out().
  void begin_check() { phase_ = Phase::checking; }
  void log_in(ObjectId player);
  void stay_out();

  /// Ends the session, after its output is sent (rule 3).
  void close();
  /// Another session is the player's now.
  void hand_over();

  enum class More { no, yes };
  /// Runs lines that wait, until about `until`. Yes: it wants another turn.
  More run_lines(Clock::time_point until);
  void flush();
  void check_idle(Clock::time_point now);

  ObjectId number() const { return number_; }
  const std::string& name() const { return name_; }
  ConnectionInfo info() const;
  bool has_output() const { return !output_.empty(); }
  bool is_open() const { return phase_ != Phase::closing; }

 private:
  friend class Sessions;
  enum class Phase { login, checking, player, closing };
  struct Reader {
    Ticket ticket;
    Connections::Echo echo;
  };
  struct Intrinsic;
  static std::span<const Intrinsic> intrinsics();

  static boost::asio::awaitable<void> read_loop(std::shared_ptr<Session> self);
  bool receive();
  void find_flush_command(std::size_t first);
  bool input_paused() const;
  enum class Hold { none, until_woken, one_turn };
  Hold hold();
  void run_line(LineQueue::Kind kind, std::string_view line);
  bool hand_to_reader(std::string_view line);
  void run_command(std::string_view line);
  void leave();
  /// Ends the session at once; what is queued is lost.
  void abort();
  void wait_writable();
  void wake();
  void drop_reader();

  void set_prefix(std::string_view text) { prefix_ = text; }
  void set_suffix(std::string_view text) { suffix_ = text; }
  void quit(std::string_view text);

  Sessions& sessions_;
  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer resume_;  // wakes the reading side: cancelled, never due
  ObjectId number_;                   // the player's, once it has logged in
  const Peer peer_;
  const std::string name_;  // of the peer, for people
  const Clock::time_point connected_at_ = Clock::now();
  Clock::time_point last_input_at_ = connected_at_;
  Clock::time_point closing_since_{};
  Clock::time_point unread_since_{};  // when the client last took some of the last lines
  std::size_t unread_ = 0;            // how much of them it has not taken
  OutputQueue output_;
  LineQueue lines_;
  TelnetCodec codec_;
  Login login_;
  std::optional<Reader> reader_;
  TaskId handed_to_ = 0;  // the task that was given the last line
  std::string prefix_, suffix_;
  Phase phase_ = Phase::login;
  bool first_line_ = true;
  bool input_ended_ = false;
  bool reading_paused_ = false;
  bool blocked_ = false;  // the socket takes nothing more for now
  bool shut_ = false;
  bool scheduled_ = false;  // in Sessions::ready_
  bool dirty_ = false;      // in Sessions::dirty_
};

}  // namespace cosmoo
