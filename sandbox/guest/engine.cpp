#include "sandbox/guest/engine.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <map>
#include <mutex>
#include <span>
#include <utility>

#include "sandbox/guest/function_start.h"

namespace cosmoo::sandbox {

namespace {

/// What a guest may take until it comes to main(), where another function is called: one by one.
constexpr std::uint64_t kMostBeforeMain = 1'000'000;

using Clock = std::chrono::steady_clock;

/// What running guests have reserved.
struct Reserved {
  std::size_t guests = 0;
  std::uint64_t instructions = 0;
  std::uint64_t memory_bytes = 0;

  void add(const GuestLimits& limits) {
    ++guests;
    instructions += limits.instructions;
    memory_bytes += limits.memory_bytes;
  }
  void take_away(const GuestLimits& limits) {
    --guests;
    instructions -= limits.instructions;
    memory_bytes -= limits.memory_bytes;
  }
  /// Whether `limits` fit in besides; `whose` quotas they are.
  tl::expected<void, StartError> room_for(const GuestLimits& limits, const GuestQuotas& quotas,
                                          const std::string& whose) const {
    const auto refuse = [&](const std::string& what, std::uint64_t most, std::uint64_t running) {
      return tl::unexpected(
          StartError{StartError::Kind::too_many,
                     "over " + whose + " of " + what + ": at most " + std::to_string(most) +
                         " at once, and running guests have " + std::to_string(running),
                     "reserve", 0});
    };
    if (guests >= quotas.guests) return refuse("guests", quotas.guests, guests);
    if (limits.instructions > quotas.instructions - std::min(instructions, quotas.instructions))
      return refuse("instructions", quotas.instructions, instructions);
    if (limits.memory_bytes > quotas.memory_bytes - std::min(memory_bytes, quotas.memory_bytes))
      return refuse("memory in bytes", quotas.memory_bytes, memory_bytes);
    return {};
  }
};

int number_of(moxie::Signal signal) {
  switch (signal) {
    case moxie::Signal::bus:
      return SIGBUS;
    case moxie::Signal::ill:
      return SIGILL;
    case moxie::Signal::fpe:
      return SIGFPE;
    case moxie::Signal::trap:
      return SIGTRAP;
    case moxie::Signal::none:
      break;
  }
  return 0;
}

/// Processor time of the calling thread.
double thread_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

StartError as_start_error(const moxie::LoadError& error) {
  if (error.kind == moxie::LoadError::Kind::system) {
    return {StartError::Kind::system, error.message, "memory", ENOMEM};
  }
  return {StartError::Kind::bad_argument, error.message, {}, 0};
}

}  // namespace

/// The loop's side: who runs, what is reserved, where ends are told.
class GuestEngine::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(Options options, GuestLibrary& library, JobTable& table)
      : options_(std::move(options)), library_(library), table_(table) {}

  tl::expected<std::shared_ptr<Job>, StartError> start(GuestRequest request,
                                                       OnComplete on_complete);
  void close();

  const Options& options() const { return options_; }
  GuestLibrary& library() const { return library_; }

  // --- Any thread ---

  /// Has the guest its next turn: behind all others that wait.
  void queue(std::shared_ptr<Guest> guest);
  /// If it waits for its turn: ahead of all others.
  void hurry(const Guest& guest);
  /// The end of a guest, told on the loop's thread.
  void tell(std::shared_ptr<Guest> guest, tl::expected<Result, StartError> end);

 private:
  tl::expected<void, StartError> reserve(const GuestRequest& request);
  void take_turn();
  void finish(const std::shared_ptr<Guest>& guest, tl::expected<Result, StartError> end);

  Options options_;
  GuestLibrary& library_;
  JobTable& table_;
  std::map<JobId, std::shared_ptr<Guest>> guests_;
  std::map<std::int64_t, Reserved> reserved_;  ///< By owner.
  Reserved together_;
  bool closed_ = false;

  std::mutex waiting_mutex_;  ///< Guards what follows.
  std::deque<std::shared_ptr<Guest>> waiting_;
  bool turns_over_ = false;
};

/// One guest: the loop's thread starts, kills and shows it, one pool thread at a time runs it.
class GuestEngine::Guest final : public Job, public std::enable_shared_from_this<Guest> {
 public:
  Guest(std::shared_ptr<Impl> engine, JobId id, GuestRequest request, OnComplete on_complete)
      : engine_(std::move(engine)),
        id_(id),
        label_(request.label),
        owner_(request.owner),
        limits_(request.limits),
        request_(std::move(request)),
        on_complete_(std::move(on_complete)) {}

  JobId id() const { return id_; }
  std::int64_t owner() const { return owner_; }
  const GuestLimits& limits() const { return limits_; }
  OnComplete take_on_complete() { return std::move(on_complete_); }

  void kill() override {
    killed_ = true;
    {
      const std::lock_guard lock(mutex_);
      if (machine_) machine_->interrupt();
    }
    engine_->hurry(*this);
  }

