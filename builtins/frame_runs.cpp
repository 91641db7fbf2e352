#include "builtins/frame_runs.h"

#include <fmt/format.h>

#include <algorithm>

#include "builtins/process_fields.h"
#include "builtins/results.h"

namespace cosmoo {
namespace {

using sandbox::Module;

// A frame that is about to run, or runs.
struct Running {
  Services& services;
  Ticket ticket;
  std::int64_t owner;
  FrameRun run;
  std::string label;  ///< Its command line as people are shown it, shortened.
  std::vector<std::string> env = {};
  sandbox::Limits limits = {};             ///< Of what no configuration of its own limits.
  std::optional<Program> program = {};     ///< Of a frame of the module exec.
  std::shared_ptr<void> open = {};         ///< The frame, unless its own engine opens it.
  std::shared_ptr<sandbox::Job> job = {};  ///< Once it runs.
  bool killed = false;
};

Error refuse(const FrameRun& run, std::string_view why) {
  return Error(ErrorCode::invarg, fmt::format("{}: {} {}", run.who, run.frame.aframe_id, why));
}

// What it is run with, by the name that it has for whoever runs it.
std::vector<std::string> words_of(const FrameRun& run, const std::string& name) {
  std::vector<std::string> words{name};
  words.insert(words.end(), run.args.begin(), run.args.end());
  return words;
}

void complete(const std::shared_ptr<Running>& running,
              tl::expected<sandbox::Result, sandbox::StartError> end) {
  running->open = nullptr;
  const FrameRun& run = running->run;
  Scheduler& scheduler = running->services.scheduler;
  if (!end) return scheduler.complete(running->ticket, start_error(run.who, end.error()));
  Map result = frame_result(*end);
  if (!run.then) return scheduler.complete(running->ticket, Value(std::move(result)));
  scheduler.complete(running->ticket, run.then(std::move(result), *end));
}

std::vector<std::pair<std::string, std::string>> fields_of(const sandbox::Frame& frame) {
  std::vector<std::pair<std::string, std::string>> fields;
  const auto add = [&](const char* name, std::string_view text) {
    if (!text.empty()) fields.emplace_back(name, text);
  };
  add("par", frame.par);
  add("exectype", to_string(frame.exectype));
  add("module_id", to_string(frame.module_id));
  add("addr", frame.addr);
  return fields;
}

std::string in_capitals(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

// --- What each kind needs before it may be ordered, and the order

Result<void> prepare(Running& running) {
  const FrameRun& run = running.run;
  const Services& services = running.services;
  auto env = read_environment(run.who, run.env, services.exec);
  if (!env) return tl::unexpected(env.error());
  running.env = std::move(*env);
  if (run.about) {
    running.env.push_back("FRAME_PATH=" + run.about->aframe_id);
    for (const auto& [name, text] : fields_of(*run.about)) {
      running.env.push_back("FRAME_" + in_capitals(name) + "=" + text);
    }
  }
  running.limits.output_bytes = services.exec.output_bytes;
  std::chrono::milliseconds longest = services.exec.timeout;
  if (run.frame.module_id == Module::exec) {
    auto program =
        find_program(run.who, services, words_of(run, run.frame.addr), services.exec.timeout);
    if (!program) return tl::unexpected(program.error());
    longest = program->longest;
    running.limits.output_bytes = program->context.limits.output_bytes;
    running.program = std::move(*program);
  }
  if (run.frame.module_id == Module::moxie) {
    longest = services.guest_policy.limits.wall;
    running.limits.memory_bytes = services.guest_policy.limits.memory_bytes;
    running.limits.output_bytes = services.guest_policy.limits.output_bytes;
    if (!run.profile.empty()) return tl::unexpected(refuse(run, "is a guest, and has no profile"));
    if (!run.env.is_nil()) {
      return tl::unexpected(refuse(run, "is a guest, and has no environment"));
    }
  }
  const auto asked = run.timeout ? std::optional(*run.timeout * 1000) : std::nullopt;
  running.limits.wall = wall_limit(asked, longest);
  if (!run.limits.is_nil()) return lower_limits(run.who, run.limits, running.limits);
  return {};
}

tl::expected<std::shared_ptr<sandbox::Job>, sandbox::StartError> order_function(
    const std::shared_ptr<Running>& running) {
  FrameRun& run = running->run;
  const std::string& own = run.frame.aframe_id;
  sandbox::FunctionRequest request;
  request.context.args = words_of(run, own);
  request.context.env = std::move(running->env);
  request.context.input = std::move(run.input);
  request.context.profile = run.profile;
  request.context.limits = running->limits;
  request.about = run.about ? run.about->aframe_id : own;
  request.fields = fields_of(run.about ? *run.about : run.frame);
  request.label = running->label;
  request.owner = running->owner;
  return running->services.frame_engine.call(
      run.frame, std::move(request), [running](auto end) { complete(running, std::move(end)); });
}

tl::expected<std::shared_ptr<sandbox::Job>, sandbox::StartError> order_program(
    const std::shared_ptr<Running>& running) {
  FrameRun& run = running->run;
  Program& program = *running->program;
  program.context.env = std::move(running->env);
  program.context.input = std::move(run.input);
  program.context.limits = running->limits;
  if (!run.frame.profile.empty()) program.context.profile = run.frame.profile;
  if (!run.profile.empty()) program.context.profile = run.profile;
  return running->services.processes.start(
      std::move(program.executable), std::move(program.context), running->label, running->owner,
      [running](auto end) { complete(running, std::move(end)); });
}

tl::expected<std::shared_ptr<sandbox::Job>, sandbox::StartError> order_guest(
    const std::shared_ptr<Running>& running) {
  FrameRun& run = running->run;
  sandbox::GuestRequest request;
  const std::size_t slash = run.frame.addr.find('/');
  request.program = run.frame.addr.substr(0, slash);
  // The last who needs the bytes may be another thread.
  const auto files = std::make_shared<std::vector<std::string>>();
  if (slash == std::string::npos) {
    *files = run.args;
  } else {
    request.function = run.frame.addr.substr(slash + 1);
    request.arguments = words_of(run, run.frame.aframe_id);
  }
  if (!run.input.empty()) files->push_back(std::move(run.input));
  for (const std::string& file : *files) request.data.push_back({file, files});
  request.limits = running->services.guest_policy.limits;
  request.limits.memory_bytes = *running->limits.memory_bytes;
  request.limits.output_bytes = running->limits.output_bytes;
  request.limits.wall = running->limits.wall.value_or(std::chrono::milliseconds::max() / 2);
  request.label = running->label;
  request.owner = running->owner;
  return running->services.guests.start(std::move(request),
                                        [running](auto end) { complete(running, std::move(end)); });
}

Result<void> order(const std::shared_ptr<Running>& running) {
  FrameRun& run = running->run;
  Services& services = running->services;
  const bool guest = run.frame.module_id == Module::moxie;
  std::size_t bytes = run.input.size();
  if (guest) {
    for (const std::string& argument : run.args) bytes += argument.size();
  }
  if (guest && bytes > services.guest_policy.data_bytes) {
    return fail(ErrorCode::quota, fmt::format("{}: the data has {} bytes, at most {} are allowed",
                                              run.who, bytes, services.guest_policy.data_bytes));
  }
  if (auto fits = check_input_size(run.who, bytes, services.exec); !fits) return fits;
  if (run.frame.module_id != Module::dlsym) {
    running->open = services.frame_engine.hold(run.frame.aframe_id, running->owner);
  }
  auto job = guest                                 ? order_guest(running)
             : run.frame.module_id == Module::exec ? order_program(running)
                                                   : order_function(running);
  if (job) {
    running->job = std::move(*job);
    return {};
  }
  running->open = nullptr;
  return tl::unexpected(start_error(run.who, job.error()));
}

}  // namespace

Map frame_result(sandbox::Result& result) {
  Map map = as_map(result);
  // A guest prints nowhere else than into its output.
  const bool guest = result.usage.cpu_from == sandbox::Accounting::engine;
  if (guest) {
    map.emplace(Value("output"), Value(result.output));
    map.emplace(Value("state"), Value(std::move(result.state)));
    result.stdout_bytes = std::move(result.output);
  }
  map.emplace(Value("stdout"), Value(result.stdout_bytes));
  map.emplace(Value("stderr"), Value(std::move(result.stderr_bytes)));
  return map;
}

Outcome run_frame(Call& call, FrameRun run, FrameBytes bytes) {
  if (run.frame.exectype != sandbox::ExecType::module_supported) {
    return refuse(
        run, fmt::format("is not executable: its exectype is {}", to_string(run.frame.exectype)));
  }
  Services& services = call.services();
  std::string label = label_of(words_of(run, run.frame.aframe_id));
  auto running = std::make_shared<Running>(
      Running{services, call.ticket(), call.programmer().number, std::move(run), std::move(label)});
  if (auto prepared = prepare(*running); !prepared) return prepared.error();
  if (auto allowed = services.scheduler.may_wait(call.programmer()); !allowed) {
    return allowed.error();
  }
  Wait wait;
  wait.kind = Wait::Kind::job;
  wait.label = fmt::format("frame {}", running->label);
  wait.on_kill = [running] {
    running->killed = true;
    if (running->job) running->job->kill();
  };
  if (!bytes) {
    if (auto ordered = order(running); !ordered) return ordered.error();
    return wait;
  }
  auto read = std::make_shared<tl::expected<std::string, sandbox::StartError>>();
  services.offload([read, bytes = std::move(bytes)] { *read = bytes(); },
                   [running, read] {
                     if (running->killed) return;
                     Result<void> ordered;
                     if (*read) {
                       running->run.input = std::move(**read);
                       ordered = order(running);
                     } else {
                       ordered = tl::unexpected(start_error(running->run.who, read->error()));
                     }
                     if (!ordered) {
                       running->services.scheduler.complete(running->ticket, ordered.error());
                     }
                   });
  return wait;
}

}  // namespace cosmoo
