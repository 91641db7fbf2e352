// What a builtin may ask about passwords. server/ implements it; nobody else sees one or its hash.
#pragma once

#include <string>

#include "vm/task.h"

namespace cosmoo {

class Accounts {
 public:
  virtual ~Accounts() = default;

  /// Hashes `password` off the loop, stores it and then completes the waiting task `ticket` with
  /// nil (or E_INVARG if the player is gone by then). Fails at once, and nothing will come:
  /// E_INVARG for what is no player and for an empty or overlong password, E_QUOTA when too many
  /// wait.
  virtual Result<void> set_password(ObjectId player, std::string password, Ticket ticket) = 0;

  /// Completes `ticket` with true or false: whether it is the player's password. E_QUOTA at once.
  virtual Result<void> check_password(ObjectId player, std::string password, Ticket ticket) = 0;
};

}  // namespace cosmoo
