#include "server/address_limit.h"

#include <algorithm>

namespace cosmoo {
namespace {

namespace ip = boost::asio::ip;

/// As clients have it: a listener on :: sees IPv4 addresses as a kind of IPv6's.
ip::address plain(const ip::address& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return ip::make_address_v4(ip::v4_mapped, address.to_v6());
  }
  return address;
}

std::string key_of(const ip::address& from) {
  const ip::address address = plain(from);
  if (address.is_v4()) return address.to_string();
  auto bytes = address.to_v6().to_bytes();
  std::fill(bytes.begin() + 8, bytes.end(), std::uint8_t{0});
  return ip::address_v6(bytes).to_string();
}

}  // namespace

bool AddressLimit::is_free(const ip::address& from) const {
  return most_ == 0 || (loopback_ == Loopback::free && plain(from).is_loopback());
}

bool AddressLimit::enter(const ip::address& from) {
  if (is_free(from)) return true;
  std::size_t& open = open_[key_of(from)];  // none is kept at 0: `most_` is more than that
  if (open >= most_) return false;
  ++open;
  return true;
}

void AddressLimit::leave(const ip::address& from) {
  if (is_free(from)) return;
  const auto it = open_.find(key_of(from));
  if (it != open_.end() && --it->second == 0) open_.erase(it);
}

}  // namespace cosmoo
