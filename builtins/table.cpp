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
  table.add(text_builtins());
  table.add(server_builtins());
  table.add(exec_builtins());
  table.add(sandbox_builtins());
  return table;
}

}  // namespace cosmoo
