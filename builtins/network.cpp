// The ports that the world listens on, and the connections that it makes.
#include "vm/network.h"

#include <algorithm>

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

// --- open_network_connection(host, port [, options])

Result<Destination> read_destination(const Call& call) {
  constexpr std::size_t kLongestName = 253;
  Destination to;
  to.host = call[0].string();
  const bool printable = std::all_of(to.host.begin(), to.host.end(),
                                     [](unsigned char c) { return c > 0x20 && c < 0x7F; });
  if (to.host.empty() || to.host.size() > kLongestName || !printable) {
    return fail(ErrorCode::invarg,
                "open_network_connection(): a host is a name or an IP address of at most " +
                    std::to_string(kLongestName) + " letters, digits, dots and the like");
  }
  const auto port = as_port(call[1]);
  if (!port) return tl::unexpected(port.error());
  if (*port == 0) return fail(ErrorCode::invarg, "nobody can connect to port 0");
  to.port = *port;
  to.handler = kSystem;
  if (call[2].is_object()) to.handler = call[2].object();
  if (call[2].is_map()) {
    for (const auto& [key, value] : call[2].map()) {
      if (key != Value("listener") || !value.is_object()) {
        return fail(ErrorCode::invarg,
                    "open_network_connection(): the option is listener, an object, not " +
                        to_literal(key) + " = " + to_literal(value));
      }
      to.handler = value.object();
    }
  }
  return need_object(call.services().world, to.handler).map([&](const Object*) { return to; });
}

Outcome open_network_connection(Call& call) {
  const auto to = read_destination(call);
  if (!to) return to.error();
  if (auto allowed = call.services().scheduler.may_wait(call.programmer()); !allowed) {
    return allowed.error();
  }
  auto begun = call.services().outbound.connect(*to, call.ticket());
  if (!begun) return begun.error();
  Wait wait;
  wait.kind = Wait::Kind::job;
  wait.label = "connect " + to->host + ":" + std::to_string(to->port);
  wait.on_kill = std::move(*begun);
  return wait;
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
      {"open_network_connection",
       {{"host", kString}, {"port", kInteger}, {"options", kObject | kMap}},
       2,
       Access::wizard,
       open_network_connection,
       "object",
       "Connects to a port of another machine, and returns the connection: a negative object, for "
       "read(), notify(), boot_player(), connection_info(), set_connection_option() and the like. "
       "Suspends until it is there. Its lines wait for read(); nobody is greeted or logs in. "
       "Option: listener = an object (or the object instead of options) whose verbs "
       "user_client_disconnected and so on are called for it, else #0's. E_PERM unless [network] "
       "in the server's configuration allows the host and port; E_INVARG for a host or port that "
       "is none, for other options, and with the reason if the connection cannot be made; E_QUOTA "
       "if there are too many, or too many of your tasks wait."},
  };
  return kRows;
}

}  // namespace cosmoo
