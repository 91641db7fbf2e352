// What one call of a function is given, and how a host is told of it.
#pragma once

#include <cstdint>
#include <string>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

#include "sandbox/job.h"

namespace cosmoo::sandbox {

/// In the context: args[0] is what the function sees as its own name; after_input, full_output,
/// working_directory, uid and gid are not used.
struct FunctionRequest {
  Context context;
  std::string about;                                        ///< The frame of its payload.
  std::vector<std::pair<std::string, std::string>> fields;  ///< Of that.
  std::string label;                                        ///< For the job table.
  std::int64_t owner = -1;
};

/// A frame_host::Call of `symbol` with all that follows it. Refused with a NUL in a string.
tl::expected<std::string, StartError> order_for(const std::string& symbol,
                                                const FunctionRequest& request);

}  // namespace cosmoo::sandbox
