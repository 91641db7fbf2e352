#include "builtins/families.h"
#include "builtins/services.h"
#include "vm/lua/engine.h"

namespace cosmoo {

BuiltinTable make_builtin_table() {
  BuiltinTable table;
  table.add("The language", lua_builtins());
  table.add("Objects", object_builtins());
  table.add("Parents and children", family_builtins());
  table.add("Places", place_builtins());
  table.add("Quotas", quota_builtins());
  table.add("Properties", property_builtins());
  table.add("Verbs", verb_builtins());
  table.add("Tasks", task_builtins());
  table.add("Connections", connection_builtins());
  table.add("Facts of connections", connection_fact_builtins());
  table.add("Listening", network_builtins());
  table.add("Lists", list_builtins());
  table.add("Maps", map_builtins());
  table.add("Strings", string_builtins());
  table.add("Patterns", pattern_builtins());
  table.add("Conversions", conversion_builtins());
  table.add("Encodings", encoding_builtins());
  table.add("JSON", json_builtins());
  table.add("Digests", hash_builtins());
  table.add("Passwords", password_builtins());
  table.add("Chance", random_builtins());
  table.add("Times", time_builtins());
  table.add("The server", server_builtins());
  table.add("The world in files", world_file_builtins());
  table.add("Programs of the machine", exec_builtins());
  table.add("Processes", process_builtins());
  table.add("Streams of processes", process_stream_builtins());
  table.add("Guests", sandbox_builtins());
  table.add("Frames", frame_builtins());
  table.add("The tree of frames", frame_tree_builtins());
  table.add("Jobs", job_builtins());
  return table;
}

}  // namespace cosmoo
