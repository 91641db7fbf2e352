// The addresses of host names. getaddrinfo() waits for as long as it likes and cannot be called
// off, so that each look-up has a thread of its own, for which nobody waits: a name server that
// does not answer holds up neither the loop, nor another look-up, nor the server's end.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "vm/error.h"

namespace cosmoo {

using Addresses = std::vector<boost::asio::ip::address>;

/// What the system says; blocks. E_INVARG with its reason.
Result<Addresses> addresses_of(const std::string& host);

class Resolver {
 public:
  using Find = Result<Addresses> (*)(const std::string& host);
  using Done = std::function<void(Result<Addresses>)>;

  explicit Resolver(boost::asio::io_context& loop, Find find = addresses_of);
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  /// `done` is called on the loop, never from inside the call, and not at all once the resolver is
  /// gone. E_QUOTA: the system has no thread for it.
  Result<void> look_up(std::string host, Done done);
  /// Look-ups that have not ended, also those whose answer nobody wants any more.
  std::size_t running() const { return running_.size(); }

 private:
  struct Mailbox;
  void finish(std::uint64_t number, Result<Addresses> found);

  boost::asio::io_context& loop_;
  const Find find_;
  std::uint64_t last_ = 0;
  std::unordered_map<std::uint64_t, Done> running_;
  const std::shared_ptr<Mailbox> mailbox_;  // shared with the threads, which may outlive this
};

}  // namespace cosmoo
