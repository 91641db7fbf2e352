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
};

struct ConnectionInfo {
  ObjectId player;   ///< Negative: not logged in yet.
  std::string name;  ///< "127.0.0.1 port 50123"
  Peer peer;
  Terminal terminal;
  std::chrono::steady_clock::time_point connected_at;
  std::chrono::steady_clock::time_point last_input_at;
};

class Connections {
 public:
  virtual ~Connections() = default;

  /// Queues a line of output (a line end is added). A player without a connection hears nothing,
  /// which is no error.
  virtual void notify(ObjectId player, std::string_view line) = 0;

  /// All connections; those that have not logged in too.
  virtual std::vector<ObjectId> list() const = 0;

  virtual std::optional<ConnectionInfo> info(ObjectId player) const = 0;

  virtual bool connected(ObjectId player) const = 0;

  /// Closes the connection after its queued output is sent. False: there was none.
  virtual bool boot(ObjectId player) = 0;

  /// Gives the connection's next line to the waiting task `ticket` instead of running it as a
  /// command; E_INVARG through the ticket when the connection goes away first. Fails with E_INVARG
  /// if it is not connected or somebody reads already. `echo` off hides what is typed (passwords).
  enum class Echo { on, off };
  virtual Result<void> read_line(ObjectId player, Ticket ticket, Echo echo) = 0;
};

}  // namespace cosmoo
