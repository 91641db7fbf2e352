// All sessions: who is connected, whose turn it is, and what vm/connections.h promises to builtins.
//
// Rules
//  1. A session runs commands for kSessionTurn at most, then the others and the tasks have theirs.
//  2. Output is gathered and written once a turn.
//  3. A player has one session: a second login takes it over.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <deque>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "server/accounts.h"
#include "server/address_limit.h"
#include "server/hooks.h"
#include "server/log.h"
#include "vm/connections.h"
#include "vm/scheduler.h"
#include "vm/world/world.h"

namespace cosmoo {

struct SessionLimits {
  std::chrono::duration<double> idle_before_login{300};  ///< 0: no limit.
  std::chrono::duration<double> idle{0};                 ///< 0: no limit.
  std::size_t line_bytes = 64 << 10;
  std::size_t input_bytes = 64 << 10;
  std::size_t output_bytes = 64 << 10;
  std::size_t max_connections = 10'000;
  std::size_t max_per_address = 100;  ///< 0: no limit.
  AddressLimit::Loopback loopback = AddressLimit::Loopback::free;
  int login_attempts = 3;
  enum class Logins {
    world_first,  ///< do_login_command has the first word.
    built_in      ///< Only the built-in commands count: a way in past a verb that is broken.
  };
  Logins logins = Logins::world_first;
  /// How long do_login_command may neither answer nor read.
  std::chrono::duration<double> login_patience{30};
  enum class Offer { at_once, when_spoken_to };
  Offer telnet_options = Offer::when_spoken_to;
};

/// Who runs what players type.
class Dispatcher {
 public:
  virtual ~Dispatcher() = default;
  virtual void command(ObjectId player, std::string_view line) = 0;
};

/// By which way a connection came about.
struct Door {
  enum class Kind {
    inbound,
    outbound  ///< The server's own doing: nobody logs in, and lines wait until they are read.
  };
  enum class Messages { shown, hidden };
  ObjectId handler = kSystem;  ///< Whose verbs are called for it; see hooks.h.
  Kind kind = Kind::inbound;
  Messages messages = Messages::shown;  ///< Hidden: the server says nothing by itself.
};

class Session;

class Sessions final : public Connections {
 public:
  Sessions(boost::asio::io_context& loop, World& world, Scheduler& scheduler,
           PasswordAccounts& accounts, Log& log, SessionLimits limits);
  ~Sessions() override;

  /// Commands go to `dispatcher`. To be called before the first add().
  void serve(Dispatcher& dispatcher, Hooks& hooks);
  /// A socket is connected: its number from now on, or none if there is no room for one more.
  std::optional<ObjectId> add(boost::asio::ip::tcp::socket socket, const Door& door);
  /// Tells everybody and closes. For shutdown; none is added afterwards.
  void close_all(std::string_view message);
  /// Sockets that are open, those that are being closed included.
  std::size_t open() const { return all_.size(); }
  /// How many of them the server has made itself.
  std::size_t outbound() const;
  /// How many of them still have output to send.
  std::size_t unsent() const;

  bool send(ObjectId player, std::string_view text, Output how) override;
  std::vector<ObjectId> list() const override;
  std::optional<ConnectionInfo> info(ObjectId player) const override;
  bool connected(ObjectId player) const override;
  bool boot(ObjectId player) override;
  Result<void> read_line(ObjectId player, Ticket ticket, Reading how) override;
  Result<std::optional<std::string>> poll_line(ObjectId player) override;
  Result<void> force_input(ObjectId player, std::string_view line, Place place) override;
  Result<std::size_t> flush_input(ObjectId player) override;
  Result<Map> options(ObjectId player) const override;
  Result<void> set_option(ObjectId player, std::string_view name, const Value& value) override;
  Result<Delimiters> delimiters(ObjectId player) const override;
  Result<std::size_t> buffered(ObjectId player) const override;
  std::size_t output_limit() const override { return limits_.output_bytes; }
  Result<void> switch_player(ObjectId from, ObjectId to, Notice notice) override;

 private:
  friend class Session;
  friend class Login;
  static constexpr std::chrono::milliseconds kSessionTurn{2};
  static constexpr std::chrono::milliseconds kTurn{4};
  static constexpr std::size_t kReadBuffer = 64 << 10;

  Session* find(ObjectId player) const;
  Result<Session*> need(ObjectId player) const;  ///< E_INVARG
  /// Makes `session` the player's. The session that it had, if any, is told and closed.
  Hooks::Arrival bind(Session& session, ObjectId player, Notice notice);
  void unbind(ObjectId number) { by_number_.erase(number); }
  void remove(const std::shared_ptr<Session>& session);
  /// The session has lines to run: it gets a turn.
  void schedule(Session& session);
  /// The session has output: it is written at the end of the turn.
  void mark_dirty(Session& session);
  void post_turn();
  void run_turn();
  void flush_dirty();
  void watch_idle();

  boost::asio::io_context& loop_;
  World& world_;
  Scheduler& scheduler_;
  PasswordAccounts& accounts_;
  Log& log_;
  const SessionLimits limits_;
  const Symbol welcome_;
  Dispatcher* dispatcher_ = nullptr;
  Hooks* hooks_ = nullptr;
  boost::asio::steady_timer idle_watch_;
  std::unordered_set<std::shared_ptr<Session>> all_;
  AddressLimit addresses_;
  boost::unordered_flat_map<ObjectId, Session*> by_number_;
  std::deque<std::shared_ptr<Session>> ready_;
  std::vector<std::shared_ptr<Session>> dirty_;
  std::vector<char> read_buffer_;  // one for all: it is empty between two reads
  std::string line_;               // the line that runs
  std::int64_t last_number_ = -1;
  bool turn_posted_ = false;
  bool flush_posted_ = false;
};

}  // namespace cosmoo
