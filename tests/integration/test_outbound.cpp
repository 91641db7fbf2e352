// open_network_connection(): the test is what the server connects to.
#include <doctest/doctest.h>

#include "tests/integration/support/players.h"

using namespace cosmoo::test;
using namespace std::string_literals;

namespace {

// A configuration that allows `rules`, as TOML writes strings.
ServerOptions allowing(const std::string& rules, const std::string& more = {}) {
  ServerOptions options;
  options.config = "[network]\noutbound = true\noutbound_allowed = [" + rules + "]\n" + more;
  return options;
}

ServerOptions allowing_loopback(const std::string& more = {}) {
  return allowing("\"127.0.0.1:*\"", more);
}

std::string open_call(const Acceptor& peer, const std::string& options = {}) {
  return "open_network_connection(\"127.0.0.1\", " + std::to_string(peer.port()) + options + ")";
}

// Opens a connection and keeps it as #0.c: its other side.
Client open_and_keep(Client& wizard, Acceptor& peer, const std::string& options = {}) {
  wizard.line(";pcall(add_property, #0, \"c\", #-1) #0.c = " + open_call(peer, options) +
              " return \"open\"");
  Client other = peer.accept();
  wizard.expect("=> \"open\"\r\n");
  return other;
}

// What it raises, with its message: {E_PERM, "..."}.
std::string error_of(Client& client, const std::string& call) {
  return eval(client, "local ok, e = pcall(function() return " + call +
                          " end) return ok and \"no error\" or {e.code, e.message}");
}

}  // namespace

TEST_CASE("the server connects to nobody unless it is configured to") {
  Acceptor peer;
  const std::string everything = "\noutbound_allowed = [\"127.0.0.1:*\"]\n";
  for (const std::string& config : {""s, "[network]" + everything}) {
    CAPTURE(config);
    ServerOptions options;
    options.config = config;
    Server server(options);
    Client wizard = server.log_in();
    CHECK(error_of(wizard, open_call(peer))
              .starts_with("{E_PERM, \"this server makes no connections"));
  }
  for (const std::string& rules :
       {""s, "\"127.0.0.1:1\""s, "\"localhost:*\""s, "\"127.0.0.11:*\""s}) {
    CAPTURE(rules);
    Server server(allowing(rules));
    Client wizard = server.log_in();
    CHECK(error_of(wizard, open_call(peer)).starts_with("{E_PERM, \"127.0.0.1:"));
  }
}

TEST_CASE("only wizards may have the server connect") {
  Acceptor peer;
  Server server(allowing_loopback());
  Client wizard = server.log_in();
  Client bob = make_player(server, wizard, "Bob", "programmer");
  CHECK(error_of(bob, open_call(peer)).starts_with("{E_PERM, "));
}

TEST_CASE("lines go both ways, and wait for read()") {
  Acceptor peer;
  Server server(allowing_loopback("[sessions]\noffer_telnet_options = true\n"));
  Client wizard = server.log_in();
  Client other = open_and_keep(wizard, peer);
  other.line("GET / HTTP/1.1\r\n.flush\r\nconnect wizard "s + std::string(kWizardPassword));
  CHECK(eval(wizard, "{read(#0.c), read(#0.c), read(#0.c)}") ==
        "{\"GET / HTTP/1.1\", \".flush\", \"connect wizard "s + std::string(kWizardPassword) +
            "\"}");
  CHECK(eval(wizard, "notify(#0.c, \"hello\")") == "true");
  CHECK(other.read_line() == "hello");  // no greeting came before it, and no telnet
  CHECK(eval(wizard,
             "local i = connection_info(#0.c) return {i.address, i.port, i.outbound, "
             "connection_info(player).outbound}") ==
        "{\"127.0.0.1\", " + std::to_string(peer.port()) + ", true, false}");
  CHECK(eval(wizard, "connection_name(#0.c, 2):match(\" to 127.0.0.1, port %d+$\")") ==
        "\" to 127.0.0.1, port " + std::to_string(peer.port()) + "\"");
  CHECK(eval(wizard, "{#connected_players(), #connected_players(true)}") == "{1, 2}");
  CHECK(eval(wizard, "boot_player(#0.c)") == "nil");
  CHECK(other.expect_closed().empty());
}

TEST_CASE("what has come before the other side closed can still be read") {
  Acceptor peer;
  Server server(allowing_loopback());
  Client wizard = server.log_in();
  {
    Client other = open_and_keep(wizard, peer);
    other.line("last words");
    other.finish_sending();
    CHECK(eval(wizard, "read(#0.c)") == "\"last words\"");
    CHECK(other.expect_closed().empty());
  }
  CHECK(error_of(wizard, "read(#0.c)").starts_with("{E_INVARG, "));
}

