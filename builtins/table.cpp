#include "builtins/families.h"
#include "builtins/services.h"
#include "vm/lua/engine.h"

namespace cosmoo {

BuiltinTable make_builtin_table() {
  BuiltinTable table;
  table.add(lua_builtins());
  table.add(object_builtins());
  table.add(family_builtins());
  table.add(place_builtins());
  table.add(quota_builtins());
  table.add(property_builtins());
  table.add(verb_builtins());
  table.add(task_builtins());
  table.add(connection_builtins());
  table.add(connection_fact_builtins());
  table.add(network_builtins());
  table.add(list_builtins());
  table.add(map_builtins());
  table.add(string_builtins());
  table.add(pattern_builtins());
  table.add(conversion_builtins());
  table.add(encoding_builtins());
  table.add(json_builtins());
  table.add(hash_builtins());
  table.add(password_builtins());
  table.add(random_builtins());
  table.add(time_builtins());
  table.add(server_builtins());
  table.add(exec_builtins());
  table.add(sandbox_builtins());
  return table;
}

}  // namespace cosmoo
