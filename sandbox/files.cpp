#include "sandbox/files.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>

namespace cosmoo::sandbox {

namespace {
constexpr int kAttempts = 8;
}

const char* objection_to_name(std::string_view name) {
  if (name.empty()) return "is empty";
  if (name.find('\0') != std::string_view::npos) return "contains a NUL byte";
  if (name[0] == '/' || name[0] == '\\') return "is an absolute path";
  if (name.size() > 1 && name[1] == ':' && std::isalpha(static_cast<unsigned char>(name[0]))) {
    return "begins with a drive letter";
  }
  if (name.find("..") != std::string_view::npos) return "contains '..'";
  if (name.find("./") != std::string_view::npos) return "contains './'";
  if (name.find("/.") != std::string_view::npos) return "contains '/.'";
  if (name.find("//") != std::string_view::npos || name.back() == '/') return "has an empty part";
  return nullptr;
}

int open_beneath(int directory, const char* path, std::uint64_t flags) {
  open_how how{};
  how.flags = flags | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  // EAGAIN: a rename somewhere raced with the resolution of a "..", which is then not trusted.
  for (int attempt = 0;; ++attempt) {
    const long fd = ::syscall(SYS_openat2, directory, path, &how, sizeof how);
    if (fd >= 0 || attempt == kAttempts || (errno != EAGAIN && errno != EINTR)) {
      return static_cast<int>(fd);
    }
  }
}

FileStamp stamp_of(const struct stat& file) {
  const auto nanoseconds = [](const timespec& time) {
    return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
  };
  return {file.st_dev, file.st_ino, static_cast<std::uint64_t>(file.st_size),
          nanoseconds(file.st_mtim), nanoseconds(file.st_ctim)};
}

tl::expected<std::string, int> read_bytes(int fd, std::size_t size) {
  std::string bytes(size, '\0');
  std::size_t got = 0;
  while (got < size) {
    const ssize_t count = ::read(fd, bytes.data() + got, size - got);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return tl::unexpected(errno);
    if (count == 0) break;
    got += static_cast<std::size_t>(count);
  }
  bytes.resize(got);
  return bytes;
}

}  // namespace cosmoo::sandbox
