// Waiting for a descriptor outside of the loop: for the server's start and end.
#pragma once

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>

namespace cosmoo::sandbox {

/// Whether something can be read, or a process has ended (of a pidfd), before `deadline`.
inline bool readable_before(int fd, std::chrono::steady_clock::time_point deadline) {
  using namespace std::chrono;
  pollfd entry{fd, POLLIN, 0};
  int ready;
  do {
    const auto left = ceil<milliseconds>(deadline - steady_clock::now());
    ready = ::poll(&entry, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
  } while (ready < 0 && errno == EINTR);
  return ready > 0;
}

}  // namespace cosmoo::sandbox
