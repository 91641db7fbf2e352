#include "sandbox/process/executable.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "sandbox/files.h"
#include "sandbox/process/start_errors.h"

namespace cosmoo::sandbox {

namespace {

constexpr int kDeepestListing = 8;
constexpr int kOpenAttempts = 8;

StartError open_error(const std::string& program, int error_number) {
  return beneath_failure(program, "the directory of executables", "reached", error_number);
}

bool same_file(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/// What is wrong with the file itself, or null. `fd` may be an O_PATH one.
const char* objection(int fd, const struct stat& file) {
  if (S_ISDIR(file.st_mode)) return " is a directory";
  if (!S_ISREG(file.st_mode)) return " is not a regular file";
  if ((file.st_mode & 0111) == 0) return " is not executable";
  if (file.st_mode & (S_ISUID | S_ISGID)) return " is setuid or setgid, which is refused";
  if (::syscall(SYS_faccessat2, fd, "", X_OK, AT_EMPTY_PATH | AT_EACCESS) != 0 &&
      (errno == EACCES || errno == EPERM)) {
    return " may not be executed by the server";
  }
  return nullptr;
}

/// Reads the first line of a script. A file that may be executed but not read is none: its
/// interpreter could not read it either.
void look_for_interpreter(Executable& executable) {
  char head[256];
  const ssize_t size = ::pread(executable.fd.get(), head, sizeof head, 0);
  if (size < 2 || head[0] != '#' || head[1] != '!') return;
  executable.is_script = true;
  std::string_view line(head + 2, static_cast<std::size_t>(size) - 2);
  line = line.substr(0, line.find('\n'));
  const auto begin = line.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return;
  line.remove_prefix(begin);
  executable.interpreter = line.substr(0, line.find_first_of(" \t\r"));
}

}  // namespace

tl::expected<Executable, StartError> Executable::duplicate() const {
  UniqueFd copy(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 3));
  if (!copy) return tl::unexpected(system_failure("program " + in_quotes(name), "fcntl", errno));
  return Executable{name, std::move(copy), is_script, interpreter};
}

tl::expected<ExecutableDirectory, StartError> ExecutableDirectory::open(
    const std::filesystem::path& path) {
  UniqueFd fd(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd) {
    return tl::unexpected(
        system_failure("directory of executables " + in_quotes(path.native()), "open", errno));
  }
  return ExecutableDirectory(path, std::move(fd));
}

tl::expected<Executable, StartError> ExecutableDirectory::find(std::string_view name) const {
  if (const char* why = objection_to_name(name)) {
    std::string message = std::string("the name of the program ") + why;
    if (!name.empty()) message += ": " + in_quotes(name);
    return tl::unexpected(bad_argument(std::move(message)));
  }
  Executable executable;
  executable.name = name;
  const std::string program = "program " + in_quotes(name);
  for (int attempt = 0; attempt < kOpenAttempts; ++attempt) {
    // First without touching the file: opening a device or a FIFO would have consequences.
    UniqueFd path_fd(open_beneath(fd_.get(), executable.name.c_str(), O_PATH));
    if (!path_fd) return tl::unexpected(open_error(program, errno));
    struct stat checked {};
    if (::fstat(path_fd.get(), &checked) != 0) {
      return tl::unexpected(system_failure(program, "fstat", errno));
    }
    if (const char* why = objection(path_fd.get(), checked)) {
      return tl::unexpected(bad_argument(program + why));
    }
    // Then for reading, to tell a script; it must be the file that was checked (rule 2).
    UniqueFd fd(open_beneath(fd_.get(), executable.name.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY));
    if (fd) {
      struct stat opened {};
      if (::fstat(fd.get(), &opened) != 0) {
        return tl::unexpected(system_failure(program, "fstat", errno));
      }
      if (!same_file(checked, opened)) continue;
    } else if (errno == EACCES || errno == EPERM) {
      fd = std::move(path_fd);
    } else {
      const StartError error = open_error(program, errno);
      if (error.kind == StartError::Kind::bad_argument) continue;
      return tl::unexpected(error);
    }
    executable.fd = above_stdio(std::move(fd));
    if (!executable.fd) return tl::unexpected(system_failure(program, "fcntl", errno));
    look_for_interpreter(executable);
    return executable;
  }
  return tl::unexpected(bad_argument(program + " keeps changing while it is looked at"));
}

std::vector<std::string> ExecutableDirectory::names(std::size_t most) const {
  std::vector<std::string> names;
  collect("", 0, most, names);
  std::sort(names.begin(), names.end());
  return names;
}

void ExecutableDirectory::collect(const std::string& prefix, int depth, std::size_t most,
                                  std::vector<std::string>& names) const {
  const std::string here = prefix.empty() ? "." : prefix.substr(0, prefix.size() - 1);
  const int fd = open_beneath(fd_.get(), here.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (fd < 0) return;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::fdopendir(fd), ::closedir);
  if (!directory) {
    ::close(fd);
    return;
  }
  while (names.size() < most) {
    const dirent* entry = ::readdir(directory.get());
    if (!entry) return;
    const std::string name = prefix + entry->d_name;
    if (objection_to_name(name) || name == ".") continue;
    if (entry->d_type == DT_DIR) {
      if (depth < kDeepestListing) collect(name + "/", depth + 1, most, names);
    } else if (find(name)) {
      names.push_back(name);
    }
  }
}

}  // namespace cosmoo::sandbox
