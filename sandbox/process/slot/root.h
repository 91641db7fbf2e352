// The root directory of a confined job: what of the machine it sees.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cosmoo::sandbox::slot {

struct RootPlan {
  std::vector<std::string> readable;  ///< Paths shown as they are; those that do not exist are not.
  std::vector<std::string> writable;
  std::uint64_t tmp_bytes = 0;
};

/// Where build_root() puts the new root, until enter_root().
inline constexpr const char* kNewRoot = "/tmp";

/// Builds it over kNewRoot, in a mount namespace of the caller's own: read-only, with an empty
/// private /tmp, the devices that every program expects, and an empty /proc. Returns null, or the
/// step that failed, with errno.
const char* build_root(const RootPlan& plan);

/// Makes it the root and lets go of the old one. As build_root().
const char* enter_root();

}  // namespace cosmoo::sandbox::slot
