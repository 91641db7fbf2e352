#include "server/app.h"
#include <boost/asio/post.hpp>
#include <cstdio>
#include <filesystem>

#include "server/first_start.h"

namespace cosmoo {
namespace {

constexpr std::chrono::seconds kShutdown{3};
constexpr std::chrono::milliseconds kLastMoment{200};
constexpr std::chrono::seconds kLastSlices{1};
constexpr std::chrono::milliseconds kQuietCheck{10};

SchedulerLimits scheduler_limits(const Config& config) {
  const auto& budgets = config.budgets;
  SchedulerLimits limits;
  limits.foreground = {budgets.foreground_ticks,
                       std::chrono::duration<double>(budgets.foreground_seconds)};
  limits.background = {budgets.background_ticks,
                       std::chrono::duration<double>(budgets.background_seconds)};
  limits.tasks_per_player = static_cast<std::size_t>(budgets.tasks_per_player);
  return limits;
}

SessionLimits session_limits(const Config& config) {
  const auto& sessions = config.sessions;
  SessionLimits limits;
  limits.idle_before_login = std::chrono::duration<double>(sessions.idle_before_login_seconds);
  limits.idle = std::chrono::duration<double>(sessions.idle_seconds);
  limits.line_bytes = static_cast<std::size_t>(sessions.line_bytes);
  limits.input_bytes = static_cast<std::size_t>(sessions.input_bytes);
  limits.output_bytes = static_cast<std::size_t>(sessions.output_bytes);
  limits.max_connections = static_cast<std::size_t>(sessions.max_connections);
  limits.max_per_address = static_cast<std::size_t>(sessions.max_per_address);
  limits.loopback =
      sessions.limit_loopback ? AddressLimit::Loopback::limited : AddressLimit::Loopback::free;
  limits.login_attempts = static_cast<int>(sessions.login_attempts);
  limits.logins = sessions.do_login_command ? SessionLimits::Logins::world_first
                                            : SessionLimits::Logins::built_in;
  limits.login_patience = std::chrono::duration<double>(sessions.do_login_command_seconds);
  limits.telnet_options = sessions.offer_telnet_options ? SessionLimits::Offer::at_once
                                                        : SessionLimits::Offer::when_spoken_to;
  return limits;
}

}  // namespace

App::App(Config config, Log& log, MakeLanguage make_language)
    : config_(std::move(config)),
      log_(log),
      make_language_(std::move(make_language)),
      signals_(loop_),
      allowances_(world_),
      scheduler_(scheduler_limits(config_)),
      pump_(loop_, scheduler_),
      accounts_(world_, scheduler_, poster(), account_cost(config_)),
      sessions_(loop_, world_, scheduler_, accounts_, log_, session_limits(config_)),
      listeners_(loop_, sessions_, log_,
                 {config_.listen.address, static_cast<std::size_t>(config_.listen.max_listeners)}),
      dialer_(loop_, sessions_, scheduler_,
              {static_cast<std::size_t>(config_.network.max_outbound),
               std::chrono::duration<double>(config_.network.timeout_seconds)}),
      quiet_timer_(loop_) {
  scheduler_.use(allowances_);
  scheduler_.count_in(world_.planned().last_task());
  auto& paths = config_.paths;
  if (paths.scripts.empty()) paths.scripts = shipped_directory("scripts");
  if (paths.executables.empty()) paths.executables = shipped_directory("executables");
  if (paths.modules.empty()) paths.modules = shipped_directory("modules");
  if (paths.export_to.empty()) {
    paths.export_to = (std::filesystem::path(paths.data) / "export").string();
  }
}

App::~App() {
  scheduler_.kill_all();
  world_.on_change(nullptr);
}

WriteBehind::Post App::poster() {
  return [this](std::function<void()> work) { boost::asio::post(loop_, std::move(work)); };
}

Result<void> App::start() {
  if (auto done = allow_outbound(); !done) return done;
  const auto port = static_cast<std::uint16_t>(config_.listen.port);
  if (auto done = listeners_.bind(config_.listen.address, port); !done) return done;
  if (auto done = open_world(); !done) return done;
  if (auto done = start_language(); !done) return done;
  // A world that is still empty was made just now, or never finished.
  if (world_.size() == 0) {
    if (auto done = make_world(); !done) return done;
  }
  commands_->restore_planned();
  await_signals();
  return listeners_.start();
}

Result<void> App::allow_outbound() {
  auto rules = OutboundRules::parse(config_.network.outbound_allowed);
  if (!rules) {
    return fail(ErrorCode::invarg, "network.outbound_allowed: " + rules.error().message);
  }
  if (config_.network.outbound) dialer_.allow(std::move(*rules));
  return {};
}

std::string App::how_to_connect() const {
  const auto endpoint = listeners_.own().endpoint();
  const auto ip = endpoint.address();
  const std::string host = ip.is_unspecified() ? "localhost" : ip.to_string();
  return "telnet " + host + " " + std::to_string(endpoint.port());
}

Result<void> App::open_world() {
  const std::filesystem::path directory = config_.paths.data;
  if (auto made = make_data_directory(directory); !made) return made;
  auto opened =
      WriteBehind::open(directory / "world.db", world_, poster(), [this](std::string_view text) {
        if (text.empty()) {
          log_.info("the world is being written again");
          tell_wizards("*** The world is being written again. ***");
        } else {
          log_.error("the world cannot be written: " + std::string(text));
          tell_wizards("*** The world cannot be written: " + std::string(text) +
                       ". What changes is kept in memory, and tried again every second. ***");
        }
      });
  if (!opened) return tl::unexpected(opened.error());
  store_ = std::move(*opened);
  if (const std::int64_t mib = config_.budgets.owner_mib; mib > 0)
    world_.set_owner_bytes(mib << 20);
  pump_.keep(world_, *store_);
  return {};
}

void App::tell_wizards(std::string_view text) {
  for (const ObjectId player : world_.players()) {
    if (world_.is_wizard(player)) sessions_.notify(player, text);  // who is away hears nothing
  }
}

Result<void> App::start_language() {
  auto made = make_language_(Foundation{
      loop_, config_, log_, world_, *store_, scheduler_, sessions_, accounts_, listeners_, dialer_,
      [this](std::string reason) {
        boost::asio::post(loop_, [this, reason = std::move(reason)] { shut_down(reason); });
      },
      [this](std::string_view text) { tell_wizards(text); }});
  if (!made) return tl::unexpected(made.error());
  language_ = std::move(*made);
  commands_ = std::make_unique<Commands>(world_, scheduler_, language_->engine(), sessions_, log_);
  scheduler_.on_end(
      [this](const Task& task, const Step& step) { commands_->task_ended(task, step); });
  hooks_ = std::make_unique<Hooks>(world_, scheduler_, language_->engine(), log_);
  sessions_.serve(*commands_, *hooks_);
  return {};
}

Result<void> App::make_world() {
  auto wizard = language_->make_world();
  if (!wizard) return tl::unexpected(wizard.error());
  log_.info("made a new world of " + std::to_string(world_.size()) + " objects");
  return give_first_password(accounts_, world_, *wizard);
}

void App::await_signals() {
  boost::system::error_code ignored;
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) signals_.add(number, ignored);
  signals_.async_wait([this](boost::system::error_code error, int number) {
    if (error) return;
    if (number == SIGHUP) {
      log_.reopen();
      log_.info("the log file was opened again");
    } else if (stopping_) {
      loop_.stop();  // asked twice: no more patience
    } else {
      shut_down("The server is shutting down.");
    }
    await_signals();
  });
}

