// What a world gets that is made on this machine: a directory, and a wizard who can log in.
#pragma once

#include <filesystem>

#include "server/accounts.h"
#include "server/config.h"

namespace cosmoo {

/// Makes the directory if it is not there; only its owner may look into one that is made here.
/// E_FILE: it cannot be used.
Result<void> make_data_directory(const std::filesystem::path& directory);

PasswordAccounts::Cost account_cost(const Config& config);

/// The password in COSMOO_WIZARD_PASSWORD, or one that is made up and shown once, on standard
/// error: in a log it would be found by others later.
Result<void> give_first_password(PasswordAccounts& accounts, const World& world, ObjectId wizard);

}  // namespace cosmoo
