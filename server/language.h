// The scripting language with its builtins, as the server sees it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "server/config.h"
#include "server/log.h"
#include "vm/accounts.h"
#include "vm/connections.h"
#include "vm/engine.h"
#include "vm/network.h"
#include "vm/scheduler.h"
#include "vm/world/world.h"
#include "vm/world/write_behind.h"

namespace boost::asio {
class io_context;
}

namespace cosmoo {

/// What a language may build on; all of it outlives the language.
struct Foundation {
  boost::asio::io_context& loop;
  const Config& config;
  Log& log;
  World& world;
  WriteBehind& store;
  Scheduler& scheduler;
  Connections& connections;
  Accounts& accounts;
  Network& network;
  Outbound& outbound;
  /// Ends the server as SIGTERM does, soon; players are told `reason`.
  std::function<void(std::string reason)> shut_down;
  /// A line for every wizard who is connected.
  std::function<void(std::string_view text)> tell_wizards;
};

class Language {
 public:
  virtual ~Language() = default;
  virtual Engine& engine() = 0;
  /// Fills the empty world; the answer is its wizard.
  virtual Result<ObjectId> make_world() = 0;
  /// Ends what runs outside the world. jobs_running() falls to 0 soon after.
  virtual void end_jobs() = 0;
  virtual std::size_t jobs_running() const = 0;
};

using MakeLanguage = std::function<Result<std::unique_ptr<Language>>(const Foundation&)>;

}  // namespace cosmoo
