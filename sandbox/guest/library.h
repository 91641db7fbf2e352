// The guests that may be run: files of one folder by name, any ELF file by its bytes, and either
// again by its digest. Each is checked and made ready once and then shared by all who run it.
//
// Rules: (1) a name is one of a file in the folder: no '/', no leading '.', no symbolic link;
// (2) programs are kept by their SHA-256, the ones used last, up to a number of bytes and of
// programs; (3) any thread may call; calls read files and hash, so that the event loop's does not.
#pragma once

#include <cstdint>
#include <filesystem>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <unordered_map>
#include <vector>

#include "sandbox/files.h"
#include "sandbox/job.h"
#include "sandbox/moxie/program.h"

namespace cosmoo::sandbox {

class GuestLibrary {
 public:
  struct Options {
    std::size_t program_bytes = 16 << 20;  ///< A larger file is refused.
    std::size_t kept_bytes = 256 << 20;    ///< Of programs, what is made of them included.
    std::size_t kept_programs = 64;        ///< Each has a descriptor open.
  };

  struct Entry {
    std::string sha256;  ///< 64 hexadecimal digits.
    std::size_t bytes = 0;
    std::shared_ptr<const moxie::Program> program;
  };
  using Found = tl::expected<Entry, StartError>;

  GuestLibrary(std::filesystem::path folder, Options options);
  GuestLibrary(const GuestLibrary&) = delete;
  GuestLibrary& operator=(const GuestLibrary&) = delete;

  /// `program` is a name, the bytes of an ELF file, or "sha256:" and 64 hexadecimal digits: of a
  /// program that is kept, or a file of the folder. bad_argument says what is wrong with it.
  Found find(std::string_view program);

  /// What is in the file of that name.
  tl::expected<std::string, StartError> bytes(const std::string& name) const;

  /// The functions of that program which GuestRequest::function may name.
  tl::expected<std::vector<std::string>, StartError> functions(const std::string& name) const;

  /// The names that find() accepts, sorted; files that do not begin as an ELF file are left out.
  std::vector<std::string> names() const;

 private:
  struct Known {
    FileStamp stamp;
    std::string sha256;
  };

  Found named(const std::string& name);
  Found sealed(std::string_view digest);
  Found from_bytes(std::string_view bytes);
  tl::expected<std::string, StartError> read(const std::string& name, FileStamp& stamp) const;
  std::shared_ptr<const Entry> kept(const std::string& sha256);
  void keep(const Entry& entry);

  const std::filesystem::path folder_;
  const Options options_;
  std::mutex mutex_;          ///< Guards what follows.
  std::list<Entry> entries_;  ///< The one used last in front.
  std::size_t entries_bytes_ = 0;
  std::unordered_map<std::string, std::list<Entry>::iterator> by_digest_;
  std::unordered_map<std::string, Known> known_;  ///< Files of the folder, by name.
};

}  // namespace cosmoo::sandbox
