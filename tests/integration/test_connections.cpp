// What scripts see of connections and do with them, in the real server.
#include <doctest/doctest.h>

#include "tests/integration/support/server.h"

using namespace cosmoo::test;
using namespace std::string_literals;

namespace {

// A client that has logged in as a programmer without wizardhood, whom `wizard` makes.
Client log_in_programmer(Server& server, Client& wizard, const std::string& name) {
  wizard.line("@player " + name + " pass programmer");
  wizard.expect("Made programmer");
  return server.log_in(name, "pass");
}

// What an error is like that the source raises: "E_PERM".
std::string error_of(Client& client, const std::string& source) {
  return eval(client, "local ok, e = pcall(function() " + source +
                          " end) return ok and \"no error\" or e.code");
}

// Gives an object a verb of the wizard's.
void define(Client& wizard, const std::string& name, const std::string& code,
            const std::string& object = "#0") {
  const std::string verb = object + ", \"" + name + "\"";
  REQUIRE(eval(wizard, "add_verb(" + object + ", {player, \"rxd\", \"" + name +
                           "\"}, {\"this\", \"none\", \"this\"}) set_verb_code(" + verb + ", [[" +
                           code + "]]) return \"defined\"") == "\"defined\"");
}

}  // namespace

TEST_CASE("connection_info() tells where a player is and what its terminal shows") {
  Server server;
  Client client = server.log_in();
  client.send("\xFF\xFC\x01"s);  // WONT ECHO: it speaks telnet
  client.expect("\xFF\xFD\x18\xFF\xFD\x1F"s);
  client.send("\xFF\xFB\x18\xFF\xFB\x1F"s);  // WILL TTYPE, WILL NAWS
  client.send("\xFF\xFA\x1F\x00\x64\x00\x1E\xFF\xF0"s);
  for (const char* name : {"TINTIN++", "xterm-256color", "MTTS 271", "MTTS 271"}) {
    client.expect("\xFF\xFA\x18\x01\xFF\xF0"s);
    client.send("\xFF\xFA\x18\x00"s + name + "\xFF\xF0"s);
  }
  CHECK(eval(client,
             "local i = connection_info(player) return {i.columns, i.rows, i.colour, i.utf8, "
             "i.screen_reader, i.terminals, i.protocol, i.address, i.local_port, i.idle_seconds >= "
             "0, i.connected_seconds >= 0, i.name == connection_name(player)}") ==
        "{100, 30, \"truecolor\", true, false, {\"TINTIN++\", \"xterm-256color\", \"MTTS 271\"}, "
        "\"telnet\", \"127.0.0.1\", " +
            std::to_string(server.port()) + ", true, true, true}");
}

TEST_CASE("where others connect from is theirs and the wizards' to know") {
  Server server;
  Client wizard = server.log_in();
  Client bob = log_in_programmer(server, wizard, "Bob");
  CHECK(error_of(bob, "connection_info(#0.first_wizard)") == "E_PERM");
  CHECK(error_of(bob, "connection_name(#0.first_wizard)") == "E_PERM");
  CHECK(eval(bob, "connection_info(player).colour") == "\"none\"");
  CHECK(eval(wizard, "connection_info(find_player(\"Bob\")).address") == "\"127.0.0.1\"");
  CHECK(error_of(wizard, "connection_info(#0)") == "E_INVARG");
}

TEST_CASE("connection_name() has the forms that MOOs had") {
  Server server;
  Client client = server.log_in();
  CHECK(eval(client, "connection_name(player, 1)") == "\"127.0.0.1\"");
  CHECK(eval(client, "connection_name(player):match(\"^127.0.0.1 port %d+$\") ~= nil") == "true");
  CHECK(
      eval(client, "connection_name(player, 2):match(\"^port (%d+) from 127.0.0.1, port %d+$\")") ==
      "\"" + std::to_string(server.port()) + "\"");
  CHECK(error_of(client, "connection_name(player, 3)") == "E_INVARG");
}

TEST_CASE("what is a player's own, other programmers may not touch") {
  Server server;
  Client wizard = server.log_in();
  Client bob = log_in_programmer(server, wizard, "Bob");
  for (const char* call :
       {"notify(w, \"x\")", "read(w)", "read(w, true)", "force_input(w, \"x\")", "flush_input(w)",
        "boot_player(w)", "connection_options(w)", "connection_option(w, \"binary\")",
        "set_connection_option(w, \"binary\", true)", "output_delimiters(w)",
        "buffered_output_length(w)", "switch_player(w, player)", "switch_player(player, w)"}) {
    CAPTURE(call);
    CHECK(error_of(bob, "local w = #0.first_wizard "s + call) == "E_PERM");
  }
  CHECK(eval(wizard, "#connected_players()") == "2");
}

