#include "server/make_language.h"

#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <limits>

#include "builtins/frame_bindings.h"
#include "builtins/services.h"
#include "server/limit_watch.h"
#include "server/quiet_pool.h"
#include "vm/lua/engine.h"
#include "vm/world_import.h"

namespace cosmoo {
namespace {

ExecPolicy exec_policy(const Config::Exec& config) {
  const auto milliseconds = [](double seconds) {
    return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
  };
  ExecPolicy policy;
  policy.timeout = milliseconds(config.timeout_seconds);
  policy.output_bytes = static_cast<std::size_t>(config.output_bytes);
  policy.input_bytes = static_cast<std::size_t>(config.input_bytes);
  policy.allowed = config.allowed;
  policy.allow_loader_environment = config.allow_loader_environment;
  for (const auto& [name, program] : config.programs) {
    ExecPolicy::Program& own = policy.programs[name];
    if (program.timeout_seconds) own.timeout = milliseconds(*program.timeout_seconds);
    if (program.output_bytes) own.output_bytes = static_cast<std::size_t>(*program.output_bytes);
    own.profile = program.profile;
  }
  return policy;
}

/// 0: there is no limit.
std::optional<std::uint64_t> limit(std::int64_t number, std::uint64_t unit = 1) {
  if (number <= 0) return std::nullopt;
  return static_cast<std::uint64_t>(number) * unit;
}

void change(sandbox::Profile& profile, const Config::Profile& config) {
  constexpr std::uint64_t kMiB = 1 << 20;
  const auto append = [](std::vector<std::string>& to, const std::vector<std::string>& more) {
    to.insert(to.end(), more.begin(), more.end());
  };
  append(profile.readable, config.readable);
  append(profile.writable, config.writable);
  if (config.network == "host") profile.network = sandbox::Profile::Network::host;
  if (config.network == "none") profile.network = sandbox::Profile::Network::none;
  if (config.tmp_mib > 0) profile.tmp_bytes = static_cast<std::uint64_t>(config.tmp_mib) * kMiB;
  if (config.uid >= 0) profile.uid = static_cast<std::uint32_t>(config.uid);
  if (config.gid >= 0) profile.gid = static_cast<std::uint32_t>(config.gid);
  if (config.cpu_seconds > 0) {
    profile.limits.cpu =
        std::chrono::milliseconds(static_cast<std::int64_t>(config.cpu_seconds * 1000));
  }
  profile.limits.memory_bytes = limit(config.memory_mib, kMiB);
  profile.limits.processes = limit(config.processes);
  profile.limits.cpu_shares = limit(config.cpu_shares);
  profile.limits.open_files = limit(config.open_files);
  profile.limits.file_size_bytes = limit(config.file_size_mib, kMiB);
}

sandbox::EngineOptions engine_options(const Config& config) {
  sandbox::EngineOptions options;
  const auto standard = options.profiles;
  for (const auto& [name, changes] : config.profiles) {
    const bool known = sandbox::find_profile(standard, name) != nullptr;
    const std::string base = !changes.based_on.empty() ? changes.based_on
                             : known                   ? name
                                                       : "confined";
    sandbox::Profile profile = *sandbox::find_profile(standard, base);
    profile.name = name;
    change(profile, changes);
    std::erase_if(options.profiles, [&](const auto& old) { return old.name == name; });
    options.profiles.push_back(std::move(profile));
  }
  options.profile = config.exec.profile;
  options.prepared = 4;
  return options;
}

/// What the configuration calls a profile and is none.
Result<void> check_profiles(const Config::Exec& config,
                            const std::vector<sandbox::Profile>& profiles) {
  const auto check = [&](const std::string& key, const std::string& name) -> Result<void> {
    if (sandbox::find_profile(profiles, name) != nullptr) return {};
    return fail(ErrorCode::invarg, key + ": there is no profile " + name);
  };
  if (auto done = check("exec.profile", config.profile); !done) return done;
  for (const auto& [name, program] : config.programs) {
    if (!program.profile) continue;
    if (auto done = check("exec.program." + name + ".profile", *program.profile); !done)
      return done;
  }
  return {};
}

ProcessPolicy process_policy(const Config::Process& config) {
  ProcessPolicy policy;
  policy.timeout =
      std::chrono::milliseconds(static_cast<std::int64_t>(config.timeout_seconds * 1000));
  policy.shell = config.shell;
  policy.handles.most = static_cast<std::size_t>(config.max_handles);
  policy.handles.when_full = config.on_full == "refuse"
                                 ? sandbox::HandleOptions::WhenFull::refuse
                                 : sandbox::HandleOptions::WhenFull::kill_oldest;
  return policy;
}

GuestPolicy guest_policy(const Config::Sandbox& config) {
  const auto size = [](std::int64_t number) { return static_cast<std::size_t>(number); };
  GuestPolicy policy;
  policy.limits.instructions = static_cast<std::uint64_t>(config.instructions);
  policy.limits.memory_bytes = static_cast<std::uint64_t>(config.memory_mib) << 20;
  policy.limits.output_bytes = size(config.output_bytes);
  policy.limits.wall =
      std::chrono::milliseconds(static_cast<std::int64_t>(config.timeout_seconds * 1000));
  policy.quotas.guests = size(config.guests_per_programmer);
  policy.quotas.instructions = static_cast<std::uint64_t>(config.instructions_per_programmer);
  policy.quotas.memory_bytes = static_cast<std::uint64_t>(config.memory_mib_per_programmer) << 20;
  policy.together.guests = size(config.max_guests);
  policy.together.instructions = std::numeric_limits<std::uint64_t>::max();
  policy.together.memory_bytes = static_cast<std::uint64_t>(config.max_memory_mib) << 20;
  policy.data_bytes = size(config.data_bytes);
  return policy;
}

LuaOptions lua_options(const Config::Budgets& budgets) {
  LuaOptions options;
  options.task_memory_bytes = static_cast<std::size_t>(budgets.task_memory_mib) << 20;
  options.engine_memory_bytes = static_cast<std::size_t>(budgets.engine_memory_mib) << 20;
  options.call_depth = static_cast<int>(budgets.call_depth);
  return options;
}

// Instructions that a guest runs before the next one has its turn: about ten milliseconds.
constexpr std::uint64_t kGuestSlice = 5'000'000;

class LuaLanguage final : public Language {
 public:
  LuaLanguage(const Foundation& base, sandbox::ExecutableDirectory executables,
              sandbox::EngineOptions options)
      : world_(base.world),
        table_(make_builtin_table()),
        jobs_(static_cast<std::size_t>(base.config.exec.max_jobs)),
        processes_(base.loop, std::move(options), jobs_),
        handles_(base.loop, processes_, process_policy(base.config.process).handles),
        executables_(std::move(executables)),
        frame_engine_(base.loop, processes_, jobs_, frames_, frame_options(base)),
        guest_programs_(executables_.path() / "guests", {}),
        guest_pool_(static_cast<std::size_t>(base.config.sandbox.threads)),
        guests_(
            {guest_policy(base.config.sandbox).quotas, guest_policy(base.config.sandbox).together,
             kGuestSlice, [this](std::function<void()> work) { guest_pool_.run(std::move(work)); },
             [&loop = base.loop](std::function<void()> then) {
               boost::asio::post(loop, std::move(then));
             },
             // The configuration has been checked.
             moxie::engine_named(base.config.sandbox.engine).value_or(moxie::Engine::automatic)},
            guest_programs_, jobs_),
        services_{base.world,
                  base.scheduler,
                  base.connections,
                  base.accounts,
                  base.network,
                  base.outbound,
                  base.store,
                  table_,
                  jobs_,
                  processes_,
                  executables_,
                  exec_policy(base.config.exec),
                  handles_,
                  process_policy(base.config.process),
                  guest_programs_,
                  guests_,
                  guest_policy(base.config.sandbox),
                  frames_,
                  frame_engine_,
                  base.config.paths.scripts,
                  base.config.paths.export_to,
                  COSMOO_VERSION,
                  base.shut_down,
                  [&log = base.log](std::string_view line) { log.info(std::string(line)); },
                  offload(base.loop)},
        engine_(make_lua_engine(base.world, base.scheduler, table_, services_,
                                lua_options(base.config.budgets))),
        limit_watch_(base.loop, base.world, base.log, base.tell_wizards) {
    services_.engine = engine_.get();
    jobs_.on_end([this](const sandbox::JobInfo& job, const sandbox::Result& result) {
      limit_watch_.job_ended(job, result);
    });
  }

