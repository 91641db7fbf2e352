// What a builtin may ask of the network. server/ implements it; vm/ and builtins/ know only this.
//
// A connection is addressed by an object: a player's number once it has logged in, a negative
// number before that. All calls are made on the event loop's thread and none of them blocks.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vm/scheduler.h"
#include "vm/value.h"

namespace cosmoo {

/// How many colours a terminal shows; more is greater.
enum class Colour { none, sixteen, many, true_colour };

/// What is known of a client's terminal.
struct Terminal {
  std::vector<std::string> names;  ///< What it calls itself, in its order; at most four.
  std::uint16_t columns = 0;       ///< 0: not known.
  std::uint16_t rows = 0;
  Colour colour = Colour::none;
  bool utf8 = true;  ///< False: it has said that it shows none.
  bool screen_reader = false;
};

/// Where a connection comes from, or goes to.
struct Peer {
  std::string address;  ///< "127.0.0.1"
  std::uint16_t port = 0;
  std::uint16_t local_port = 0;  ///< Of this server.
  enum class Way { from, to } way = Way::from;
};

struct ConnectionInfo {
  ObjectId player;   ///< Negative: not logged in yet.
  std::string name;  ///< "127.0.0.1 port 50123"
  Peer peer;
  Terminal terminal;
  ObjectId handler;     ///< Whose verbs the server calls for it.
  bool binary = false;  ///< Lines are bytes as they come, as binary strings.
  std::chrono::steady_clock::time_point connected_at;
  std::chrono::steady_clock::time_point last_input_at;
};

/// How a piece of text is sent.
struct Output {
  enum class Full { drop_oldest, refuse } when_full = Full::drop_oldest;
  enum class End { line, open } end = End::line;  ///< Open: no line end comes after it.
};

/// How a line is read.
struct Reading {
  enum class Echo { on, off } echo = Echo::on;  ///< Off hides what is typed (passwords).
  /// The task is woken with nil when no line has come by then.
  std::optional<std::chrono::duration<double>> timeout;
};

class Connections {
 public:
  virtual ~Connections() = default;

  /// Queues text, its lines apart by newlines; to a binary connection bytes, to which no line end
  /// is added. False: it was refused, for the output that waits is at its limit. A player without a
  /// connection hears nothing, which is no error.
  virtual bool send(ObjectId player, std::string_view text, Output how) = 0;
  void notify(ObjectId player, std::string_view text) { (void)send(player, text, {}); }

  /// All connections; those that have not logged in too.
  virtual std::vector<ObjectId> list() const = 0;

  virtual std::optional<ConnectionInfo> info(ObjectId player) const = 0;

  virtual bool connected(ObjectId player) const = 0;

  /// Closes the connection after its queued output is sent. False: there was none.
  virtual bool boot(ObjectId player) = 0;

  /// Gives the connection's next line to the waiting task `ticket` instead of running it as a
  /// command; E_INVARG through the ticket when the connection goes away first. Fails with E_INVARG
  /// if it is not connected or somebody reads already.
  virtual Result<void> read_line(ObjectId player, Ticket ticket, Reading how) = 0;
  /// The next line if one waits already. E_INVARG as for read_line().
  virtual Result<std::optional<std::string>> poll_line(ObjectId player) = 0;

  /// Makes a line as if the client had sent it. Nothing happens without a connection; E_INVARG for
  /// what cannot be one line, E_QUOTA when too much input waits.
  enum class Place { front, back };
  virtual Result<void> force_input(ObjectId player, std::string_view line, Place place) = 0;
  /// Forgets the lines that wait; how many there were. E_INVARG.
  virtual Result<std::size_t> flush_input(ObjectId player) = 0;

  /// What set_connection_option() sets, by name. E_INVARG if not connected.
  virtual Result<Map> options(ObjectId player) const = 0;
  /// E_INVARG too for a name that is none, or a value that does not fit.
  virtual Result<void> set_option(ObjectId player, std::string_view name, const Value& value) = 0;

  /// What PREFIX and SUFFIX have set. E_INVARG.
  struct Delimiters {
    std::string prefix, suffix;
  };
  virtual Result<Delimiters> delimiters(ObjectId player) const = 0;

  /// Bytes of output that wait. E_INVARG.
  virtual Result<std::size_t> buffered(ObjectId player) const = 0;
  /// How many may wait.
  virtual std::size_t output_limit() const = 0;

  /// Makes the connection of `from` the player `to`'s, whose own is closed if it has one. E_INVARG
  /// if `from` is not connected or `to` is no player.
  enum class Notice { given, silent };
  virtual Result<void> switch_player(ObjectId from, ObjectId to, Notice notice) = 0;
};

}  // namespace cosmoo
