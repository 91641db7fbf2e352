// The ports that the world listens on.
#include "vm/network.h"

#include "builtins/common.h"
#include "builtins/families.h"

namespace cosmoo {
namespace {

constexpr std::string_view kPrintMessages = "print-messages";

Result<std::uint16_t> as_port(const Value& value) {
  if (value.integer() >= 0 && value.integer() <= 65535) {
    return static_cast<std::uint16_t>(value.integer());
  }
  return fail(ErrorCode::invarg, "a port is from 0 to 65535, not " + to_literal(value));
}

Result<void> read_options(const Value& given, ListenerInfo& wanted) {
  if (!given.is_map()) {
    wanted.print_messages = !given.is_list() && is_on(given);
    return {};
  }
  for (const auto& [key, value] : given.map()) {
    const std::string_view name = key.is_string() ? std::string_view(key.string()) : "";
    const bool is_switch =
        value.type() == Value::Type::boolean || value.type() == Value::Type::integer;
    if (name == "interface" && value.is_string()) {
      wanted.interface = value.string();
    } else if (name == kPrintMessages && is_switch) {
      wanted.print_messages = is_on(value);
    } else {
      return fail(ErrorCode::invarg,
                  "listen(): options are interface (an IP address) and print-messages, not " +
                      to_literal(key) + " = " + to_literal(value));
    }
  }
  return {};
}

// listen(object, port [, options])
Outcome listen(Call& call) {
  if (auto object = need_object(call.services().world, call[0].object()); !object) {
    return object.error();
  }
  const auto port = as_port(call[1]);
  if (!port) return port.error();
  ListenerInfo wanted;
  wanted.handler = call[0].object();
  wanted.port = *port;
  if (auto read = read_options(call[2], wanted); !read) return read.error();
  const auto opened = call.services().network.listen(std::move(wanted));
  if (!opened) return opened.error();
  return Value(std::int64_t{opened->port});
}

// unlisten(port [, interface])
Outcome unlisten(Call& call) {
  const auto port = as_port(call[0]);
  if (!port) return port.error();
  std::optional<std::string_view> interface;
  if (call.has(1)) interface = call[1].string();
  return outcome(call.services().network.unlisten(*port, interface));
}

// listeners([object or port])
Outcome listeners(Call& call) {
  List list;
  for (const ListenerInfo& info : call.services().network.listeners()) {
    const bool wanted =
        !call.has(0) || call[0] == Value(info.handler) || call[0] == Value(std::int64_t{info.port});
    if (!wanted) continue;
    list.emplace_back(Map{{Value("object"), Value(info.handler)},
                          {Value("port"), Value(std::int64_t{info.port})},
                          {Value("interface"), Value(info.interface)},
                          {Value(kPrintMessages), Value(info.print_messages)}});
  }
  return Value(std::move(list));
}

}  // namespace

std::span<const Builtin> network_builtins() {
  using namespace types;
  static const Builtin kRows[] = {
      {"listen",
       {{"object", kObject}, {"port", kInteger}, {"options", kFlag | kMap}},
       2,
       Access::wizard,
       listen,
       "integer",
       "Accepts connections on another port too (0: any free one) and returns the port. The server "
       "calls the verbs do_login_command, do_command, do_out_of_band_command, do_blank_command, "
       "user_connected and the like on the object, instead of on #0, for who connects there. "
       "Options: interface, an IP address of this machine (else the one that the server listens "
       "on); [\"print-messages\"] = true (or true instead of options) lets the server greet and "
       "say "
       "why it closes. It lasts until unlisten() or the server's end. E_INVARG for an object or "
       "interface that is none, and if it is listened on already; E_QUOTA if the system refuses or "
       "there are too many."},
      {"unlisten",
       {{"port", kInteger}, {"interface", kString}},
       1,
       Access::wizard,
       unlisten,
       "nothing",
       "Ends a listener; the connections that it has accepted stay. E_INVARG if there is none."},
      {"listeners",
       {{"find", kObject | kInteger}},
       0,
       Access::wizard,
       listeners,
       "list of maps",
       "What the server listens on, all or that of an object or a port: {object = , port = , "
       "interface = , [\"print-messages\"] = }."},
  };
  return kRows;
}

}  // namespace cosmoo
