#include "sandbox/process/profile.h"

#include <algorithm>
#include <cstring>

#include "sandbox/process/filter.h"
#include "sandbox/process/slot/protocol.h"

namespace cosmoo::sandbox {

namespace {

const std::vector<std::string> kLibraries = {
    "/lib",       "/lib32",     "/lib64",      "/libx32",        "/usr/lib",
    "/usr/lib32", "/usr/lib64", "/usr/libx32", "/usr/local/lib", "/etc/ld.so.cache"};

/// Of /etc only what programs need to run; nothing that tells of the machine's secrets.
std::vector<std::string> system_paths() {
  return {"/usr",
          "/bin",
          "/sbin",
          "/lib",
          "/lib32",
          "/lib64",
          "/libx32",
          "/etc/ld.so.cache",
          "/etc/ld.so.conf",
          "/etc/ld.so.conf.d",
          "/etc/passwd",
          "/etc/group",
          "/etc/nsswitch.conf",
          "/etc/localtime",
          "/etc/alternatives",
          "/etc/ssl/certs",
          "/etc/mime.types",
          "/etc/protocols",
          "/etc/services"};
}

}  // namespace

std::vector<Profile> standard_profiles() {
  Profile open{"open"};
  Profile confined{"confined", Profile::Walls::confined, Profile::Network::none, system_paths()};
  Profile sealed{"sealed", Profile::Walls::sealed, Profile::Network::none, kLibraries};
  sealed.tmp_bytes = 16u << 20;
  return {open, confined, sealed};
}

const Profile* find_profile(const std::vector<Profile>& profiles, std::string_view name) {
  const auto found = std::find_if(profiles.begin(), profiles.end(),
                                  [&](const Profile& profile) { return profile.name == name; });
  return found == profiles.end() ? nullptr : &*found;
}

void fill_in(Limits& limits, const Limits& from) {
  if (!limits.cpu) limits.cpu = from.cpu;
  if (!limits.memory_bytes) limits.memory_bytes = from.memory_bytes;
  if (!limits.processes) limits.processes = from.processes;
  if (!limits.cpu_shares) limits.cpu_shares = from.cpu_shares;
  if (!limits.open_files) limits.open_files = from.open_files;
  if (!limits.file_size_bytes) limits.file_size_bytes = from.file_size_bytes;
}

std::string setup_message(const Profile& profile, std::int64_t uid, std::int64_t gid) {
  slot::Setup setup;
  setup.uid = uid;
  setup.gid = gid;
  setup.tmp_bytes = profile.tmp_bytes;
  std::string filter;
  std::string paths;
  if (profile.walls != Profile::Walls::none) {
    setup.features = slot::kUserNs | slot::kMountNs | slot::kPidNs | slot::kIpcNs | slot::kUtsNs |
                     slot::kNoRights | slot::kSeccomp | slot::kLandlock | slot::kOneUserNs;
    if (profile.network == Profile::Network::none) setup.features |= slot::kNetNs;
    filter = system_call_filter(profile);
    for (const auto* list : {&profile.readable, &profile.writable}) {
      for (const auto& path : *list) paths.append(path).push_back('\0');
    }
    setup.readable = static_cast<std::uint32_t>(profile.readable.size());
    setup.writable = static_cast<std::uint32_t>(profile.writable.size());
    setup.filter = static_cast<std::uint32_t>(filter.size() / 8);
  }
  std::string message(sizeof setup, '\0');
  std::memcpy(message.data(), &setup, sizeof setup);
  return message + filter + paths;
}

std::vector<std::string> feature_names(std::uint32_t features) {
  static constexpr struct {
    slot::Feature feature;
    const char* name;
  } kNames[] = {{slot::kCgroups, "control groups"},
                {slot::kUserNs, "a user namespace"},
                {slot::kMountNs, "a mount namespace"},
                {slot::kPidNs, "a process namespace"},
                {slot::kNetNs, "a network namespace"},
                {slot::kIpcNs, "an ipc namespace"},
                {slot::kUtsNs, "a uts namespace"},
                {slot::kNoRights, "no new privileges"},
                {slot::kSeccomp, "seccomp"},
                {slot::kLandlock, "Landlock"},
                {slot::kOneUserNs, "an end to user namespaces"}};
  std::vector<std::string> names;
  for (const auto& [feature, name] : kNames) {
    if ((features & feature) != 0) names.emplace_back(name);
  }
  return names;
}

}  // namespace cosmoo::sandbox
