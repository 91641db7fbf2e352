// A telnet client for tests: a blocking socket with deadlines. Fails the test when one passes.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace cosmoo::test {

inline constexpr std::chrono::seconds kDeadline{10};

class Client {
 public:
  using Wait = std::chrono::milliseconds;

  /// Connects to 127.0.0.1. `receive_buffer` bytes of socket buffer; 0: the system's default.
  explicit Client(std::uint16_t port, int receive_buffer = 0);
  /// Of a socket that is connected.
  static Client adopt(int socket);
  ~Client();
  Client(Client&& other) noexcept;
  Client& operator=(Client&& other) noexcept;

  /// Sends all of it, however long the server takes to read.
  void send(std::string_view bytes, Wait deadline = kDeadline);
  /// Sends as much as goes without waiting; how many bytes that was.
  std::size_t send_some(std::string_view bytes);
  void line(std::string_view text);

  /// Waits until `text` comes; gives back everything before it and takes both away.
  std::string expect(std::string_view text, Wait deadline = kDeadline);
  /// The next whole line, without its end.
  std::string read_line(Wait deadline = kDeadline) { return expect("\r\n", deadline); }
  /// Waits until the server closes; gives back everything that came before.
  std::string expect_closed(Wait deadline = kDeadline);
  /// What has come and nobody has taken.
  const std::string& pending() const { return pending_; }

  /// Says that nothing more will be sent.
  void finish_sending();
  /// Closes at once and rudely: the server sees a reset.
  void vanish();
  int descriptor() const { return socket_; }

 private:
  Client() = default;
  void tune();
  enum class Got { bytes, end, nothing };
  Got receive(std::chrono::steady_clock::time_point until);

  int socket_ = -1;
  std::string pending_;
};

/// A port of 127.0.0.1 for the server to connect to.
class Acceptor {
 public:
  /// `backlog` connections wait for accept(); the system lets further ones wait for an answer.
  explicit Acceptor(int backlog = 16);
  ~Acceptor();
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  std::uint16_t port() const { return port_; }
  Client accept(Client::Wait deadline = kDeadline);

 private:
  int socket_ = -1;
  std::uint16_t port_ = 0;
};

/// Runs one eval and gives back its answer: eval("1 + 1") is "2".
std::string eval(Client& client, std::string_view source, Client::Wait deadline = kDeadline);

}  // namespace cosmoo::test
