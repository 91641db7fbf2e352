#include "tests/integration/support/players.h"

namespace cosmoo::test {

Client make_player(const Server& server, Client& wizard, const std::string& name,
                   const std::string& role) {
  wizard.line("@player " + name + " secret " + role);
  wizard.expect(" " + name + " (#");
  wizard.expect("\r\n");
  Client player = server.connect();
  player.line("connect " + name + " secret");
  player.expect("The First Room\r\n");
  return player;
}

std::string answer(Client& client, std::string_view command) {
  client.line(command);
  return client.read_line();
}

}  // namespace cosmoo::test