  Engine& engine() override { return *engine_; }

  /// Binds the configuration's frames, and those that the world has kept.
  Result<void> bind_frames(const Config& config, Log& log) {
    for (const Config::Frame& given : config.frames) {
      Map fields;
      for (const auto& [name, text] : given.fields) fields.emplace(Value(name), Value(text));
      auto frame = read_frame(given.where, Value(std::move(fields)));
      if (!frame) return tl::unexpected(frame.error());
      frame->origin = sandbox::Origin::configuration;
      if (auto bound = frames_.bind(std::move(*frame)); !bound) {
        return fail(ErrorCode::invarg, given.where + ": " + bound.error().message);
      }
    }
    for (const auto& what : bind_what_is_kept(world_, frames_)) log.warning(what);
    return {};
  }

  /// What this machine does not give to jobs.
  std::vector<std::string> missing() { return processes_.missing(); }

  Result<ObjectId> make_world() override {
    const auto loaded = import_folder(services_.scripts_folder, world_, ImportMode::update);
    if (!loaded) return tl::unexpected(loaded.error());
    const auto wizard = world_.property(kSystem, world_.symbols().intern("first_wizard"));
    if (!wizard || !wizard->value->is_object()) {
      return fail(ErrorCode::invarg, services_.scripts_folder + " names no first wizard");
    }
    return wizard->value->object();
  }

