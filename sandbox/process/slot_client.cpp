#include "sandbox/process/slot_client.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <span>
#include <utility>

#include "sandbox/process/readable.h"
#include "sandbox/process/slot/messages.h"

namespace cosmoo::sandbox {

namespace {

enum class Got { message, nothing, end };

/// One whole message of exactly this kind, with a descriptor if there is a place for it.
template <typename Struct>
Got receive(int socket, Struct& message, std::span<UniqueFd> fd = {}) {
  const auto received = slot::receive(socket, &message, sizeof message, fd, MSG_DONTWAIT);
  if (received.size == sizeof message) return Got::message;
  return received.size < 0 && errno == EAGAIN ? Got::nothing : Got::end;
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

slot::Launch header_of(const SlotLaunch& what, std::uint32_t number, std::size_t bytes) {
  slot::Launch header;
  header.number = number;
  header.tells_executed = what.tells_executed ? 1 : 0;
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

LaunchNews begun(pid_t pid) {
  LaunchNews news{LaunchNews::What::begun};
  news.launched = {pid, UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)))};
  if (news.launched.pidfd) return news;
  const int error = errno;
  ::kill(pid, SIGKILL);
  reap(pid);
  return {LaunchNews::What::failed, {}, {"pidfd_open", error}};
}

LaunchNews news_of(const slot::Answer* answer) {
  using What = LaunchNews::What;
  if (!answer) return {What::failed, {}, {"slot", ECHILD}};
  switch (answer->told) {
    case slot::Told::begun:
      return begun(answer->pid);
    case slot::Told::makes_directory:
      return {What::makes_directory};
    case slot::Told::gave_up:
      return {What::gave_up, {}, {answer->step, answer->error_number}};
    case slot::Told::done:
      return {What::executed};
    case slot::Told::refused:
      break;
  }
  return {What::failed, {}, {answer->step, answer->error_number}};
}

}  // namespace

Slot::Slot(boost::asio::io_context& io, UniqueFd socket, pid_t pid, UniqueFd pidfd)
    : socket_(io), pid_(pid), pidfd_(std::move(pidfd)) {
  ready_.processes = 0;
  socket_.assign(socket.get());
  socket.release();
}

void Slot::start(OnChange on_change) {
  on_change_ = std::move(on_change);
  asked_ = Clock::now();
  listen();
}

bool Slot::set_up(const std::string& setup, const std::vector<UniqueFd>& entrances) {
  std::array<int, slot::kMostDescriptors> fds{};
  std::transform(entrances.begin(), entrances.end(), fds.begin(),
                 [](const UniqueFd& fd) { return fd.get(); });
  const iovec part{const_cast<char*>(setup.data()), setup.size()};
  return slot::send(socket_.native_handle(), {&part, 1}, std::span(fds).first(entrances.size()));
}

void Slot::listen() {
  socket_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                     [weak = weak_from_this()](const boost::system::error_code& error) {
                       const auto slot = weak.lock();
                       if (error || !slot || slot->ended_ || !slot->socket_.is_open()) return;
                       // Before reading, which may do anything.
                       slot->listen();
                       slot->read();
                     });
}

bool Slot::read() {
  const auto keep_alive = shared_from_this();
  slot::Answer answered;
  const bool was_ready = is_ready();
  const Got got = was_ready ? receive(socket_.native_handle(), answered)
                            : receive(socket_.native_handle(), ready_, {&tmp_, 1});
  if (got == Got::nothing) return false;
  if (got == Got::message) {
    if (was_ready) {
      if (answered.order == number_) answer(&answered);
      return true;
    }
    tmp_ = above_stdio(std::move(tmp_));
    asked_.reset();
    on_change_(*this);
    return true;
  }
  ended_ = true;
  boost::system::error_code ignored;
  socket_.cancel(ignored);
  answer(nullptr);
  if (on_change_) on_change_(*this);
  return true;
}

void Slot::read_all() {
  const auto keep_alive = shared_from_this();
  while (!ended_ && socket_.is_open() && read()) {
  }
}

void Slot::answer(const slot::Answer* answer) {
  if (!on_answer_) return;
  // It may give the next order.
  const auto on_answer = on_answer_;
  on_answer(answer);
}

bool Slot::tmp_is_empty() const { return !tmp_ || is_empty(tmp_.get()); }

bool Slot::overdue(Clock::duration patience) const {
  return asked_ && Clock::now() - *asked_ > patience;
}

tl::expected<void, LaunchFailure> Slot::launch(const SlotLaunch& what, OnNews on_news) {
  const std::string strings = strings_of(what);
  const slot::Launch header = header_of(what, ++number_, strings.size());
  std::array<int, slot::kMostDescriptors> fds{};
  std::size_t count = 0;
  UniqueFd file;
  if (header.in_memory_file != 0) {
    file = memory_file(strings);
    if (!file) return tl::unexpected(LaunchFailure{"memfd_create", errno});
    fds[count++] = file.get();
  }
  for (const int fd : {what.program, what.standard_input, what.standard_output, what.standard_error,
                       what.cgroup}) {
    if (fd >= 0) fds[count++] = fd;
  }
  const iovec parts[] = {{const_cast<slot::Launch*>(&header), sizeof header},
                         {const_cast<char*>(strings.data()), strings.size()}};
  const std::size_t used = header.in_memory_file != 0 ? 1 : 2;
  if (!slot::send(socket_.native_handle(), std::span(parts).first(used),
                  std::span(fds).first(count))) {
    return tl::unexpected(LaunchFailure{"slot", errno});
  }
  asked_ = Clock::now();
  const auto last = what.tells_executed ? slot::Told::done : slot::Told::begun;
  on_answer_ = [this, last, on_news = std::move(on_news)](const slot::Answer* answer) {
    if (!answer || answer->told == last || answer->told == slot::Told::refused) asked_.reset();
    on_news(news_of(answer));
  };
  return {};
}

void Slot::remove_directory(OnRemoved on_removed) {
  slot::Removal removal;
  removal.number = ++number_;
  const iovec part{&removal, sizeof removal};
  asked_ = Clock::now();
  on_answer_ = [this, on_removed = std::move(on_removed)](const slot::Answer* answer) {
    asked_.reset();
    on_removed(answer && answer->told == slot::Told::done);
  };
  // If it is gone, that is what is read next.
  slot::send(socket_.native_handle(), {&part, 1});
}

UniqueFd Slot::kill() {
  on_change_ = nullptr;
  on_answer_ = nullptr;
  // Before it can see that the socket is closed: it would take the server for dead, and kill
  // whatever is in the leaf of its last job.
  ::syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGKILL, nullptr, 0);
  boost::system::error_code ignored;
  socket_.close(ignored);
  return std::move(pidfd_);
}

bool Slot::await(Clock::time_point deadline) {
  if (!readable_before(socket_.native_handle(), deadline)) return false;
  read();
  return true;
}

}  // namespace cosmoo::sandbox
