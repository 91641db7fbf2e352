// Whole messages with descriptors, for both ends of a slot's socket.
#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>
#include <span>

#include "sandbox/process/unique_fd.h"

namespace cosmoo::sandbox::slot {

/// The parts are one message; at most kMostDescriptors go with it. False, with errno, when the
/// other end is gone.
bool send(int socket, std::span<const iovec> parts, std::span<const int> fds = {});

struct Received {
  ssize_t size = -1;  ///< 0: the other end is gone. -1, with errno: none there.
  std::size_t fd_count = 0;
  bool cut = false;  ///< There was no room for all of it.
};

/// One message; the descriptors that it brings go into `fds`, from the first one on. `flags` are
/// recvmsg()'s: without MSG_DONTWAIT it waits.
Received receive(int socket, void* bytes, std::size_t room, std::span<UniqueFd> fds, int flags);

}  // namespace cosmoo::sandbox::slot
