// `cosmoo world ...`: what is done with a world that no server has open.
//
// Each takes the world's lock, and refuses if a server has it. What was done goes to standard
// output, what went wrong is the error.
#pragma once

#include <string>
#include <vector>

#include "server/config.h"

namespace cosmoo {

struct WorldCommand {
  Result<void> (*run)(const WorldCommand&) = nullptr;  ///< Null: none was given.
  Config config;
  std::string folder;
  std::vector<std::string> objects;  ///< Of export: "$room", "#12"; empty: all.
  bool named = false;
  bool over = false;
  bool replace = false;
};

Result<void> export_command(const WorldCommand& command);
/// A world that is made by it gets its wizard's password as on a server's first start.
Result<void> import_command(const WorldCommand& command);
Result<void> check_command(const WorldCommand& command);

}  // namespace cosmoo
