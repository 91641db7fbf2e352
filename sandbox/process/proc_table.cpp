#include "sandbox/process/proc_table.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>

#include "sandbox/process/unique_fd.h"

namespace cosmoo::sandbox {

namespace {

using Directory = std::unique_ptr<DIR, int (*)(DIR*)>;

/// The entries of a /proc directory that are numbers.
std::vector<pid_t> numbers_in(const char* path) {
  std::vector<pid_t> numbers;
  const Directory directory(::opendir(path), ::closedir);
  if (!directory) return numbers;
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string_view name = entry->d_name;
    pid_t number = 0;
    const auto parsed = std::from_chars(name.data(), name.data() + name.size(), number);
    if (parsed.ec == std::errc() && parsed.ptr == name.data() + name.size()) {
      numbers.push_back(number);
    }
  }
  return numbers;
}

}  // namespace

std::optional<ProcessInfo> process_info(pid_t pid) {
  char path[32];
  std::snprintf(path, sizeof path, "/proc/%d/stat", pid);
  const UniqueFd fd(::open(path, O_RDONLY | O_CLOEXEC));
  char text[1024];
  const ssize_t size = fd ? ::read(fd.get(), text, sizeof text - 1) : -1;
  if (size <= 0) return std::nullopt;
  text[size] = '\0';
  // The name of the program comes second, in parentheses, and may contain anything.
  const std::string_view all(text, static_cast<std::size_t>(size));
  const auto after_name = all.rfind(')');
  if (after_name == std::string_view::npos) return std::nullopt;
  ProcessInfo info;
  info.pid = pid;
  unsigned long long start = 0, user = 0, system = 0, pages = 0;
  long long children_user = 0, children_system = 0;
  const int fields = std::sscanf(text + after_name + 1,
                                 " %c %d %*d %d %*d %*d %*u %*u %*u %*u %*u %llu %llu %lld %lld "
                                 "%*d %*d %*d %*d %llu %*u %llu",
                                 &info.state, &info.parent, &info.session, &user, &system,
                                 &children_user, &children_system, &start, &pages);
  if (fields != 9) return std::nullopt;
  info.start_time = start;
  info.cpu_s =
      static_cast<double>(user + system) + static_cast<double>(children_user + children_system);
  info.cpu_s /= static_cast<double>(::sysconf(_SC_CLK_TCK));
  info.memory_bytes = pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return info;
}

std::uint64_t peak_memory(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.compare(0, 6, "VmHWM:") == 0)
      return std::strtoull(line.c_str() + 6, nullptr, 10) * 1024;
  }
  return 0;
}

std::vector<ProcessInfo> all_processes() {
  std::vector<ProcessInfo> processes;
  for (const pid_t pid : numbers_in("/proc")) {
    if (const auto info = process_info(pid)) processes.push_back(*info);
  }
  return processes;
}

std::vector<pid_t> own_children() {
  std::vector<pid_t> children;
  bool listed = false;
  for (const pid_t thread : numbers_in("/proc/self/task")) {
    std::ifstream file("/proc/self/task/" + std::to_string(thread) + "/children");
    if (!file) continue;
    listed = true;
    for (pid_t child = 0; file >> child;) children.push_back(child);
  }
  if (listed) return children;
  for (const auto& process : all_processes()) {
    if (process.parent == ::getpid()) children.push_back(process.pid);
  }
  return children;
}

std::vector<ProcessInfo> descendants(const std::vector<ProcessInfo>& processes, pid_t root) {
  std::unordered_multimap<pid_t, const ProcessInfo*> children;
  for (const auto& process : processes) children.emplace(process.parent, &process);
  std::vector<ProcessInfo> found;
  pid_t parent = root;
  // A snapshot is not consistent: reused numbers could make it circular.
  for (std::size_t next = 0; found.size() <= processes.size(); ++next) {
    const auto [begin, end] = children.equal_range(parent);
    for (auto it = begin; it != end; ++it) found.push_back(*it->second);
    if (next == found.size()) break;
    parent = found[next].pid;
  }
  return found;
}

void kill_process(const ProcessInfo& process) {
  const UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, process.pid, 0)));
  if (!pidfd) return;
  const auto now = process_info(process.pid);
  if (!now || now->start_time != process.start_time) return;
  ::syscall(SYS_pidfd_send_signal, pidfd.get(), SIGKILL, nullptr, 0);
}

}  // namespace cosmoo::sandbox
