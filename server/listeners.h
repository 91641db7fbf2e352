// Every port that is listened on: the server's own, and those that scripts have opened.
#pragma once

#include <memory>
#include <vector>

#include "server/listener.h"
#include "vm/network.h"

namespace cosmoo {

class Listeners final : public Network {
 public:
  struct Limits {
    std::string interface;  ///< Where scripts listen that name none.
    std::size_t most = 16;  ///< The server's own is one of them.
  };
  Listeners(boost::asio::io_context& loop, Sessions& sessions, Log& log, Limits limits);

  /// Takes the server's own address, so that nobody else can; nobody is accepted yet.
  Result<void> bind(const std::string& address, std::uint16_t port);
  /// Begins to accept. Fails when another server took the address meanwhile.
  Result<void> start();
  /// Ends them all; none is opened afterwards.
  void close();
  /// The server's own.
  const Listener& own() const { return *own_; }

  Result<ListenerInfo> listen(ListenerInfo wanted) override;
  Result<void> unlisten(std::uint16_t port, std::optional<std::string_view> interface) override;
  std::vector<ListenerInfo> listeners() const override;

 private:
  boost::asio::io_context& loop_;
  Sessions& sessions_;
  Log& log_;
  const Limits limits_;
  const std::shared_ptr<Listener> own_;
  std::vector<std::shared_ptr<Listener>> open_;  // its own is among them until it is unlistened
  bool closed_ = false;
};

}  // namespace cosmoo
