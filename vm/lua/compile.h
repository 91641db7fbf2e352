// Compiling verbs and evals, and saying exactly where they are wrong.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "vm/lua/runtime.h"
#include "vm/lua/source.h"

namespace cosmoo::lua {

/// What compiling costs.
inline constexpr std::size_t kSourcePerTick = 10;  // bytes
/// The processor time that it may take: what a task has left of its ticks, and never so much that
/// others would wait long. The time is charged as all is.
std::chrono::nanoseconds longest_compile(const LuaExecution* execution);

/// Pushes the function that a verb's code is: it takes the variables of `variables` in the order of
/// their bits, with kRest the arguments after them. On an error pushes nothing.
std::optional<SyntaxError> push_verb_function(lua_State* L, std::string_view code,
                                              const char* chunk_name, std::uint32_t& variables);

/// What is wrong with a verb's code, if anything. Needs no engine: any state will do.
std::optional<SyntaxError> check_verb_code(
    lua_State* L, std::string_view code, std::chrono::nanoseconds most = longest_compile(nullptr));

/// Pushes the function of an eval: an expression if the text is one, else statements. Takes the
/// variables of `variables`.
std::optional<SyntaxError> push_eval_function(lua_State* L, std::string_view text,
                                              std::uint32_t& variables);

/// "line 3, column 7: unexpected symbol near 'end'"
std::string describe(const SyntaxError& error);

}  // namespace cosmoo::lua
