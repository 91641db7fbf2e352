// Connections: telling players, reading what they type, and who is there.
#include "builtins/common.h"
#include "builtins/families.h"

namespace cosmoo {
namespace {

std::string joined(const Call& call) {
  std::string line;
  for (std::size_t i = 0; i < call.size(); ++i) {
    if (i > 0) line += '\t';
    line += to_text(call[i]);
  }
  return line;
}

void notify_lines(Connections& connections, ObjectId player, std::string_view text) {
  while (true) {
    const std::size_t end = text.find('\n');
    connections.notify(player, text.substr(0, end));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

Outcome notify(Call& call) {
  const ObjectId player = call[0].object();
  if (auto allowed = need_authority_of(call, player); !allowed) return allowed.error();
  notify_lines(call.services().connections, player, call[1].string());
  return Value();
}

Outcome print(Call& call) {
  notify_lines(call.services().connections, call.player(), joined(call));
  return Value();
}

// read([player [, echo]])
Outcome read(Call& call) {
  const ObjectId player = call.has(0) ? call[0].object() : call.player();
  if (auto allowed = need_authority_of(call, player); !allowed) return allowed.error();
  const auto echo =
      call.has(1) && !call[1].boolean() ? Connections::Echo::off : Connections::Echo::on;
  if (auto reading = call.services().connections.read_line(player, call.ticket(), echo); !reading) {
    return reading.error();
  }
  Wait wait;
  wait.kind = Wait::Kind::read;
  wait.label = "read";
  return wait;
}

Outcome connected_players(Call& call) {
  const bool all = call.has(0) && call[0].boolean();
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
      return Value("port " + std::to_string(info->peer.local_port) + " from " + info->peer.address +
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

Outcome boot_player(Call& call) {
  if (auto allowed = need_authority_of(call, call[0].object()); !allowed) return allowed.error();
  call.services().connections.boot(call[0].object());
  return Value();
}

// set_password(player, password): suspends while the hash is made.
Outcome set_password(Call& call) {
  if (auto allowed = need_authority_of(call, call[0].object()); !allowed) return allowed.error();
  auto begun = call.services().accounts.set_password(call[0].object(), call.take(1).take_string(),
                                                     call.ticket());
  if (!begun) return begun.error();
  Wait wait;
  wait.kind = Wait::Kind::job;
  wait.label = "set_password";
  return wait;
}

Outcome check_password(Call& call) {
  if (auto allowed = need_authority_of(call, call[0].object()); !allowed) return allowed.error();
  auto begun = call.services().accounts.check_password(call[0].object(), call.take(1).take_string(),
                                                       call.ticket());
  if (!begun) return begun.error();
  Wait wait;
  wait.kind = Wait::Kind::job;
  wait.label = "check_password";
  return wait;
}

}  // namespace

std::span<const Builtin> connection_builtins() {
  using namespace types;
  static const Builtin kRows[] = {
      {"notify",
       {{"player", kObject}, {"text", kString}},
       2,
       Access::everyone,
       notify,
       "nothing",
       "Sends a player a line, or several if there are newlines in the text. Nothing happens if "
       "the "
       "player is not connected. E_PERM unless it is you or you are a wizard."},
      {"print",
       {},
       0,
       Access::everyone,
       print,
       "nothing",
       "Sends the player whose command runs its arguments, in one line.",
       true},
      {"read",
       {{"player", kObject}, {"echo", kBoolean}},
       0,
       Access::everyone,
       read,
       "string",
       "Suspends until the player has typed a line, and returns it instead of running it as a "
       "command. echo = false hides what is typed. E_INVARG if the player is not connected, goes "
       "away, or somebody reads already; E_PERM as for notify()."},
      {"connected_players",
       {{"all", kBoolean}},
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
       "What is known of a connection: name, address, port, local_port, protocol, "
       "connected_seconds and idle_seconds; of its terminal: terminals (the names it gives "
       "itself), columns and rows (0: not known), colour (\"none\", \"16\", \"256\" or "
       "\"truecolor\"), utf8 (false if it has said that it shows none) and screen_reader. E_PERM "
       "as for notify(); E_INVARG if not connected."},
      {"boot_player",
       {{"player", kObject}},
       1,
       Access::everyone,
       boot_player,
       "nothing",
       "Disconnects a player, after what was sent. E_PERM as for notify()."},
      {"set_password",
       {{"player", kObject}, {"password", kString}},
       2,
       Access::everyone,
       set_password,
       "nothing",
       "Gives a player a password; suspends while it is hashed. E_PERM as for notify(); E_INVARG "
       "if "
       "it is no player or the password is empty or too long."},
      {"check_password",
       {{"player", kObject}, {"password", kString}},
       2,
       Access::everyone,
       check_password,
       "boolean",
       "Whether that is the player's password; suspends while it is compared. E_PERM as for "
       "notify()."},
  };
  return kRows;
}

}  // namespace cosmoo
