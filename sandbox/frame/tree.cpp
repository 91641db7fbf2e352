#include "sandbox/frame/tree.h"

#include <algorithm>

#include "sandbox/process/start_errors.h"

namespace cosmoo::sandbox {

namespace {

constexpr Module kModules[] = {Module::dlib, Module::dlsym, Module::exec, Module::moxie};

StartError wrong(std::string_view path, std::string_view why) {
  return bad_argument("frame " + in_quotes(path) + ": " + std::string(why));
}

StartError no_such_frame(std::string_view path) {
  return bad_argument("there is no frame " + in_quotes(path));
}

/// Whether `path` is beneath `above`.
bool is_beneath(std::string_view path, std::string_view above) {
  return path.size() > above.size() && path.starts_with(above) && path[above.size()] == '/';
}

/// What the module whose root it is makes of `rest`.
std::optional<Frame> file_of(Module module, std::string_view rest) {
  Frame frame;
  const std::size_t slash = rest.find('/');
  switch (module) {
    case Module::exec:  // a program may stand in a folder
      frame.exectype = ExecType::module_supported;
      frame.module_id = Module::exec;
      frame.addr = rest;
      return frame;
    case Module::moxie:  // PROGRAM, or PROGRAM/FUNCTION
      if (slash != rest.rfind('/')) return std::nullopt;
      frame.exectype = ExecType::module_supported;
      frame.module_id = Module::moxie;
      frame.addr = rest;
      return frame;
    case Module::dlib:
      if (slash == std::string_view::npos) {
        frame.module_id = Module::dlib;
        frame.addr = rest;
        return frame;
      }
      rest.remove_prefix(slash + 1);
      if (rest.find('/') != std::string_view::npos) return std::nullopt;
      frame.exectype = ExecType::module_supported;
      frame.module_id = Module::dlsym;
      frame.addr = rest;
      return frame;
    default:
      return std::nullopt;
  }
}

/// What a bound frame makes of `rest`.
std::optional<Frame> child_of(const Frame& above, std::string_view rest) {
  if (above.origin == Origin::built_in) {
    const auto module = module_of(above.aframe_id);
    return module ? file_of(*module, rest) : std::nullopt;
  }
  if (rest.find('/') != std::string_view::npos) return std::nullopt;
  Frame frame;
  if (above.module_id == Module::moxie && above.addr.find('/') == std::string::npos) {
    frame.exectype = ExecType::module_supported;
    frame.module_id = Module::moxie;
    frame.addr = above.addr + "/" + std::string(rest);
    return frame;
  }
  if (above.module_id != Module::dlib) return std::nullopt;
  frame.exectype = ExecType::module_supported;
  frame.module_id = Module::dlsym;
  frame.addr = rest;
  return frame;
}

}  // namespace

FrameTree::FrameTree() {
  for (const Module module : kModules) {
    const std::string name(to_string(module));
    for (const std::string& path : {name, name + "/open", name + "/close"}) {
      Frame frame;
      frame.aframe_id = path;
      frame.par = parent_of(path);
      frame.exectype = path == name ? ExecType::none : ExecType::built_in;
      frame.origin = Origin::built_in;
      frames_[path] = {std::move(frame), 0};
    }
  }
}

tl::expected<void, StartError> FrameTree::check(const Frame& frame) const {
  const std::string& path = frame.aframe_id;
  if (const char* why = objection_to_path(path)) {
    return tl::unexpected(bad_argument("the path of a frame, " + in_quotes(path) + ": " + why));
  }
  const bool needs_addr = frame.module_id != Module::none;
  const bool runs = needs_addr && frame.module_id != Module::dlib;
  if (frame.exectype == ExecType::built_in) {
    return tl::unexpected(wrong(path, "what is built in cannot be bound"));
  }
  if ((frame.exectype == ExecType::module_supported) != runs) {
    return tl::unexpected(wrong(path, runs
                                          ? "what its module runs has the exectype module-supported"
                                          : "without a module that runs it, its exectype is none"));
  }
  if (needs_addr && (frame.addr.empty() || frame.addr.find('\0') != std::string::npos)) {
    return tl::unexpected(wrong(path, "addr must say what its module is to open"));
  }
  if (!needs_addr && !frame.addr.empty()) {
    return tl::unexpected(wrong(path, "addr is for a module, and it has none"));
  }
  if (frame.module_id != Module::dlib && frame.isolation != Isolation::call) {
    return tl::unexpected(wrong(path, "isolation is of a library, whose module is dlib"));
  }
  if (frame.module_id == Module::dlsym) {
    const auto above = find(parent_of(path));
    if (!above || above->module_id != Module::dlib) {
      return tl::unexpected(wrong(path, "its module is dlsym, and its parent is no library"));
    }
  }
  const Frame* const old = bound(path);
  if (old && old->origin == Origin::built_in) return tl::unexpected(wrong(path, "it is built in"));
  if (old && old->origin == Origin::configuration) {
    return tl::unexpected(wrong(path, "the configuration has bound it"));
  }
  if (any_open_beneath(path)) return tl::unexpected(wrong(path, "it is open"));
  return {};
}

tl::expected<void, StartError> FrameTree::bind(Frame frame) {
  if (auto fine = check(frame); !fine) return fine;
  frame.par = parent_of(frame.aframe_id);
  Bound& place = frames_[frame.aframe_id];
  place.frame = std::move(frame);
  return {};
}

tl::expected<void, StartError> FrameTree::unbind(std::string_view path) {
  const auto found = frames_.find(path);
  if (found == frames_.end()) return tl::unexpected(no_such_frame(path));
  if (found->second.frame.origin == Origin::built_in) {
    return tl::unexpected(wrong(path, "it is built in"));
  }
  if (found->second.frame.origin == Origin::configuration) {
    return tl::unexpected(wrong(path, "the configuration has bound it"));
  }
  if (any_open_beneath(path)) return tl::unexpected(wrong(path, "it is open"));
  for (const auto& [other, bound] : frames_) {
    if (is_beneath(other, path) && bound.frame.module_id == Module::dlsym) {
      return tl::unexpected(wrong(path, "it has " + in_quotes(other) + " beneath it"));
    }
  }
  frames_.erase(found);
  return {};
}

const Frame* FrameTree::bound(std::string_view path) const {
  const auto found = frames_.find(path);
  return found == frames_.end() ? nullptr : &found->second.frame;
}

tl::expected<Frame, StartError> FrameTree::find(std::string_view path) const {
  if (const Frame* const frame = bound(path)) return *frame;
  if (const char* why = objection_to_path(path)) {
    return tl::unexpected(bad_argument("the path of a frame, " + in_quotes(path) + ": " + why));
  }
  for (std::string_view above = parent_of(path); !above.empty(); above = parent_of(above)) {
    const Frame* const frame = bound(above);
    if (!frame) continue;
    auto child = child_of(*frame, path.substr(above.size() + 1));
    if (!child) break;
    child->aframe_id = path;
    child->par = parent_of(path);
    child->origin = Origin::parent;
    return std::move(*child);
  }
  return tl::unexpected(no_such_frame(path));
}

std::vector<std::string> FrameTree::children(std::string_view path) const {
  std::vector<std::string> children;
  for (const auto& [other, bound] : frames_) {
    if (!path.empty() && !is_beneath(other, path)) continue;
    const std::size_t begin = path.empty() ? 0 : path.size() + 1;
    std::string child = other.substr(0, other.find('/', begin));
    if (children.empty() || children.back() != child) children.push_back(std::move(child));
  }
  // "a/b" and "a-c" are not sorted as "a" and "a-c" are.
  std::sort(children.begin(), children.end());
  children.erase(std::unique(children.begin(), children.end()), children.end());
  return children;
}

std::vector<const Frame*> FrameTree::bound_by_world() const {
  std::vector<const Frame*> frames;
  for (const auto& [path, bound] : frames_) {
    if (bound.frame.origin == Origin::world) frames.push_back(&bound.frame);
  }
  return frames;
}

bool FrameTree::any_open_beneath(std::string_view path) const {
  return std::any_of(open_.begin(), open_.end(), [&](const auto& entry) {
    return entry.first == path || is_beneath(entry.first, path);
  });
}

void FrameTree::opened(const std::string& path, std::int64_t owner) {
  Opening& opening = open_[path];
  if (opening.opens == 0) opening.since = std::chrono::system_clock::now();
  ++opening.opens;
  ++opening.openers[owner];
  if (const auto found = frames_.find(path); found != frames_.end()) ++found->second.times_opened;
}

tl::expected<void, StartError> FrameTree::closed(const std::string& path, std::int64_t owner) {
  const auto found = open_.find(path);
  if (found == open_.end()) return tl::unexpected(wrong(path, "it is not open"));
  Opening& opening = found->second;
  const auto opener = opening.openers.find(owner);
  if (opener == opening.openers.end()) {
    return tl::unexpected(wrong(path, "it was opened by somebody else"));
  }
  if (--opener->second == 0) opening.openers.erase(opener);
  if (--opening.opens == 0) open_.erase(found);
  return {};
}

void FrameTree::set_value(const std::string& path, std::string value) {
  const auto found = open_.find(path);
  if (found != open_.end()) found->second.value = std::move(value);
}

const Opening* FrameTree::opening(std::string_view path) const {
  const auto found = open_.find(path);
  return found == open_.end() ? nullptr : &found->second;
}

std::uint64_t FrameTree::times_opened(std::string_view path) const {
  const auto found = frames_.find(path);
  return found == frames_.end() ? 0 : found->second.times_opened;
}

}  // namespace cosmoo::sandbox
