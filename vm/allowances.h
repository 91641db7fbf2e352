// What one player may use, by properties that wizards give it: fg_ticks, fg_seconds, bg_ticks,
// bg_seconds, queued_task_limit.
//
// A property counts only if its player could not have set it: the slot belongs to a wizard and is
// not writable, and so does the ancestor's that an inherited value comes from. What is out of range
// counts as not set.
#pragma once

#include "vm/scheduler.h"
#include "vm/world/world.h"

namespace cosmoo {

class PlayerAllowances final : public Allowances {
 public:
  explicit PlayerAllowances(World& world);
  Slice slice(ObjectId who, Ground ground, Slice usual) const override;
  std::size_t tasks(ObjectId who, std::size_t usual) const override;

 private:
  struct Names {
    Symbol ticks, seconds;
  };
  const Value* trusted(ObjectId who, Symbol name) const;
  bool trusted(const Property& slot) const;

  const World& world_;
  const Names foreground_, background_;
  const Symbol tasks_;
};

}  // namespace cosmoo
