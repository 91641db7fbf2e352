// A listening socket: accepts clients and hands them to the sessions.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <string>

#include "server/log.h"
#include "server/sessions.h"
#include "vm/network.h"

namespace cosmoo {

class Listener : public std::enable_shared_from_this<Listener> {
 public:
  /// Its clients come in by `door`.
  Listener(boost::asio::io_context& loop, Sessions& sessions, Log& log, const Door& door);

  /// Takes the address, so that nobody else can; nobody is accepted yet. E_INVARG if it is none,
  /// E_QUOTA if the system refuses.
  Result<void> bind(const std::string& address, std::uint16_t port);
  /// Begins to accept. E_QUOTA when another server took the address meanwhile.
  Result<void> start();
  void close();
  /// "127.0.0.1:7777", with the port that was bound.
  std::string address() const;
  boost::asio::ip::tcp::endpoint endpoint() const;
  ListenerInfo info() const;

 private:
  static boost::asio::awaitable<void> accept_loop(std::shared_ptr<Listener> self);

  Sessions& sessions_;
  Log& log_;
  const Door door_;
  boost::asio::ip::tcp::acceptor acceptor_;
};

}  // namespace cosmoo
