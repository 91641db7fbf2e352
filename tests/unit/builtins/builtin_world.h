// A small world with the language and all builtins, but no server: what tests of builtins run in.
#pragma once

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "builtins/services.h"
#include "vm/lua/engine.h"

namespace cosmoo {

/// Players who hear what they are told, and are connected when the test says so; nobody types.
class FakeConnections final : public Connections {
 public:
  bool send(ObjectId player, std::string_view text, Output how) override;
  std::vector<ObjectId> list() const override;
  std::optional<ConnectionInfo> info(ObjectId player) const override;
  bool connected(ObjectId player) const override { return online.contains(player); }
  bool boot(ObjectId player) override { return online.erase(player) > 0; }
  Result<void> read_line(ObjectId player, Ticket ticket, Reading how) override;
  Result<std::optional<std::string>> poll_line(ObjectId player) override;
  Result<void> force_input(ObjectId, std::string_view, Place) override { return {}; }
  Result<std::size_t> flush_input(ObjectId player) override;
  Result<Map> options(ObjectId player) const override;
  Result<void> set_option(ObjectId player, std::string_view name, const Value& value) override;
  Result<Delimiters> delimiters(ObjectId player) const override;
  Result<std::size_t> buffered(ObjectId player) const override;
  std::size_t output_limit() const override { return 65536; }
  Result<void> switch_player(ObjectId from, ObjectId to, Notice notice) override;

  void connect(ObjectId player) { online[player].player = player; }

  std::map<ObjectId, std::vector<std::string>> heard;
  std::map<ObjectId, ConnectionInfo> online;

 private:
  /// E_INVARG unless it is connected, and `value` then.
  template <typename T>
  Result<T> if_connected(ObjectId player, T value) const;
};

/// Ten times the usual ticks: ticks are time, and builds with sanitizers or for debugging are slow.
SchedulerLimits roomy_limits();

/// #0 the system, #1 the root (fertile), #2 a wizard, #3 and #5 programmers, #4 a player; each of
/// them owns itself, all else is the wizard's. #6 is a thing of #3's.
class BuiltinWorld {
 public:
  static constexpr ObjectId kRoot{1}, kWizardPlayer{2}, kProgrammerPlayer{3}, kPlainPlayer{4},
      kOtherProgrammer{5}, kThing{6};

  explicit BuiltinWorld(SchedulerLimits limits = roomy_limits(), LuaOptions options = {});
  ~BuiltinWorld();
  BuiltinWorld(const BuiltinWorld&) = delete;
  BuiltinWorld& operator=(const BuiltinWorld&) = delete;

  /// Runs an expression or statements with `programmer`'s permissions until nothing is ready any
  /// more. What it returned as a literal; or "E_PERM: message", "aborted: message", "(waiting)".
  std::string run(const std::string& code, ObjectId programmer = kWizardPlayer);
  std::string run_as_programmer(const std::string& code) { return run(code, kProgrammerPlayer); }
  /// As run(), but only the error's name, or what was returned.
  std::string outcome_of(const std::string& code, ObjectId programmer = kWizardPlayer);
  /// Runs what is ready and due, and what was posted to the loop.
  void turn();

  /// Defines a verb "this none this", owned by `owner`.
  void verb(ObjectId object, const std::string& names, const std::string& code,
            ObjectId owner = kWizardPlayer, std::string_view permissions = "rxd");
  void property(ObjectId object, const std::string& name, Value value,
                ObjectId owner = kWizardPlayer, std::string_view permissions = "r");
  const Value& value_of(ObjectId object, std::string_view name) const;

  World world;
  Scheduler scheduler;
  FakeConnections connections;
  std::vector<std::string> log;
  BuiltinTable builtins;

 private:
  struct Outside;  // the parts of Services that few tests look at
  std::unique_ptr<Outside> outside_;

 public:
  Services services;
  std::unique_ptr<Engine> engine;

 private:
  std::string result_;
};

/// What a programmer runs and what it comes to; of an error, the beginning of its text.
struct Example {
  std::string code;
  std::string result;
};
void check_examples(std::span<const Example> examples);

bool has(const std::string& text, std::string_view part);

}  // namespace cosmoo
