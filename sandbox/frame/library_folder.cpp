#include "sandbox/frame/library_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "sandbox/process/start_errors.h"

namespace cosmoo::sandbox {

namespace {

std::string library_in_quotes(std::string_view name) { return "library " + in_quotes(name); }

}  // namespace

LibraryFolder::LibraryFolder(const std::filesystem::path& path)
    : folder_(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)) {}

tl::expected<UniqueFd, StartError> LibraryFolder::open(const std::string& name, FileStamp& stamp,
                                                       std::uint64_t flags) const {
  if (const char* why = objection_to_name(name)) {
    return tl::unexpected(
        bad_argument(std::string("the name of the library ") + why + ": " + in_quotes(name)));
  }
  UniqueFd file(folder_ ? open_beneath(folder_.get(), name.c_str(), flags) : -1);
  if (!file) {
    return tl::unexpected(beneath_failure(library_in_quotes(name), "the folder of modules", "read",
                                          folder_ ? errno : ENOENT));
  }
  struct stat about {};
  if (::fstat(file.get(), &about) != 0) {
    return tl::unexpected(system_failure(library_in_quotes(name), "fstat", errno));
  }
  if (!S_ISREG(about.st_mode))
    return tl::unexpected(bad_argument(library_in_quotes(name) + " is no file"));
  stamp = stamp_of(about);
  return file;
}

tl::expected<FileStamp, StartError> LibraryFolder::stamp(const std::string& name) const {
  FileStamp stamp;
  // Opening for reading would touch it: a device or a FIFO has its own ideas of that.
  auto file = open(name, stamp, O_PATH);
  if (!file) return tl::unexpected(file.error());
  return stamp;
}

tl::expected<std::string, StartError> LibraryFolder::read(const std::string& name) const {
  FileStamp stamp;
  auto file = open(name, stamp, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!file) return tl::unexpected(file.error());
  if (stamp.size > kMostBytes) {
    return tl::unexpected(bad_argument(library_in_quotes(name) + " is larger than " +
                                       std::to_string(kMostBytes) + " bytes"));
  }
  auto bytes = read_bytes(file->get(), stamp.size);
  if (!bytes) return tl::unexpected(system_failure(library_in_quotes(name), "read", bytes.error()));
  return std::move(*bytes);
}

std::vector<std::string> LibraryFolder::names() const {
  std::vector<std::string> names;
  const int fd = folder_ ? open_beneath(folder_.get(), ".", O_RDONLY | O_DIRECTORY) : -1;
  if (fd < 0) return names;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::fdopendir(fd), ::closedir);
  if (!directory) {
    ::close(fd);
    return names;
  }
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string name = entry->d_name;
    FileStamp stamp;
    if (name[0] == '.' || !open(name, stamp, O_PATH)) continue;
    const auto file = open(name, stamp, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    char magic[4] = {};
    if (!file || ::pread(file->get(), magic, sizeof magic, 0) != sizeof magic) continue;
    if (std::memcmp(magic,
                    "\x7f"
                    "ELF",
                    4) == 0)
      names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace cosmoo::sandbox
