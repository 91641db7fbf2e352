#include "server/listener.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <sstream>

namespace cosmoo {

namespace asio = boost::asio;

Listener::Listener(asio::io_context& loop, Sessions& sessions, Log& log, const Door& door)
    : sessions_(sessions), log_(log), door_(door), acceptor_(loop) {}

Result<void> Listener::bind(const std::string& address, std::uint16_t port) {
  boost::system::error_code error;
  const auto ip = asio::ip::make_address(address, error);
  if (error) return fail(ErrorCode::invarg, "'" + address + "' is not an IP address");
  const asio::ip::tcp::endpoint endpoint(ip, port);
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) return {};
  return fail(ErrorCode::quota, "cannot listen on " + address + " port " + std::to_string(port) +
                                    ": " + error.message());
}

Result<void> Listener::start() {
  boost::system::error_code error;
  acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    return fail(ErrorCode::quota, "cannot listen on " + address() + ": " + error.message());
  }
  asio::co_spawn(acceptor_.get_executor(), accept_loop(shared_from_this()), asio::detached);
  return {};
}

void Listener::close() {
  boost::system::error_code ignored;
  acceptor_.close(ignored);
}

asio::ip::tcp::endpoint Listener::endpoint() const {
  boost::system::error_code ignored;
  return acceptor_.local_endpoint(ignored);
}

ListenerInfo Listener::info() const {
  const auto at = endpoint();
  return {door_.handler, at.port(), at.address().to_string(),
          door_.messages == Door::Messages::shown};
}

std::string Listener::address() const {
  std::ostringstream out;
  out << endpoint();
  return out.str();
}

asio::awaitable<void> Listener::accept_loop(std::shared_ptr<Listener> self) {
  constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
  constexpr std::chrono::milliseconds kPause{200};
  asio::steady_timer pause(self->acceptor_.get_executor());
  bool complained = false;
  while (self->acceptor_.is_open()) {
    auto [error, socket] = co_await self->acceptor_.async_accept(kTuple);
    if (!error) {
      complained = false;
      self->sessions_.add(std::move(socket), self->door_);
      continue;
    }
    if (error == asio::error::operation_aborted) co_return;
    if (error == asio::error::connection_aborted) continue;
    // Out of descriptors or memory: the client stays in the backlog until some are free again.
    if (!complained) self->log_.error("cannot accept connections: " + error.message());
    complained = true;
    pause.expires_after(kPause);
    co_await pause.async_wait(kTuple);
  }
}

}  // namespace cosmoo
