// Watching a guest one instruction at a time: what tracers and profilers are built on. Slower than
// Machine::run() by about a factor of ten, and exactly as long.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "sandbox/moxie/isa.h"
#include "sandbox/moxie/machine.h"

namespace cosmoo::moxie {

class Observer {
 public:
  virtual ~Observer() = default;
  /// `instruction`, at the machine's pc, is about to be executed. Not called if it can't be
  /// fetched.
  virtual void before(const Machine& machine, const Instruction& instruction) = 0;
  /// It was executed, or not, if `stop` is a fault.
  virtual void after(const Machine& machine, const Instruction& instruction, const Stop& stop) = 0;
};

/// As machine.run(budget).
Stop run_observed(Machine& machine, std::uint64_t budget, std::span<Observer* const> observers);

}  // namespace cosmoo::moxie
