// Connections that scripts have the server make (open_network_connection).
//
// Rules
//  1. Only where the configuration allows: a host as it was named, and a port.
//  2. A name is looked up once, and what it was found to be is connected to.
//  3. An attempt ends once: connected, failed, out of time, or given up with its task.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <unordered_set>

#include "server/outbound_rules.h"
#include "server/resolver.h"
#include "server/sessions.h"
#include "vm/network.h"

namespace cosmoo {

class Dialer final : public Outbound {
 public:
  struct Limits {
    std::size_t most = 16;  ///< Connections, attempts and look-ups that nobody waits for any more.
    std::chrono::duration<double> patience{30};  ///< With a look-up and a connection.
  };
  Dialer(boost::asio::io_context& loop, Sessions& sessions, Scheduler& scheduler, Limits limits);
  ~Dialer() override;

  /// Until then nothing is allowed.
  void allow(OutboundRules rules) { rules_ = std::move(rules); }

  Result<GiveUp> connect(const Destination& to, Ticket ticket) override;

 private:
  struct Attempt;
  void reach(const std::shared_ptr<Attempt>& attempt, const Addresses& addresses);
  void admit(const std::shared_ptr<Attempt>& attempt);
  void refuse(const std::shared_ptr<Attempt>& attempt, std::string_view reason);
  /// False: it has ended already.
  bool end(const std::shared_ptr<Attempt>& attempt);

  boost::asio::io_context& loop_;
  Sessions& sessions_;
  Scheduler& scheduler_;
  const Limits limits_;
  std::optional<OutboundRules> rules_;
  std::unordered_set<std::shared_ptr<Attempt>> attempts_;
  Resolver resolver_;
};

}  // namespace cosmoo
