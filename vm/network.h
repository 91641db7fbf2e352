// What a builtin may ask of the server's sockets: to listen, and to connect. server/ implements it;
// vm/ and builtins/ know only this. All calls are made on the event loop's thread and none of them
// blocks.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vm/error.h"
#include "vm/task.h"
#include "vm/value.h"

namespace cosmoo {

struct ListenerInfo {
  ObjectId handler;  ///< Whose verbs (do_login_command, user_connected, ...) its connections use.
  std::uint16_t port = 0;       ///< To listen(): 0 takes any free one.
  std::string interface;        ///< An IP address; to listen(): empty is the server's own.
  bool print_messages = false;  ///< Whether the server greets, and says why it closes.
};

class Network {
 public:
  virtual ~Network() = default;

  /// Begins to listen; gives back what came of it. E_INVARG: there is one already, or the interface
  /// is no IP address. E_QUOTA: there are as many as there may be, or the system refuses.
  virtual Result<ListenerInfo> listen(ListenerInfo wanted) = 0;
  /// Ends one; its connections stay. E_INVARG if there is none.
  virtual Result<void> unlisten(std::uint16_t port, std::optional<std::string_view> interface) = 0;
  /// In the order in which they began.
  virtual std::vector<ListenerInfo> listeners() const = 0;
};

/// Where the server is to connect.
struct Destination {
  std::string host;  ///< A name or an IP address.
  std::uint16_t port = 0;
  ObjectId handler;  ///< As of a listener.
};

class Outbound {
 public:
  virtual ~Outbound() = default;

  /// Begins to connect. The task of `ticket` is woken with the connection, a negative object that
  /// Connections knows, or with E_INVARG and the reason. Fails at once with E_PERM for what the
  /// configuration does not allow, E_QUOTA if there are as many as there may be.
  using GiveUp = std::function<void()>;  ///< Ends the attempt, if it still goes on.
  virtual Result<GiveUp> connect(const Destination& to, Ticket ticket) = 0;
};

}  // namespace cosmoo
