#include "sandbox/process/engine.h"

#include <fcntl.h>
#include <signal.h>
#include <spdlog/spdlog.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <system_error>
#include <vector>

#include "sandbox/process/controls.h"
#include "sandbox/process/end_watch.h"
#include "sandbox/process/job_setup.h"
#include "sandbox/process/launch.h"
#include "sandbox/process/pipes.h"
#include "sandbox/process/process_job.h"
#include "sandbox/process/shortcomings.h"
#include "sandbox/process/slots.h"
#include "sandbox/process/start_checks.h"
#include "sandbox/process/start_errors.h"

namespace cosmoo::sandbox {

namespace {

using std::chrono::milliseconds;

constexpr std::size_t kScratchSize = 64 * 1024;
constexpr milliseconds kTendInterval{5};
constexpr milliseconds kRescanInterval{500};
constexpr milliseconds kSoon{2};
constexpr milliseconds kPatienceAtEnd{1000};
constexpr std::size_t kAlwaysAskAll = 16;

/// A broken pipe is an errno here, never a reason to die.
void ignore_sigpipe() {
  struct sigaction action {};
  ::sigaction(SIGPIPE, nullptr, &action);
  if (action.sa_handler != SIG_DFL) return;
  action.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &action, nullptr);
}

}  // namespace

class ProcessEngine::Impl final : public JobKeeper, public std::enable_shared_from_this<Impl> {
 public:
  Impl(boost::asio::io_context& io, EngineOptions options, JobTable& table)
      : io_(io),
        options_(options),
        table_(table),
        tree_(make_process_tree(options.tracking, launcher_)),
        slots_(std::make_unique<SlotPool>(io, launcher_, controls_, options.prepared)),
        scratch_(std::make_unique<char[]>(kScratchSize)),
        null_(above_stdio(UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC)))),
        watch_(std::make_shared<EndWatch>(io)),
        tend_timer_(io) {
    if (!null_) throw std::system_error(errno, std::generic_category(), "/dev/null");
    ignore_sigpipe();
    if (!find_profile(options_.profiles, options_.profile)) {
      throw std::invalid_argument("there is no profile " + in_quotes(options_.profile));
    }
    if (tree_->groups() >= 0) controls_.use_v2(tree_->groups());
  }

  // --- JobKeeper ---
  boost::asio::io_context& io() override { return io_; }
  ProcessTree& tree() override { return *tree_; }
  SlotPool& slots() override { return *slots_; }
  const Controls& controls() override { return controls_; }
  std::span<char> scratch() override { return {scratch_.get(), kScratchSize}; }
  milliseconds drain_grace() const override { return options_.drain_grace; }
  void end_unlaunched(JobId id) override;
  void end_is_near(JobId id) override { near_their_end_.insert(id); }
  void executed(JobId id) override;
  void finished(JobId id, tl::expected<Result, LaunchFailure> end) override;

  tl::expected<std::shared_ptr<Process>, StartError> start(Executable executable, Context context,
                                                           std::string label, std::int64_t owner,
                                                           OnComplete on_complete,
                                                           OnStarted on_started);
  std::vector<std::string> missing() { return shortcomings(controls_, *slots_, options_.profiles); }
  void watch();
  void shut_down();

 private:
  /// What a job needs until its launch has been ordered; and what tells afterwards why it failed.
  struct Starting {
    Executable executable;
    Context context;
    ChildEnds ends;
    SlotKind kind;
    OnStarted on_started;                      ///< None: it has run, or nobody asks.
    std::optional<SlotPool::WaiterId> waiter;  ///< It waits for a slot.
  };
  struct Entry {
    std::shared_ptr<ProcessJob> job;
    OnComplete on_complete;
    std::unique_ptr<Starting> starting;
  };

  tl::expected<void, StartError> find_slot(JobId id);
  tl::expected<void, StartError> launch(JobId id, std::shared_ptr<Slot> slot);
  void on_news(JobId id, LaunchNews news);
  void on_slot_failure(JobId id, LaunchFailure failure);
  /// Of the slot in which a launch has failed.
  void let_go(std::shared_ptr<Slot> slot, const LaunchFailure& failure);
  void fail(JobId id, StartError error);
  /// When the pool of slots has done what it does.
  void fail_soon(JobId id, StartError error);
  Entry take_out(JobId id);
  template <typename Callback, typename... Arguments>
  void call(JobId id, const char* what, const Callback& callback, Arguments&&... arguments);
  void on_child_signal();
  void look_for_ends();
  void look_for_overdue();
  void end(const std::vector<std::shared_ptr<ProcessJob>>& ended);
  void tend_within(milliseconds delay);

  boost::asio::io_context& io_;
  EngineOptions options_;
  JobTable& table_;
  Launcher launcher_;
  Controls controls_;
  std::unique_ptr<ProcessTree> tree_;
  std::unique_ptr<SlotPool> slots_;
  std::unique_ptr<char[]> scratch_;
  UniqueFd null_;
  std::map<JobId, Entry> jobs_;  ///< In order, so that the oldest completes first.
  std::set<JobId> near_their_end_;
  const std::shared_ptr<EndWatch> watch_;
  boost::asio::steady_timer tend_timer_;
  std::optional<std::chrono::steady_clock::time_point> tend_due_;
};

