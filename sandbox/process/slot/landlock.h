// Landlock (Linux 5.13): what a process and its children may do to files and TCP, whatever their
// user may.
#pragma once

#include <string>
#include <vector>

namespace cosmoo::sandbox::slot {

enum class Tcp { allowed, denied };

/// From now on this process may write, make and remove only beneath `writable`, and write to /dev;
/// it reaches no abstract sockets and no processes outside, and binds and connects TCP only if that
/// is allowed; all that as far as the kernel can be told so. False, with errno, if it has no
/// Landlock.
bool restrict_by_landlock(const std::vector<std::string>& writable, Tcp tcp);

}  // namespace cosmoo::sandbox::slot
