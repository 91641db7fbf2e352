#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "sandbox/process/executable.h"
#include "tests/unit/sandbox/playground.h"

namespace cosmoo::sandbox::testing {

namespace {

namespace fs = std::filesystem;

struct Folder {
  Folder() {
    write_file(path / "good", "#!/bin/sh\necho good\n", 0755);
    fs::create_directory(path / "sub");
    write_file(path / "sub" / "tool", "#!/bin/sh\n", 0755);
  }
  fs::path path_of(const char* name) const { return path / name; }

  TempDir outer;
  fs::path path = [this] {
    fs::create_directory(outer.path() / "executables");
    return outer.path() / "executables";
  }();
  ExecutableDirectory directory = ExecutableDirectory::open(path).value();
};

/// The message with which `name` is refused; fails the test if it is not, or otherwise.
std::string refusal(const Folder& folder, std::string_view name) {
  const auto found = folder.directory.find(name);
  CAPTURE(std::string(name));
  REQUIRE_FALSE(found.has_value());
  CHECK(found.error().kind == StartError::Kind::bad_argument);
  CHECK_FALSE(found.error().message.empty());
  return found.error().message;
}

bool says(const std::string& message, std::string_view words) {
  return message.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("a program is found by its name, in a sub-directory too") {
  const Folder folder;
  CHECK(folder.directory.find("good").has_value());
  CHECK(folder.directory.find("sub/tool").has_value());
}

TEST_CASE("a script and its interpreter are recognised") {
  const Folder folder;
  write_file(folder.path_of("spaced"), "#! \t/usr/bin/env  -S sh\n", 0755);
  fs::copy_file("/bin/true", folder.path_of("binary"));
  CHECK(folder.directory.find("good")->is_script);
  CHECK(folder.directory.find("good")->interpreter == "/bin/sh");
  CHECK(folder.directory.find("spaced")->interpreter == "/usr/bin/env");
  CHECK_FALSE(folder.directory.find("binary")->is_script);
}

TEST_CASE("names that could mean something else are refused with the reason") {
  const Folder folder;
  CHECK(says(refusal(folder, ""), "empty"));
  CHECK(says(refusal(folder, std::string_view("go\0od", 5)), "NUL"));
  CHECK(says(refusal(folder, std::string_view("good\0", 5)), "NUL"));
  CHECK(says(refusal(folder, "/bin/sh"), "absolute"));
  CHECK(says(refusal(folder, "\\Windows\\system32\\cmd.exe"), "absolute"));
  CHECK(says(refusal(folder, "C:\\tool.exe"), "drive"));
  CHECK(says(refusal(folder, "c:good"), "drive"));
  CHECK(says(refusal(folder, ".."), "'..'"));
  CHECK(says(refusal(folder, "../good"), "'..'"));
  CHECK(says(refusal(folder, "sub/../good"), "'..'"));
  CHECK(says(refusal(folder, "sub/../../good"), "'..'"));
  CHECK(says(refusal(folder, "a..b"), "'..'"));
  CHECK(says(refusal(folder, "./good"), "'./'"));
  CHECK(says(refusal(folder, "sub/./tool"), "'./'"));
  CHECK(says(refusal(folder, "sub/.tool"), "'/.'"));
  CHECK(says(refusal(folder, "sub//tool"), "empty part"));
  CHECK(says(refusal(folder, "sub/tool/"), "empty part"));
  CHECK(says(refusal(folder, std::string(300, 'x')), "too long"));
  CHECK(says(refusal(folder, "no\nsuch\x1b"), "no\\x0asuch\\x1b"));
}

TEST_CASE("what is missing, no file or not executable is refused") {
  const Folder folder;
  write_file(folder.path_of("plain"), "#!/bin/sh\n", 0644);
  REQUIRE(::mkfifo(folder.path_of("fifo").c_str(), 0777) == 0);
  CHECK(says(refusal(folder, "missing"), "does not exist"));
  CHECK(says(refusal(folder, "good/x"), "does not exist"));
  CHECK(says(refusal(folder, "sub"), "directory"));
  CHECK(says(refusal(folder, "."), "directory"));
  CHECK(says(refusal(folder, "plain"), "not executable"));
  CHECK(says(refusal(folder, "fifo"), "not a regular file"));
}

TEST_CASE("setuid and setgid files are refused") {
  const Folder folder;
  write_file(folder.path_of("suid"), "#!/bin/sh\n", 04755);
  write_file(folder.path_of("sgid"), "#!/bin/sh\n", 02755);
  CHECK(says(refusal(folder, "suid"), "setuid"));
  CHECK(says(refusal(folder, "sgid"), "setgid"));
}

// The attack: a symbolic link in the directory points to a program outside of it, directly, by a
// relative way, through a linked directory, or through /proc.
TEST_CASE("symbolic links that lead out are refused, those that stay are followed") {
  const Folder folder;
  write_file(folder.outer.path() / "outside", "#!/bin/sh\n", 0755);
  fs::create_symlink("/bin/sh", folder.path_of("absolute"));
  fs::create_symlink("../outside", folder.path_of("relative"));
  fs::create_symlink("sub/../../outside", folder.path_of("winding"));
  fs::create_directory_symlink("/bin", folder.path_of("bin"));
  fs::create_directory_symlink("..", folder.path_of("up"));
  fs::create_symlink("/proc/self/exe", folder.path_of("magic"));
  fs::create_symlink(folder.path_of("good"), folder.path_of("roundabout"));
  fs::create_symlink("loop", folder.path_of("loop"));
  fs::create_symlink("nowhere", folder.path_of("dangling"));
  for (const char* name : {"absolute", "relative", "winding", "bin/sh", "up/outside",
                           "up/executables/good", "magic", "roundabout"}) {
    CHECK(says(refusal(folder, name), "leads out"));
  }
  CHECK(says(refusal(folder, "loop"), "cannot be followed"));
  CHECK(says(refusal(folder, "dangling"), "does not exist"));
  fs::create_symlink("sub/tool", folder.path_of("inside"));
  fs::create_symlink("../good", folder.path_of("sub/back"));
  fs::create_directory_symlink("sub", folder.path_of("alias"));
  CHECK(folder.directory.find("inside").has_value());
  CHECK(folder.directory.find("sub/back").has_value());
  CHECK(folder.directory.find("alias/tool").has_value());
}

TEST_CASE("the directory is the one that was opened, whatever its name means later") {
  const Folder folder;
  fs::rename(folder.path, folder.outer.path() / "moved");
  fs::create_directory(folder.path);
  write_file(folder.path / "evil", "#!/bin/sh\n", 0755);
  CHECK(folder.directory.find("good").has_value());
  CHECK(says(refusal(folder, "evil"), "does not exist"));
}

TEST_CASE("a directory that cannot be opened is an error of the system") {
  const TempDir dir;
  const auto missing = ExecutableDirectory::open(dir / "missing");
  REQUIRE_FALSE(missing.has_value());
  CHECK(missing.error().step == "open");
  CHECK(missing.error().error_number == ENOENT);
}

TEST_CASE("names lists what can be run, sorted, and nothing else") {
  const Folder folder;
  write_file(folder.path_of("README.md"), "text", 0644);
  write_file(folder.path_of("suid"), "#!/bin/sh\n", 04755);
  fs::create_symlink("/bin/sh", folder.path_of("absolute"));
  fs::create_directory_symlink("/bin", folder.path_of("bin"));
  fs::create_directory_symlink("..", folder.path_of("up"));
  fs::create_symlink("sub/tool", folder.path_of("alias"));
  CHECK(folder.directory.names() == std::vector<std::string>{"alias", "good", "sub/tool"});
  CHECK(folder.directory.names(1).size() == 1);
}

// The attack: between the check and the start, the name is given to another file.
TEST_CASE("what was checked is what runs, even when its name changes hands") {
  Playground ground;
  for (const char* kind : {"script", "binary"}) {
    CAPTURE(kind);
    const bool script = std::string_view(kind) == "script";
    if (script) {
      ground.script(kind, "echo good\n");
    } else {
      ground.program(kind, "/bin/echo");
    }
    auto executable = ground.directory.find(kind);
    REQUIRE(executable.has_value());
    ground.script("evil", "echo evil > \"$1/evil-ran\"\n");
    fs::rename(ground.dir / "evil", ground.dir / kind);
    const std::string argument = script ? ground.dir.path().native() : "good";
    const Result result = ground.run(std::move(*executable), {.args = {argument}});
    CHECK(result.stdout_bytes == "good\n");
    CHECK_FALSE(fs::exists(ground.dir / "evil-ran"));
  }
}

// The attack: a thread swaps a good program with a link to one outside, again and again, in the
// hope that the check sees the one and the start takes the other.
TEST_CASE("a name that is swapped all the time never runs what is outside") {
  Playground ground;
  const TempDir outside;
  write_file(outside / "evil", "#!/bin/sh\necho evil\n", 0755);
  ground.script("name", "echo good\n");
  fs::create_symlink(outside / "evil", ground.dir / "spare");
  std::atomic<bool> stop = false;
  std::thread swapper([&] {
    const std::string name = ground.dir / "name";
    const std::string spare = ground.dir / "spare";
    while (!stop) ::renameat2(AT_FDCWD, name.c_str(), AT_FDCWD, spare.c_str(), RENAME_EXCHANGE);
  });
  int good = 0;
  int refused = 0;
  for (int i = 0; i < 100000 && (good < 50 || refused < 50); ++i) {
    auto found = ground.directory.find("name");
    if (!found) {
      refused += found.error().kind == StartError::Kind::bad_argument;
      continue;
    }
    if (good >= 50) continue;
    CHECK(ground.run(std::move(*found)).stdout_bytes == "good\n");
    ++good;
  }
  stop = true;
  swapper.join();
  CHECK(good > 0);
  CHECK(refused > 0);
}

TEST_CASE("a file that may be executed but not read runs all the same") {
  Playground ground;
  ground.program("unreadable", "/bin/echo");
  REQUIRE(::chmod((ground.dir / "unreadable").c_str(), 0111) == 0);
  CHECK(ground.run("unreadable", {.args = {"hi"}}).stdout_bytes == "hi\n");
}

}  // namespace cosmoo::sandbox::testing