tl::expected<std::shared_ptr<Process>, StartError> ProcessEngine::Impl::start(
    Executable executable, Context context, std::string label, std::int64_t owner,
    OnComplete on_complete, OnStarted on_started) {
  if (auto objection = objection_to(context)) return tl::unexpected(std::move(*objection));
  const std::string& wanted = context.profile.empty() ? options_.profile : context.profile;
  const Profile* profile = find_profile(options_.profiles, wanted);
  if (!profile) return tl::unexpected(no_such_profile(wanted, options_.profiles));
  const auto id = table_.admit();
  if (!id) return tl::unexpected(id.error());
  const auto kind = settle(context, *profile);
  if (!kind) return tl::unexpected(kind.error());
  NewProcess process;
  process.limits = context.limits;
  process.started_at = std::chrono::system_clock::now();
  process.started = std::chrono::steady_clock::now();
  auto ends = connect(io_, scratch(), process, context, cannot_start(executable));
  if (!ends) return tl::unexpected(std::move(ends.error()));
  const auto place = tree_->enter();
  if (!place) return tl::unexpected(place.error());
  process.place = *place;
  JobInfo info;
  info.id = *id;
  info.kind = "process";
  info.label = std::move(label);
  info.owner = owner;
  info.profile = profile->name;
  info.started_at = process.started_at;
  const auto job = std::make_shared<ProcessJob>(*this, std::move(info), std::move(process));
  auto starting = std::make_unique<Starting>(Starting{std::move(executable), std::move(context),
                                                      std::move(*ends), *kind,
                                                      std::move(on_started), std::nullopt});
  jobs_[*id] = {job, std::move(on_complete), std::move(starting)};
  if (auto found = find_slot(*id); !found) {
    take_out(*id);
    return tl::unexpected(std::move(found.error()));
  }
  table_.add(*id, job);
  job->start();
  watch_->look_within(kRescanInterval);
  if (slots_->restless()) tend_within(kTendInterval);
  return job;
}

/// Launches the job in a slot that is ready, or else as soon as one is.
tl::expected<void, StartError> ProcessEngine::Impl::find_slot(JobId id) {
  Starting& starting = *jobs_.at(id).starting;
  // A slot that has ended while nobody looked costs no job its start.
  while (auto slot = slots_->take(starting.kind)) {
    auto launched = launch(id, std::move(slot));
    if (launched || launched.error().step != "slot") return launched;
  }
  const auto waiter =
      slots_->wait(starting.kind, [weak = weak_from_this(), id](SlotPool::Taken slot) {
        const auto self = weak.lock();
        if (!self || !self->jobs_.contains(id)) return;
        self->jobs_.at(id).starting->waiter.reset();
        if (!slot) return self->fail_soon(id, std::move(slot.error()));
        auto launched = self->launch(id, std::move(*slot));
        if (!launched && launched.error().step == "slot") launched = self->find_slot(id);
        if (!launched) self->fail_soon(id, std::move(launched.error()));
      });
  if (!waiter) return tl::unexpected(waiter.error());
  starting.waiter = *waiter;
  return {};
}

/// Orders the launch in this slot. When it fails, nothing has begun, and the slot is not the job's.
tl::expected<void, StartError> ProcessEngine::Impl::launch(JobId id, std::shared_ptr<Slot> slot) {
  const Entry& entry = jobs_.at(id);
  Starting& starting = *entry.starting;
  NewProcess& process = entry.job->process();
  const Context& context = starting.context;
  process.groups = {slot->group, tree_->group(process.place)};
  process.not_enforced =
      controls_.apply(process.groups, context.limits, slot->ready().processes, slot->state);
  for (auto& wall : feature_names(slot->ready().missing)) {
    process.not_enforced.push_back(std::move(wall));
  }
  const SlotLaunch plan{starting.executable.fd.get(),
                        starting.executable.is_script,
                        context.args,
                        context.env,
                        starting.ends.input ? starting.ends.input.get() : null_.get(),
                        starting.ends.output.get(),
                        starting.ends.errors.get(),
                        process.place.cgroup,
                        context.working_directory,
                        options_.umask,
                        context.uid ? std::int64_t{*context.uid} : slot::kNobody,
                        context.gid ? std::int64_t{*context.gid} : slot::kNobody,
                        context.limits,
                        !controls_.has(Controller::memory),
                        static_cast<bool>(starting.on_started)};
  const auto sent = slot->launch(plan, [weak = weak_from_this(), id](LaunchNews news) {
    if (const auto self = weak.lock()) self->on_news(id, std::move(news));
  });
  if (!sent) {
    let_go(std::move(slot), sent.error());
    return tl::unexpected(explain(sent.error(), starting.executable, context));
  }
  process.slot = std::move(slot);
  // On their way: what is kept here would keep the streams from ending.
  starting.ends = ChildEnds{};
  starting.executable.fd.reset();
  starting.context.env = {};
  starting.context.args = {};
  return {};
}

