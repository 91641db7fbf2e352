// A slot: the process in whose place one job at a time runs.
//
// It enters its control groups and namespaces and gives up what its jobs are not to have, once;
// then it clones each job into that. Entering a group costs milliseconds, a network namespace half
// a millisecond, a filter a tenth; inheriting them costs nothing. Its jobs are its siblings: the
// server is their parent, and reaps them.
//
// Rules: (1) it ends when the server's end of its socket is closed, however the server has ended,
// and takes its job with it; (2) it opens nothing by name after its Setup, but what a Removal asks
// for; (3) while jobs run it uses no memory that it has not had before: it lives in their group.
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

struct Message {
  std::size_t size = 0;  ///< Of `bytes`.
  std::array<UniqueFd, kMostDescriptors> fds;
  std::size_t fd_count = 0;
  alignas(8) char bytes[kMostInline + 4096];
};
Message message;  // too large for a stack

/// Waits for the next one. False: the server is gone.
bool receive_message() {
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
  for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGTSTP, SIGTTOU, SIGTTIN}) {
    ::signal(signal, SIG_IGN);
  }
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

Ready set_up() {
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
  ~PointerList() {
    if (list_ != few_) ::munmap(list_, bytes_);
  }

  /// Returns where the next string would begin, or null when there is no memory.
  char* read(char* from, std::size_t count) {
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
  char* const* get() const { return list_; }

 private:
  char* few_[kMostPointers];
  char** list_ = few_;
  std::size_t bytes_ = 0;
};

/// The strings of a launch that were too long for its message.
class MappedStrings {
 public:
  MappedStrings(int fd, std::size_t size) : size_(size) {
    memory_ = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  }
  ~MappedStrings() {
    if (memory_ != MAP_FAILED) ::munmap(memory_, size_);
  }
  MappedStrings(const MappedStrings&) = delete;
  MappedStrings& operator=(const MappedStrings&) = delete;
  char* get() const { return memory_ == MAP_FAILED ? nullptr : static_cast<char*>(memory_); }

 private:
  std::size_t size_;
  void* memory_;
};

class Slot {
 public:
  explicit Slot(std::uint32_t features) : features_(features) {}

  Answer launch(const Launch& order) {
    std::size_t next_fd = 0;
    if (order.in_memory_file == 0) {
      return launch(order, message.bytes + sizeof order, next_fd);
    }
    const MappedStrings strings(message.fds[next_fd++].get(), order.bytes);
    if (!strings.get()) return failure("mmap", errno);
    return launch(order, strings.get(), next_fd);
  }

  /// May be asked for again if it fails.
  Answer remove() {
    const std::string path(made_, made_size_);
    if (!path.empty() && !remove_tree(path)) return failure("remove", errno);
    made_size_ = 0;
    return Answer{};
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
  static Answer failure(const char* step, int error) {
    Answer answer;
    answer.error_number = error;
    std::strncpy(answer.step, step, sizeof answer.step - 1);
    return answer;
  }

  Answer launch(const Launch& order, char* strings, std::size_t next_fd) {
    PointerList arguments, environment;
    char* const variables = arguments.read(strings, order.arguments);
    char* const directory = variables ? environment.read(variables, order.variables) : nullptr;
    if (!directory) return failure("mmap", ENOMEM);
    LaunchPlan plan;
    plan.program = message.fds[next_fd].get();
    plan.standard_input = message.fds[next_fd + 1].get();
    plan.standard_output = message.fds[next_fd + 2].get();
    plan.standard_error = message.fds[next_fd + 3].get();
    plan.cgroup = message.fds[next_fd + 4].get();
    plan.is_script = order.is_script != 0;
    plan.arguments = arguments.get();
    plan.environment = environment.get();
    plan.working_directory = order.has_directory != 0 ? directory : nullptr;
    plan.umask = order.umask;
    plan.kin = LaunchPlan::Kin::sibling;
    plan.namespaces = (features_ & kIpcNs) != 0 ? CLONE_NEWIPC : 0;
    plan.rights =
        (features_ & kNoRights) != 0 ? LaunchPlan::Rights::dropped : LaunchPlan::Rights::kept;
    plan.own = order.own;
    auto launched = launcher_.launch(plan);
    const std::size_t made = launched ? launched->made_directory : launched.error().made_directory;
    made_size_ = std::min(made, sizeof made_);
    if (made_size_ > 0) std::memcpy(made_, directory, made_size_);
    if (!launched) {
      Answer answer = failure(launched.error().step.c_str(), launched.error().error_number);
      answer.pid = launched.error().sibling;
      if (made_size_ > 0) remove();
      return answer;
    }
    job_ = std::move(launched->pidfd);
    leaf_ = std::move(message.fds[next_fd + 4]);
    Answer answer;
    answer.pid = launched->pid;
    answer.made_directory = made_size_ > 0 ? 1 : 0;
    return answer;
  }

  const std::uint32_t features_;
  Launcher launcher_;
  UniqueFd job_;   ///< The last that was launched.
  UniqueFd leaf_;  ///< The cgroup2 directory that it was born in.
  char made_[4096];
  std::size_t made_size_ = 0;
};

int run() {
  prepare_process();
  if (!receive_message() || message.size < sizeof(Setup)) return 1;
  const std::uint32_t features = reinterpret_cast<const Setup*>(message.bytes)->features;
  const Ready ready = set_up();
  const bool own_tmp = (features & ~ready.missing & kMountNs) != 0;
  {
    // The server looks there whether a job has left something.
    const UniqueFd tmp(own_tmp ? ::open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1);
    const int fd = tmp.get();
    if (!reply(ready, {&fd, tmp ? 1u : 0u})) return 1;
  }
  static Slot slot(features & ~ready.missing);
  while (receive_message()) {
    Answer answer;
    switch (*reinterpret_cast<const Order*>(message.bytes)) {
      case Order::launch:
        answer = slot.launch(*reinterpret_cast<const Launch*>(message.bytes));
        break;
      case Order::remove:
        answer = slot.remove();
        break;
    }
    // The job has its own now; what was sent along would keep the other ends from closing.
    for (UniqueFd& fd : message.fds) fd.reset();
    if (!reply(answer)) break;
  }
  slot.end_job();
  return 0;
}

}  // namespace

}  // namespace cosmoo::sandbox::slot

int main() { return cosmoo::sandbox::slot::run(); }
