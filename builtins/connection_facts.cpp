// Who is connected, from where, and with what settings.
#include "builtins/common.h"
#include "builtins/families.h"

namespace cosmoo {
namespace {

Outcome connected_players(Call& call) {
  const bool all = is_on(call[0]);
  List players;
  for (const ObjectId player : call.services().connections.list()) {
    if (all || player.number >= 0) players.emplace_back(player);
  }
  return Value(std::move(players));
}

Result<ConnectionInfo> need_connection(const Call& call) {
  if (auto info = call.services().connections.info(call[0].object())) return std::move(*info);
  return fail(ErrorCode::invarg, to_string(call[0].object()) + " is not connected");
}

double seconds_since(Clock::time_point since) {
  return std::chrono::duration<double>(Clock::now() - since).count();
}

Outcome connected_seconds(Call& call) {
  auto info = need_connection(call);
  if (!info) return info.error();
  return Value(seconds_since(info->connected_at));
}

Outcome idle_seconds(Call& call) {
  auto info = need_connection(call);
  if (!info) return info.error();
  return Value(seconds_since(info->last_input_at));
}

// The forms of connection_name(): as Cosmoo writes it, the address alone, as LambdaMOO wrote it.
enum class NameForm : std::int64_t { name, address, legacy };

Outcome connection_name(Call& call) {
  if (auto allowed = need_authority_of(call, call[0].object()); !allowed) return allowed.error();
  auto info = need_connection(call);
  if (!info) return info.error();
  switch (NameForm{call.has(1) ? call[1].integer() : 0}) {
    case NameForm::name:
      return Value(std::move(info->name));
    case NameForm::address:
      return Value(std::move(info->peer.address));
    case NameForm::legacy:
      return Value("port " + std::to_string(info->peer.local_port) +
                   (info->peer.way == Peer::Way::to ? " to " : " from ") + info->peer.address +
                   ", port " + std::to_string(info->peer.port));
  }
  return Error(ErrorCode::invarg,
               "connection_name(): form is 0, 1 or 2, not " + to_literal(call[1]));
}

std::string_view name_of(Colour colour) {
  switch (colour) {
    case Colour::sixteen:
      return "16";
    case Colour::many:
      return "256";
    case Colour::true_colour:
      return "truecolor";
    case Colour::none:
      break;
  }
  return "none";
}

Outcome connection_info(Call& call) {
  if (auto allowed = need_authority_of(call, call[0].object()); !allowed) return allowed.error();
  auto info = need_connection(call);
  if (!info) return info.error();
  List terminals;
  for (std::string& name : info->terminal.names) terminals.emplace_back(std::move(name));
  Map map;
  const auto put = [&map](std::string_view key, Value value) {
    map.emplace(Value(key), std::move(value));
  };
  put("name", Value(std::move(info->name)));
  put("address", Value(std::move(info->peer.address)));
  put("port", Value(std::int64_t{info->peer.port}));
  put("local_port", Value(std::int64_t{info->peer.local_port}));
  put("outbound", Value(info->peer.way == Peer::Way::to));
  put("protocol", Value("telnet"));
  put("terminals", Value(std::move(terminals)));
  put("columns", Value(std::int64_t{info->terminal.columns}));
  put("rows", Value(std::int64_t{info->terminal.rows}));
  put("colour", Value(name_of(info->terminal.colour)));
  put("utf8", Value(info->terminal.utf8));
  put("screen_reader", Value(info->terminal.screen_reader));
  put("connected_seconds", Value(seconds_since(info->connected_at)));
  put("idle_seconds", Value(seconds_since(info->last_input_at)));
  return Value(std::move(map));
}

// connection_options(player [, name]), connection_option(player, name)
Outcome connection_options(Call& call) {
  if (auto allowed = need_authority_of(call, call[0].object()); !allowed) return allowed.error();
  auto options = call.services().connections.options(call[0].object());
  if (!options) return options.error();
  if (!call.has(1)) return Value(std::move(*options));
  const auto it = options->find(call[1]);
  if (it == options->end()) {
    return Error(ErrorCode::invarg, "there is no connection option " + to_literal(call[1]));
  }
  return it->second;
}

Outcome set_connection_option(Call& call) {
  if (auto allowed = need_authority_of(call, call[0].object()); !allowed) return allowed.error();
  return outcome(
      call.services().connections.set_option(call[0].object(), call[1].string(), call[2]));
}

Outcome output_delimiters(Call& call) {
  if (auto allowed = need_authority_of(call, call[0].object()); !allowed) return allowed.error();
  auto delimiters = call.services().connections.delimiters(call[0].object());
  if (!delimiters) return delimiters.error();
  return Value(List{Value(std::move(delimiters->prefix)), Value(std::move(delimiters->suffix))});
}

// buffered_output_length([player])
Outcome buffered_output_length(Call& call) {
  const Connections& connections = call.services().connections;
  if (!call.has(0)) return Value(static_cast<std::int64_t>(connections.output_limit()));
  if (auto allowed = need_authority_of(call, call[0].object()); !allowed) return allowed.error();
  const auto bytes = connections.buffered(call[0].object());
  if (!bytes) return bytes.error();
  return Value(static_cast<std::int64_t>(*bytes));
}

}  // namespace

std::span<const Builtin> connection_fact_builtins() {
  using namespace types;
  static const Builtin kRows[] = {
      {"connected_players",
       {{"all", kFlag}},
       0,
       Access::everyone,
       connected_players,
       "list of objects",
       "Who is logged in; with true also connections that have not logged in yet, as negative "
       "numbers."},
      {"connected_seconds",
       {{"player", kObject}},
       1,
       Access::everyone,
       connected_seconds,
       "float",
       "Seconds since the player connected. E_INVARG if not connected."},
      {"idle_seconds",
       {{"player", kObject}},
       1,
       Access::everyone,
       idle_seconds,
       "float",
       "Seconds since the player last typed a line. E_INVARG if not connected."},
      {"connection_name",
       {{"player", kObject}, {"form", kInteger}},
       1,
       Access::everyone,
       connection_name,
       "string",
       "Where the player connects from: \"127.0.0.1 port 50123\"; form 1 gives the address alone, "
       "form 2 LambdaMOO's \"port 7777 from 127.0.0.1, port 50123\". E_PERM as for notify(); "
       "E_INVARG if not connected, or for another form."},
      {"connection_info",
       {{"player", kObject}},
       1,
       Access::everyone,
       connection_info,
       "map",
       "What is known of a connection: name, address, port, local_port, outbound (made by "
       "open_network_connection()), protocol, "
       "connected_seconds and idle_seconds; of its terminal: terminals (the names it gives "
       "itself), columns and rows (0: not known), colour (\"none\", \"16\", \"256\" or "
       "\"truecolor\"), utf8 (false if it has said that it shows none) and screen_reader. E_PERM "
       "as for notify(); E_INVARG if not connected."},
      {"connection_options",
       {{"player", kObject}, {"name", kString}},
       1,
       Access::everyone,
       connection_options,
       "map, or anything",
       "What set_connection_option() has set, as a map, or the one that is named. E_PERM as for "
       "notify(); E_INVARG if not connected or there is no such option."},
      {"connection_option",
       {{"player", kObject}, {"name", kString}},
       2,
       Access::everyone,
       connection_options,
       "anything",
       "The option that is named: connection_options() with a name, as LambdaMOO calls it."},
      {"set_connection_option",
       {{"player", kObject}, {"name", kString}, {"value"}},
       3,
       Access::everyone,
       set_connection_option,
       "nothing",
       "Sets an option of a connection, for as long as it lasts. hold-input: lines wait for read() "
       "instead of being commands. disable-oob: lines that begin with #$# are like any others. "
       "client-echo: the client shows what is typed. binary: read() gives and notify() takes "
       "binary "
       "strings, bytes without line ends. flush-command: the line that takes away those that wait, "
       "\"\" for none. intrinsic-commands: which of PREFIX, OUTPUTPREFIX, SUFFIX, OUTPUTSUFFIX, "
       "QUIT and @quit the server obeys itself: true, false or a list of them. keep-alive: whether "
       "the system probes a silent client: true, false, or {idle = seconds, interval = seconds, "
       "count = probes}. 1 and 0 will do for true and false. E_PERM as for notify(); E_INVARG if "
       "not connected, or for another option or value."},
      {"output_delimiters",
       {{"player", kObject}},
       1,
       Access::everyone,
       output_delimiters,
       "list of strings",
       "What the client has set with PREFIX and SUFFIX: {prefix, suffix}, empty if nothing. E_PERM "
       "as for notify(); E_INVARG if not connected."},
      {"buffered_output_length",
       {{"player", kObject}},
       0,
       Access::everyone,
       buffered_output_length,
       "integer",
       "How many bytes of output wait to be sent to a player; without one, how many may wait "
       "before lines are dropped. E_PERM as for notify(); E_INVARG if not connected."},
  };
  return kRows;
}

}  // namespace cosmoo
