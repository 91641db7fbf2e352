// A slot: the process in whose place one job at a time runs.
//
// It enters its control groups and namespaces and gives up what its jobs are not to have, once;
// then it clones each job into that. Entering a group costs milliseconds, a network namespace half
// a millisecond, a filter a tenth; inheriting them costs nothing. Its jobs are its siblings: the
// server is their parent, and reaps them. It does not wait for a job to execute its program, unless
// it is asked to tell that: it would be woken only to be queued behind the program.
//
// Rules: (1) it ends when the server's end of its socket is closed, however the server has ended,
// and takes its job with it; (2) it opens nothing by name after its Setup, but what a Removal asks
// for; (3) while jobs run it uses no memory that it has not had before: it lives in their group;
// (4) what a launch needs stays as it is until Launcher::settle().
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <span>

#include "sandbox/process/launch.h"
#include "sandbox/process/slot/cleaning.h"
#include "sandbox/process/slot/confine.h"
#include "sandbox/process/slot/messages.h"
#include "sandbox/process/slot/protocol.h"

namespace cosmoo::sandbox::slot {

namespace {

constexpr std::size_t kMostPointers = 512;  ///< More come from the system for the time of a launch.
constexpr int kIgnored[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGTSTP, SIGTTOU, SIGTTIN};

struct Message {
  std::size_t size = 0;  ///< Of `bytes`.
  std::array<UniqueFd, kMostDescriptors> fds;
  std::size_t fd_count = 0;
  alignas(8) char bytes[kMostInline + 4096];
};
/// In turns: what is in one may still be in use when the next comes (rule 4).
Message messages[2];

/// Waits for the next one. False: the server is gone.
bool receive_message(Message& message) {
  for (UniqueFd& fd : message.fds) fd.reset();
  const Received received = receive(kSocket, message.bytes, sizeof message.bytes, message.fds, 0);
  message.fd_count = received.fd_count;
  if (received.size <= 0) return false;
  message.size = static_cast<std::size_t>(received.size);
  return !received.cut;
}

template <typename Struct>
bool reply(Struct answer, std::span<const int> fds = {}) {
  const iovec part{&answer, sizeof answer};
  return send(kSocket, {&part, 1}, fds);
}

void prepare_process() {
  ::prctl(PR_SET_NAME, "cosmoo-slot", 0, 0, 0);
  // A signal for all that the terminal runs is for the server to act upon.
  for (const int signal : kIgnored) ::signal(signal, SIG_IGN);
  // Jobs inherit it: when memory is short they go before whatever else runs here.
  const UniqueFd score(::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
  if (score && ::write(score.get(), "1000", 4) != 4) return;
}

/// The strings after a Setup.
std::vector<std::string> strings_in(const char* from, const char* end, std::size_t count) {
  std::vector<std::string> strings;
  while (strings.size() < count && from < end) {
    strings.emplace_back(from, ::strnlen(from, static_cast<std::size_t>(end - from)));
    from += strings.back().size() + 1;
  }
  return strings;
}

Ready set_up(const Message& message) {
  const auto& setup = *reinterpret_cast<const Setup*>(message.bytes);
  const char* const filter = message.bytes + sizeof setup;
  const char* const paths = filter + std::size_t{setup.filter} * 8;
  Confinement wanted;
  wanted.features = setup.features;
  wanted.uid = setup.uid;
  wanted.gid = setup.gid;
  wanted.filter.assign(filter, paths);
  wanted.root.readable =
      strings_in(paths, message.bytes + message.size, setup.readable + setup.writable);
  const auto first_writable =
      wanted.root.readable.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(
                                         setup.readable, wanted.root.readable.size()));
  wanted.root.writable.assign(first_writable, wanted.root.readable.end());
  wanted.root.readable.erase(first_writable, wanted.root.readable.end());
  wanted.root.tmp_bytes = setup.tmp_bytes;
  std::uint32_t outside = 0;
  int error = 0;
  for (std::size_t i = 0; i < message.fd_count; ++i) {
    if (::write(message.fds[i].get(), "0", 1) == 1) continue;
    outside = kCgroups;
    error = errno;
  }
  Ready ready = confine(wanted);
  if (outside != 0 && ready.missing == 0) {
    ready.error_number = error;
    std::strcpy(ready.step, "cgroup.procs");
  }
  ready.missing |= outside;
  return ready;
}

/// Pointers to strings that follow each other in memory.
class PointerList {
 public:
  PointerList() = default;
  PointerList(const PointerList&) = delete;
  PointerList& operator=(const PointerList&) = delete;