void App::shut_down(const std::string& reason) {
  if (stopping_) return;
  stopping_ = true;
  log_.info("shutting down");
  listeners_.close();
  std::size_t ended = 0;
  scheduler_.interrupt_all(Clock::now() + kLastSlices, [&](const Task& task) {
    commands_->task_interrupted(task);
    ++ended;
  });
  if (ended > 0) log_.info(std::to_string(ended) + " tasks end with the server");
  sessions_.close_all("*** " + reason + " ***");
  language_->end_jobs();
  await_quiet(Clock::now() + kShutdown);
}

// Clients that were told, but do not close, are given a moment and no more.
void App::await_quiet(Clock::time_point deadline) {
  const auto now = Clock::now();
  if (!told_at_ && sessions_.unsent() == 0) told_at_ = now;
  const bool quiet = (sessions_.open() == 0 || (told_at_ && now - *told_at_ >= kLastMoment)) &&
                     language_->jobs_running() == 0;
  if (quiet || now >= deadline) {
    loop_.stop();
    return;
  }
  quiet_timer_.expires_after(kQuietCheck);
  quiet_timer_.async_wait([this, deadline](boost::system::error_code error) {
    if (!error) await_quiet(deadline);
  });
}

// An exception that gets here has left one handler undone; the others go on.
Result<void> App::run() {
  while (!loop_.stopped()) {
    try {
      loop_.run();
    } catch (const std::exception& failure) {
      log_.error(std::string("unexpected: ") + failure.what());
    }
  }
  scheduler_.kill_all();
  auto closed = store_->close();
  if (closed) log_.info("the world is written");
  return closed;
}

}  // namespace cosmoo
