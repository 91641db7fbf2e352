#include "sandbox/moxie/cli/gdb_server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

#include "sandbox/moxie/gdb_stub.h"

namespace cosmoo::moxie::cli {

namespace {

/// A descriptor with one owner.
class Socket {
 public:
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  ~Socket() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

tl::unexpected<std::string> failed(std::string_view step) {
  return tl::unexpected(fmt::format("gdb: {}: {}", step, std::strerror(errno)));
}

/// The first connection to the port, or a negative number and errno.
int accept_one(int listener) {
  for (;;) {
    const int connection = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection >= 0 || errno != EINTR) return connection;
  }
}

bool send_all(int connection, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

/// What has come; waits for it only while the guest stands. Nothing: the debugger is gone.
std::optional<std::string> receive(int connection, const GdbStub& stub) {
  pollfd waiting{connection, POLLIN, 0};
  if (::poll(&waiting, 1, stub.running() ? 0 : -1) <= 0) return std::string();
  std::array<char, 4096> bytes;
  const ssize_t count = ::recv(connection, bytes.data(), bytes.size(), 0);
  if (count < 0 && errno == EINTR) return std::string();
  if (count <= 0) return std::nullopt;
  return std::string(bytes.data(), static_cast<std::size_t>(count));
}

}  // namespace

tl::expected<Stop, std::string> debug(Machine& machine, std::uint64_t budget, std::uint16_t port) {
  const Socket listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (listener.get() < 0) return failed("socket");
  const int on = 1;
  ::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
  address.sin_port = ::htons(port);
  socklen_t length = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener.get(), any, length) != 0) return failed(fmt::format("port {}", port));
  if (::listen(listener.get(), 1) != 0 || ::getsockname(listener.get(), any, &length) != 0)
    return failed("listen");
  fmt::print(stderr, "gdb: waiting on 127.0.0.1:{}\n", ::ntohs(address.sin_port));

  const Socket connection(accept_one(listener.get()));
  if (connection.get() < 0) return failed("accept");
  ::setsockopt(connection.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);

  GdbStub stub(machine, budget);
  bool connected = true;
  while (connected && stub.ending() == GdbStub::Ending::none) {
    if (const auto bytes = receive(connection.get(), stub)) {
      stub.receive(*bytes);
    } else {
      connected = false;
    }
    stub.run_slice();
    connected = send_all(connection.get(), stub.take_output()) && connected;
  }
  // Whoever left without a word let the guest go, as one who detached did.
  const std::uint64_t used = machine.state().instructions;
  const bool ended = stub.stop().why == Stop::Why::exited || stub.stop().why == Stop::Why::fault;
  if (ended) return stub.stop();
  if (stub.ending() == GdbStub::Ending::killed) return Stop{Stop::Why::interrupted};
  return machine.run(budget - std::min(budget, used));
}

}  // namespace cosmoo::moxie::cli
