// Verb calls that are to be made later: what `fork(seconds, object, "verb", ...)` leaves in the
// world, so that it outlives the server.
//
// Rules
//  1. A call is here from its fork until its task begins or is killed; it goes as the task begins,
//     so that one batch holds both that it is gone and what its first slice changed.
//  2. What the call names is looked up when it is made: objects and verbs may be gone by then.
#pragma once

#include <boost/unordered/unordered_flat_set.hpp>
#include <boost/unordered/unordered_map.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "vm/value.h"

namespace cosmoo {

struct PlannedCall {
  static constexpr std::int64_t kLatest = std::int64_t{1} << 62;  ///< Of due_us.

  std::int64_t task = 0;    ///< The id of the task that makes it.
  std::int64_t due_us = 0;  ///< When, in microseconds since 1970.
  ObjectId object;
  std::string verb;
  Value args;           ///< A list.
  ObjectId programmer;  ///< Who forked it.
  ObjectId caller;      ///< The object of the verb that forked it.
  ObjectId player;

  /// Roughly what it occupies besides itself.
  std::size_t bytes() const { return verb.size() + args.bytes(); }
};

class PlannedCalls {
 public:
  /// A row for the store: the call, or none if it is gone.
  struct Change {
    std::int64_t task;
    std::optional<PlannedCall> call;
  };

  /// `note` is called for each change.
  explicit PlannedCalls(std::function<void()> note) : note_(std::move(note)) {}

  void add(PlannedCall call);
  /// Takes the call of that task out; none: there is no such call.
  std::optional<PlannedCall> take(std::int64_t task);
  const PlannedCall* find(std::int64_t task) const;
  std::size_t size() const { return calls_.size(); }
  /// All, in the order in which they are due.
  std::vector<const PlannedCall*> in_order() const;

  /// The number of the task that was made last. Kept with the world, so that an id that the world
  /// remembers never comes to mean another task. The scheduler counts with it.
  std::int64_t& last_task() { return last_task_; }

  // --- for the store
  bool dirty() const { return !dirty_.empty(); }
  std::vector<Change> take_changes();
  /// Puts a call that was read from the file in place.
  void load(PlannedCall call);

 private:
  struct Entry {
    PlannedCall call;
    bool taken = false;  ///< A batch has it.
  };
  boost::unordered_map<std::int64_t, Entry> calls_;
  boost::unordered_flat_set<std::int64_t> dirty_;
  std::int64_t last_task_ = 0;
  std::function<void()> note_;
};

}  // namespace cosmoo
