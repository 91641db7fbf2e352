// What a slot gives up once, so that every job in it is born without it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sandbox/process/slot/protocol.h"
#include "sandbox/process/slot/root.h"

namespace cosmoo::sandbox::slot {

struct Confinement {
  std::uint32_t features = 0;
  std::int64_t uid = kNobody;
  std::int64_t gid = kNobody;
  RootPlan root;
  std::vector<char> filter;  ///< BPF instructions.
};

/// Does what it can and tells what it could not. To be called once, by a process with one thread.
/// The init of a process namespace ends when the caller does.
Ready confine(const Confinement& wanted);

}  // namespace cosmoo::sandbox::slot
