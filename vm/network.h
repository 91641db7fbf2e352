// What a builtin may ask of the server's listening sockets. server/ implements it; vm/ and
// builtins/ know only this. All calls are made on the event loop's thread and none of them blocks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vm/error.h"
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

}  // namespace cosmoo
