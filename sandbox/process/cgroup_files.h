// The few things that are done to a cgroup2 hierarchy through its file system.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace cosmoo::sandbox::cgroup {

/// The directory of the group that this process is in, if a cgroup2 hierarchy is mounted.
std::optional<std::string> own_directory();

/// Asks the kernel to kill everything in the group `directory` and beneath. False: it cannot.
bool kill_all(int directory);

/// The names of the groups directly beneath.
std::vector<std::string> children(int directory);

/// Removes `name` beneath `parent` with all groups in it. False: somebody still lives there.
bool remove(int parent, const std::string& name);

/// The same, tried until `patience` is over.
bool remove_waiting(int parent, const std::string& name, std::chrono::milliseconds patience);

}  // namespace cosmoo::sandbox::cgroup