TEST_CASE("who is not connected cannot be read, and hears nothing") {
  Server server;
  Client client = server.log_in();
  for (const char* call :
       {"read(#0)", "read(#0, true)", "flush_input(#0)", "connection_options(#0)",
        "set_connection_option(#0, \"binary\", true)", "output_delimiters(#0)",
        "buffered_output_length(#0)", "idle_seconds(#0)", "connected_seconds(#0)",
        "switch_player(#0, player)", "switch_player(player, #0)"}) {
    CAPTURE(call);
    CHECK(error_of(client, call) == "E_INVARG");
  }
  CHECK(eval(client, "{notify(#0, \"x\"), boot_player(#0), force_input(#0, \"x\")}") == "{true}");
}

TEST_CASE("notify() can leave a line open, and refuse what does not fit") {
  ServerOptions options;
  options.config = "[budgets]\nforeground_ticks = 100000000\n";
  Server server(options);
  Client client = server.log_in();
  client.line(";notify(player, \"a\", false, true) notify(player, \"b\\nc\", 0, 0)");
  CHECK(client.read_line() == "ab");
  CHECK(client.read_line() == "c");
  client.expect("=> nil\r\n");
  log_in_programmer(server, client, "Bob").vanish();
  Client slow = server.log_in("bob", "pass", 4096);
  CHECK(eval(client,
             "local slow, line, n = find_player(\"bob\"), (\"x\"):rep(9999), 0 "
             "while notify(slow, line, true) do n = n + 1 end "
             "return n > 6 and buffered_output_length(slow) <= buffered_output_length()") ==
        "true");
  slow.line("quit");
  const bool lost = slow.expect_closed().find("overflow") != std::string::npos;
  CHECK_FALSE(lost);
}

TEST_CASE("a binary connection reads and writes bytes") {
  Server server;
  Client client = server.log_in();
  client.line(
      ";set_connection_option(player, \"binary\", true) notify(player, \"~01~FFgo~0A\") "
      "local bytes = read() local ok, e = pcall(notify, player, \"~0\") "
      "set_connection_option(player, \"binary\", false) return {bytes, e.code}");
  CHECK(client.expect("go\n").ends_with("\x01\xFF"s));
  client.send("\x00\xFFhi\r\n"s);
  client.expect("=> ");
  CHECK(client.read_line() == "{\"~00~FFhi~0D~0A\", E_INVARG}");
  CHECK(eval(client, "1") == "1");
}

TEST_CASE("held input waits for read()") {
  Server server;
  Client client = server.log_in();
  client.line(
      ";set_connection_option(player, \"hold-input\", 1) notify(player, \"held\") local first "
      "repeat suspend(0.01) first = read(player, true) until first "
      "local second = read(player, {timeout = 60}) set_connection_option(player, \"hold-input\", "
      "0) "
      "return {first, second}");
  client.expect("held\r\n");
  client.line("one");
  client.line("two");
  client.expect("=> ");
  CHECK(client.read_line() == "{\"one\", \"two\"}");
  CHECK(eval(client, "connection_options(player, \"hold-input\")") == "false");
  CHECK(eval(client, "connection_option(player, \"hold-input\")") == "false");
}

TEST_CASE("read() need not wait, or not for long") {
  Server server;
  Client client = server.log_in();
  CHECK(eval(client, "read(player, true)") == "nil");
  CHECK(eval(client, "read(player, {non_blocking = true})") == "nil");
  CHECK(eval(client, "read(player, {timeout = 0.01})") == "nil");
  for (const char* options : {"{timeout = -1}", "{timeout = \"x\"}", "{echo = 1}", "{other = 1}"}) {
    CAPTURE(options);
    CHECK(error_of(client, "read(player, "s + options + ")") == "E_INVARG");
  }
  client.line(";return read(player, {echo = false})");
  client.expect("\xFF\xFB\x01");
  client.line("secret");
  client.expect("\xFF\xFC\x01\r\n=> ");
  CHECK(client.read_line() == "\"secret\"");
}

