#include "sandbox/process/slot/landlock.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "sandbox/process/unique_fd.h"

namespace cosmoo::sandbox::slot {

namespace {

// What newer kernels have and these headers may not, with the version that brought it.
constexpr std::uint64_t kRefer = 1 << 13;         // 2
constexpr std::uint64_t kTruncate = 1 << 14;      // 3
constexpr std::uint64_t kBindAndConnectTcp = 3;   // 4
constexpr std::uint64_t kAbstractAndSignals = 3;  // 6
struct Ruleset {
  std::uint64_t files = 0, network = 0, scoped = 0;
};

constexpr std::uint64_t kChanges = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                                   LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
                                   LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
                                   LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
                                   LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM;

std::size_t size_for(long version) {
  if (version < 4) return sizeof(std::uint64_t);
  return version < 6 ? 2 * sizeof(std::uint64_t) : sizeof(Ruleset);
}

bool allow(int ruleset, const std::string& path, std::uint64_t access) {
  const UniqueFd fd(::open(path.c_str(), O_PATH | O_CLOEXEC));
  if (!fd) return errno == ENOENT;
  landlock_path_beneath_attr rule{};
  rule.allowed_access = access;
  rule.parent_fd = fd.get();
  return ::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
}

}  // namespace

bool restrict_by_landlock(const std::vector<std::string>& writable, Tcp tcp) {
  const long version =
      ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (version < 1) return false;
  Ruleset rules;
  rules.files = kChanges;
  if (version >= 2) rules.files |= kRefer;
  if (version >= 3) rules.files |= kTruncate;
  if (version >= 4 && tcp == Tcp::denied) rules.network = kBindAndConnectTcp;
  if (version >= 6) rules.scoped = kAbstractAndSignals;
  const UniqueFd ruleset(
      static_cast<int>(::syscall(SYS_landlock_create_ruleset, &rules, size_for(version), 0)));
  if (!ruleset) return false;
  for (const auto& path : writable) {
    if (!allow(ruleset.get(), path, rules.files)) return false;
  }
  const std::uint64_t to_devices = rules.files & (LANDLOCK_ACCESS_FS_WRITE_FILE | kTruncate);
  return allow(ruleset.get(), "/dev", to_devices) &&
         ::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) == 0;
}

}  // namespace cosmoo::sandbox::slot
