// Executes filled slots: the reference engine. Only machine.cpp calls it.
#pragma once

#include <cstdint>
#include <vector>

#include "sandbox/moxie/code.h"
#include "sandbox/moxie/fault.h"
#include "sandbox/moxie/memory.h"
#include "sandbox/moxie/state.h"

namespace cosmoo::moxie {

/// Where the handlers are, as Slot::handler wants it.
struct Handlers {
  std::vector<const void*> near;    ///< By Operation. Targets are slots: bytes to go.
  std::vector<const void*> far;     ///< By Operation. Targets are addresses.
  std::vector<const void*> joined;  ///< As they stand in joined.inc.
  const void* leave = nullptr;      ///< Nothing is executed.
};

const Handlers& handlers();

/// What a run of slots needs and what it leaves.
struct Execution {
  State& state;
  Memory& memory;
  std::uint32_t start = 0;      ///< Address of `slots`.
  const Slot* slots = nullptr;  ///< Where jumps may lead: `count` of them.
  std::uint32_t count = 0;
  std::int64_t budget = 0;  ///< Instructions still allowed; never below 0.
  Fault fault = {};         ///< Set if the execution ended so.
};

enum class Left : std::uint8_t {
  elsewhere,    ///< state.pc has not been executed: another range, a full budget, unfilled slots.
  system_call,  ///< `swi` with this number in special register 3; it has been counted.
  fault         ///< Execution::fault; the instruction has been counted.
};

/// Runs from `entry`, the slot of state.pc. Its block must be within the budget.
Left execute(Execution& execution, const Slot* entry);

}  // namespace cosmoo::moxie
