// What the server and its slots say to each other, over a socket that keeps messages apart.
//
// A slot is a process that waits where one job at a time will run: in its control groups, its
// namespaces and under its filter, so that a job pays for none of them. See main.cpp.
//
// The server writes first: a Setup, which is answered by a Ready. Then Launches and Removals, one
// at a time. A Removal is answered by an Answer. A launched child takes its own way to its program:
// the slot tells that it has begun, the child itself what goes wrong, before it can be seen to have
// ended, and the slot, if it was asked to, that the program was executed. Each Answer names its
// order. Both ends are built together: messages are plain structs, followed by strings. When the
// server's end is closed, the slot ends its job and itself.
#pragma once

#include <cstddef>
#include <cstdint>

#include "sandbox/process/launch.h"

namespace cosmoo::sandbox::slot {

inline constexpr int kSocket = 3;  ///< The slot's end.
inline constexpr std::size_t kMostInline = 64 * 1024;
inline constexpr std::size_t kMostDescriptors = 8;
inline constexpr std::int64_t kNobody = -1;  ///< No user or group of its own.

/// What a slot is to be, bit by bit; and in a Ready, what it could not be.
enum Feature : std::uint32_t {
  kCgroups = 1 << 0,     ///< Enters the groups whose descriptors come with the Setup.
  kUserNs = 1 << 1,      ///< A user namespace that knows the job's user and group alone.
  kMountNs = 1 << 2,     ///< A root of its own, read-only, with private /tmp and minimal /dev.
  kPidNs = 1 << 3,       ///< A process namespace with an init, and /proc of it.
  kNetNs = 1 << 4,       ///< A network namespace without a network.
  kIpcNs = 1 << 5,       ///< A fresh one for each job.
  kUtsNs = 1 << 6,       ///< A host name of its own.
  kNoRights = 1 << 7,    ///< No capabilities, and no new privileges.
  kSeccomp = 1 << 8,     ///< The filter that follows.
  kLandlock = 1 << 9,    ///< Writing only where the root is writable, no TCP.
  kOneUserNs = 1 << 10,  ///< The job can make no user namespaces of its own.
};

/// Followed by the filter's instructions, then by `paths` strings: first those that are readable.
struct Setup {
  std::uint32_t features = 0;
  std::uint32_t readable = 0;  ///< So many paths to show.
  std::uint32_t writable = 0;  ///< So many after them that may be written to as well.
  std::uint32_t filter = 0;    ///< Instructions of eight bytes.
  std::int64_t uid = kNobody;
  std::int64_t gid = kNobody;
  std::uint64_t tmp_bytes = 0;
};

struct Ready {
  std::uint32_t missing = 0;      ///< Features that this machine does not give.
  std::int32_t error_number = 0;  ///< Of the first of them.
  char step[32] = {};
  std::uint32_t processes = 1;  ///< The slot's own, in its groups.
};

enum class Order : std::uint32_t { launch, remove };

/// Followed by `arguments` and `variables` strings and the working directory, each with its NUL.
/// Descriptors that come along: the program, standard input, output, error, and a cgroup2
/// directory unless there is none. What is too long for a message comes in a memory file instead,
/// whose descriptor is the first.
struct Launch {
  Order order = Order::launch;
  std::uint32_t number = 0;
  std::uint32_t is_script = 0;
  std::uint32_t arguments = 0;
  std::uint32_t variables = 0;
  std::uint32_t umask = 022;
  std::uint64_t bytes = 0;  ///< Of all strings.
  std::uint32_t in_memory_file = 0;
  std::uint32_t has_directory = 0;
  std::uint32_t tells_executed = 0;
  ChildSettings own;
};

/// Removes what the last launch has made for its working directory.
struct Removal {
  Order order = Order::remove;
  std::uint32_t number = 0;
};

enum class Told : std::uint32_t {
  refused,          ///< By the slot: nothing has begun, or is removed.
  begun,            ///< There is a process.
  makes_directory,  ///< By the child: a Removal will be needed.
  gave_up,          ///< By the child: it ends without having executed its program.
  done              ///< It has executed its program, or ended; the directory is removed.
};

struct Answer {
  std::uint32_t order = 0;  ///< The number of what is answered.
  Told told = Told::refused;
  std::int32_t pid = -1;  ///< Of what has begun.
  std::int32_t error_number = 0;
  char step[32] = {};  ///< What has failed, if anything.
};

}  // namespace cosmoo::sandbox::slot
