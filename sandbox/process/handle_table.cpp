#include "sandbox/process/handle_table.h"

#include <fmt/format.h>
#include <signal.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "sandbox/process/start_errors.h"

namespace cosmoo::sandbox {

namespace {

/// The number that a handle's name ends in; 0 for what cannot be one.
std::uint64_t number_in(std::string_view id) {
  const std::string_view digits = id.substr(id.rfind('-') + 1);
  std::uint64_t number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

/// From the order to start a process until it has ended.
struct Spawning {
  HandleTable::OnSpawned on_spawned;
  std::shared_ptr<Process> process;
  std::shared_ptr<Handle> handle;  ///< Once it runs.
};

}  // namespace

HandleTable::HandleTable(boost::asio::io_context& io, ProcessEngine& engine, HandleOptions options)
    : io_(io), engine_(engine), options_(options) {}

tl::expected<std::shared_ptr<Process>, StartError> HandleTable::spawn(Executable executable,
                                                                      Context context,
                                                                      std::string label,
                                                                      std::int64_t owner,
                                                                      OnSpawned on_spawned) {
  if (options_.when_full == HandleOptions::WhenFull::refuse &&
      running() + spawning_ >= options_.most) {
    return tl::unexpected(StartError{
        StartError::Kind::too_many,
        fmt::format("all {} handles are of processes that run", options_.most), "handle", 0});
  }
  const auto spawning =
      std::make_shared<Spawning>(Spawning{std::move(on_spawned), nullptr, nullptr});
  auto process = engine_.start(
      std::move(executable), std::move(context), std::move(label), owner,
      [this, spawning](tl::expected<Result, StartError> end) {
        if (spawning->handle) return spawning->handle->ended(std::move(*end));
        --spawning_;
        spawning->process = nullptr;
        spawning->on_spawned(tl::unexpected(
            end ? StartError{StartError::Kind::system, "it ended before it ran", "", 0}
                : std::move(end.error())));
      },
      [this, spawning] {
        --spawning_;
        spawning->handle = make(std::exchange(spawning->process, nullptr));
        spawning->on_spawned(spawning->handle);
      });
  if (!process) return process;
  ++spawning_;
  spawning->process = *process;
  return process;
}

std::shared_ptr<Handle> HandleTable::make(std::shared_ptr<Process> process) {
  // Only now: what cannot be started costs nobody his handle.
  while (handles_.size() >= options_.most) evict_one();
  const JobInfo job = process->info();
  HandleInfo info;
  info.number = ++last_number_;
  info.id = fmt::format("psh-{:x}-{}", job.pid, info.number);
  info.owner = job.owner;
  info.label = job.label;
  info.pid = job.pid;
  info.started_at = job.started_at;
  auto handle = std::make_shared<Handle>(io_, std::move(info), std::move(process));
  handle->start();
  handles_.emplace(handle->info().number, handle);
  return handle;
}

std::size_t HandleTable::running() const {
  return static_cast<std::size_t>(std::count_if(
      handles_.begin(), handles_.end(), [](const auto& entry) { return entry.second->running(); }));
}

void HandleTable::evict_one() {
  auto victim = std::find_if(handles_.begin(), handles_.end(),
                             [](const auto& entry) { return !entry.second->running(); });
  if (victim == handles_.end()) victim = handles_.begin();
  const std::shared_ptr<Handle> handle = victim->second;
  if (handle->running()) {
    spdlog::warn("process {} ({}) is killed: there are {} handles, and all of processes that run",
                 handle->info().id, in_quotes(handle->info().label), handles_.size());
    handle->process().kill();
  }
  leave_receipt(*handle);
  handles_.erase(victim);
}

void HandleTable::leave_receipt(const Handle& handle) {
  if (options_.receipts == 0) return;
  Receipt receipt{handle.info(), {}};
  if (const Result* result = handle.result()) {
    receipt.result = *result;
  } else {
    receipt.result.status = Status::killed;
    receipt.result.signal = SIGKILL;
    receipt.result.usage = handle.usage();
    receipt.result.started_at = handle.info().started_at;
    receipt.result.ended_at = std::chrono::system_clock::now();
  }
  receipts_.insert_or_assign(handle.info().number, std::move(receipt));
  if (receipts_.size() > options_.receipts) receipts_.erase(receipts_.begin());
}

std::shared_ptr<Handle> HandleTable::find(std::string_view id) const {
  const auto found = handles_.find(number_in(id));
  if (found == handles_.end() || found->second->info().id != id) return nullptr;
  return found->second;
}

const Receipt* HandleTable::receipt(std::string_view id) const {
  const auto found = receipts_.find(number_in(id));
  if (found == receipts_.end() || found->second.info.id != id) return nullptr;
  return &found->second;
}

void HandleTable::release(std::string_view id) {
  if (receipt(id)) receipts_.erase(number_in(id));
  const auto handle = find(id);
  if (!handle) return;
  handles_.erase(handle->info().number);
  if (handle->running()) handle->process().kill();
}

std::vector<std::shared_ptr<Handle>> HandleTable::list() const {
  std::vector<std::shared_ptr<Handle>> handles;
  handles.reserve(handles_.size());
  for (const auto& [number, handle] : handles_) handles.push_back(handle);
  return handles;
}

}  // namespace cosmoo::sandbox
