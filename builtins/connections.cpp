// Connections: telling players, reading what they type, ending them; and passwords.
#include "builtins/common.h"
#include "builtins/families.h"
#include "vm/binary.h"
#include "vm/plain_text.h"

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

// notify(player, text [, no_flush [, no_newline]])
Outcome notify(Call& call) {
  const ObjectId player = call[0].object();
  if (auto allowed = need_authority_of(call, player); !allowed) return allowed.error();
  Connections& connections = call.services().connections;
  Output how;
  if (is_on(call[2])) how.when_full = Output::Full::refuse;
  if (is_on(call[3])) how.end = Output::End::open;
  const auto info = connections.info(player);
  if (!info || !info->binary) return Value(connections.send(player, call[1].string(), how));
  const auto bytes = decode_binary(call[1].string());
  if (!bytes) return bytes.error();
  return Value(connections.send(player, *bytes, how));
}

Outcome make_plain(Call& call) { return Value(plain_text(call[0].string())); }

// What somebody's code prints to another is only text to the other's terminal.
Outcome print(Call& call) {
  const std::string line = joined(call);
  const bool own = need_authority_of(call, call.player()).has_value();
  call.services().connections.notify(call.player(), own ? line : plain_text(line));
  return Value();
}

// --- read([player [, non_blocking or options]])

struct ReadOptions {
  Reading how;
  bool waits = true;
};

Result<ReadOptions> read_options(const Value& given) {
  constexpr double kLongest = 1e9;
  ReadOptions options;
  if (!given.is_map()) {
    options.waits = given.is_list() || !is_on(given);
    return options;
  }
  for (const auto& [key, value] : given.map()) {
    const std::string_view name = key.is_string() ? std::string_view(key.string()) : "";
    const bool is_number =
        value.type() == Value::Type::integer || value.type() == Value::Type::float_;
    if (name == "timeout" && is_number && value.number() >= 0 && value.number() <= kLongest) {
      options.how.timeout = std::chrono::duration<double>(value.number());
    } else if (name == "echo" && value.type() == Value::Type::boolean) {
      if (!value.boolean()) options.how.echo = Reading::Echo::off;
    } else if (name == "non_blocking" && value.type() == Value::Type::boolean) {
      options.waits = !value.boolean();
    } else {
      return fail(ErrorCode::invarg,
                  "read(): options are timeout (seconds), echo and non_blocking, not " +
                      to_literal(key) + " = " + to_literal(value));
    }
  }
  return options;
}

Outcome read(Call& call) {
  const ObjectId player = call.has(0) ? call[0].object() : call.player();
  if (auto allowed = need_authority_of(call, player); !allowed) return allowed.error();
  const auto options = read_options(call[1]);
  if (!options) return options.error();
  Connections& connections = call.services().connections;
  if (!options->waits) {
    auto line = connections.poll_line(player);
    if (!line) return line.error();
    return *line ? Value(std::move(**line)) : Value();
  }
  if (auto may = call.services().scheduler.may_wait(call.programmer()); !may) return may.error();
  if (auto reading = connections.read_line(player, call.ticket(), options->how); !reading) {
    return reading.error();
  }
  Wait wait;
  wait.kind = Wait::Kind::read;
  wait.label = "read";
  return wait;
}

// force_input(player, line [, at_front])
Outcome force_input(Call& call) {
  if (auto allowed = need_authority_of(call, call[0].object()); !allowed) return allowed.error();
  const auto place = is_on(call[2]) ? Connections::Place::front : Connections::Place::back;
  return outcome(
      call.services().connections.force_input(call[0].object(), call[1].string(), place));
}

// flush_input(player [, show])
Outcome flush_input(Call& call) {
  const ObjectId player = call[0].object();
  if (auto allowed = need_authority_of(call, player); !allowed) return allowed.error();
  const auto count = call.services().connections.flush_input(player);
  if (!count) return count.error();
  if (is_on(call[1])) {
    call.services().connections.notify(
        player, ">> " + std::to_string(*count) + " lines of input were flushed <<");
  }
  return Value(static_cast<std::int64_t>(*count));
}

Outcome boot_player(Call& call) {
  if (auto allowed = need_authority_of(call, call[0].object()); !allowed) return allowed.error();
  call.services().connections.boot(call[0].object());
  return Value();
}

// switch_player(old, new [, silent])
Outcome switch_player(Call& call) {
  const auto notice = is_on(call[2]) ? Connections::Notice::silent : Connections::Notice::given;
  return outcome(
      call.services().connections.switch_player(call[0].object(), call[1].object(), notice));
}

// --- passwords

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
       {{"player", kObject}, {"text", kString}, {"no_flush", kFlag}, {"no_newline", kFlag}},
       2,
       Access::everyone,
       notify,
       "boolean",
       "Sends a player a line, or several if there are newlines in the text; with no_newline "
       "without an end, as a prompt. False if no_flush is true and the output that waits is at its "
       "limit (else the oldest of it is dropped), true if it was queued, also if nobody is there "
       "to "
       "hear it. With the binary option set, the text is a binary string, sent as it is. E_PERM "
       "unless it is you or you are a wizard; E_INVARG for what is no binary string."},
      {"print",
       {},
       0,
       Access::everyone,
       print,
       "nothing",
       "Sends the player whose command runs its arguments, in one line.",
       true},
      {"plain_text",
       {{"text", kString}},
       1,
       Access::everyone,
       make_plain,
       "string",
       "A text without what a terminal takes for orders: without control characters but tabs and "
       "newlines, and with ? for bytes that are not UTF-8."},
      {"read",
       {{"player", kObject}, {"options", kFlag | kMap}},
       0,
       Access::everyone,
       read,
       "string, or nil",
       "Suspends until the player has typed a line, and returns it instead of running it as a "
       "command. Options: timeout, after so many seconds without a line it returns nil; echo = "
       "false hides what is typed; non_blocking = true (or true instead of options) returns at "
       "once, nil if no line waits. E_INVARG if the player is not connected, goes away, or "
       "somebody "
       "reads already, and for other options; E_PERM as for notify(); E_QUOTA if too many of your "
       "tasks wait."},
      {"force_input",
       {{"player", kObject}, {"line", kString}, {"at_front", kFlag}},
       2,
       Access::everyone,
       force_input,
       "nothing",
       "Makes a line as if the player had typed it, behind those that wait or at their front. "
       "Nothing happens if the player is not connected. E_PERM as for notify(); E_INVARG if it has "
       "control characters or is too long; E_QUOTA if too much input waits already."},
      {"flush_input",
       {{"player", kObject}, {"show", kFlag}},
       1,
       Access::everyone,
       flush_input,
       "integer",
       "Takes away the lines that a player has typed and that wait for their turn, and returns how "
       "many there were; with show the player is told. E_PERM as for notify(); E_INVARG if not "
       "connected."},
      {"switch_player",
       {{"old", kObject}, {"new", kObject}, {"silent", kFlag}},
       2,
       Access::wizard,
       switch_player,
       "nothing",
       "Makes the connection of one player another's, or logs a connection in (a negative number, "
       "as in do_login_command). The connection that the new player had is closed, told why unless "
       "silent. user_disconnected, and user_connected or user_reconnected are called. E_INVARG if "
       "the old one is not connected or the new one is no player."},
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