  void end_jobs() override { jobs_.kill_all(); }
  std::size_t jobs_running() const override { return jobs_.running(); }

 private:
  using Offload = std::function<void(std::function<void()> work, std::function<void()> then)>;

  Offload offload(boost::asio::io_context& loop) {
    return [this, &loop](std::function<void()> work, std::function<void()> then) {
      pool_.run([&loop, work = std::move(work), then = std::move(then)]() mutable {
        work();
        boost::asio::post(loop, std::move(then));
      });
    };
  }

  sandbox::FrameOptions frame_options(const Foundation& base) {
    sandbox::FrameOptions options;
    options.modules = base.config.paths.modules;
    options.offload = offload(base.loop);
    return options;
  }

  World& world_;
  const BuiltinTable table_;
  sandbox::JobTable jobs_;
  sandbox::ProcessEngine processes_;
  sandbox::HandleTable handles_;
  const sandbox::ExecutableDirectory executables_;
  sandbox::FrameTree frames_;
  sandbox::FrameEngine frame_engine_;
  sandbox::GuestLibrary guest_programs_;
  QuietPool guest_pool_;
  sandbox::GuestEngine guests_;
  QuietPool pool_{1};  // one thread: files are written by one task at a time
  Services services_;
  std::unique_ptr<Engine> engine_;
  LimitWatch limit_watch_;
};

}  // namespace

Result<std::unique_ptr<Language>> make_language(const Foundation& foundation) {
  auto executables = sandbox::ExecutableDirectory::open(foundation.config.paths.executables);
  if (!executables) {
    return fail(ErrorCode::file, "the executables directory: " + executables.error().message);
  }
  const Config::Exec& exec = foundation.config.exec;
  auto options = engine_options(foundation.config);
  if (auto done = check_profiles(exec, options.profiles); !done) {
    return tl::unexpected(done.error());
  }
  auto language =
      std::make_unique<LuaLanguage>(foundation, std::move(*executables), std::move(options));
  if (auto bound = language->bind_frames(foundation.config, foundation.log); !bound) {
    return tl::unexpected(bound.error());
  }
  auto missing = language->missing();
  if (exec.strict && ::geteuid() != 0) missing.insert(missing.begin(), "the server is not root");
  if (exec.strict && !missing.empty()) {
    std::string message = "exec.strict: ";
    for (const auto& what : missing) message += (&what == &missing.front() ? "" : "; ") + what;
    return fail(ErrorCode::exec, std::move(message));
  }
  for (const auto& what : missing) foundation.log.warning("jobs: " + what);
  if (::geteuid() == 0 && exec.profile == "open") {
    foundation.log.warning("running as root: what exec() starts has all of root's rights");
  }
  return language;
}

}  // namespace cosmoo
