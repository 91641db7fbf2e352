#include "sandbox/frame/host/wire.h"

#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace cosmoo::sandbox::frame_host {

bool Orders::fill() {
  begin_ = end_ = 0;
  for (;;) {
    const ssize_t got = ::read(fd_, ahead_, sizeof ahead_);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    end_ = static_cast<std::size_t>(got);
    return true;
  }
}

bool Orders::read(void* to, std::size_t size) {
  for (auto* at = static_cast<char*>(to); size > 0;) {
    if (begin_ == end_ && !fill()) return false;
    const std::size_t part = std::min(size, end_ - begin_);
    std::memcpy(at, ahead_ + begin_, part);
    begin_ += part;
    at += part;
    size -= part;
  }
  return true;
}

bool Orders::copy(std::uint64_t size, int file) {
  while (size > 0) {
    if (begin_ == end_ && !fill()) return false;
    const std::size_t part = static_cast<std::size_t>(std::min<std::uint64_t>(size, end_ - begin_));
    // Where there is no room for it, who reads the file finds it short.
    write_all(file, ahead_ + begin_, part);
    begin_ += part;
    size -= part;
  }
  return true;
}

bool write_all(int fd, const void* bytes, std::size_t size) {
  for (const auto* at = static_cast<const char*>(bytes); size > 0;) {
    const ssize_t put = ::write(fd, at, size);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return false;
    at += put;
    size -= static_cast<std::size_t>(put);
  }
  return true;
}

bool answer(int fd, Word word, const void* bytes, std::size_t size) {
  const Header header{word, 0, size};
  char together[512];
  if (sizeof header + size > sizeof together) {
    return write_all(fd, &header, sizeof header) && write_all(fd, bytes, size);
  }
  std::memcpy(together, &header, sizeof header);
  if (size > 0) std::memcpy(together + sizeof header, bytes, size);
  return write_all(fd, together, sizeof header + size);
}

bool relay(int fd, Word word, int file) {
  static char buffer[sizeof(Header) + 64 * 1024];
  ssize_t got;
  do {
    got = ::read(file, buffer + sizeof(Header), sizeof buffer - sizeof(Header));
  } while (got < 0 && errno == EINTR);
  if (got <= 0) return false;
  const Header header{word, 0, static_cast<std::uint64_t>(got)};
  std::memcpy(buffer, &header, sizeof header);
  return write_all(fd, buffer, sizeof header + static_cast<std::size_t>(got));
}

}  // namespace cosmoo::sandbox::frame_host
