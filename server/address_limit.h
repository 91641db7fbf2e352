// How many connections one address may hold.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <cstddef>
#include <string>
#include <unordered_map>

namespace cosmoo {

/// Counts what is open, by where it came from. Of IPv6, the first 64 bits count as one address:
/// that many are given to a single customer.
class AddressLimit {
 public:
  enum class Loopback { limited, free };

  /// `most` 0: there is no limit. Loopback::free: nor is there for this machine's own addresses.
  AddressLimit(std::size_t most, Loopback loopback) : most_(most), loopback_(loopback) {}

  /// Counts one more, unless that would be too many: false.
  bool enter(const boost::asio::ip::address& from);
  /// One that enter() has counted is closed.
  void leave(const boost::asio::ip::address& from);

 private:
  bool is_free(const boost::asio::ip::address& from) const;

  const std::size_t most_;
  const Loopback loopback_;
  std::unordered_map<std::string, std::size_t> open_;
};

}  // namespace cosmoo
