// What this machine cannot do of what jobs may ask for.
#pragma once

#include <string>
#include <vector>

#include "sandbox/process/controls.h"
#include "sandbox/process/profile.h"
#include "sandbox/process/slots.h"

namespace cosmoo::sandbox {

/// In sentences for people: controllers of control groups, and walls of the profiles. Makes a slot
/// of each to see, and waits for it.
std::vector<std::string> shortcomings(const Controls& controls, SlotPool& slots,
                                      const std::vector<Profile>& profiles);

}  // namespace cosmoo::sandbox
