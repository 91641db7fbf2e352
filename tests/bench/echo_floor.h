// A server that sends back what it gets and does nothing else: what the server's sessions are
// measured against.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>

namespace cosmoo::bench {

/// Serves connections on a loopback port, one at a time, on a thread of its own.
class EchoServer {
 public:
  EchoServer();
  ~EchoServer();
  EchoServer(const EchoServer&) = delete;
  EchoServer& operator=(const EchoServer&) = delete;
  std::uint16_t port() const { return port_; }

 private:
  void serve();

  int listener_;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace cosmoo::bench
