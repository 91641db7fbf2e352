// The world and folders of files: out for editors and git, and back. Disks are waited for on
// another thread; which folders those are the configuration alone says.
#include "builtins/common.h"
#include "builtins/elsewhere.h"
#include "builtins/families.h"
#include "vm/world_export.h"
#include "vm/world_import.h"

namespace cosmoo {
namespace {

Value count(std::size_t number) { return Value(static_cast<std::int64_t>(number)); }

Result<FolderPlan> plan_of(const World& world, const Value& objects) {
  if (objects.is_nil()) return export_world(world);
  std::vector<ObjectId> ids;
  for (const Value& item : objects.list()) {
    if (!item.is_object()) {
      return fail(ErrorCode::type,
                  "export_world() takes a list of objects; " + to_literal(item) + " is none");
    }
    ids.push_back(item.object());
  }
  return export_objects(world, ids);
}

// export_world([objects])
Outcome write_files(Call& call) {
  const Services& services = call.services();
  call.spend(work_on_all(services.world));
  auto made = plan_of(services.world, call[0]);
  if (!made) return made.error();
  auto plan = std::make_shared<const FolderPlan>(std::move(*made));
  return run_elsewhere(
      call, "export_world", [plan, folder = services.export_folder]() -> Resumption {
        const auto done = write_folder(folder, *plan, Overwrite::own_files, Index::keep);
        if (!done) return done.error();
        Map map;
        map.emplace(Value("folder"), Value(folder));
        map.emplace(Value("objects"), count(done->objects));
        map.emplace(Value("written"), count(done->written));
        map.emplace(Value("removed"), count(done->removed));
        return Value(std::move(map));
      });
}

Outcome read_files(Call& call, std::string label, const std::string& folder, ImportMode mode) {
  auto texts = std::make_shared<Result<FolderTexts>>();
  return run_elsewhere(
      call, std::move(label), [texts, folder] { *texts = read_folder(folder); },
      [texts, folder, mode, &world = call.services().world]() -> Resumption {
        if (!*texts) return texts->error();
        const auto done = import_world(**texts, world, mode);
        if (!done) return done.error();
        Map map;
        map.emplace(Value("folder"), Value(folder));
        map.emplace(Value("objects"), count(done->objects));
        map.emplace(Value("created"), count(done->created));
        map.emplace(Value("verbs"), count(done->verbs));
        return Value(std::move(map));
      });
}

// import_world([mode])
Outcome import_files(Call& call) {
  ImportMode mode = ImportMode::update;
  if (call.has(0) && call[0].string() == "replace") {
    mode = ImportMode::replace;
  } else if (call.has(0) && call[0].string() != "update") {
    return Error(ErrorCode::invarg, "import_world(): the mode is \"update\" or \"replace\"");
  }
  return read_files(call, "import_world", call.services().export_folder, mode);
}

Outcome load_scripts(Call& call) {
  return read_files(call, "load_scripts", call.services().scripts_folder, ImportMode::update);
}

}  // namespace

std::span<const Builtin> world_file_builtins() {
  using namespace types;
  static const Builtin kRows[] = {
      {"export_world",
       {{"objects", kList}},
       0,
       Access::wizard,
       write_files,
       "map",
       "Writes the world, or only these objects, into the folder that `export` in [paths] names: "
       "one Lua file an object, as in scripts, and only those that differ from what is there. The "
       "task waits meanwhile, and the files are as the world was when it began. Files of objects "
       "that are gone are removed when all are written. Returns folder, and how many objects, "
       "written, removed. Passwords are not written. E_INVARG if there is no such object; E_FILE "
       "if the folder cannot be written, or has a file that differs and that no export wrote: then "
       "nothing is changed."},
      {"import_world",
       {{"mode", kString}},
       0,
       Access::wizard,
       import_files,
       "map",
       "Reads the folder that export_world() writes, while the task waits. The mode \"update\", "
       "which is the default: verbs get the files' code, what is missing is made, values that are "
       "there stay. "
       "\"replace\": every object that has a file becomes as that says, and has nothing else. "
       "Returns folder, and how many objects, created, verbs (added or changed). E_FILE if it "
       "cannot be read; E_INVARG with everything that is wrong, a line each with file and line, "
       "and then nothing is changed."},
      {"load_scripts",
       {},
       0,
       Access::wizard,
       load_scripts,
       "map",
       "Reads the scripts folder into the running world as import_world(\"update\") reads the "
       "other, with the same result and errors."},
  };
  return kRows;
}

}  // namespace cosmoo