  /// Returns where the next string would begin, or null when there is no memory.
  char* read(char* from, std::size_t count) {
    clear();
    if (count + 1 > kMostPointers) {
      bytes_ = (count + 1) * sizeof(char*);
      void* memory =
          ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      if (memory == MAP_FAILED) return nullptr;
      list_ = static_cast<char**>(memory);
    }
    for (std::size_t i = 0; i < count; ++i) {
      list_[i] = from;
      from += std::strlen(from) + 1;
    }
    list_[count] = nullptr;
    return from;
  }
  void clear() {
    if (list_ != few_) ::munmap(list_, bytes_);
    list_ = few_;
  }
  char* const* get() const { return list_; }

 private:
  char* few_[kMostPointers];
  char** list_ = few_;
  std::size_t bytes_ = 0;
};

/// The strings of a launch that were too long for its message.
class MappedStrings {
 public:
  MappedStrings() = default;
  MappedStrings(const MappedStrings&) = delete;
  MappedStrings& operator=(const MappedStrings&) = delete;

  /// Null, with errno, when there is no memory.
  char* map(int fd, std::size_t size) {
    clear();
    void* const memory = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (memory == MAP_FAILED) return nullptr;
    size_ = size;
    return memory_ = static_cast<char*>(memory);
  }
  void clear() {
    if (memory_) ::munmap(memory_, size_);
    memory_ = nullptr;
  }

 private:
  std::size_t size_ = 0;
  char* memory_ = nullptr;
};

class Slot {
 public:
  explicit Slot(std::uint32_t features)
      : features_(features), reports_(::fcntl(kSocket, F_DUPFD_CLOEXEC, kSocket + 1)) {}

  /// False: the server is gone.
  bool launch(Message& message) {
    const Launch& order = *reinterpret_cast<const Launch*>(message.bytes);
    settle();
    Answer answer = begin(message, order);
    answer.order = order.number;
    // The job has its own now; what was sent along would keep the other ends from closing.
    for (UniqueFd& fd : message.fds) fd.reset();
    if (!reply(answer)) return false;
    // Much memory is not kept for longer than it is needed.
    if (order.in_memory_file != 0 || order.tells_executed != 0) settle();
    if (answer.told != Told::begun || order.tells_executed == 0) return true;
    answer.told = Told::done;
    return reply(answer);
  }

  /// Removes what the last launch has made for its working directory. May be asked for again if it
  /// fails.
  bool remove(const Message& message) {
    const Removal& order = *reinterpret_cast<const Removal*>(message.bytes);
    const std::string path(directory_, std::min(settle(), sizeof directory_));
    const bool removed = path.empty() || remove_tree(path);
    Answer answer = removed ? Answer{} : refusal("remove", errno);
    if (removed) answer.told = Told::done;
    answer.order = order.number;
    return reply(answer);
  }

  /// The server is gone (rule 1).
  void end_job() {
    if (!job_) return;
    ::syscall(SYS_pidfd_send_signal, job_.get(), SIGKILL, nullptr, 0);
    if (!leaf_) return;
    const UniqueFd kill(::openat(leaf_.get(), "cgroup.kill", O_WRONLY | O_CLOEXEC));
    if (kill && ::write(kill.get(), "1", 1) != 1) return;
  }

 private:
  static Answer refusal(const char* step, int error) {
    Answer answer;
    answer.error_number = error;
    std::strncpy(answer.step, step, sizeof answer.step - 1);
    return answer;
  }