void ProcessEngine::Impl::let_go(std::shared_ptr<Slot> slot, const LaunchFailure& failure) {
  if (failure.step == "slot") {
    slots_->retire(std::move(slot));
  } else {
    slots_->give_back(std::move(slot));
  }
}

void ProcessEngine::Impl::on_news(JobId id, LaunchNews news) {
  const auto found = jobs_.find(id);
  if (found == jobs_.end()) return;
  const auto job = found->second.job;
  switch (news.what) {
    case LaunchNews::What::begun:
      job->launched(std::move(news.launched));
      // It may have ended before it was known.
      if (job->look_for_end()) job->on_end_of_leader();
      break;
    case LaunchNews::What::makes_directory:
      job->makes_directory();
      break;
    case LaunchNews::What::gave_up:
      job->gave_up(std::move(news.failure));
      break;
    case LaunchNews::What::executed:
      if (job->has_executed()) executed(id);
      break;
    case LaunchNews::What::failed:
      on_slot_failure(id, std::move(news.failure));
      break;
  }
}

void ProcessEngine::Impl::on_slot_failure(JobId id, LaunchFailure failure) {
  Entry& entry = jobs_.at(id);
  if (entry.job->is_launched()) {
    // The slot takes nothing from a job that runs; but somebody still waits to hear that it does.
    if (entry.starting->on_started) entry.job->end_as_failed(std::move(failure));
    return;
  }
  if (!entry.job->process().slot) return;
  let_go(std::move(entry.job->process().slot), failure);
  fail(id, explain(failure, entry.starting->executable, entry.starting->context));
}

void ProcessEngine::Impl::executed(JobId id) {
  call(id, "start", std::exchange(jobs_.at(id).starting->on_started, nullptr));
}

void ProcessEngine::Impl::fail(JobId id, StartError error) {
  const auto keep_alive = shared_from_this();
  // Who was killed meanwhile has been killed, whatever else would have become of it.
  if (jobs_.at(id).job->is_to_end()) return jobs_.at(id).job->end_unlaunched();
  const Entry entry = take_out(id);
  table_.remove(id);
  JobTable& table = table_;
  call(id, "completion", entry.on_complete, tl::unexpected(std::move(error)));
  table.settle();
}

void ProcessEngine::Impl::fail_soon(JobId id, StartError error) {
  boost::asio::post(io_, [weak = weak_from_this(), id, error = std::move(error)] {
    const auto self = weak.lock();
    if (self && self->jobs_.contains(id)) self->fail(id, error);
  });
}

/// Out of the engine, with all that it held, without having been launched.
ProcessEngine::Impl::Entry ProcessEngine::Impl::take_out(JobId id) {
  Entry entry = std::move(jobs_.at(id));
  jobs_.erase(id);
  near_their_end_.erase(id);
  entry.job->abandon({});
  tend_within(kTendInterval);
  return entry;
}

void ProcessEngine::Impl::end_unlaunched(JobId id) {
  const auto found = jobs_.find(id);
  if (found == jobs_.end() || !found->second.starting->waiter) return;
  slots_->forget(*std::exchange(found->second.starting->waiter, std::nullopt));
  boost::asio::post(io_, [weak = weak_from_this(), id] {
    const auto self = weak.lock();
    if (self && self->jobs_.contains(id)) self->jobs_.at(id).job->end_unlaunched();
  });
}

template <typename Callback, typename... Arguments>
void ProcessEngine::Impl::call(JobId id, const char* what, const Callback& callback,
                               Arguments&&... arguments) {
  try {
    if (callback) callback(std::forward<Arguments>(arguments)...);
  } catch (const std::exception& error) {
    spdlog::critical("the {} of job {} threw: {}", what, id, error.what());
  }
}

void ProcessEngine::Impl::watch() {
  const auto weak = weak_from_this();
  watch_->start(
      [weak] {
        if (const auto self = weak.lock()) self->on_child_signal();
      },
      [weak] {
        const auto self = weak.lock();
        if (!self) return;
        self->look_for_ends();
        self->look_for_overdue();
        if (!self->jobs_.empty()) self->watch_->look_within(kRescanInterval);
      });
}

