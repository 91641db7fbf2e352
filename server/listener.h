// The listening socket: accepts clients and hands them to the sessions.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <string>

#include "server/log.h"
#include "server/sessions.h"

namespace cosmoo {

class Listener {
 public:
  Listener(boost::asio::io_context& loop, Sessions& sessions, Log& log);

  /// Takes the address, so that nobody else can; nobody is accepted yet. E_INVARG.
  Result<void> bind(const std::string& address, std::uint16_t port);
  /// Begins to accept. E_INVARG when another server took the address meanwhile.
  Result<void> start();
  void close();
  /// "127.0.0.1:7777", with the port that was bound.
  std::string address() const;
  boost::asio::ip::tcp::endpoint endpoint() const;

 private:
  static boost::asio::awaitable<void> accept_loop(Listener& self);

  Sessions& sessions_;
  Log& log_;
  boost::asio::ip::tcp::acceptor acceptor_;
};

}  // namespace cosmoo