TEST_CASE("lines can be forced on a player, within bounds") {
  Server server;
  Client client = server.log_in();
  client.line(";force_input(player, \";2\") force_input(player, \";1\", true)");
  client.expect("=> 1\r\n");
  CHECK(client.read_line() == "=> 2");
  CHECK(error_of(client, "force_input(player, \"a\\nb\")") == "E_INVARG");
  CHECK(error_of(client, "force_input(player, (\"x\"):rep(70000))") == "E_INVARG");
  CHECK(eval(client,
             "local ok, e = pcall(function() while true do force_input(player, (\"x\"):rep(1000)) "
             "end end) return {e.code, flush_input(player, true) > 10, flush_input(player)}") ==
        "{E_QUOTA, true, 0}");
}

TEST_CASE("connection options are what was set") {
  Server server;
  Client client = server.log_in();
  CHECK(eval(client,
             "local o = connection_options(player) return {o[\"flush-command\"], "
             "o[\"client-echo\"], o[\"disable-oob\"], o[\"keep-alive\"].idle, "
             "o[\"binary\"], #o[\"intrinsic-commands\"]}") ==
        "{\".flush\", true, false, 300, false, 6}");
  for (const char* option : {"\"nonsense\", 1", "\"binary\", \"yes\"", "\"flush-command\", 1",
                             "\"intrinsic-commands\", {\"look\"}", "\"keep-alive\", {idle = 0}",
                             "\"keep-alive\", {other = 1}", "\"hold-input\", 2"}) {
    CAPTURE(option);
    CHECK(error_of(client, "set_connection_option(player, "s + option + ")") == "E_INVARG");
  }
  CHECK(error_of(client, "connection_options(player, \"nonsense\")") == "E_INVARG");
  CHECK(error_of(client, "connection_option(player, \"nonsense\")") == "E_INVARG");
  CHECK(error_of(client, "connection_option(player)") == "E_ARGS");
  eval(client, "set_connection_option(player, \"keep-alive\", {idle = 10, count = 2})");
  CHECK(eval(client, "connection_options(player, \"keep-alive\")") ==
        "{count = 2, idle = 10, interval = 120}");
  eval(client, "set_connection_option(player, \"intrinsic-commands\", {\"PREFIX\"})");
  client.line("PREFIX <<\r\n@quit");
  CHECK(client.read_line() == "<<");
  CHECK(client.read_line().starts_with("I couldn\'t understand that."));
  CHECK(eval(client, "output_delimiters(player)") == "{\"<<\", \"\"}");
  client.line(";set_connection_option(player, \"client-echo\", false)");
  client.expect("\xFF\xFB\x01=> nil\r\n");
  eval(client, "set_connection_option(player, \"flush-command\", \"zap\")");
  client.line("zap");
  client.expect("lines of input were flushed <<\r\n");
}

