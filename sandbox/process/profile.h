// How jobs are confined: named sets of walls, with limits that hold unless a job asks for others.
//
// "open" has limits only. "confined" has no network, a read-only root with the system's programs, a
// private /tmp, processes of its own, no rights and a filter of system calls. "sealed" has of the
// root the libraries alone, and no sockets. What a slot is told is made here; how it is done stands
// in slot/.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/job.h"

namespace cosmoo::sandbox {

struct Profile {
  enum class Walls {
    none,      ///< Of the machine's namespaces, with the server's rights or its user's.
    confined,  ///< Namespaces, no capabilities, Landlock, a filter.
    sealed     ///< The same with a narrower filter.
  };
  enum class Network { host, none };

  std::string name;
  Walls walls = Walls::none;
  Network network = Network::host;
  /// Within walls: what of the machine's files is there; what does not exist is left out.
  std::vector<std::string> readable = {};
  std::vector<std::string> writable = {};
  std::uint64_t tmp_bytes = 64u << 20;
  std::optional<std::uint32_t> uid = {};  ///< Within walls and as root: nobody, unless set.
  std::optional<std::uint32_t> gid = {};
  Limits limits = {};  ///< For what a job does not ask for; `wall` and `output_bytes` are not used.

  bool operator==(const Profile&) const = default;
};

/// "open", "confined" and "sealed".
std::vector<Profile> standard_profiles();

/// The profile of that name, or null.
const Profile* find_profile(const std::vector<Profile>& profiles, std::string_view name);

/// Fills in what `limits` leaves open.
void fill_in(Limits& limits, const Limits& from);

/// The message that makes a slot one for `profile` (slot::Setup with what follows it), for jobs of
/// this user and group (slot::kNobody: the server's).
std::string setup_message(const Profile& profile, std::int64_t uid, std::int64_t gid);

/// Features that are missing, in words: "a user namespace", ...
std::vector<std::string> feature_names(std::uint32_t features);

}  // namespace cosmoo::sandbox
