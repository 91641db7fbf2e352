// Reading and writing whole messages with descriptors, at the slot's end.
#pragma once

#include <array>
#include <cstddef>

#include "sandbox/process/slot/protocol.h"
#include "sandbox/process/unique_fd.h"

namespace cosmoo::sandbox::slot {

struct Message {
  std::size_t size = 0;  ///< Of `bytes`.
  std::array<UniqueFd, kMostDescriptors> fds;
  std::size_t fd_count = 0;
  alignas(8) char bytes[kMostInline + 4096];
};

/// Waits for the next one. False: the server is gone.
bool receive(Message& message);

/// With a descriptor, unless `fd` is -1.
bool send_bytes(const void* bytes, std::size_t size, int fd);

template <typename Struct>
bool send(const Struct& message, int fd = -1) {
  return send_bytes(&message, sizeof message, fd);
}

}  // namespace cosmoo::sandbox::slot
