#include "vm/lua/verb_variables.h"

#include <bit>

namespace cosmoo::lua {
namespace {

template <std::string Command::*word>
void push_word(lua_State* L, const VerbScope& scope) {
  if (scope.command == nullptr) {
    lua_pushliteral(L, "");
  } else {
    const std::string& text = scope.command->*word;
    lua_pushlstring(L, text.data(), text.size());
  }
}

template <ObjectId Command::*object>
void push_match(lua_State* L, const VerbScope& scope) {
  push_object(L, scope.command != nullptr ? scope.command->*object : kNothing);
}

template <ObjectId Activation::*object>
void push_party(lua_State* L, const VerbScope& scope) {
  push_object(L, scope.activation.*object);
}

void push_verb_name(lua_State* L, const VerbScope& scope) {
  lua_pushlstring(L, scope.called.data(), scope.called.size());
}

void push_args(lua_State* L, const VerbScope& scope) {
  lua_createtable(L, scope.last_arg - scope.first_arg + 1, 0);
  for (int i = scope.first_arg; i <= scope.last_arg; ++i) {
    lua_pushvalue(L, i);
    lua_rawseti(L, -2, i - scope.first_arg + 1);
  }
}

void push_here(lua_State* L, const VerbScope& scope) {
  const Object* player = runtime(L).world.find(scope.activation.player);
  push_object(L, player != nullptr ? player->location : kNothing);
}

void push_rest(lua_State* L, const VerbScope& scope) {
  for (int i = scope.first_arg; i <= scope.last_arg; ++i) lua_pushvalue(L, i);
}

// In the order of kVerbVariables, whose names they go by; then `...`.
constexpr std::array<void (*)(lua_State*, const VerbScope&), kVerbVariables.size() + 1>
    kPushVariable{
        push_party<&Activation::this_object>,  // this
        push_party<&Activation::player>,       // player
        push_party<&Activation::caller>,       // caller
        push_verb_name,                        // verb
        push_args,                             // args
        push_word<&Command::argstr>,           // argstr
        push_match<&Command::dobj>,            // dobj
        push_word<&Command::dobjstr>,          // dobjstr
        push_match<&Command::iobj>,            // iobj
        push_word<&Command::iobjstr>,          // iobjstr
        push_word<&Command::prepstr>,          // prepstr
        push_party<&Activation::player>,       // me
        push_here,                             // here
        push_rest,                             // ...
    };

}  // namespace

void push_verb_variables(lua_State* L, const VerbScope& scope, std::uint32_t variables) {
  for (; variables != 0; variables &= variables - 1) {
    kPushVariable[static_cast<std::size_t>(std::countr_zero(variables))](L, scope);
  }
}

}  // namespace cosmoo::lua
