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
  for (const ConnectionInfo& info : call.services().connections.list()) {
    if (all || info.player.number >= 0) players.emplace_back(info.player);
  }
  return Value(std::move(players));
}

Result<ConnectionInfo> need_connection(const Call& call) {
  for (ConnectionInfo& info : call.services().connections.list()) {
    if (info.player == call[0].object()) return std::move(info);
  }
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

Outcome connection_name(Call& call) {
  if (auto allowed = need_authority_of(call, call[0].object()); !allowed) return allowed.error();
  auto info = need_connection(call);
  if (!info) return info.error();
  return Value(std::move(info->name));
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
       {{"player", kObject}},
       1,
       Access::everyone,
       connection_name,
       "string",
       "Where the player connects from. E_PERM as for notify()."},
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