  /// Until the last launch needs nothing of this process any more (rule 4). Returns how much of its
  /// directory it has made.
  std::size_t settle() {
    const std::size_t made = launcher_.settle();
    arguments_.clear();
    environment_.clear();
    long_strings_.clear();
    return made;
  }

  Answer begin(Message& message, const Launch& order) {
    std::size_t next_fd = 0;
    char* strings = message.bytes + sizeof order;
    if (order.in_memory_file != 0) {
      strings = long_strings_.map(message.fds[next_fd++].get(), order.bytes);
      if (!strings) return refusal("mmap", errno);
    }
    char* const variables = arguments_.read(strings, order.arguments);
    char* const directory = variables ? environment_.read(variables, order.variables) : nullptr;
    if (!directory) return refusal("mmap", ENOMEM);
    // None longer can be made.
    std::memcpy(directory_, directory, ::strnlen(directory, sizeof directory_));
    LaunchPlan plan;
    plan.program = message.fds[next_fd].get();
    plan.standard_input = message.fds[next_fd + 1].get();
    plan.standard_output = message.fds[next_fd + 2].get();
    plan.standard_error = message.fds[next_fd + 3].get();
    plan.cgroup = message.fds[next_fd + 4].get();
    plan.is_script = order.is_script != 0;
    plan.arguments = arguments_.get();
    plan.environment = environment_.get();
    plan.working_directory = order.has_directory != 0 ? directory : nullptr;
    plan.umask = order.umask;
    plan.namespaces = (features_ & kIpcNs) != 0 ? CLONE_NEWIPC : 0;
    plan.rights =
        (features_ & kNoRights) != 0 ? LaunchPlan::Rights::dropped : LaunchPlan::Rights::kept;
    plan.signals = 0;
    for (const int signal : kIgnored) plan.signals |= std::uint64_t{1} << (signal - 1);
    plan.report_to = reports_.get();
    plan.order = order.number;
    plan.own = order.own;
    auto begun = launcher_.begin_sibling(plan);
    if (!begun) return refusal(begun.error().step.c_str(), begun.error().error_number);
    job_ = std::move(begun->pidfd);
    leaf_ = std::move(message.fds[next_fd + 4]);
    Answer answer;
    answer.told = Told::begun;
    answer.pid = begun->pid;
    return answer;
  }

  const std::uint32_t features_;
  const UniqueFd reports_;  ///< The socket where no child puts another descriptor.
  Launcher launcher_;
  PointerList arguments_;
  PointerList environment_;
  MappedStrings long_strings_;
  UniqueFd job_;   ///< The last that was launched.
  UniqueFd leaf_;  ///< The cgroup2 directory that it was born in.
  char directory_[4096];
};

int run() {
  prepare_process();
  Message* message = &messages[0];
  if (!receive_message(*message) || message->size < sizeof(Setup)) return 1;
  const std::uint32_t features = reinterpret_cast<const Setup*>(message->bytes)->features;
  const Ready ready = set_up(*message);
  const bool own_tmp = (features & ~ready.missing & kMountNs) != 0;
  {
    // The server looks there whether a job has left something.
    const UniqueFd tmp(own_tmp ? ::open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1);
    const int fd = tmp.get();
    if (!reply(ready, {&fd, tmp ? 1u : 0u})) return 1;
  }
  static Slot slot(features & ~ready.missing);
  bool goes_on = true;
  while (goes_on && receive_message(*message)) {
    switch (*reinterpret_cast<const Order*>(message->bytes)) {
      case Order::launch:
        goes_on = slot.launch(*message);
        break;
      case Order::remove:
        goes_on = slot.remove(*message);
        break;
    }
    message = message == &messages[0] ? &messages[1] : &messages[0];
  }
  slot.end_job();
  return 0;
}

}  // namespace

}  // namespace cosmoo::sandbox::slot

int main() { return cosmoo::sandbox::slot::run(); }