TEST_CASE("do_login_command decides who logs in, and what it leaves is built in") {
  Server server;
  Client wizard = server.log_in();
  define(wizard, "do_login_command", R"(
    if caller_perms() ~= #-1 then raise(E_PERM) end
    if args[1] == "letmein" then return #0.first_wizard end
    if args[1] == "slow" then suspend(0.01) return #0.first_wizard end
    if args[1] == "ask" then notify(player, "Who?") return read(player) == "me" and #0.first_wizard end
    if args[1] == "new" then
      local made = create($player, #0.first_wizard) set_player_flag(made, true) return made
    end
    if args[1] == "bad" then raise(E_PERM, "secrets of the world") end
    if args[1] == "no" then notify(player, "No: " .. argstr) return true end)");
  CHECK(error_of(wizard, "#0:do_login_command(\"letmein\")") == "E_PERM");
  Client greeted = server.connect();
  greeted.expect("connect NAME PASSWORD");
  greeted.line("no  way");
  greeted.expect("No: no  way\r\n");
  greeted.line("bad");
  CHECK(greeted.expect("Try `help`.").find("secrets") == std::string::npos);
  eval(wizard, "set_verb_code(#0, \"user_created\", [[notify(args[1], verb)]])");
  greeted.line("new");
  greeted.expect("user_created\r\n");
  for (const char* lines : {"letmein\r\n;\"in\"", "slow\r\n;\"in\"", "ask\r\nme\r\n;\"in\""}) {
    CAPTURE(lines);
    Client client = server.connect();
    client.line(lines);
    client.expect("=> \"in\"\r\n");
  }
  Client built_in = server.log_in();
  CHECK(eval(built_in, "player.name") == "\"Wizard\"");
}

TEST_CASE("a do_login_command that is broken, runs over or names nobody keeps no wizard out") {
  for (const char* code : {"raise(E_PERM)", "while true do end", "return #0", "error({})"}) {
    CAPTURE(code);
    ServerOptions options;
    options.config = "[budgets]\nforeground_seconds = 0.2\n";
    Server server(options);
    {
      Client wizard = server.log_in();
      define(wizard, "do_login_command", "if args[1] ~= \"connect\" then return end "s + code);
    }
    Client again = server.log_in();
    CHECK(eval(again, "1") == "1");
  }
}

TEST_CASE("a do_login_command that never answers is ended, unless it reads") {
  ServerOptions options;
  options.config = "[sessions]\ndo_login_command_seconds = 0.05\n";
  Server server(options);
  Client wizard = server.log_in();
  define(wizard, "do_login_command", R"(
    if args[1] == "ask" then notify(player, "Who?") return read(player) == "me" and #0.first_wizard end
    if args[1] == "connect" then notify(player, "Wait.") suspend() end)");
  Client reads = server.connect();
  reads.line("ask");
  reads.expect("Who?\r\n");
  Client waits = server.connect();
  waits.line("connect wizard " + std::string(kWizardPassword) + "\r\n;\"in\"");
  waits.expect("Wait.\r\n");
  waits.expect("=> \"in\"\r\n");
  reads.line("me\r\n;\"in\"");
  reads.expect("=> \"in\"\r\n");
}

TEST_CASE("a do_login_command that lets nobody in can be left out by the configuration") {
  TempDirectory directory;
  ServerOptions options;
  options.data = directory.path() / "data";
  {
    Server server(options);
    Client wizard = server.log_in();
    define(wizard, "do_login_command", "notify(player, \"No.\") return true");
    Client client = server.connect();
    client.line("connect wizard " + std::string(kWizardPassword));
    client.expect("No.\r\nNo.\r\n");
    CHECK(server.stop() == 0);
  }
  options.config = "[sessions]\ndo_login_command = false\n";
  Server server(options);
  Client wizard = server.log_in();
  CHECK(eval(wizard, "1") == "1");
}

TEST_CASE("do_command has the first word on a command, and what it fails at goes on") {
  Server server;
  Client wizard = server.log_in();
  define(wizard, "do_command", R"(
    if args[1] == "mine" then player:tell("handled ", argstr) return true end
    if args[1] == "bad" then raise(E_RANGE) end
    if args[1] == "later" then suspend(0) player:tell("later") end)");
  wizard.line("mine a  b\r\nnothing\r\nlater");
  CHECK(wizard.read_line() == "handled mine a  b");
  CHECK(wizard.read_line().starts_with("I couldn\'t understand that."));
  wizard.expect("later\r\n");
  wizard.line("bad");
  wizard.expect("E_RANGE");
  wizard.expect("I couldn't understand that.");
  wizard.read_line();
  define(wizard, "do_blank_command", "player:tell(\"blank\")");
  wizard.line("");
  CHECK(wizard.read_line() == "blank");
}

TEST_CASE("lines out of band pass by commands and readers") {
  Server server;
  Client wizard = server.log_in();
  wizard.line("#$#nobody listens");
  define(wizard, "do_out_of_band_command",
         "notify(player, \"oob \" .. args[1] .. \" \" .. argstr)");
  wizard.line(";notify(player, \"reading\") return read()");
  wizard.expect("reading\r\n");
  wizard.line("#$#mcp 2.1\r\n#$\"#$#quoted");
  CHECK(wizard.read_line() == "oob #$#mcp #$#mcp 2.1");
  CHECK(wizard.read_line() == "=> \"#$#quoted\"");
  eval(wizard, "set_connection_option(player, \"disable-oob\", true)");
  wizard.line("#$#mcp");
  CHECK(wizard.read_line().starts_with("I couldn\'t understand that."));
}

TEST_CASE("the world hears which side ended a connection") {
  Server server;
  Client wizard = server.log_in();
  define(wizard, "user_client_disconnected",
         "notify(#0.first_wizard, \"the client ended \" .. args[1].name)");
  eval(wizard,
       "set_verb_code(#0, \"user_disconnected\", [[notify(#0.first_wizard, \"the server "
       "ended \" .. args[1].name)]])");
  Client bob = log_in_programmer(server, wizard, "Bob");
  bob.vanish();
  wizard.expect("the client ended Bob\r\n");
  Client again = server.log_in("bob", "pass");
  wizard.line(";boot_player(find_player(\"Bob\"))");
  wizard.expect("the server ended Bob\r\n");
}

TEST_CASE("the world hears when who never logged in goes, and not of one that is taken over") {
  Server server;
  Client wizard = server.log_in();
  eval(wizard,
       "set_verb_code(#0, \"user_disconnected\", [[notify(#0.first_wizard, valid(args[1]) and "
       "\"left: \" .. args[1].name or tostr(player == args[1], \" \", tostr(args[1]):sub(1, "
       "2)))]])");
  Client stranger = server.connect();
  stranger.expect("connect NAME PASSWORD");
  stranger.line("quit");
  CHECK(wizard.read_line() == "true #-");
  Client bob = log_in_programmer(server, wizard, "Bob");
  Client again = server.log_in("bob", "pass");
  bob.expect_closed();
  wizard.line(";boot_player(find_player(\"Bob\"))");
  const std::string before = wizard.expect("left: Bob\r\n");
  CHECK(before.find("=> nil\r\n") != std::string::npos);
  CHECK(before.find("left: ") == std::string::npos);
}

TEST_CASE("a wizard can make a connection another player's") {
  Server server;
  Client wizard = server.log_in();
  Client bob = log_in_programmer(server, wizard, "Bob");
  Client stranger = server.connect();
  stranger.expect("connect NAME PASSWORD");
  wizard.line(
      ";for _, c in ipairs(connected_players(true)) do if tonumber(tostr(c):sub(2)) < 0 then "
      "switch_player(c, find_player(\"Bob\")) end end");
  CHECK(bob.expect_closed().find("redirected") != std::string::npos);
  CHECK(eval(stranger, "player.name") == "\"Bob\"");
}

TEST_CASE("a wizard can listen on another port, for an object of its own") {
  Server server;
  Client wizard = server.log_in();
  eval(wizard, "add_property(#0, \"door\", create(#1, player))");
  define(wizard, "do_login_command", R"(
    if argstr == "" then notify(player, "The side door.") return true end
    return #0.first_wizard)",
         "#0.door");
  define(wizard, "user_reconnected", "notify(args[1], \"by the side door\")", "#0.door");
  define(wizard, "user_connected", "notify(args[1], \"by the side door\")", "#0.door");
  define(wizard, "do_command",
         "return argstr == \"knock\" and (notify(player, \"who is it\") or true)", "#0.door");
  const std::string port = eval(wizard, "listen(#0.door, 0)");
  CHECK(eval(wizard, "listeners(#0.door)") ==
        "{{interface = \"127.0.0.1\", object = " + eval(wizard, "#0.door") + ", port = " + port +
            ", [\"print-messages\"] = false}}");
  CHECK(eval(wizard, "{#listeners(), #listeners(" + port + "), #listeners(#0), #listeners(1)}") ==
        "{2, 1, 1, 0}");
  Client side(static_cast<std::uint16_t>(std::stoi(port)));
  CHECK(side.read_line() == "The side door.");
  side.line("let me in");
  side.expect("by the side door\r\n");
  side.line("knock");
  CHECK(side.read_line() == "who is it");
  CHECK(eval(side, "unlisten(" + port + ")") == "nil");
  CHECK(eval(side, "#listeners()") == "1");
  CHECK(error_of(side, "unlisten(" + port + ")") == "E_INVARG");
}

TEST_CASE("listen() takes what makes sense, and no more ports than there may be") {
  Server server, other;
  Client wizard = server.log_in();
  for (const char* arguments : {"#9999, 0", "#0, -1", "#0, 65536",
                                "#0, 0, {interface = \"nowhere\"}", "#0, 0, {tls = true}"}) {
    CAPTURE(arguments);
    CHECK(error_of(wizard, "listen("s + arguments + ")") == "E_INVARG");
  }
  CHECK(error_of(wizard, "listen(#0, " + std::to_string(server.port()) + ")") == "E_INVARG");
  CHECK(error_of(wizard, "listen(#0, " + std::to_string(other.port()) + ")") == "E_QUOTA");
  CHECK(error_of(wizard, "unlisten(70000)") == "E_INVARG");
  CHECK(error_of(wizard, "for i = 1, 1000000 do listen(#0, 0) end") == "E_QUOTA");
  CHECK(eval(wizard, "#listeners()") == "16");
  Client bob = log_in_programmer(server, wizard, "Bob");
  for (const char* call : {"listen(#0, 0)", "unlisten(1)", "listeners()"}) {
    CAPTURE(call);
    CHECK(error_of(bob, call) == "E_PERM");
  }
  const std::string port = eval(wizard, "listeners()[2].port");
  eval(wizard, "unlisten(" + port + ")");
  CHECK(eval(wizard, "listen(#0, " + port +
                         ", {interface = \"127.0.0.1\", [\"print-messages\"] = 1})") == port);
  Client greeted(static_cast<std::uint16_t>(std::stoi(port)));
  greeted.expect("connect NAME PASSWORD");
}
