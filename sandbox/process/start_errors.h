// How the reasons for a failed start are put into words.
#pragma once

#include <string>
#include <string_view>

#include "sandbox/job.h"

namespace cosmoo::sandbox {

/// `bytes` in single quotes, for a message: what is not printable is escaped, what is long is cut.
std::string in_quotes(std::string_view bytes);

/// The caller's mistake.
StartError bad_argument(std::string message);

/// A system call that failed. Lack of descriptors or processes is too_many, the rest is system.
/// The message is "`what`: `step`: reason".
StartError system_failure(std::string_view what, std::string_view step, int error_number);

/// Why open_beneath() failed for `what`: of the caller's mistakes `folder` is what it led out of,
/// and `denied` what was not allowed: "reached", "read".
StartError beneath_failure(const std::string& what, std::string_view folder,
                           std::string_view denied, int error_number);

/// The text of an errno, the same in every locale.
std::string error_text(int error_number);

}  // namespace cosmoo::sandbox
