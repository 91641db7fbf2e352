// One call: what it was given, and how its function is run in the process that is there for it.
#pragma once

#include <cstdint>

#include "sandbox/frame/host/library.h"
#include "sandbox/frame/host/protocol.h"
#include "sandbox/frame/host/wire.h"

namespace cosmoo::sandbox::frame_host {

class Request {
 public:
  Request() = default;
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;
  ~Request();

  /// The rest of a `call` of `size` bytes. Uses `orders` until its end, which has nothing else to
  /// read meanwhile. False: the server is gone.
  bool read(Orders& orders, std::uint64_t size);

  const char* symbol() const { return symbol_; }
  /// A file with the input, or one that is empty.
  int input() const { return input_; }
  std::uint64_t input_bytes() const { return input_bytes_; }
  std::uint64_t output_bytes() const { return call_.output_bytes; }

  /// Makes of this process what the call asks for: standard streams, limits, variables.
  void take_place(int output, int errors) const;
  /// Calls it; what it returns.
  int run(const Function& function) const;

 private:
  int run_map(void* address) const;

  static constexpr std::size_t kFew = 64;

  Call call_;
  char* strings_ = nullptr;  ///< Those that have not been read ahead.
  char* few_[kFew];
  char** pointers_ = few_;
  const char* symbol_ = "";
  const char* path_ = "";
  char** arguments_ = nullptr;
  char** variables_ = nullptr;
  char** fields_ = nullptr;
  int input_ = -1;
  std::uint64_t input_bytes_ = 0;
};

}  // namespace cosmoo::sandbox::frame_host
