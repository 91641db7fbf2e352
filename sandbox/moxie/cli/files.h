// Files as cosmoo-sandbox reads and writes them; programs and data named by their digest.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <tl/expected.hpp>
#include <vector>

namespace cosmoo::moxie::cli {

using Bytes = std::vector<std::uint8_t>;

/// All of a file of at most 1 GiB, or a message that names it.
tl::expected<Bytes, std::string> read_file(const std::string& path);

/// A file by its path; or, if `name` is 64 hexadecimal digits, what has this SHA-256 among the
/// regular files of `folders`. What was hashed is what comes back.
tl::expected<Bytes, std::string> find_file(const std::string& name,
                                           std::span<const std::string> folders);

/// Makes or replaces a file; "-" is standard output.
tl::expected<void, std::string> write_file(const std::string& path, std::string_view bytes);

}  // namespace cosmoo::moxie::cli
