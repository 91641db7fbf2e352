#include "server/world_command.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <filesystem>

#include "server/first_start.h"
#include "vm/lua/verb_form.h"
#include "vm/scheduler.h"
#include "vm/world/store.h"
#include "vm/world_export.h"
#include "vm/world_import.h"

namespace cosmoo {
namespace {

struct OpenWorld {
  std::unique_ptr<Store> store;
  World world;
};

enum class Missing { refuse, make };

Result<std::unique_ptr<OpenWorld>> open_world(const Config& config, Missing missing) {
  const std::filesystem::path directory = config.paths.data;
  const std::filesystem::path file = directory / "world.db";
  if (missing == Missing::make) {
    if (auto made = make_data_directory(directory); !made) return tl::unexpected(made.error());
  } else if (std::error_code error; !std::filesystem::exists(file, error)) {
    return fail(ErrorCode::file, "there is no world in " + directory.string());
  }
  auto open = std::make_unique<OpenWorld>();
  auto store = Store::open(file);
  if (!store) return tl::unexpected(store.error());
  open->store = std::move(*store);
  if (auto loaded = open->store->load(open->world); !loaded) return tl::unexpected(loaded.error());
  return open;
}

Result<ObjectId> parse_object(const World& world, const std::string& text) {
  if (text.starts_with('$')) {
    for (const auto& [id, name] : file_names(world)) {
      if (same_name(name, text.substr(1))) return id;
    }
  } else if (text.starts_with('#')) {
    ObjectId id;
    const char* const end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data() + 1, end, id.number);
    if (error == std::errc() && at == end && world.valid(id)) return id;
  }
  return fail(ErrorCode::invarg, "there is no object " + text);
}

Result<FolderPlan> plan_of(const WorldCommand& command, const World& world) {
  std::vector<ObjectId> objects;
  if (command.named) {
    for (const auto& [id, name] : file_names(world)) objects.push_back(id);
  }
  for (const std::string& text : command.objects) {
    auto object = parse_object(world, text);
    if (!object) return tl::unexpected(object.error());
    objects.push_back(*object);
  }
  return objects.empty() ? export_world(world) : export_objects(world, objects);
}

// Nobody could log in to a world of files alone.
Result<void> make_wizard_known(World& world, const Config& config) {
  for (const auto& [id, name] : file_names(world)) {
    if (name != "first_wizard") continue;
    Scheduler scheduler{SchedulerLimits{}};
    PasswordAccounts accounts(world, scheduler, {}, account_cost(config));
    return give_first_password(accounts, world, id);
  }
  return fail(ErrorCode::invarg, "there is no first_wizard, and so nobody to log in");
}

}  // namespace

Result<void> export_command(const WorldCommand& command) {
  auto open = open_world(command.config, Missing::refuse);
  if (!open) return tl::unexpected(open.error());
  const auto plan = plan_of(command, (*open)->world);
  if (!plan) return tl::unexpected(plan.error());
  const auto done =
      write_folder(command.folder, *plan, command.over ? Overwrite::all : Overwrite::own_files,
                   command.named ? Index::none : Index::keep);
  if (!done) return tl::unexpected(done.error());
  fmt::print("Exported {} objects to {}: {} files written, {} removed.\n", done->objects,
             command.folder, done->written, done->removed);
  return (*open)->store->close();
}

Result<void> import_command(const WorldCommand& command) {
  // Read before a world is made: a wrong name of a folder leaves nothing behind.
  const auto folder = read_folder(command.folder);
  if (!folder) return tl::unexpected(folder.error());
  auto open = open_world(command.config, Missing::make);
  if (!open) return tl::unexpected(open.error());
  World& world = (*open)->world;
  const bool is_new = world.size() == 0;
  const auto done =
      import_world(*folder, world, command.replace ? ImportMode::replace : ImportMode::update);
  if (!done) return tl::unexpected(done.error());
  if (is_new) {
    if (auto set = make_wizard_known(world, command.config); !set) return set;
  }
  Store& store = *(*open)->store;
  if (auto written = store.write(world.take_changes(), Durability::disk); !written) return written;
  fmt::print("Imported {} objects from {}: {} new, {} verbs changed.\n", done->objects,
             command.folder, done->created, done->verbs);
  return store.close();
}

Result<void> check_command(const WorldCommand& command) {
  auto open = open_world(command.config, Missing::refuse);
  if (!open) return tl::unexpected(open.error());
  if (auto whole = (*open)->store->check(); !whole) return whole;
  const World& world = (*open)->world;
  VerbChecker checker;
  std::size_t properties = 0, verbs = 0, broken = 0;
  for (const ObjectId id : world.all()) {
    const Object& object = *world.find(id);
    properties += object.properties.size();
    for (const Verb& verb : object.verbs) {
      ++verbs;
      const auto error = checker.check(verb.code);
      if (!error) continue;
      ++broken;
      fmt::print("warning: {}:{}, line {}, column {}: {}\n", to_string(id), verb.names, error->line,
                 error->column, error->message);
    }
  }
  fmt::print("The world in {} is whole: {} objects, {} players, {} properties, {} verbs, {}.\n",
             command.config.paths.data, world.size(), world.players().size(), properties, verbs,
             broken == 0 ? "which all compile" : fmt::format("{} of which do not compile", broken));
  return (*open)->store->close();
}

}  // namespace cosmoo
