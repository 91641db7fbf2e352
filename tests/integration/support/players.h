// Players for tests that need several: made by the wizard, and logged in.
#pragma once

#include "tests/integration/support/server.h"

namespace cosmoo::test {

/// Makes a player with the password "secret"; `role` is "", "programmer" or "wizard". The wizard
/// must have been sent nothing that he has not taken.
Client make_player(const Server& server, Client& wizard, const std::string& name,
                   const std::string& role = "");

/// The answer to one command: the next line.
std::string answer(Client& client, std::string_view command);

}  // namespace cosmoo::test
