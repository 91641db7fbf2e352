#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "sandbox/guest/library.h"

namespace {

using namespace cosmoo::sandbox;
namespace fs = std::filesystem;

const fs::path kGuests = fs::path(COSMOO_SOURCE_DIR) / "executables" / "guests";

std::string bytes_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// A folder with one guest.
struct Folder {
  Folder() {
    std::string name = (fs::temp_directory_path() / "cosmoo-guests-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
    fs::copy(kGuests / "hello", path / "hello");
  }
  ~Folder() { fs::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  fs::path path;
};

std::string refusal(GuestLibrary& library, const std::string& program) {
  const auto found = library.find(program);
  if (found) return "found";
  CHECK(found.error().kind == StartError::Kind::bad_argument);
  return found.error().message;
}

TEST_CASE("a program is the same by name, by bytes and by digest, and loaded once") {
  const Folder folder;
  GuestLibrary library(folder.path, {});
  const auto named = library.find("hello");
  REQUIRE(named.has_value());
  CHECK(named->bytes == fs::file_size(folder.path / "hello"));
  CHECK(library.find("hello")->program == named->program);
  CHECK(library.find(bytes_of(folder.path / "hello"))->program == named->program);
  CHECK(library.find("sha256:" + named->sha256)->program == named->program);
  GuestLibrary other(folder.path, {});
  CHECK(other.find("sha256:" + named->sha256)->sha256 == named->sha256);
}

TEST_CASE("a file that was changed is read again") {
  const Folder folder;
  GuestLibrary library(folder.path, {});
  const auto before = library.find("hello");
  fs::remove(folder.path / "hello");
  CHECK(refusal(library, "hello") == "the guest hello: there is none");
  fs::copy(kGuests / "sha256", folder.path / "hello");
  const auto after = library.find("hello");
  REQUIRE(after.has_value());
  CHECK(after->sha256 != before->sha256);
  // What was run may still be named by its digest.
  CHECK(library.find("sha256:" + before->sha256)->program == before->program);
}

TEST_CASE("names do not lead out of the folder") {
  const Folder folder;
  fs::create_symlink(kGuests / "hello", folder.path / "link");
  fs::create_directory(folder.path / "folder");
  GuestLibrary library(folder.path, {});
  for (const char* name : {"../hello", "folder/../hello", "/bin/true", "", ".hidden"})
    CHECK_MESSAGE(refusal(library, name).starts_with("a program is the name of a guest"), name);
  CHECK(refusal(library, std::string("hel\0lo", 6)).starts_with("a program is the name"));
  CHECK(refusal(library, "link").starts_with("the guest link: "));
  CHECK(refusal(library, "folder") == "the guest folder: not a file");
}

TEST_CASE("what is no program is refused and said to be none") {
  const Folder folder;
  std::ofstream(folder.path / "text") << "no program";
  GuestLibrary library(folder.path, {.program_bytes = 4096, .kept_bytes = 4096});
  CHECK(refusal(library, "text").starts_with("the guest text: "));
  CHECK(refusal(library,
                "\x7f"
                "ELF") != "found");
  CHECK(refusal(library,
                "\x7f"
                "ELF" +
                    std::string(4096, 'x'))
            .find("more than 4096 bytes") != std::string::npos);
  std::ofstream(folder.path / "large") << "\x7f"
                                          "ELF"
                                       << std::string(5000, 'x');
  CHECK(refusal(library, "large") == "the guest large: larger than 4096 bytes");
  CHECK(refusal(library, "sha256:xyz") == "after sha256: there must be 64 hexadecimal digits");
  CHECK(refusal(library, "sha256:" + std::string(64, 'g')).starts_with("after sha256:"));
  CHECK(refusal(library, "sha256:" + std::string(64, '0')).starts_with("no guest with the digest"));
  CHECK(library.names() == std::vector<std::string>{"hello", "large"});
}

TEST_CASE("programs that were not used for long make room") {
  const Folder folder;
  fs::copy(kGuests / "sha256", folder.path / "sha256");
  GuestLibrary library(folder.path, {.program_bytes = 1 << 20, .kept_bytes = 1});
  const auto first = library.find("hello");
  library.find("sha256");
  const auto again = library.find("hello");
  CHECK(again->sha256 == first->sha256);
  CHECK(again->program != first->program);
}

// A descriptor stays open for each program that is kept: whoever runs ever new ones must not use
// them up.
TEST_CASE("no more programs are kept than there may be") {
  const Folder folder;
  GuestLibrary library(folder.path, {.kept_programs = 2});
  const auto descriptors = [] {
    return std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator());
  };
  std::string program = bytes_of(folder.path / "hello");
  program += '!';
  const auto first = library.find(program)->sha256;
  const auto before = descriptors();
  for (int i = 0; i < 50; ++i) {
    program += ' ';
    REQUIRE(library.find(program).has_value());
  }
  CHECK(descriptors() <= before + 1);
  CHECK(refusal(library, "sha256:" + first) != "found");
}

}  // namespace
