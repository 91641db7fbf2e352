#include "sandbox/process/controls.h"

#include <fcntl.h>
#include <signal.h>
#include <spdlog/spdlog.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <string_view>

#include "sandbox/process/cgroup_files.h"

namespace cosmoo::sandbox {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPatienceAtEnd{1000};
constexpr const char* kNames[kControllers] = {"memory", "pids", "cpu", "cpuacct"};
constexpr const char* kCpuUsage = "cpuacct.usage";
constexpr const char* kMemoryPeak = "memory.max_usage_in_bytes";
constexpr std::uint64_t kUsualShares = 1024;
constexpr std::uint64_t kLeastShares = 2;
constexpr std::uint64_t kMostShares = 262'144;

std::uint64_t number_in(std::string_view text) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

/// The number after `key` in lines of "key number".
std::uint64_t number_of(const std::optional<std::string>& text, std::string_view key) {
  if (!text) return 0;
  for (std::size_t at = 0; at < text->size();) {
    const std::size_t end = std::min(text->find('\n', at), text->size());
    const std::string_view line(text->data() + at, end - at);
    if (line.size() > key.size() && line.starts_with(key) && line[key.size()] == ' ') {
      return number_in(line.substr(key.size() + 1));
    }
    at = end + 1;
  }
  return 0;
}

/// cpu.weight counts from 1 to 10,000 around 100 where shares count around 1024.
std::uint64_t weight_of(std::uint64_t shares) {
  return std::clamp<std::uint64_t>(shares * 100 / kUsualShares, 1, 10'000);
}

}  // namespace

Controls::Controls(const std::string& root) {
  name_ = cgroup::new_name();
  for (std::size_t i = 0; i < kControllers; ++i) {
    if (const auto parent = cgroup::own_directory(kNames[i], root)) {
      adopt(static_cast<Controller>(i), *parent);
    }
  }
}

Controls::~Controls() {
  for (const Own& own : own_) {
    if (!cgroup::remove_waiting(own.parent_fd.get(), name_, kPatienceAtEnd)) {
      spdlog::warn("control group {}/{} could not be removed", own.parent, name_);
    }
  }
}

void Controls::adopt(Controller controller, const std::string& parent) {
  auto known =
      std::find_if(own_.begin(), own_.end(), [&](const Own& own) { return own.parent == parent; });
  if (known == own_.end()) {
    Own own;
    own.parent = parent;
    own.parent_fd.reset(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!own.parent_fd) return;
    cgroup::remove_leftovers(own.parent_fd.get());
    own.base = cgroup::make_locked(own.parent_fd.get(), name_);
    if (!own.base) return;
    own_.push_back(std::move(own));
    known = std::prev(own_.end());
  }
  homes_[static_cast<std::size_t>(controller)] = {known->base.get(), 1};
}

void Controls::use_v2(int base) {
  const auto text = cgroup::read(base, "cgroup.subtree_control").value_or("");
  const std::string list = " " + text + " ";
  for (std::size_t i = 0; i < kControllers; ++i) {
    if (homes_[i].directory >= 0) continue;
    const bool accounts = static_cast<Controller>(i) == Controller::cpuacct;
    // Every group has cpu.stat, whoever controls the processor.
    if (accounts || list.find(std::string(" ") + kNames[i] + " ") != std::string::npos ||
        list.find(std::string(" ") + kNames[i] + "\n") != std::string::npos) {
      homes_[i] = {base, 2};
    }
  }
}

bool Controls::make(const std::string& name) {
  for (const Own& own : own_) {
    if (::mkdirat(own.base.get(), name.c_str(), 0755) == 0) continue;
    const int error = errno;
    remove(name);
    errno = error;
    return false;
  }
  const auto open = [&](Controller controller, const char* file, int mode) {
    if (!has(controller) || home(controller).version != 1) return UniqueFd();
    return above_stdio(UniqueFd(
        ::openat(home(controller).directory, (name + "/" + file).c_str(), mode | O_CLOEXEC)));
  };
  kept_[name] = {open(Controller::cpuacct, kCpuUsage, O_RDONLY),
                 open(Controller::memory, kMemoryPeak, O_RDWR)};
  return true;
}

std::vector<UniqueFd> Controls::entrances(const std::string& name) const {
  std::vector<UniqueFd> fds;
  for (const Own& own : own_) {
    fds.emplace_back(
        ::openat(own.base.get(), (name + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC));
    if (!fds.back()) fds.pop_back();
  }
  return fds;
}

void Controls::kill(const std::string& name) const {
  for (const Own& own : own_) {
    if (const UniqueFd group = cgroup::open_group(own.base.get(), name)) {
      cgroup::kill_all(group.get());
    }
  }
}

std::size_t Controls::processes(const std::string& name) const {
  if (own_.empty()) return 0;
  const auto list = cgroup::read(own_.front().base.get(), name + "/cgroup.procs").value_or("");
  return static_cast<std::size_t>(std::count(list.begin(), list.end(), '\n'));
}

bool Controls::remove(const std::string& name) {
  kept_.erase(name);
  bool all = true;
  for (const Own& own : own_) all = cgroup::remove(own.base.get(), name) && all;
  return all;
}

std::string Controls::path(Controller controller, const GroupNames& names, const char* v1,
                           const char* v2) const {
  return home(controller).version == 1 ? names.v1 + "/" + v1 : names.v2 + "/" + v2;
}

bool Controls::write(Controller controller, const GroupNames& names, const char* v1, const char* v2,
                     const std::string& value) const {
  if (!has(controller)) return false;
  return cgroup::write(home(controller).directory, path(controller, names, v1, v2), value);
}

std::optional<std::string> Controls::read(Controller controller, const GroupNames& names,
                                          const char* v1, const char* v2) const {
  if (!has(controller)) return std::nullopt;
  return cgroup::read(home(controller).directory, path(controller, names, v1, v2));
}

const UniqueFd* Controls::kept(Controller controller, const std::string& name) const {
  const auto found = kept_.find(name);
  if (found == kept_.end()) return nullptr;
  const Kept& files = found->second;
  const UniqueFd& file = controller == Controller::memory ? files.memory_peak : files.cpu_usage;
  return file ? &file : nullptr;
}

std::optional<std::string> Controls::read_kept(Controller controller, const GroupNames& names,
                                               const char* v1, const char* v2) const {
  if (home(controller).version == 1) {
    if (const UniqueFd* file = kept(controller, names.v1)) {
      char text[64];
      const ssize_t size = ::pread(file->get(), text, sizeof text, 0);
      if (size > 0) return std::string(text, static_cast<std::size_t>(size));
    }
  }
  return read(controller, names, v1, v2);
}

bool Controls::limit_memory(const GroupNames& names,
                            const std::optional<std::uint64_t>& bytes) const {
  const auto c = Controller::memory;
  if (home(c).version == 2) {
    // Without swap, which would hide what a job needs; one that is out of memory goes as a whole.
    write(c, names, "", "memory.swap.max", bytes ? "0" : "max");
    write(c, names, "", "memory.oom.group", "1");
    return write(c, names, "", "memory.max", bytes ? std::to_string(*bytes) : "max");
  }
  const std::string value = bytes ? std::to_string(*bytes) : "-1";
  // Memory with swap may not be less than memory: whichever is in the way is written first.
  const char* const kMemory = "memory.limit_in_bytes";
  const char* const kWithSwap = "memory.memsw.limit_in_bytes";
  const bool first = write(c, names, kMemory, "", value);
  write(c, names, kWithSwap, "", value);
  return first || write(c, names, kMemory, "", value);
}

std::vector<std::string> Controls::apply(const GroupNames& names, const Limits& limits,
                                         std::uint64_t own, GroupState& state) const {
  std::vector<std::string> not_enforced;
  Limits& now = state.limits;
  const auto refuse = [&](const char* name, bool asked) {
    if (asked) not_enforced.emplace_back(name);
  };
  // A leaf of version 2 is not the slot's: it knows nothing of what the slot was told.
  const auto differs = [&](Controller controller, const auto& wanted, const auto& told) {
    return home(controller).version == 2 || wanted != told;
  };
  if (limits.cpu && !has(Controller::cpuacct)) not_enforced.emplace_back("cpu");
  if (differs(Controller::memory, limits.memory_bytes, now.memory_bytes)) {
    const bool done = limit_memory(names, limits.memory_bytes);
    if (done) now.memory_bytes = limits.memory_bytes;
    refuse("memory", !done && limits.memory_bytes.has_value());
  }
  if (differs(Controller::pids, limits.processes, now.processes)) {
    const std::uint64_t extra = home(Controller::pids).version == 1 ? own : 0;
    const bool done = write(Controller::pids, names, "pids.max", "pids.max",
                            limits.processes ? std::to_string(*limits.processes + extra) : "max");
    if (done) now.processes = limits.processes;
    refuse("processes", !done && limits.processes.has_value());
  }
  if (differs(Controller::cpu, limits.cpu_shares, now.cpu_shares)) {
    const std::uint64_t shares =
        std::clamp(limits.cpu_shares.value_or(kUsualShares), kLeastShares, kMostShares);
    const bool v2 = home(Controller::cpu).version == 2;
    const bool done = write(Controller::cpu, names, "cpu.shares", "cpu.weight",
                            std::to_string(v2 ? weight_of(shares) : shares));
    if (done) now.cpu_shares = limits.cpu_shares;
    refuse("cpu_shares", !done && limits.cpu_shares.has_value());
  }
  if (home(Controller::cpuacct).version == 2 || v2_keeps_peak()) {
    state.before = figures(names, limits);
  }
  return not_enforced;
}

GroupFigures Controls::figures(const GroupNames& names, const Limits& limits) const {
  GroupFigures figures;
  if (const auto text = read_kept(Controller::cpuacct, names, kCpuUsage, "cpu.stat")) {
    figures.cpu_ns = home(Controller::cpuacct).version == 1 ? number_in(*text)
                                                            : number_of(text, "usage_usec") * 1000;
  }
  if (const auto text = read_kept(Controller::memory, names, kMemoryPeak, "memory.peak")) {
    figures.memory_peak_bytes = number_in(*text);
  }
  // Without a limit there is nothing to tell; and nobody pays for looking.
  if (limits.memory_bytes) {
    figures.memory_kills = number_of(
        read(Controller::memory, names, "memory.oom_control", "memory.events"), "oom_kill");
  }
  if (limits.processes) {
    figures.processes_refused =
        number_of(read(Controller::pids, names, "pids.events", "pids.events"), "max");
  }
  return figures;
}

std::uint64_t Controls::memory_now(const GroupNames& names) const {
  const auto text = read(Controller::memory, names, "memory.usage_in_bytes", "memory.current");
  return text ? number_in(*text) : 0;
}

void Controls::forget_peak(const GroupNames& names) const {
  if (home(Controller::memory).version != 1) return;
  const UniqueFd* file = kept(Controller::memory, names.v1);
  if (file && ::pwrite(file->get(), "0", 1, 0) == 1) return;
  write(Controller::memory, names, kMemoryPeak, "", "0");
}

}  // namespace cosmoo::sandbox
