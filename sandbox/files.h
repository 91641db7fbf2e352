// Files beneath a folder that strangers name, opened so that no name leads out of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

struct stat;

namespace cosmoo::sandbox {

/// What is wrong with the text of a name beneath a folder, or null: it is to have no absolute path,
/// no "..", no part that is empty or begins with a dot after the first, and no NUL.
const char* objection_to_name(std::string_view name);

/// Opens beneath `directory` and nowhere else, links included; O_CLOEXEC is added. A descriptor,
/// or -1 and errno: EXDEV of what leads out of it.
int open_beneath(int directory, const char* path, std::uint64_t flags);

/// What tells that a file has not been changed or replaced.
struct FileStamp {
  std::uint64_t device = 0, inode = 0, size = 0;
  std::int64_t modified_ns = 0, changed_ns = 0;
  bool operator==(const FileStamp&) const = default;
};
FileStamp stamp_of(const struct stat& file);

/// From where the descriptor stands, at most `size` bytes; less if the file has become shorter. An
/// errno when it cannot be read.
tl::expected<std::string, int> read_bytes(int fd, std::size_t size);

}  // namespace cosmoo::sandbox
