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
