#include "tests/integration/support/client.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace cosmoo::test {
namespace {

using Clock = std::chrono::steady_clock;

bool wait_for(int socket, short events, Clock::time_point until) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
    if (left < 0) return false;
    pollfd entry{socket, events, 0};
    const int ready = ::poll(&entry, 1, static_cast<int>(left));
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

std::string tail_of(const std::string& text) {
  constexpr std::size_t kShown = 2000;
  return text.size() <= kShown ? text : "..." + text.substr(text.size() - kShown);
}

}  // namespace

Client::Client(std::uint16_t port, int receive_buffer)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (receive_buffer > 0) {
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int connected =
      ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  REQUIRE_MESSAGE(connected == 0, "connect to port ", port, ": ", std::strerror(errno));
  tune();
}

Client Client::adopt(int socket) {
  Client client;
  client.socket_ = socket;
  client.tune();
  return client;
}

void Client::tune() {
  const int on = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::fcntl(socket_, F_SETFL, O_NONBLOCK);
}

Client::~Client() {
  if (socket_ >= 0) ::close(socket_);
}

Client::Client(Client&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)), pending_(std::move(other.pending_)) {}

Client& Client::operator=(Client&& other) noexcept {
  std::swap(socket_, other.socket_);
  std::swap(pending_, other.pending_);
  return *this;
}

std::size_t Client::send_some(std::string_view bytes) {
  const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  return sent > 0 ? static_cast<std::size_t>(sent) : 0;
}

void Client::send(std::string_view bytes, Wait deadline) {
  const auto until = Clock::now() + deadline;
  while (!bytes.empty()) {
    const std::size_t sent = send_some(bytes);
    bytes.remove_prefix(sent);
    if (sent > 0) continue;
    REQUIRE_MESSAGE((errno == EAGAIN || errno == EINTR), "send: ", std::strerror(errno));
    REQUIRE_MESSAGE(wait_for(socket_, POLLOUT, until), "the server reads nothing more; ",
                    bytes.size(), " bytes are left");
  }
}

void Client::line(std::string_view text) {
  std::string bytes(text);
  bytes += "\r\n";
  send(bytes);
}

Client::Got Client::receive(Clock::time_point until) {
  if (!wait_for(socket_, POLLIN, until)) return Got::nothing;
  std::array<char, 65536> buffer{};
  const ssize_t size = ::recv(socket_, buffer.data(), buffer.size(), 0);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return Got::bytes;
  if (size <= 0) return Got::end;
  pending_.append(buffer.data(), static_cast<std::size_t>(size));
  return Got::bytes;
}

std::string Client::expect(std::string_view text, Wait deadline) {
  const auto until = Clock::now() + deadline;
  std::size_t searched = 0;
  for (;;) {
    const auto at = pending_.find(text, searched);
    if (at != std::string::npos) {
      std::string before = pending_.substr(0, at);
      pending_.erase(0, at + text.size());
      return before;
    }
    searched = pending_.size() < text.size() ? 0 : pending_.size() - text.size();
    const Got got = receive(until);
    REQUIRE_MESSAGE(got == Got::bytes, "expected \"", std::string(text), "\", but ",
                    got == Got::end ? "the server closed" : "nothing more came", "; there was \"",
                    tail_of(pending_), "\"");
  }
}

std::string Client::expect_closed(Wait deadline) {
  const auto until = Clock::now() + deadline;
  for (;;) {
    const Got got = receive(until);
    if (got == Got::end) return std::exchange(pending_, {});
    REQUIRE_MESSAGE(got == Got::bytes, "the server did not close; there was \"", tail_of(pending_),
                    "\"");
  }
}

void Client::finish_sending() { ::shutdown(socket_, SHUT_WR); }

void Client::vanish() {
  const linger now{1, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  ::close(std::exchange(socket_, -1));
}

Acceptor::Acceptor(int backlog) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const where = reinterpret_cast<sockaddr*>(&address);
  REQUIRE(::bind(socket_, where, size) == 0);
  REQUIRE(::listen(socket_, backlog) == 0);
  REQUIRE(::getsockname(socket_, where, &size) == 0);
  port_ = ntohs(address.sin_port);
}

Acceptor::~Acceptor() { ::close(socket_); }

Client Acceptor::accept(Client::Wait deadline) {
  REQUIRE_MESSAGE(wait_for(socket_, POLLIN, Clock::now() + deadline), "nobody connects");
  const int accepted = ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
  REQUIRE(accepted >= 0);
  return Client::adopt(accepted);
}

std::string eval(Client& client, std::string_view source, Client::Wait deadline) {
  client.line(";" + std::string(source));
  client.expect("=> ", deadline);
  return client.read_line(deadline);
}

}  // namespace cosmoo::test