  JobInfo info() const override {
    JobInfo info;
    info.id = id_;
    info.kind = "guest";
    info.label = label_;
    info.owner = owner_;
    info.started_at = started_at_;
    info.cpu_s = cpu_s_;
    info.memory_bytes = memory_bytes_;
    return info;
  }

  /// On a pool thread: prepares it if that has not been done, and runs a slice.
  void turn();

 private:
  tl::expected<void, StartError> prepare();
  void end(const moxie::Stop& stop);
  bool is_late() const { return Clock::now() - begun_ >= limits_.wall; }

  const std::shared_ptr<Impl> engine_;
  const JobId id_;
  const std::string label_;
  const std::int64_t owner_;
  const GuestLimits limits_;
  const std::chrono::system_clock::time_point started_at_ = std::chrono::system_clock::now();
  const Clock::time_point begun_ = Clock::now();
  GuestRequest request_;    ///< Until it is prepared.
  OnComplete on_complete_;  ///< The loop's.
  std::atomic<bool> killed_ = false;
  std::mutex mutex_;  ///< machine_ is made and taken away under it.
  std::unique_ptr<moxie::Machine> machine_;
  // What its turns so far have used: the loop's thread looks.
  std::atomic<double> cpu_s_ = 0;
  std::atomic<std::uint64_t> memory_bytes_ = 0;
};

// --- on a pool thread

