#include "sandbox/process/program_file.h"

#include <fcntl.h>
#include <sys/mman.h>

#include <cerrno>

namespace cosmoo::sandbox {

namespace {
constexpr unsigned kExecutable = 0x10;  // MFD_EXEC, which kernels before 6.3 do not know
}

UniqueFd program_file(const char* name, const char* begin, const char* end) {
  constexpr unsigned kFlags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  UniqueFd file(::memfd_create(name, kFlags | kExecutable));
  if (!file && errno == EINVAL) file.reset(::memfd_create(name, kFlags));
  // Above those that a child gets: it is not to be overwritten before it is executed.
  if (file && file.get() <= 3) file.reset(::fcntl(file.get(), F_DUPFD_CLOEXEC, 4));
  if (!file) return file;
  for (const char* at = begin; at < end;) {
    const ssize_t put = ::write(file.get(), at, static_cast<std::size_t>(end - at));
    if (put < 0) return UniqueFd();
    at += put;
  }
  ::fcntl(file.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
  return file;
}

}  // namespace cosmoo::sandbox
