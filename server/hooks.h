// Verbs of the world that the server calls for a connection. They belong to the object that its
// listener was given, #0 for the server's own, and see caller_perms() == #-1.
//
// Rules
//  1. A verb that is not there is no error: the server goes on without it.
//  2. A verb that fails, or is ended over its budget, has said nothing: the server goes on as if it
//     were not there, so that no mistake in one keeps the wizards out who could mend it.
//  3. A verb that waits has not answered yet; who asked decides what that means.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "server/log.h"
#include "vm/engine.h"
#include "vm/scheduler.h"

namespace cosmoo {

/// What a verb was asked, and what it said.
struct Inquiry {
  TaskId task = 0;  ///< 0: it has not begun.
  bool answered = false;
  std::optional<Value> result;  ///< Once answered; none: it failed (rule 2), or was killed.
  /// Called when the answer comes, from inside the scheduler: it may not call that itself.
  std::function<void()> wake;
};

class Hooks {
 public:
  Hooks(World& world, Scheduler& scheduler, Engine& engine, Log& log);

  enum class Question { login, command, out_of_band, blank };
  bool has(Question question, ObjectId handler) const;
  /// Runs do_login_command, do_command, do_out_of_band_command or do_blank_command with the line's
  /// words, `player` being the connection. Null: there is no such verb.
  std::shared_ptr<Inquiry> ask(Question question, ObjectId handler, ObjectId player,
                               std::string_view line);

  enum class Arrival { first, takeover, created };
  /// Runs user_connected, user_reconnected or user_created; the first stands in for the others.
  void arrived(ObjectId handler, ObjectId player, Arrival arrival);
  enum class Departure { by_client, by_server };
  /// Runs user_client_disconnected or user_disconnected, which stands in for it.
  void left(ObjectId handler, ObjectId player, Departure departure);

 private:
  std::shared_ptr<Inquiry> run(Symbol name, ObjectId handler, ObjectId player,
                               std::vector<Value> args, std::string_view line);
  Symbol verb_of(Question question) const;

  World& world_;
  Scheduler& scheduler_;
  Engine& engine_;
  Log& log_;
  const Symbol login_, command_, out_of_band_, blank_;
  const Symbol connected_, reconnected_, created_, disconnected_, client_disconnected_;
};

}  // namespace cosmoo
