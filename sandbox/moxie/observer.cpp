#include "sandbox/moxie/observer.h"

namespace cosmoo::moxie {

Stop run_observed(Machine& machine, std::uint64_t budget, std::span<Observer* const> observers) {
  for (; budget != 0; --budget) {
    const auto instruction = machine.fetch();
    if (instruction) {
      for (Observer* observer : observers) observer->before(machine, *instruction);
    }
    const Stop stop = machine.step();
    if (stop.why == Stop::Why::interrupted) return stop;
    if (instruction) {
      for (Observer* observer : observers) observer->after(machine, *instruction, stop);
    }
    if (stop.why != Stop::Why::budget) return stop;
  }
  return Stop{};
}

}  // namespace cosmoo::moxie