tl::expected<void, StartError> GuestEngine::Guest::prepare() {
  // Of the same bytes, whatever becomes of the file meanwhile: the program and its symbols.
  moxie::Symbols symbols;
  std::string bytes;
  if (!request_.function.empty()) {
    auto elf = engine_->library().bytes(request_.program);
    if (!elf) return tl::unexpected(elf.error());
    bytes = std::move(*elf);
    symbols.add(std::span(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
  }
  auto found = engine_->library().find(bytes.empty() ? request_.program : bytes);
  if (!found) return tl::unexpected(found.error());
  moxie::Setup setup;
  setup.programs.push_back(std::move(found->program));
  for (const GuestData& data : request_.data) {
    auto shared = moxie::SharedBytes::copy(
        std::span(reinterpret_cast<const std::uint8_t*>(data.bytes.data()), data.bytes.size()));
    if (!shared) return tl::unexpected(as_start_error(shared.error()));
    setup.data.push_back(std::move(*shared));
  }
  const GuestRequest request = std::exchange(request_, {});
  setup.stack_bytes = limits_.stack_bytes;
  setup.memory_bytes = limits_.memory_bytes;
  setup.engine = engine_->options().engine;
  auto machine = moxie::Machine::create(setup);
  if (!machine) return tl::unexpected(as_start_error(machine.error()));
  if (!request.function.empty()) {
    const std::uint64_t most = std::min(limits_.instructions, kMostBeforeMain);
    const auto started =
        start_in_function(**machine, symbols, request.function, request.arguments, most, killed_);
    if (!started) {
      return tl::unexpected(StartError{StartError::Kind::bad_argument,
                                       "the guest " + request.program + ": " + started.error(),
                                       {},
                                       0});
    }
  }
  const std::lock_guard lock(mutex_);
  machine_ = std::move(*machine);
  return {};
}

void GuestEngine::Guest::turn() {
  if (killed_ || is_late()) return end({});
  const double before = thread_seconds();
  if (!machine_) {
    if (auto prepared = prepare(); !prepared) {
      return engine_->tell(shared_from_this(), tl::unexpected(prepared.error()));
    }
  }
  const std::uint64_t left = limits_.instructions - machine_->state().instructions;
  const moxie::Stop stop = machine_->run(std::min(left, engine_->options().slice));
  cpu_s_ += thread_seconds() - before;
  memory_bytes_ = machine_->memory_bytes();
  const bool goes_on = stop.why == moxie::Stop::Why::budget && !killed_ &&
                       machine_->state().instructions < limits_.instructions && !is_late();
  if (goes_on) return engine_->queue(shared_from_this());
  end(stop);
}

void GuestEngine::Guest::end(const moxie::Stop& stop) {
  Result result;
  result.started_at = started_at_;
  if (machine_) {
    result.usage.instructions = machine_->state().instructions;
    result.usage.memory_peak_bytes = machine_->memory_bytes();
    bool too_large = false, unreadable = false;
    const auto take = [&](tl::expected<std::string, moxie::Machine::NoBuffer> buffer) {
      if (buffer) return std::move(*buffer);
      too_large |= buffer.error() == moxie::Machine::NoBuffer::too_large;
      unreadable |= buffer.error() == moxie::Machine::NoBuffer::unreadable;
      return std::string();
    };
    result.output = take(machine_->output(limits_.output_bytes));
    result.state = take(machine_->state_buffer(limits_.output_bytes));
    if (stop.why == moxie::Stop::Why::exited && too_large) {
      result.status = Status::over_limit;
      result.limit = "output";
    } else if (stop.why == moxie::Stop::Why::exited && unreadable) {
      result.status = Status::faulted;
      result.signal = SIGBUS;
      result.fault =
          GuestFault{machine_->state().special[moxie::special::kOutput], machine_->state().pc};
    } else if (stop.why == moxie::Stop::Why::exited) {
      result.exit_code = stop.exit_code;
    } else if (stop.why == moxie::Stop::Why::fault) {
      result.status = Status::faulted;
      result.signal = number_of(stop.fault.signal);
      result.fault = GuestFault{stop.fault.address, stop.fault.pc};
    } else if (result.usage.instructions >= limits_.instructions) {
      result.status = Status::over_limit;
      result.limit = "instructions";
    } else {
      result.status = Status::timed_out;
    }
  } else {
    result.status = Status::timed_out;
  }
  if (killed_ && stop.why != moxie::Stop::Why::exited && stop.why != moxie::Stop::Why::fault) {
    result.status = Status::killed;
    result.signal = SIGKILL;
    result.limit.clear();
  }
  std::unique_ptr<moxie::Machine> done;  // Taking one down takes a while: kill() shall not wait.
  {
    const std::lock_guard lock(mutex_);
    done = std::move(machine_);
  }
  done.reset();
  result.usage.cpu_s = cpu_s_;
  result.usage.wall_s = std::chrono::duration<double>(Clock::now() - begun_).count();
  result.ended_at = std::chrono::system_clock::now();
  engine_->tell(shared_from_this(), std::move(result));
}

// --- on any thread

void GuestEngine::Impl::queue(std::shared_ptr<Guest> guest) {
  {
    const std::lock_guard lock(waiting_mutex_);
    if (turns_over_) return;
    waiting_.push_back(std::move(guest));
  }
  options_.run([self = shared_from_this()] { self->take_turn(); });
}

void GuestEngine::Impl::hurry(const Guest& guest) {
  const std::lock_guard lock(waiting_mutex_);
  const auto found = std::find_if(waiting_.begin(), waiting_.end(),
                                  [&](const auto& other) { return other.get() == &guest; });
  if (found != waiting_.end()) std::rotate(waiting_.begin(), found, found + 1);
}

void GuestEngine::Impl::take_turn() {
  std::shared_ptr<Guest> guest;
  {
    const std::lock_guard lock(waiting_mutex_);
    if (waiting_.empty()) return;
    guest = std::move(waiting_.front());
    waiting_.pop_front();
  }
  guest->turn();
}

void GuestEngine::Impl::tell(std::shared_ptr<Guest> guest, tl::expected<Result, StartError> end) {
  options_.post([self = shared_from_this(), guest = std::move(guest),
                 end = std::move(end)]() mutable { self->finish(guest, std::move(end)); });
}

// --- on the loop's thread

tl::expected<void, StartError> GuestEngine::Impl::reserve(const GuestRequest& request) {
  const auto found = reserved_.find(request.owner);
  const Reserved now = found == reserved_.end() ? Reserved{} : found->second;
  if (auto room = now.room_for(request.limits, options_.quotas, "the quota"); !room) return room;
  if (auto room = together_.room_for(request.limits, options_.together, "what all may have"); !room)
    return room;
  reserved_[request.owner].add(request.limits);
  together_.add(request.limits);
  return {};
}

tl::expected<std::shared_ptr<Job>, StartError> GuestEngine::Impl::start(GuestRequest request,
                                                                        OnComplete on_complete) {
  if (auto reserved = reserve(request); !reserved) return tl::unexpected(reserved.error());
  const JobId id = table_.admit_apart();
  const auto guest =
      std::make_shared<Guest>(shared_from_this(), id, std::move(request), std::move(on_complete));
  guests_[id] = guest;
  table_.add(id, guest);
  queue(guest);
  return std::shared_ptr<Job>(guest);
}

void GuestEngine::Impl::finish(const std::shared_ptr<Guest>& guest,
                               tl::expected<Result, StartError> end) {
  if (closed_) return;
  guests_.erase(guest->id());
  const auto reserved = reserved_.find(guest->owner());
  reserved->second.take_away(guest->limits());
  if (reserved->second.guests == 0) reserved_.erase(reserved);
  together_.take_away(guest->limits());
  if (end) {
    table_.end(guest->id(), *end);
  } else {
    table_.remove(guest->id());
  }
  guest->take_on_complete()(std::move(end));
  if (!closed_) table_.settle();
}

void GuestEngine::Impl::close() {
  closed_ = true;
  std::deque<std::shared_ptr<Guest>> waiting;  // They hold this engine, and so do we them.
  {
    const std::lock_guard lock(waiting_mutex_);
    turns_over_ = true;
    waiting.swap(waiting_);
  }
  for (const auto& [id, guest] : guests_) {
    guest->kill();
    table_.remove(id);
  }
  guests_.clear();
}

GuestEngine::GuestEngine(Options options, GuestLibrary& library, JobTable& table)
    : impl_(std::make_shared<Impl>(std::move(options), library, table)) {}

GuestEngine::~GuestEngine() { impl_->close(); }

tl::expected<std::shared_ptr<Job>, StartError> GuestEngine::start(GuestRequest request,
                                                                  OnComplete on_complete) {
  return impl_->start(std::move(request), std::move(on_complete));
}

}  // namespace cosmoo::sandbox
