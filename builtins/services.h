// What builtins may reach. server/ fills it; each family uses what it needs.
#pragma once

#include <functional>
#include <string>

#include "builtins/exec_policy.h"
#include "sandbox/frame/engine.h"
#include "sandbox/guest/engine.h"
#include "sandbox/job_table.h"
#include "sandbox/process/engine.h"
#include "vm/accounts.h"
#include "vm/builtin.h"
#include "vm/connections.h"
#include "vm/engine.h"
#include "vm/network.h"
#include "vm/scheduler.h"
#include "vm/world/world.h"
#include "vm/world/write_behind.h"

namespace cosmoo {

struct Services {
  World& world;
  Scheduler& scheduler;
  Connections& connections;
  Accounts& accounts;
  Network& network;
  Outbound& outbound;
  WriteBehind& store;
  const BuiltinTable& builtins;
  sandbox::JobTable& jobs;
  sandbox::ProcessEngine& processes;
  const sandbox::ExecutableDirectory& executables;
  ExecPolicy exec;
  sandbox::HandleTable& handles;
  ProcessPolicy process;
  sandbox::GuestLibrary& guest_programs;
  sandbox::GuestEngine& guests;
  GuestPolicy guest_policy;
  sandbox::FrameTree& frames;
  sandbox::FrameEngine& frame_engine;
  std::string scripts_folder;
  std::string export_folder;
  std::string version;
  /// Ends the server soon; players are told the reason.
  std::function<void(std::string reason)> shut_down;
  /// Writes a line into the server's log.
  std::function<void(std::string_view line)> log;
  /// Runs `work` on another thread, one after the other, and then `then` on the loop: for what
  /// would hold up the world.
  std::function<void(std::function<void()> work, std::function<void()> then)> offload;
  /// Set once the language is there.
  Engine* engine = nullptr;
};

/// Every family's rows and the language's own.
BuiltinTable make_builtin_table();

}  // namespace cosmoo
