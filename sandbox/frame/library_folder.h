// The libraries that frames may open: files beneath one folder.
//
// Rules: (1) a name never leads out of the folder, by itself or through a link; (2) a library is
// read once and whole: what happens to its file afterwards changes nothing for who has it open;
// (3) stamp() is for the loop's thread, read() for another: a disk may be slow.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "sandbox/files.h"
#include "sandbox/job.h"
#include "sandbox/process/unique_fd.h"

namespace cosmoo::sandbox {

class LibraryFolder {
 public:
  static constexpr std::size_t kMostBytes = 256u << 20;

  /// There need be no such folder: then there are no libraries.
  explicit LibraryFolder(const std::filesystem::path& path);

  /// What the file is now, or what is wrong with the name or the file.
  tl::expected<FileStamp, StartError> stamp(const std::string& name) const;
  tl::expected<std::string, StartError> read(const std::string& name) const;
  /// Of the folder itself, sorted: files that look like ELF files. For another thread.
  std::vector<std::string> names() const;

 private:
  tl::expected<UniqueFd, StartError> open(const std::string& name, FileStamp& stamp,
                                          std::uint64_t flags) const;

  UniqueFd folder_;
};

}  // namespace cosmoo::sandbox
