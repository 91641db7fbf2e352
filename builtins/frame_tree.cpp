// frame.bind() and what else is asked of the tree of frames.
#include <fmt/format.h>

#include <algorithm>

#include "builtins/elsewhere.h"
#include "builtins/families.h"
#include "builtins/frame_bindings.h"
#include "builtins/results.h"

namespace cosmoo {
namespace {

using sandbox::Module;
using sandbox::Opening;

Outcome bind(Call& call) {
  constexpr std::string_view kWho = "frame.bind()";
  auto frame = read_frame(kWho, call[0]);
  if (!frame) return frame.error();
  return outcome(bind_for_world(kWho, call.services(), std::move(*frame)));
}

Outcome unbind(Call& call) {
  return outcome(unbind_for_world("frame.unbind()", call.services(), call[0].string()));
}

Outcome info(Call& call) {
  const sandbox::FrameTree& tree = call.services().frames;
  const std::string& path = call[0].string();
  const auto frame = tree.find(path);
  if (!frame) return start_error("frame.info()", frame.error());
  Map map = as_map(*frame);
  map.emplace(Value("par"), Value(frame->par));
  map.emplace(Value("bound_by"), Value(to_string(frame->origin)));
  map.emplace(Value("times_opened"), Value(static_cast<std::int64_t>(tree.times_opened(path))));
  const Opening* const opening = tree.opening(path);
  map.emplace(Value("opens"), Value(static_cast<std::int64_t>(opening ? opening->opens : 0)));
  if (opening) {
    Map openers;
    for (const auto& [owner, count] : opening->openers) {
      openers.emplace(Value(ObjectId{owner}), Value(static_cast<std::int64_t>(count)));
    }
    map.emplace(Value("opened_by"), Value(std::move(openers)));
    map.emplace(Value("since"), Value(rfc3339(opening->since)));
    // A frame's own bytes are its value; of others it is what they were opened to.
    if (!frame->value && !opening->value.empty()) {
      map.emplace(Value("value"), Value(opening->value));
    }
  }
  return Value(std::move(map));
}

// Those that are bound, and names of files or functions beneath `path`, each once.
Value paths(std::vector<std::string> bound, const std::string& path,
            const std::vector<std::string>& names) {
  for (const std::string& name : names) bound.push_back(path + "/" + name);
  std::sort(bound.begin(), bound.end());
  bound.erase(std::unique(bound.begin(), bound.end()), bound.end());
  List list;
  for (std::string& one : bound) list.emplace_back(std::move(one));
  return Value(std::move(list));
}

Outcome list(Call& call) {
  static constexpr std::string_view kWho = "frame.list()";
  Services& services = call.services();
  const std::string path = call.has(0) ? call[0].string() : "";
  auto bound = services.frames.children(path);
  if (path.empty()) return paths(std::move(bound), path, {});
  const auto frame = services.frames.find(path);
  // A folder on the way to frames is none itself.
  if (!frame && !bound.empty()) return paths(std::move(bound), path, {});
  if (!frame) return start_error(kWho, frame.error());
  if (is_on(call[1])) return paths(std::move(bound), path, {});
  if (frame->module_id == Module::dlib) {
    if (auto allowed = services.scheduler.may_wait(call.programmer()); !allowed) {
      return allowed.error();
    }
    services.frame_engine.functions(
        *frame, call.programmer().number,
        [&scheduler = services.scheduler, ticket = call.ticket(), path, bound](auto names) {
          if (!names) return scheduler.complete(ticket, start_error(kWho, names.error()));
          scheduler.complete(ticket, paths(bound, path, *names));
        });
    Wait wait;
    wait.kind = Wait::Kind::job;
    wait.label = "frame.list " + path;
    return wait;
  }
  if (frame->module_id == Module::moxie && frame->addr.find('/') == std::string::npos) {
    return run_elsewhere(call, "frame.list",
                         [&guests = services.guest_programs, name = frame->addr,
                          bound = std::move(bound), path]() -> Resumption {
                           auto names = guests.functions(name);
                           if (!names) return start_error(kWho, names.error());
                           return paths(bound, path, *names);
                         });
  }
  if (frame->origin != sandbox::Origin::built_in || frame->exectype != sandbox::ExecType::none) {
    return paths(std::move(bound), path, {});
  }
  std::function<std::vector<std::string>()> names;
  if (path == "exec") {
    names = [&executables = services.executables] { return executables.names(); };
  } else if (path == "moxie") {
    names = [&guests = services.guest_programs] { return guests.names(); };
  } else if (path == "dlib") {
    names = [&engine = services.frame_engine] { return engine.libraries(); };
  } else {
    return paths(std::move(bound), path, {});
  }
  return run_elsewhere(call, "frame.list",
                       [names = std::move(names), bound = std::move(bound), path]() -> Resumption {
                         return paths(bound, path, names());
                       });
}

}  // namespace

std::span<const Builtin> frame_tree_builtins() {
  using namespace types;
  static const Builtin kRows[] = {
      {"frame.bind",
       {{"fields", kMap}},
       1,
       Access::wizard,
       bind,
       "nothing",
       "Puts a frame into the tree of what can be executed, or changes one; it is kept with the "
       "world. Fields, all strings: aframe_id (its path: parts with a / between them), module_id "
       "(dlib: a library; dlsym: a function of the library that is its parent; exec: a program; "
       "moxie: a guest; none: bytes of its own), addr (the library's file beneath the folder of "
       "modules, the function's symbol, the program's or guest's name), value (the bytes, at most "
       "1 MiB), exectype (none or module-supported; it follows from the module), isolate (of a "
       "library: \"call\", each call in a process of its own, or \"library\", one process for "
       "all), "
       "profile (how a library's functions are confined). Beneath a library each of its functions "
       "is there without being bound; beneath \"dlib\", \"exec\" and \"moxie\" each file is. "
       "Errors: "
       "E_INVARG (fields that are not right, a frame of the configuration's or one that is open), "
       "E_TYPE (a field is no string), E_QUOTA (more than 1000 frames, or a value that is too "
       "long)."},
      {"frame.unbind",
       {{"path", kString}},
       1,
       Access::wizard,
       unbind,
       "nothing",
       "Takes out a frame that frame.bind() has put in. Errors: E_INVARG (there is none, it is "
       "open, the configuration's or built in, or a library whose functions are bound beneath "
       "it)."},
      {"frame.info",
       {{"path", kString}},
       1,
       Access::wizard,
       info,
       "map",
       "What is known of a frame: the fields of frame.bind(), par (the path above), bound_by "
       "(\"built-in\", \"configuration\", \"world\" or, if it follows from the frame above it, "
       "\"parent\"), opens (how often it is open now), times_opened; and while it is open "
       "opened_by (how often by whom), since, and value: a library's or function's address. "
       "E_INVARG if there is no such frame."},
      {"frame.list",
       {{"path", kString}, {"bound_only", kFlag}},
       0,
       Access::wizard,
       list,
       "list of strings",
       "The paths directly beneath a frame, or at the top: what is bound; beneath a library or "
       "guest "
       "its functions; beneath \"dlib\", \"exec\" and \"moxie\" their files, which suspends the "
       "task; "
       "with "
       "bound_only what is bound alone. "
       "Errors: E_INVARG (there is no such frame, or no such library), E_EXEC (a library that "
       "cannot "
       "be opened)."},
  };
  return kRows;
}

}  // namespace cosmoo
