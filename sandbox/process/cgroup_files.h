// The few things that are done to control groups through their file systems.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/process/unique_fd.h"

namespace cosmoo::sandbox::cgroup {

/// The directory of the group that this process is in: of the hierarchy of a v1 controller, or of
/// cgroup2 if `controller` is empty. None if it is not mounted. `root` is put before every path.
std::optional<std::string> own_directory(std::string_view controller = {},
                                         const std::string& root = {});

/// The name of a directory that nobody has yet: of this server, for its jobs.
std::string new_name();
/// Makes the directory and locks it: as long as the lock is held, its server lives. None: it
/// cannot.
UniqueFd make_locked(int parent, const std::string& name);
/// Ends and removes what servers that are no more have left.
void remove_leftovers(int parent);

UniqueFd open_group(int parent, const std::string& name);
std::optional<std::string> read(int directory, const std::string& file);
bool write(int directory, const std::string& file, const std::string& value);

/// Kills everything in the group `directory` and beneath: at once where the kernel does that, else
/// process by process. False: neither can be done.
bool kill_all(int directory);

/// The names of the groups directly beneath.
std::vector<std::string> children(int directory);

/// Removes `name` beneath `parent` with all groups in it. False: somebody still lives there.
bool remove(int parent, const std::string& name);

/// The same, tried until `patience` is over.
bool remove_waiting(int parent, const std::string& name, std::chrono::milliseconds patience);

}  // namespace cosmoo::sandbox::cgroup