TEST_CASE("nobody logs in by a connection that the server has made") {
  Acceptor peer;
  Server server(allowing_loopback());
  Client wizard = server.log_in();
  Client other = open_and_keep(wizard, peer);
  eval(wizard, "set_connection_option(#0.c, \"hold-input\", false)");
  other.line("connect wizard " + std::string(kWizardPassword) + "\r\nnonsense");
  eval(wizard, "set_connection_option(#0.c, \"hold-input\", true)");
  other.line("now");
  CHECK(eval(wizard, "local line repeat line = read(#0.c) until line == \"now\" return line") ==
        "\"now\"");
  CHECK(eval(wizard,
             "{connected_players(true)[1] ~= connected_players(true)[2], "
             "#connected_players()}") == "{true, 1}");
  CHECK(other.pending().empty());
}

TEST_CASE("the listener's verbs hear what becomes of a connection") {
  Acceptor peer;
  Server server(allowing_loopback());
  Client wizard = server.log_in();
  eval(wizard, "add_property(#0, \"door\", create(#1, player))");
  eval(wizard,
       "add_verb(#0.door, {player, \"rxd\", \"user_client_disconnected\"}, {\"this\", \"none\", "
       "\"this\"}) set_verb_code(#0.door, \"user_client_disconnected\", [[notify(#0.first_wizard, "
       "\"gone: \" .. tostr(args[1] == #0.c))]])");
  for (const std::string& options : {", {listener = #0.door}"s, ", #0.door"s}) {
    CAPTURE(options);
    Client other = open_and_keep(wizard, peer, options);
    other.vanish();
    wizard.expect("gone: true\r\n");
  }
}

TEST_CASE("a name is looked up") {
  Acceptor peer;
  Server server(allowing("\"localhost:*\""));
  Client wizard = server.log_in();
  wizard.line(";return open_network_connection(\"LocalHost\", " + std::to_string(peer.port()) +
              ") ~= nil");
  Client other = peer.accept();
  wizard.expect("=> true\r\n");
}

TEST_CASE("what cannot be connected to is E_INVARG with the reason") {
  std::uint16_t nobodys = 0;
  { nobodys = Acceptor().port(); }
  Server server(allowing("\"127.0.0.1:*\", \"bad..name:*\""));
  Client wizard = server.log_in();
  CHECK(error_of(wizard, "open_network_connection(\"127.0.0.1\", " + std::to_string(nobodys) +
                             ")") == "{E_INVARG, \"cannot connect to 127.0.0.1 port " +
                                         std::to_string(nobodys) + ": Connection refused\"}");
  CHECK(error_of(wizard, "open_network_connection(\"bad..name\", 80)")
            .starts_with("{E_INVARG, \"cannot connect to bad..name port 80: "));
  for (const char* arguments :
       {"\"\", 80", "\"a b\", 80", "\"a\\0b\", 80", "\"a\\n\", 80", "(\"x\"):rep(300), 80",
        "\"127.0.0.1\", 0", "\"127.0.0.1\", -1", "\"127.0.0.1\", 65536", "\"127.0.0.1\", 80, #9999",
        "\"127.0.0.1\", 80, {listener = 1}", "\"127.0.0.1\", 80, {tls = true}"}) {
    CAPTURE(arguments);
    CHECK(
        error_of(wizard, "open_network_connection("s + arguments + ")").starts_with("{E_INVARG, "));
  }
}

TEST_CASE("a connection that does not come in time is given up, and so is one with its task") {
  Acceptor full(0);
  Client first(full.port());  // the only one that the system takes for it
  {
    Server server(allowing_loopback("timeout_seconds = 0.1\n"));
    Client wizard = server.log_in();
    CHECK(error_of(wizard, open_call(full)).find("nothing has come of it in 0.1 seconds") !=
          std::string::npos);
  }
  Server server(allowing_loopback("max_outbound = 1\n"));
  Client wizard = server.log_in();
  const std::string task = eval(wizard, "fork(0, function() " + open_call(full) + " end)");
  const std::string row = "while true do for _, t in ipairs(queued_tasks()) do if t[1] == " + task +
                          " and t[3] == \"suspended\" then return t[2] end end suspend(0.01) end";
  CHECK(eval(wizard, row) == "\"connect 127.0.0.1:" + std::to_string(full.port()) + "\"");
  CHECK(error_of(wizard, "resume(" + task + ")").starts_with("{E_INVARG, "));
  CHECK(error_of(wizard, open_call(full)).starts_with("{E_QUOTA, "));
  CHECK(eval(wizard, "kill_task(" + task + ")") == "nil");
  Acceptor peer;
  Client other = open_and_keep(wizard, peer);
  CHECK(error_of(wizard, open_call(peer)).starts_with("{E_QUOTA, "));
}

TEST_CASE("the server's end waits for no attempt") {
  Acceptor full(0);
  Client first(full.port());
  Server server(allowing_loopback());
  Client wizard = server.log_in();
  eval(wizard, "fork(0, function() " + open_call(full) + " end)");
  CHECK(server.stop() == 0);
}
