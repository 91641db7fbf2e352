#include "server/resolver.h"

#include <netdb.h>

#include <algorithm>
#include <boost/asio/ip/basic_endpoint.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <cstring>
#include <mutex>
#include <system_error>
#include <thread>

#include "vm/quiet_thread.h"

namespace cosmoo {

namespace asio = boost::asio;

// Where a thread leaves its answer, unless the resolver has gone meanwhile.
struct Resolver::Mailbox {
  std::mutex mutex;  // of `owner`, which changes on the loop's thread alone
  Resolver* owner;
};

Result<Addresses> addresses_of(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int failed = ::getaddrinfo(host.c_str(), nullptr, &hints, &list);
  if (failed != 0) {
    return fail(ErrorCode::invarg, failed == EAI_SYSTEM ? std::generic_category().message(errno)
                                                        : std::string(::gai_strerror(failed)));
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(list, ::freeaddrinfo);
  Addresses addresses;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    asio::ip::tcp::endpoint endpoint;
    if (entry->ai_addrlen > endpoint.capacity()) continue;
    endpoint.resize(entry->ai_addrlen);
    std::memcpy(endpoint.data(), entry->ai_addr, entry->ai_addrlen);
    addresses.push_back(endpoint.address());
  }
  return addresses;
}

Resolver::Resolver(asio::io_context& loop, Find find)
    : loop_(loop), find_(find), mailbox_(std::make_shared<Mailbox>()) {
  mailbox_->owner = this;
}

Resolver::~Resolver() {
  const std::lock_guard lock(mailbox_->mutex);
  mailbox_->owner = nullptr;
}

Result<void> Resolver::look_up(std::string host, Done done) {
  const std::uint64_t number = ++last_;
  try {
    const SignalsBlocked blocked;
    std::thread([mailbox = mailbox_, find = find_, host = std::move(host), number] {
      auto found = find(host);
      const std::lock_guard lock(mailbox->mutex);
      if (mailbox->owner == nullptr) return;
      asio::post(mailbox->owner->loop_, [mailbox, number, found = std::move(found)]() mutable {
        if (mailbox->owner != nullptr) mailbox->owner->finish(number, std::move(found));
      });
    }).detach();
  } catch (const std::system_error& failure) {
    return fail(ErrorCode::quota, std::string("cannot look up a name: ") + failure.what());
  }
  running_.emplace(number, std::move(done));
  return {};
}

void Resolver::finish(std::uint64_t number, Result<Addresses> found) {
  const auto it = running_.find(number);
  const Done done = std::move(it->second);
  running_.erase(it);
  done(std::move(found));
}

}  // namespace cosmoo
