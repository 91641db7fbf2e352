#include "sandbox/moxie/shared_bytes.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace cosmoo::moxie {

namespace {

tl::unexpected<LoadError> refused(const char* call) {
  return tl::unexpected(LoadError{LoadError::Kind::system, std::string("no memory for a guest: ") +
                                                               call + ": " + std::strerror(errno)});
}

bool write_all(int descriptor, std::span<const std::uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

tl::expected<std::unique_ptr<const SharedBytes>, LoadError> SharedBytes::copy(
    std::span<const std::uint8_t> bytes) {
  const int descriptor = ::memfd_create("moxie", MFD_CLOEXEC);
  if (descriptor < 0) return refused("memfd_create");
  std::unique_ptr<SharedBytes> shared(new SharedBytes(descriptor, nullptr, bytes.size()));
  if (bytes.empty()) return shared;
  const std::size_t page = 4096;
  if (!write_all(descriptor, bytes)) return refused("write");
  if (::ftruncate(descriptor, static_cast<off_t>((bytes.size() + page - 1) / page * page)) != 0) {
    return refused("ftruncate");
  }
  void* data = ::mmap(nullptr, bytes.size(), PROT_READ, MAP_SHARED, descriptor, 0);
  if (data == MAP_FAILED) return refused("mmap");
  shared->data_ = static_cast<const std::uint8_t*>(data);
  return shared;
}

SharedBytes::~SharedBytes() {
  if (data_ != nullptr) ::munmap(const_cast<std::uint8_t*>(data_), size_);
  ::close(descriptor_);
}

bool SharedBytes::map_at(void* place, std::size_t offset, std::size_t length) const {
  return ::mmap(place, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE,
                descriptor_, static_cast<off_t>(offset)) != MAP_FAILED;
}

}  // namespace cosmoo::moxie
