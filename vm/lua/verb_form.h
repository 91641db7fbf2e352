// Verb code looked at without an engine, on any thread: is it right, and how does a file hold it.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "vm/engine.h"

struct lua_State;

namespace cosmoo {

/// How an object's file can hold a verb's code so that the same code is read again.
enum class VerbForm {
  function,         ///< Between `function()` and `end`.
  vararg_function,  ///< The same with `function(...)`: the code uses `...`.
  text,             ///< As a string: it has bytes that lines of a file do not keep.
  unchecked_text,   ///< As a string that is not compiled: it is no right code.
};

class VerbChecker {
 public:
  VerbChecker();
  ~VerbChecker();
  VerbChecker(const VerbChecker&) = delete;
  VerbChecker& operator=(const VerbChecker&) = delete;

  std::optional<SyntaxError> check(std::string_view code);
  VerbForm form_of(std::string_view code);

 private:
  bool compiles(std::string_view text);
  struct Close {
    void operator()(lua_State* state) const;
  };
  std::unique_ptr<lua_State, Close> state_;
};

}  // namespace cosmoo
