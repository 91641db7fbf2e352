#include "builtins/frame_bindings.h"

#include <fmt/format.h>

#include "builtins/results.h"
#include "builtins/rows.h"

namespace cosmoo {
namespace {

constexpr const char* kProperty = "frames";
constexpr std::size_t kMostFrames = 1000;
constexpr std::size_t kMostValueBytes = 1 << 20;

struct Field {
  std::string_view name;
  std::string_view choices;  // empty: any string
  bool (*set)(sandbox::Frame&, const std::string&);
  std::string (*get)(const sandbox::Frame&);  // empty: not given
};

template <typename Enum>
bool set_enum(Enum& target, std::optional<Enum> value) {
  if (value) target = *value;
  return value.has_value();
}

template <auto member>
bool set_text(sandbox::Frame& frame, const std::string& text) {
  frame.*member = text;
  return true;
}

template <auto member>
std::string get_text(const sandbox::Frame& frame) {
  return frame.*member;
}

constexpr Field kFields[] = {
    {"aframe_id", "", set_text<&sandbox::Frame::aframe_id>, get_text<&sandbox::Frame::aframe_id>},
    {"exectype", "none, built-in, module-supported",
     [](sandbox::Frame& frame, const std::string& text) {
       return set_enum(frame.exectype, sandbox::exec_type_of(text));
     },
     [](const sandbox::Frame& frame) { return std::string(to_string(frame.exectype)); }},
    {"module_id", "dlib, dlsym, exec, moxie",
     [](sandbox::Frame& frame, const std::string& text) {
       return set_enum(frame.module_id, sandbox::module_of(text));
     },
     [](const sandbox::Frame& frame) { return std::string(to_string(frame.module_id)); }},
    {"addr", "", set_text<&sandbox::Frame::addr>, get_text<&sandbox::Frame::addr>},
    {"value", "", set_text<&sandbox::Frame::value>,
     [](const sandbox::Frame&) { return std::string(); }},
    {"isolate", "call, library",
     [](sandbox::Frame& frame, const std::string& text) {
       return set_enum(frame.isolation, sandbox::isolation_of(text));
     },
     [](const sandbox::Frame& frame) {
       const bool usual = frame.isolation == sandbox::Isolation::call;
       return usual ? std::string() : std::string(sandbox::to_string(frame.isolation));
     }},
    {"profile", "", set_text<&sandbox::Frame::profile>, get_text<&sandbox::Frame::profile>},
};

// The world keeps what it has bound, as a list of maps in a property of #0.
Result<void> keep(Services& services) {
  List list;
  for (const sandbox::Frame* frame : services.frames.bound_by_world()) {
    list.emplace_back(as_map(*frame));
  }
  World& world = services.world;
  const Symbol name = world.symbols().intern(kProperty);
  if (!world.find(kSystem)) return fail(ErrorCode::invarg, "there is no #0 to keep frames in");
  if (world.property(kSystem, name)) return world.set_property(kSystem, name, Value(list));
  Property property;
  property.value = Value(std::move(list));
  property.owner = world.find(kSystem)->owner;
  property.permissions = 0;
  return world.add_property(kSystem, name, std::move(property));
}

}  // namespace

Result<sandbox::Frame> read_frame(std::string_view who, const Value& fields) {
  const auto refuse = [&](std::string text) {
    return fail(ErrorCode::invarg, fmt::format("{}: {}", who, text));
  };
  if (fields.is_list()) return refuse("the fields are a table such as {aframe_id = \"a/b\"}");
  sandbox::Frame frame;
  bool given_type = false;
  for (const auto& [name, value] : fields.map()) {
    const Field* const field = find_row(kFields, name);
    if (field == nullptr) {
      return refuse(
          fmt::format("there is no field {}; there are {}", to_text(name), names_in(kFields)));
    }
    if (!value.is_string()) {
      return fail(ErrorCode::type, fmt::format("{}: field {} is {}, not string", who, field->name,
                                               name_of(value.type())));
    }
    if (!field->set(frame, value.string())) {
      return refuse(fmt::format("field {} is one of {}, not {}", field->name, field->choices,
                                to_literal(value)));
    }
    given_type |= field->name == "exectype";
  }
  if (frame.value && frame.value->size() > kMostValueBytes) {
    return fail(ErrorCode::quota, fmt::format("{}: the value has {} bytes, at most {} are kept",
                                              who, frame.value->size(), kMostValueBytes));
  }
  const bool runs =
      frame.module_id != sandbox::Module::none && frame.module_id != sandbox::Module::dlib;
  if (!given_type && runs) frame.exectype = sandbox::ExecType::module_supported;
  return frame;
}

Map as_map(const sandbox::Frame& frame) {
  Map map;
  for (const Field& field : kFields) {
    std::string text = field.get(frame);
    if (!text.empty()) map.emplace(Value(field.name), Value(std::move(text)));
  }
  if (frame.value) map.emplace(Value("value"), Value(*frame.value));
  return map;
}

Result<void> bind_for_world(std::string_view who, Services& services, sandbox::Frame frame) {
  const bool fresh = services.frames.bound(frame.aframe_id) == nullptr;
  if (fresh && services.frames.bound_by_world().size() >= kMostFrames) {
    return fail(ErrorCode::quota,
                fmt::format("{}: the world keeps {} frames, and no more", who, kMostFrames));
  }
  frame.origin = sandbox::Origin::world;
  if (auto bound = services.frames.bind(std::move(frame)); !bound) {
    return tl::unexpected(start_error(who, bound.error()));
  }
  return keep(services);
}

Result<void> unbind_for_world(std::string_view who, Services& services, std::string_view path) {
  if (auto unbound = services.frames.unbind(path); !unbound) {
    return tl::unexpected(start_error(who, unbound.error()));
  }
  return keep(services);
}

std::vector<std::string> bind_what_is_kept(const World& world, sandbox::FrameTree& tree) {
  std::vector<std::string> refused;
  const auto name = world.symbols().find(kProperty);
  const auto kept = name ? world.property(kSystem, *name) : std::nullopt;
  if (!kept || !kept->value->is_list()) return refused;
  // Parents come before their children.
  for (const Value& fields : kept->value->list()) {
    if (!fields.is_map()) continue;
    auto frame = read_frame("#0.frames", fields);
    if (!frame) {
      refused.push_back(frame.error().message);
    } else if (auto bound = tree.bind(std::move(*frame)); !bound) {
      refused.push_back("#0.frames: " + bound.error().message);
    }
  }
  return refused;
}

}  // namespace cosmoo
