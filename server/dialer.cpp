#include "server/dialer.h"

#include <fmt/format.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

namespace cosmoo {

namespace asio = boost::asio;

struct Dialer::Attempt {
  Attempt(asio::io_context& loop, Destination destination, Ticket waits)
      : to(std::move(destination)), ticket(waits), socket(loop), patience(loop) {}
  const Destination to;
  const Ticket ticket;
  asio::ip::tcp::socket socket;
  asio::steady_timer patience;
  enum class Stage { name, connection } stage = Stage::connection;
};

Dialer::Dialer(asio::io_context& loop, Sessions& sessions, Scheduler& scheduler, Limits limits)
    : loop_(loop), sessions_(sessions), scheduler_(scheduler), limits_(limits), resolver_(loop) {}

Dialer::~Dialer() = default;

Result<Outbound::GiveUp> Dialer::connect(const Destination& to, Ticket ticket) {
  if (!rules_) {
    return fail(ErrorCode::perm,
                "this server makes no connections: [network] outbound is not set in its "
                "configuration");
  }
  if (!rules_->allow(to.host, to.port)) {
    return fail(ErrorCode::perm, fmt::format("{}:{} is not among [network] outbound_allowed of the "
                                             "server's configuration",
                                             to.host, to.port));
  }
  // An attempt that looks up a name is counted by the resolver, for it may outlast the attempt.
  std::size_t count = sessions_.outbound() + resolver_.running();
  for (const auto& attempt : attempts_) count += attempt->stage == Attempt::Stage::connection;
  if (count >= limits_.most) {
    return fail(ErrorCode::quota,
                fmt::format("there are {} connections to elsewhere, which is the limit", count));
  }
  auto attempt = std::make_shared<Attempt>(loop_, to, ticket);
  attempts_.insert(attempt);
  attempt->patience.expires_after(std::chrono::duration_cast<Clock::duration>(limits_.patience));
  attempt->patience.async_wait([this, weak = std::weak_ptr(attempt)](const auto& error) {
    const auto waiting = weak.lock();
    if (error || !waiting) return;
    refuse(waiting, fmt::format("nothing has come of it in {} seconds", limits_.patience.count()));
  });
  boost::system::error_code is_name;
  const auto ip = asio::ip::make_address(to.host, is_name);
  if (!is_name) {
    reach(attempt, {ip});
  } else {
    attempt->stage = Attempt::Stage::name;
    auto begun = resolver_.look_up(
        to.host, [this, weak = std::weak_ptr(attempt)](const Result<Addresses>& found) {
          const auto waiting = weak.lock();
          if (!waiting) return;
          if (!found) return refuse(waiting, found.error().message);
          waiting->stage = Attempt::Stage::connection;
          reach(waiting, *found);
        });
    if (!begun) {
      end(attempt);
      return tl::unexpected(begun.error());
    }
  }
  return [this, weak = std::weak_ptr(attempt)] {
    if (const auto waiting = weak.lock()) end(waiting);
  };
}

// Tries one address after the other.
void Dialer::reach(const std::shared_ptr<Attempt>& attempt, const Addresses& addresses) {
  std::vector<asio::ip::tcp::endpoint> endpoints;
  for (const auto& address : addresses) endpoints.emplace_back(address, attempt->to.port);
  asio::async_connect(attempt->socket, endpoints,
                      [this, attempt](const boost::system::error_code& error, const auto&) {
                        if (error) return refuse(attempt, error.message());
                        admit(attempt);
                      });
}

void Dialer::admit(const std::shared_ptr<Attempt>& attempt) {
  boost::system::error_code gone;
  (void)attempt->socket.remote_endpoint(gone);
  if (gone) return refuse(attempt, gone.message());
  auto socket = std::move(attempt->socket);
  if (!end(attempt)) return;
  Door door;
  door.handler = attempt->to.handler;
  door.kind = Door::Kind::outbound;
  door.messages = Door::Messages::hidden;
  if (const auto number = sessions_.add(std::move(socket), door)) {
    scheduler_.complete(attempt->ticket, Value(*number));
  } else {
    scheduler_.complete(attempt->ticket,
                        Error(ErrorCode::quota, "the server has no room for one more connection"));
  }
}

void Dialer::refuse(const std::shared_ptr<Attempt>& attempt, std::string_view reason) {
  if (!end(attempt)) return;
  scheduler_.complete(
      attempt->ticket,
      Error(ErrorCode::invarg, fmt::format("cannot connect to {} port {}: {}", attempt->to.host,
                                           attempt->to.port, reason)));
}

bool Dialer::end(const std::shared_ptr<Attempt>& attempt) {
  if (attempts_.erase(attempt) == 0) return false;
  attempt->patience.cancel();
  boost::system::error_code ignored;
  attempt->socket.close(ignored);
  return true;
}

}  // namespace cosmoo
