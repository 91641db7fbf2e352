// One client: its socket, what it has sent, and what waits to be sent to it.
//
// Rules
//  1. Commands run one after the other, in the order they came. While a password is checked, while
//     a line that a task reads is still on its way to it, and while more than half of the output
//     limit is unsent, the next one waits.
//  2. While too much input waits, or output (rule 1), nothing more is read from the socket.
//  3. A line that begins with #$# is out of band: it passes by those who read and by hold-input.
//  4. A session that closes sends what is queued, says that nothing more will come, and reads on
//     until the client closes too: data that nobody read would make the system discard the rest.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "server/hooks.h"
#include "server/login.h"
#include "server/output_queue.h"
#include "server/sessions.h"
#include "server/telnet.h"

namespace cosmoo {

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(Sessions& sessions, boost::asio::ip::tcp::socket socket, ObjectId number, Peer peer,
          const Door& door);

  /// Greets, and begins to read.
  void start();
  /// For a connection that is not to be: one line, and nothing is read.
  void turn_away(std::string_view line);

  /// As Connections::send().
  bool send(std::string_view text, Output how, OutputQueue::From from);
  /// What the server itself has to say.
  void say(std::string_view line) { send(line, {}, OutputQueue::From::own); }
  /// Text without a line end.
  void prompt(std::string_view text);
  /// What is typed is not shown, until show_input().
  void hide_input();
  void show_input();
  Result<void> read_line(Ticket ticket, const Reading& how);
  Result<std::optional<std::string>> poll_line();
  Result<void> force_input(std::string_view line, Connections::Place place);
  std::size_t flush_input();
  /// A task waits for its next line.
  bool is_read() const;
  /// Something that held its lines or its socket back may be over.
  void wake();

  Map options() const;
  Result<void> set_option(std::string_view name, const Value& value);

  /// The password is being checked (rule 1) until log_in() or stay_out().
  void begin_check() { phase_ = Phase::checking; }
  enum class Made { before, just_now };  ///< The player.
  void log_in(ObjectId player, Made made);
  void stay_out();
  /// Is another player from now on, or one at last.
  void become(ObjectId player, Connections::Notice notice);

  /// Ends the session, after its output is sent (rule 4).
  void close() { end(Hooks::Departure::by_server); }
  /// Another session is the player's now, which came in by the door of `handler`.
  void hand_over(ObjectId handler, Connections::Notice notice);

  enum class More { no, yes };
  /// Runs lines that wait, until about `until`. Yes: it wants another turn.
  More run_lines(Clock::time_point until);
  void flush();
  void check_idle(Clock::time_point now);

  ObjectId number() const { return number_; }
  ObjectId handler() const { return door_.handler; }
  const Door& door() const { return door_; }
  const std::string& name() const { return name_; }
  const std::string& address() const { return peer_.address; }
  Connections::Delimiters delimiters() const { return {prefix_, suffix_}; }
  std::size_t buffered() const { return output_.backlog(); }
  ConnectionInfo info() const;
  bool has_output() const { return !output_.empty(); }
  bool is_open() const { return phase_ != Phase::closing; }

 private:
  friend class Sessions;
  enum class Phase { login, checking, player, closing };
  struct Reader {
    Ticket ticket;
    Reading::Echo echo;
  };
  struct Intrinsic {
    std::string_view name;
    void (Session::*run)(std::string_view rest);
  };
  static std::span<const Intrinsic> intrinsics();
  struct Option;
  static std::span<const Option> option_rows();
  struct KeepAlive {
    int idle = 300, interval = 120, count = 5;  // seconds, seconds, probes
  };

  static boost::asio::awaitable<void> read_loop(std::shared_ptr<Session> self);
  bool receive();
  void offer_options();
  void find_flush_command(std::size_t first);
  bool input_paused() const;
  enum class Hold { none, until_woken, one_turn };
  Hold hold();
  std::optional<std::size_t> next_line() const;
  void run_line(LineQueue::Kind kind, std::string_view line);
  bool is_out_of_band(std::string_view line) const;
  bool hand_to_reader(std::string_view line);
  void set_read_timer(std::chrono::duration<double> timeout);
  void run_command(std::string_view line);
  bool run_intrinsic(std::string_view line);
  bool handled_by_world(std::string_view line);
  void leave(std::optional<Hooks::Departure> departure);
  void end(std::optional<Hooks::Departure> departure);
  /// Ends the session at once; what is queued is lost.
  void abort();
  void wait_writable();
  void drop_reader();

  Value keep_alive_value() const;
  Result<void> set_keep_alive(const Value& value);
  void apply_keep_alive();
  Value intrinsics_value() const;
  Result<void> set_intrinsics(const Value& value);

  void set_prefix(std::string_view text) { prefix_ = text; }
  void set_suffix(std::string_view text) { suffix_ = text; }
  void quit(std::string_view text);

  Sessions& sessions_;
  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer resume_;  // wakes the reading side: cancelled, never due
  ObjectId number_;                   // the player's, once it has logged in
  const Peer peer_;
  const Door door_;
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
  std::unique_ptr<boost::asio::steady_timer> read_timer_;  // while a reader has a timeout
  TaskId handed_to_ = 0;                                   // the task that was given the last line
  std::string prefix_, suffix_;
  std::string flush_command_;
  std::optional<KeepAlive> keep_alive_ = KeepAlive{};
  std::uint32_t intrinsics_ = ~0u;                         // which rows are obeyed, a bit each
  TelnetCodec::Echo client_echo_ = TelnetCodec::Echo::on;  // while nobody reads a secret
  bool hold_input_;
  bool disable_oob_ = false;
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
