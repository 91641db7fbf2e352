#include "server/first_start.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace cosmoo {

Result<void> make_data_directory(const std::filesystem::path& directory) {
  const auto trouble = [&](const std::string& what) {
    return fail(ErrorCode::file, "the data directory " + directory.string() + ": " + what);
  };
  std::error_code error;
  if (!std::filesystem::exists(directory, error)) {
    if (const auto parent = directory.parent_path(); !parent.empty()) {
      std::filesystem::create_directories(parent, error);
      if (error) return trouble(error.message());
    }
    if (::mkdir(directory.c_str(), 0700) != 0) return trouble(std::strerror(errno));
  }
  if (!std::filesystem::is_directory(directory, error)) return trouble("not a directory");
  if (::access(directory.c_str(), R_OK | W_OK | X_OK) != 0) return trouble(std::strerror(errno));
  return {};
}

PasswordAccounts::Cost account_cost(const Config& config) {
  return {static_cast<std::size_t>(config.accounts.argon2_memory_mib) << 20,
          static_cast<unsigned long long>(config.accounts.argon2_passes)};
}

Result<void> give_first_password(PasswordAccounts& accounts, const World& world, ObjectId wizard) {
  const char* const given = std::getenv("COSMOO_WIZARD_PASSWORD");
  const bool chosen = given != nullptr && *given != '\0';
  const std::string password = chosen ? given : make_password();
  if (auto set = accounts.set_password_now(wizard, password); !set) return set;
  if (const Object* object = world.find(wizard); object != nullptr && !chosen) {
    std::fprintf(stderr,
                 "\nThis is a new world. Its wizard logs in with\n\n    connect %s %s\n\n"
                 "Keep the password: it is not shown again.\n\n",
                 object->name.c_str(), password.c_str());
  }
  return {};
}

}  // namespace cosmoo