/// Any number of jobs may have ended. Where there are many, those whose streams have ended are
/// asked at once and all the others soon after: a thousand sleeping jobs must not slow down the one
/// that comes and goes.
void ProcessEngine::Impl::on_child_signal() {
  if (jobs_.size() <= kAlwaysAskAll) return look_for_ends();
  std::vector<std::shared_ptr<ProcessJob>> ended;
  for (const JobId id : near_their_end_) {
    const auto found = jobs_.find(id);
    if (found != jobs_.end() && found->second.job->look_for_end()) {
      ended.push_back(found->second.job);
    }
  }
  watch_->look_within(kSoon * (1 + jobs_.size() / 100));
  end(ended);
}

void ProcessEngine::Impl::look_for_ends() {
  // First all that have ended, then what follows from it: a call-back may change everything.
  std::vector<std::shared_ptr<ProcessJob>> ended;
  for (const auto& [id, entry] : jobs_) {
    if (entry.job->look_for_end()) ended.push_back(entry.job);
  }
  end(ended);
}

/// Slots that were told to launch a job, and do not answer.
void ProcessEngine::Impl::look_for_overdue() {
  std::vector<JobId> overdue;
  for (const auto& [id, entry] : jobs_) {
    if (entry.starting->waiter) continue;
    const auto& slot = entry.job->process().slot;
    if (slot && slot->overdue(SlotPool::kPatience)) overdue.push_back(id);
  }
  for (const JobId id : overdue) on_slot_failure(id, {"slot", ETIMEDOUT});
}

void ProcessEngine::Impl::end(const std::vector<std::shared_ptr<ProcessJob>>& ended) {
  for (const auto& job : ended) job->on_end_of_leader();
}

void ProcessEngine::Impl::finished(JobId id, tl::expected<Result, LaunchFailure> end) {
  const auto keep_alive = shared_from_this();
  if (tree_->restless() || slots_->restless()) tend_within(kTendInterval);
  const auto found = jobs_.find(id);
  const Entry entry = std::move(found->second);
  jobs_.erase(found);
  near_their_end_.erase(id);
  JobTable& table = table_;
  if (end) {
    table.end(id, *end);
    call(id, "completion", entry.on_complete, std::move(*end));
  } else {
    table.remove(id);
    call(id, "completion", entry.on_complete,
         tl::unexpected(explain(end.error(), entry.starting->executable, entry.starting->context)));
  }
  table.settle();
}

void ProcessEngine::Impl::tend_within(milliseconds delay) {
  const auto due = std::chrono::steady_clock::now() + delay;
  if (tend_due_ && *tend_due_ <= due) return;
  tend_due_ = due;
  tend_timer_.expires_at(due);
  tend_timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (error || !self) return;
    self->tend_due_.reset();
    if (self->tree_->tend()) self->tend_within(kTendInterval);
    if (const auto again = self->slots_->tend()) self->tend_within(*again);
  });
}

void ProcessEngine::Impl::shut_down() {
  watch_->stop();
  tend_timer_.cancel();
  const auto deadline = std::chrono::steady_clock::now() + kPatienceAtEnd;
  // All are killed before the first is waited for.
  std::vector<std::shared_ptr<Slot>> launching;
  for (auto& [id, entry] : jobs_) {
    entry.on_complete = nullptr;
    entry.job->kill();
    entry.starting->on_started = nullptr;
    if (entry.job->is_launched()) continue;
    if (const auto& slot = entry.job->process().slot) launching.push_back(slot);
  }
  // Whose process ids are not known yet.
  for (const auto& slot : launching) slot->await(deadline);
  const auto jobs = std::move(jobs_);
  jobs_.clear();
  for (const auto& [id, entry] : jobs) {
    entry.job->abandon(deadline);
    table_.remove(id);
  }
  slots_.reset();
  tree_.reset();
}

ProcessEngine::ProcessEngine(boost::asio::io_context& io, EngineOptions options, JobTable& table)
    : impl_(std::make_shared<Impl>(io, options, table)) {
  impl_->watch();
}

ProcessEngine::~ProcessEngine() { impl_->shut_down(); }

tl::expected<std::shared_ptr<Process>, StartError> ProcessEngine::start(
    Executable executable, Context context, std::string label, std::int64_t owner,
    OnComplete on_complete, OnStarted on_started) {
  return impl_->start(std::move(executable), std::move(context), std::move(label), owner,
                      std::move(on_complete), std::move(on_started));
}

std::vector<std::string> ProcessEngine::missing() { return impl_->missing(); }

std::string_view ProcessEngine::tracking() const { return impl_->tree().method(); }

}  // namespace cosmoo::sandbox
