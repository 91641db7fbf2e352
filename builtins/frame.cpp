// frame.exec() and frame.map(): running what is in the tree of frames.
#include <fmt/format.h>

#include "builtins/families.h"
#include "builtins/frame_bindings.h"
#include "builtins/frame_runs.h"
#include "builtins/programs.h"
#include "builtins/results.h"

namespace cosmoo {
namespace {

using sandbox::ExecType;
using sandbox::Module;

// Options that exec and map have in common, and those of map alone.
struct Options {
  std::vector<std::string> args;
  std::optional<std::string> into;
};

Result<std::vector<std::string>> read_arguments(std::string_view who, const Value& given) {
  if (given.is_nil() || given.list().empty()) return std::vector<std::string>();
  return read_words(who, "the arguments", given.list());
}

enum class Takes { execs_options, maps_options };

Result<Options> read_options(FrameRun& run, const Value& given, Takes takes) {
  const bool maps = takes == Takes::maps_options;
  const auto refuse = [&](std::string text) {
    return fail(ErrorCode::invarg, fmt::format("{}: {}", run.who, text));
  };
  Options options;
  if (given.is_nil()) return options;
  if (given.is_list()) {
    if (given.list().empty()) return options;
    return refuse("the options are a table such as {timeout = 5}");
  }
  for (const auto& [key, value] : given.map()) {
    const std::string name = to_text(key);
    const bool number = (types::kNumber & type_bit(value.type())) != 0;
    if (name == "timeout" && number && value.number() > 0) {
      run.timeout = value.number();
    } else if (name == "profile" && value.is_string() && !value.string().empty()) {
      run.profile = value.string();
    } else if (name == "limits" && (value.is_map() || value.is_list())) {
      run.limits = value;
    } else if (name == "args" && maps && value.is_list()) {
      auto args = read_arguments(run.who, value);
      if (!args) return tl::unexpected(args.error());
      options.args = std::move(*args);
    } else if (name == "into" && maps && value.is_string()) {
      options.into = value.string();
    } else if (name == "timeout" || name == "profile" || name == "limits" ||
               (maps && (name == "args" || name == "into"))) {
      return refuse(fmt::format("option {} cannot be {}", name, to_literal(value)));
    } else {
      return refuse(fmt::format("there is no option {}; there are timeout, profile{}", name,
                                maps ? ", limits, args and into" : " and limits"));
    }
  }
  return options;
}

Result<sandbox::Frame> find_frame(const FrameRun& run, const Services& services,
                                  const std::string& path) {
  auto frame = services.frames.find(path);
  if (!frame) return tl::unexpected(start_error(run.who, frame.error()));
  return std::move(*frame);
}

// --- The functions that are built in: MODULE/open and MODULE/close

Value done(std::string text, std::chrono::system_clock::time_point began) {
  sandbox::Result result;
  result.exit_code = 0;
  result.stdout_bytes = std::move(text);
  result.usage.cpu_from = result.usage.memory_from = sandbox::Accounting::rusage;
  result.started_at = began;
  result.ended_at = std::chrono::system_clock::now();
  return Value(frame_result(result));
}

Outcome open_or_close(Call& call, const FrameRun& run) {
  Services& services = call.services();
  if (run.args.size() != 1) {
    return Error(ErrorCode::invarg, fmt::format("{}: {} takes one argument, the path of a frame",
                                                run.who, run.frame.aframe_id));
  }
  const std::string path = run.args.front();
  const auto frame = find_frame(run, services, path);
  if (!frame) return frame.error();
  if (to_string(frame->module_id) != run.frame.par) {
    return Error(ErrorCode::invarg,
                 fmt::format("{}: {} is not of the module {}", run.who, path, run.frame.par));
  }
  const auto began = std::chrono::system_clock::now();
  const std::int64_t owner = call.programmer().number;
  if (run.frame.aframe_id.ends_with("/close")) {
    if (auto closed = services.frame_engine.close(path, owner); !closed) {
      return start_error(run.who, closed.error());
    }
    return done("", began);
  }
  if (auto allowed = services.scheduler.may_wait(call.programmer()); !allowed) {
    return allowed.error();
  }
  const auto wanted = std::make_shared<bool>(true);
  services.frame_engine.open(
      path, owner,
      [&services, wanted, who = run.who, path, owner, began, ticket = call.ticket()](auto opened) {
        if (!opened) {
          return services.scheduler.complete(ticket, start_error(who, opened.error()));
        }
        // Nobody would close what a task has opened that was killed meanwhile.
        if (!*wanted) return static_cast<void>(services.frame_engine.close(path, owner));
        services.scheduler.complete(ticket,
                                    done(services.frames.opening(path)->value + "\n", began));
      });
  Wait wait;
  wait.kind = Wait::Kind::job;
  wait.label = fmt::format("frame {} {}", run.frame.aframe_id, path);
  wait.on_kill = [wanted] { *wanted = false; };
  return wait;
}

// --- The builtins

Outcome exec(Call& call) {
  FrameRun run;
  run.who = "frame.exec()";
  auto frame = find_frame(run, call.services(), call[0].string());
  if (!frame) return frame.error();
  run.frame = std::move(*frame);
  auto args = read_arguments(run.who, call[1]);
  if (!args) return args.error();
  run.args = std::move(*args);
  if (auto options = read_options(run, call[4], Takes::execs_options); !options)
    return options.error();
  run.env = call[3];
  if (run.frame.exectype == ExecType::built_in) return open_or_close(call, run);
  if (call.has(2)) run.input = call.take(2).take_string();
  return run_frame(call, std::move(run));
}

// The bytes of what a frame stands for, if they are in a file.
FrameBytes bytes_of(const Services& services, const sandbox::Frame& frame) {
  const std::size_t most = services.exec.input_bytes;
  switch (frame.module_id) {
    case Module::dlib:
      return [&engine = services.frame_engine, name = frame.addr] {
        return engine.library_bytes(name);
      };
    case Module::moxie:
      return [&guests = services.guest_programs,
              name = frame.addr.substr(0, frame.addr.find('/'))] { return guests.bytes(name); };
    case Module::exec:
      return [&executables = services.executables, most,
              name = frame.addr]() -> tl::expected<std::string, sandbox::StartError> {
        auto file = executables.find(name);
        if (!file) return tl::unexpected(file.error());
        // One byte more, to see that it is too long.
        auto bytes = sandbox::read_bytes(file->fd.get(), most + 1);
        if (bytes) return std::move(*bytes);
        return tl::unexpected(sandbox::StartError{sandbox::StartError::Kind::system,
                                                  "program " + name + " cannot be read", "read",
                                                  bytes.error()});
      };
    default:
      return {};
  }
}

Outcome map(Call& call) {
  Services& services = call.services();
  FrameRun run;
  run.who = "frame.map()";
  auto function = find_frame(run, services, call[0].string());
  if (!function) return function.error();
  auto target = find_frame(run, services, call[1].string());
  if (!target) return target.error();
  auto options = read_options(run, call[2], Takes::maps_options);
  if (!options) return options.error();
  run.frame = std::move(*function);
  run.args = std::move(options->args);
  if (options->into) {
    sandbox::Frame made;
    made.aframe_id = *options->into;
    made.origin = sandbox::Origin::world;
    if (auto fine = services.frames.check(made); !fine) return start_error(run.who, fine.error());
    run.then = [&services, made = std::move(made)](
                   Map result, const sandbox::Result& plain) mutable -> Resumption {
      if (plain.status != sandbox::Status::exited || plain.exit_code != 0) {
        return Value(std::move(result));
      }
      made.value = plain.stdout_bytes;
      const std::string path = made.aframe_id;
      if (auto bound = bind_for_world("frame.map()", services, std::move(made)); !bound) {
        return bound.error();
      }
      result.emplace(Value("into"), Value(path));
      return Value(std::move(result));
    };
  }
  FrameBytes bytes;
  if (target->value) {
    run.input = *target->value;
  } else {
    bytes = bytes_of(services, *target);
  }
  run.about = std::move(*target);
  return run_frame(call, std::move(run), std::move(bytes));
}

}  // namespace

std::span<const Builtin> frame_builtins() {
  using namespace types;
  static const Builtin kRows[] = {
      {"frame.exec",
       {{"path", kString},
        {"args", kList},
        {"input", kString},
        {"environment", kMap},
        {"options", kMap}},
       1,
       Access::wizard,
       exec,
       "map",
       "Runs what a frame stands for, and suspends the task until it has ended: a function of a "
       "shared library, in a process of its own; a program of executables/, as exec() would; a "
       "guest, as sandbox.run() would, or one of its functions in the place of main(). `args` are "
       "strings; of a guest its data files, with `input` as the last one. `input` and the outputs "
       "are plain bytes. Options: timeout (seconds), "
       "profile, limits (as process.spawn() takes them). The map has status (exited, killed, "
       "timed_out, faulted, over_limit), exit_code, stdout, stderr, usage, started_at, ended_at; "
       "signal or limit where there was one; of a guest output and state. With a path such as "
       "\"dlsym/open\" and a frame's path as its argument it keeps that open, until "
       "\"dlsym/close\". "
       "Errors: E_INVARG (no such frame, not executable, no such function, library, program or "
       "guest, arguments that are not right), E_PERM (a program that the configuration does not "
       "allow), E_QUOTA (too many run, too much input), E_EXEC (a library that cannot be opened, "
       "with the loader's text; what the system refused)."},
      {"frame.map",
       {{"mapfn", kString}, {"target", kString}, {"options", kMap}},
       2,
       Access::wizard,
       map,
       "map",
       "Calls a function with a frame as its payload, and suspends the task until it has ended. "
       "The payload has the frame's path, its fields and its bytes: the value that it was bound "
       "with, or the file of a library, program or guest. A map function (see "
       "executables/modules/cosmoo_module.h) is given a struct; anything else gets the bytes as "
       "its "
       "input, a guest as its last data file, and path and fields as variables FRAME_PATH, "
       "FRAME_ADDR and so on. "
       "Options: those of frame.exec(), args (more arguments), into = the path of a frame that is "
       "bound to what it writes, if it ends with 0. The map is that of frame.exec(), with into if "
       "it was bound. Errors: those of frame.exec() and frame.bind()."},
  };
  return kRows;
}

}  // namespace cosmoo
