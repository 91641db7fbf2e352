// export_world(), import_world(): the world and a folder, for wizards; and tasks that are killed.
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "tests/unit/builtins/builtin_world.h"

namespace cosmoo {
namespace {

namespace fs = std::filesystem;

struct Folder : BuiltinWorld {
  Folder() {
    std::string name = (fs::temp_directory_path() / "cosmoo-test-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
    services.export_folder = (path / "export").string();
  }
  ~Folder() { fs::remove_all(path); }
  /// Exports #6 and gives its file one more verb.
  void change_file() {
    REQUIRE(run("export_world({#6}).written") == "1");
    std::ofstream out(path / "export" / "o6.lua", std::ios::app);
    out << "\nverb { \"weigh\", owner = #2, function()\n  return 7\nend }\n";
    REQUIRE(out.good());
  }
  fs::path path;
};

TEST_CASE("what is exported and changed is imported") {
  Folder world;
  world.change_file();
  CHECK(world.run("local done = import_world() return {done.objects, done.created, done.verbs}") ==
        "{1, 0, 1}");
  CHECK(world.run("#6:weigh()") == "7");
}

TEST_CASE("files are a wizard's: others have no part in them") {
  Folder world;
  for (const char* call : {"export_world()", "import_world()", "load_scripts()"}) {
    CAPTURE(call);
    CHECK(world.outcome_of(call, BuiltinWorld::kProgrammerPlayer) == "E_PERM");
  }
  CHECK_FALSE(fs::exists(world.path / "export"));
}

// A wizard sees that the import is wrong and kills it while the disk is slow: nothing may come of
// it after that.
TEST_CASE("a task that is killed while it waits for files changes nothing") {
  Folder world;
  world.change_file();
  CHECK(world.run("local began = false "
                  "local id = fork(0, function() began = true import_world() end) "
                  "suspend(0) kill_task(id) return began") == "true");
  CHECK(world.run("respond_to(#6, \"weigh\")") == "false");
}

TEST_CASE("bad arguments and folders have their errors") {
  Folder world;
  CHECK(world.outcome_of("export_world({1})") == "E_TYPE");
  CHECK(world.outcome_of("export_world({#99})") == "E_INVARG");
  CHECK(world.outcome_of("import_world(\"all\")") == "E_INVARG");
  CHECK(world.outcome_of("import_world()") == "E_FILE");
  world.change_file();
  std::ofstream(world.path / "export" / "o5.lua") << "verb { 7 7 }\n";
  CHECK(has(world.run("import_world()"), "o5.lua:1"));
}

}  // namespace
}  // namespace cosmoo
