#include "sandbox/process/slots.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spdlog/spdlog.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <span>
#include <system_error>
#include <thread>

#include "sandbox/process/slot/messages.h"
#include "sandbox/process/slot_program.h"
#include "sandbox/process/start_errors.h"

namespace cosmoo::sandbox {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kPatience{5000};
constexpr milliseconds kPatienceAtEnd{5000};
constexpr std::size_t kMostIdle = 256;
constexpr int kMadePerTend = 2;
constexpr int kBuriedPerTend = 16;
constexpr int kMostAttempts = 400;
constexpr int kTries = 3;

/// Waits until something can be read. False: it takes too long.
bool readable(int fd, milliseconds patience) {
  const auto deadline = steady_clock::now() + patience;
  pollfd entry{fd, POLLIN, 0};
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
    const int ready = ::poll(&entry, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

/// One whole message of exactly this kind, and a descriptor if it brings one and there is a place
/// for it. False: none there, or the slot is gone.
template <typename Struct>
bool receive(int socket, Struct& message, std::span<UniqueFd> fd = {}) {
  return slot::receive(socket, &message, sizeof message, fd, MSG_DONTWAIT).size == sizeof message;
}

/// Somebody has killed it, or the system for want of memory.
bool has_ended(int socket) {
  char byte;
  return ::recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

/// Whether a directory has no entries.
bool is_empty(int directory) {
  alignas(8) char entries[256];
  ::lseek(directory, 0, SEEK_SET);
  const long size = ::syscall(SYS_getdents64, directory, entries, sizeof entries);
  // "." and ".." have 24 bytes each.
  return size >= 0 && size <= 48;
}

void reap(pid_t pid) {
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

std::int64_t or_unlimited(const std::optional<std::uint64_t>& limit) {
  return limit ? static_cast<std::int64_t>(std::min<std::uint64_t>(*limit, INT64_MAX)) : kAsIs;
}

slot::Launch header_of(const SlotLaunch& what, std::size_t bytes) {
  slot::Launch header;
  header.is_script = what.is_script ? 1 : 0;
  header.arguments = static_cast<std::uint32_t>(what.arguments.size());
  header.variables = static_cast<std::uint32_t>(what.environment.size());
  header.umask = what.umask;
  header.bytes = bytes;
  header.in_memory_file = bytes > slot::kMostInline ? 1 : 0;
  header.has_directory = what.working_directory.empty() ? 0 : 1;
  header.own.uid = what.uid;
  header.own.gid = what.gid;
  header.own.open_files = or_unlimited(what.limits.open_files);
  header.own.file_size = or_unlimited(what.limits.file_size_bytes);
  if (what.memory_by_process) header.own.address_space = or_unlimited(what.limits.memory_bytes);
  if (what.limits.cpu) {
    // Behind the engine, which looks at all processes of the job together and is more exact.
    header.own.cpu_seconds =
        std::chrono::duration_cast<std::chrono::seconds>(*what.limits.cpu).count() + 1;
  }
  return header;
}

std::string strings_of(const SlotLaunch& what) {
  std::string strings;
  for (const auto* list : {&what.arguments, &what.environment}) {
    for (const auto& text : *list) strings.append(text.c_str(), text.size() + 1);
  }
  strings.append(what.working_directory.c_str(), what.working_directory.size() + 1);
  return strings;
}

/// Strings that no message can hold.
UniqueFd memory_file(const std::string& bytes) {
  UniqueFd file = above_stdio(UniqueFd(::memfd_create("launch", MFD_CLOEXEC)));
  if (!file) return file;
  for (std::size_t written = 0; written < bytes.size();) {
    const ssize_t put = ::write(file.get(), bytes.data() + written, bytes.size() - written);
    if (put < 0) return UniqueFd();
    written += static_cast<std::size_t>(put);
  }
  return file;
}

}  // namespace

SlotPool::SlotPool(Launcher& launcher, Controls& controls, std::size_t prepared)
    : launcher_(launcher),
      controls_(controls),
      prepared_(prepared),
      program_(open_slot_program()),
      null_(above_stdio(UniqueFd(::open("/dev/null", O_RDWR | O_CLOEXEC)))) {
  if (!program_ || !null_) {
    throw std::system_error(errno, std::generic_category(), "program of the slots");
  }
}

SlotPool::~SlotPool() {
  for (Washing& washing : washing_) retire(std::move(washing.slot));
  washing_.clear();
  for (Kind& kind : kinds_) {
    while (!kind.idle.empty()) {
      retire(std::move(kind.idle.back()));
      kind.idle.pop_back();
    }
  }
  const auto deadline = steady_clock::now() + kPatienceAtEnd;
  while (!dying_.empty()) {
    std::erase_if(dying_, [this](Dying& dying) { return bury(dying); });
    if (dying_.empty() || steady_clock::now() >= deadline) break;
    std::this_thread::sleep_for(milliseconds(1));
  }
}

std::size_t SlotPool::kind_of(const SlotKind& what) {
  for (std::size_t i = 0; i < kinds_.size(); ++i) {
    if (kinds_[i].what == what) return i;
  }
  kinds_.push_back({what, setup_message(*what.profile, what.uid, what.gid), {}, 0});
  return kinds_.size() - 1;
}

std::size_t SlotPool::wanted(const Kind& kind) const {
  return std::min(prepared_ + kind.running / 2, kMostIdle);
}

tl::expected<std::unique_ptr<Slot>, StartError> SlotPool::make(std::size_t kind) {
  const std::string what = "a slot for a job";
  auto slot = std::make_unique<Slot>();
  slot->kind = kind;
  slot->ready.processes = 0;
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    return tl::unexpected(system_failure(what, "socketpair", errno));
  }
  slot->socket = above_stdio(UniqueFd(ends[0]));
  const UniqueFd theirs = above_stdio(UniqueFd(ends[1]));
  if (!slot->socket || !theirs) return tl::unexpected(system_failure(what, "fcntl", errno));
  const std::string& setup = kinds_[kind].setup;
  std::vector<UniqueFd> entrances;
  if (controls_.has_v1()) {
    const std::string group = std::to_string(++last_group_);
    if (!controls_.make(group)) return tl::unexpected(system_failure(what, "mkdir", errno));
    slot->group = group;
    entrances = controls_.entrances(group);
  }
  char name[] = "cosmoo-slot";
  char* const arguments[] = {name, nullptr};
  char* const environment[] = {nullptr};
  LaunchPlan plan;
  plan.program = program_.get();
  plan.arguments = arguments;
  plan.environment = environment;
  plan.standard_input = plan.standard_output = plan.standard_error = null_.get();
  plan.kept = theirs.get();
  plan.session = LaunchPlan::Session::callers;
  plan.orphaned = LaunchPlan::Orphaned::lives;
  auto launched = launcher_.launch(plan);
  if (!launched) {
    if (!slot->group.empty()) controls_.remove(slot->group);
    return tl::unexpected(
        system_failure(what, launched.error().step, launched.error().error_number));
  }
  slot->pid = launched->pid;
  // It lives long: where somebody may look for a standard stream it may not be.
  slot->pidfd = above_stdio(std::move(launched->pidfd));
  std::array<int, slot::kMostDescriptors> fds{};
  std::transform(entrances.begin(), entrances.end(), fds.begin(),
                 [](const UniqueFd& fd) { return fd.get(); });
  const iovec part{const_cast<char*>(setup.data()), setup.size()};
  if (!slot::send(slot->socket.get(), {&part, 1}, std::span(fds).first(entrances.size()))) {
    const int error = errno;
    retire(std::move(slot));
    return tl::unexpected(system_failure(what, "sendmsg", error));
  }
  return slot;
}

bool SlotPool::wait_until_ready(Slot& slot) {
  if (is_ready(slot)) return true;
  if (readable(slot.socket.get(), kPatience) &&
      receive(slot.socket.get(), slot.ready, {&slot.tmp, 1})) {
    slot.tmp = above_stdio(std::move(slot.tmp));
    return true;
  }
  slot.ready.processes = 0;
  return false;
}

tl::expected<std::unique_ptr<Slot>, StartError> SlotPool::take(const SlotKind& what) {
  const std::size_t index = kind_of(what);
  Kind& kind = kinds_[index];
  for (int attempt = 0; attempt < kTries; ++attempt) {
    std::unique_ptr<Slot> slot;
    if (kind.idle.empty()) {
      auto made = make(index);
      if (!made) return tl::unexpected(std::move(made.error()));
      slot = std::move(*made);
    } else {
      slot = std::move(kind.idle.back());
      kind.idle.pop_back();
    }
    if (wait_until_ready(*slot) && !has_ended(slot->socket.get())) {
      slot->taken = true;
      ++kind.running;
      return slot;
    }
    spdlog::warn("slot {} has ended or does not get ready", slot->pid);
    retire(std::move(slot));
  }
  return tl::unexpected(
      StartError{StartError::Kind::system, "a slot for a job does not get ready", "slot", ECHILD});
}

tl::expected<Launched, LaunchFailure> SlotPool::launch(Slot& slot, const SlotLaunch& what) {
  const std::string strings = strings_of(what);
  slot::Launch header = header_of(what, strings.size());
  std::array<int, slot::kMostDescriptors> fds{};
  std::size_t count = 0;
  UniqueFd file;
  if (header.in_memory_file != 0) {
    file = memory_file(strings);
    if (!file) return tl::unexpected(LaunchFailure{"memfd_create", errno, -1, 0});
    fds[count++] = file.get();
  }
  for (const int fd : {what.program, what.standard_input, what.standard_output, what.standard_error,
                       what.cgroup}) {
    if (fd >= 0) fds[count++] = fd;
  }
  const iovec parts[] = {{&header, sizeof header},
                         {const_cast<char*>(strings.data()), strings.size()}};
  const std::size_t used = header.in_memory_file != 0 ? 1 : 2;
  slot::Answer answer;
  if (!slot::send(slot.socket.get(), std::span(parts).first(used), std::span(fds).first(count))) {
    return tl::unexpected(LaunchFailure{"slot", errno, -1, 0});
  }
  if (!readable(slot.socket.get(), kPatience)) {
    return tl::unexpected(LaunchFailure{"slot", ETIMEDOUT, -1, 0});
  }
  if (!receive(slot.socket.get(), answer)) {
    return tl::unexpected(LaunchFailure{"slot", ECHILD, -1, 0});
  }
  if (answer.step[0] != '\0') {
    if (answer.pid > 0) reap(answer.pid);
    return tl::unexpected(LaunchFailure{answer.step, answer.error_number, -1, 0});
  }
  Launched launched;
  launched.pid = answer.pid;
  launched.made_directory = answer.made_directory;
  launched.pidfd.reset(static_cast<int>(::syscall(SYS_pidfd_open, answer.pid, 0)));
  if (!launched.pidfd) {
    const int error = errno;
    ::kill(answer.pid, SIGKILL);
    reap(answer.pid);
    return tl::unexpected(LaunchFailure{"pidfd_open", error, -1, 0});
  }
  return launched;
}

bool SlotPool::is_clean(const Slot& slot, Leftovers left) const {
  const bool walled = kinds_[slot.kind].what.profile->walls != Profile::Walls::none;
  if (left == Leftovers::some) return false;
  if (left == Leftovers::unknown) {
    // Its groups know, if it has any; what holds nothing cannot hold what was left.
    if (slot.group.empty() ? walled : controls_.processes(slot.group) > slot.ready.processes) {
      return false;
    }
  }
  return !slot.tmp || is_empty(slot.tmp.get());
}

void SlotPool::give_back(std::unique_ptr<Slot> slot) {
  Kind& kind = kinds_[slot->kind];
  if (kind.idle.size() >= kMostIdle) return retire(std::move(slot));
  --kind.running;
  slot->taken = false;
  if (!slot->group.empty()) controls_.forget_peak({slot->group, {}});
  kind.idle.push_back(std::move(slot));
}

void SlotPool::wash(std::unique_ptr<Slot> slot) {
  // Only groups tell when the last process is gone.
  if (slot->group.empty()) return retire(std::move(slot));
  washing_.push_back({std::move(slot), 0});
}

/// True when it is no longer here.
bool SlotPool::washed(Washing& washing) {
  Slot& slot = *washing.slot;
  const bool ended = has_ended(slot.socket.get());
  if (!ended && controls_.processes(slot.group) > slot.ready.processes &&
      ++washing.attempts < kMostAttempts) {
    return false;
  }
  if (ended || !is_clean(slot, Leftovers::unknown)) {
    retire(std::move(washing.slot));
    return true;
  }
  // What died slowly has been counted since.
  Limits all;
  all.memory_bytes = all.processes = 0;
  slot.state.before = controls_.figures({slot.group, {}}, all);
  give_back(std::move(washing.slot));
  return true;
}

void SlotPool::retire(std::unique_ptr<Slot> slot) {
  if (slot->taken) --kinds_[slot->kind].running;
  ::syscall(SYS_pidfd_send_signal, slot->pidfd.get(), SIGKILL, nullptr, 0);
  dying_.push_back({slot->pid, std::move(slot->pidfd), std::move(slot->group), 0});
}

bool SlotPool::bury(Dying& dying) {
  if (dying.pid > 0) {
    const pid_t ended = ::waitpid(dying.pid, nullptr, WNOHANG);
    if (ended == 0) return false;
    dying.pid = -1;
  }
  if (dying.group.empty() || controls_.remove(dying.group)) return true;
  controls_.kill(dying.group);
  if (++dying.attempts < kMostAttempts) return false;
  spdlog::warn("the control groups {} stay: something in them does not end", dying.group);
  return true;
}

void SlotPool::begin_removal(Slot& slot) {
  slot::Removal removal;
  const iovec part{&removal, sizeof removal};
  slot::send(slot.socket.get(), {&part, 1});
}

SlotPool::Removal SlotPool::look_at_removal(Slot& slot) {
  slot::Answer answer;
  if (has_ended(slot.socket.get())) return Removal::failed;
  if (receive(slot.socket.get(), answer)) {
    return answer.step[0] == '\0' ? Removal::done : Removal::failed;
  }
  return errno == EAGAIN ? Removal::pending : Removal::failed;
}

tl::expected<std::uint32_t, StartError> SlotPool::missing(const SlotKind& kind) {
  auto slot = take(kind);
  if (!slot) return tl::unexpected(std::move(slot.error()));
  const std::uint32_t missing = (*slot)->ready.missing;
  give_back(std::move(*slot));
  return missing;
}

bool SlotPool::restless() const {
  return !dying_.empty() || !washing_.empty() ||
         std::any_of(kinds_.begin(), kinds_.end(),
                     [this](const Kind& kind) { return kind.idle.size() < wanted(kind) / 2; });
}

bool SlotPool::tend() {
  int budget = kBuriedPerTend;
  std::erase_if(dying_, [&](Dying& dying) { return budget-- > 0 && bury(dying); });
  std::erase_if(washing_, [this](Washing& washing) { return washed(washing); });
  bool more = !dying_.empty() || !washing_.empty();
  int makes = kMadePerTend;
  for (std::size_t i = 0; i < kinds_.size(); ++i) {
    while (kinds_[i].idle.size() < wanted(kinds_[i]) && makes-- > 0) {
      auto slot = make(i);
      if (!slot) {
        makes = 0;
        break;
      }
      // At the front: those that are ready are taken first.
      kinds_[i].idle.push_front(std::move(*slot));
    }
    if (kinds_[i].idle.size() < wanted(kinds_[i]) && makes != 0) more = true;
  }
  return more;
}

}  // namespace cosmoo::sandbox
