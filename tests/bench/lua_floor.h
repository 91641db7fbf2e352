// Lua itself, without a server around it: what the engine is measured against. The same library,
// the same code; no hook, no budgets, no world.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

struct lua_State;

namespace cosmoo::bench {

class BareLua {
 public:
  BareLua();
  ~BareLua();
  BareLua(const BareLua&) = delete;
  BareLua& operator=(const BareLua&) = delete;

  /// Runs code that returns a list of numbers. It has ftime() as scripts do. Throws
  /// std::runtime_error if it fails.
  std::vector<double> run(std::string_view code);
  /// Compiles and runs the code so many times, as an eval does each time: seconds for all.
  double compile_and_run(std::string_view code, std::size_t times);

 private:
  lua_State* state_;
};

}  // namespace cosmoo::bench
