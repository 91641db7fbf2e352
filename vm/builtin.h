// Builtins: C++ functions that scripts call. A family is a file with a table of rows at its end;
// the engine checks what a row can say, so that functions check only what it cannot.
//
// Rules
//  1. A builtin takes and returns values, never blocks, and holds no pointer into the world when it
//     returns.
//  2. To wait, it takes call.ticket() before it starts what it waits for, and returns a Wait;
//     whatever it started calls Scheduler::complete(ticket, ...) later, never from inside the call.
//  3. Names with a dot become fields of a table: process.spawn.
//  4. To have a verb called (MOO's :accept, :recycle), it returns a CallVerb with what to do next,
//     and looks at the world anew there: the verb may have changed anything, and taken its time.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "vm/task.h"

namespace cosmoo {

/// What builtins reach besides their arguments. Defined in builtins/services.h; opaque down here.
struct Services;

class Scheduler;

enum class Access { everyone, programmer, wizard };
/// "everyone", "programmers", "wizards"
std::string_view name_of(Access access);

/// Which types an argument may have, as bits of 1 << Value::Type.
using TypeSet = std::uint16_t;
constexpr TypeSet type_bit(Value::Type type) {
  return static_cast<TypeSet>(1u << static_cast<unsigned>(type));
}
namespace types {
inline constexpr TypeSet kBoolean = type_bit(Value::Type::boolean);
inline constexpr TypeSet kInteger = type_bit(Value::Type::integer);
inline constexpr TypeSet kNumber = kInteger | type_bit(Value::Type::float_);
inline constexpr TypeSet kString = type_bit(Value::Type::string);
inline constexpr TypeSet kObject = type_bit(Value::Type::object);
inline constexpr TypeSet kError = type_bit(Value::Type::error);
inline constexpr TypeSet kList = type_bit(Value::Type::list);
/// Lua has one empty table: where a map is wanted, an empty list is one.
inline constexpr TypeSet kMap = type_bit(Value::Type::map) | kList;
inline constexpr TypeSet kNil = type_bit(Value::Type::nil);
inline constexpr TypeSet kAny = 0x1FF;
/// What can stand in a list: nil would be a hole.
inline constexpr TypeSet kValue = kAny & ~kNil;
/// A switch: true and false, or MOO's 1 and 0; see is_on().
inline constexpr TypeSet kFlag = kBoolean | kInteger;
}  // namespace types

std::vector<std::string_view> names_of(TypeSet types);
/// "string or object"; "anything" or "anything but nil" of all.
std::string text_of(TypeSet types);

/// Whether a switch is on. Not given, false and 0 are off.
inline bool is_on(const Value& flag) {
  return flag.type() == Value::Type::integer ? flag.integer() != 0 : flag.truthy();
}

/// One parameter: its name for people and editors, and what it takes. Optional ones take nil too.
struct Parameter {
  std::string_view name;
  TypeSet types = types::kAny;
};

class Call {
 public:
  Call(Services& services, Scheduler& scheduler, const Task& task, ObjectId programmer,
       ObjectId player, std::span<Value> args, std::int64_t ticks_left)
      : services_(services),
        scheduler_(scheduler),
        task_(task),
        programmer_(programmer),
        player_(player),
        args_(args),
        ticks_left_(ticks_left) {}

  Services& services() const { return services_; }
  const Task& task() const { return task_; }
  /// Whose permissions the calling verb has.
  ObjectId programmer() const { return programmer_; }
  ObjectId player() const { return player_; }

  std::size_t size() const { return args_.size(); }
  /// The argument at `index`, nil beyond the last.
  const Value& operator[](std::size_t index) const;
  /// The argument, moved out.
  Value take(std::size_t index) { return std::move(args_[index]); }
  bool has(std::size_t index) const { return !(*this)[index].is_nil(); }

  /// The ticket that ends the wait this builtin is about to return (rule 2).
  Ticket ticket() const;

  /// Charges the task for work beyond what every call costs (a tick, and the size of arguments and
  /// result), a tick for each microsecond. It is taken when the builtin returns; the task ends
  /// there if it has less left.
  void spend(std::int64_t ticks) { spent_ += ticks; }
  std::int64_t spent() const { return spent_; }
  /// What is left of the slice's ticks: more work than that is not worth beginning.
  std::int64_t ticks_left() const { return ticks_left_ - spent_; }

 private:
  Services& services_;
  Scheduler& scheduler_;
  const Task& task_;
  ObjectId programmer_;
  ObjectId player_;
  std::span<Value> args_;
  std::int64_t ticks_left_;
  std::int64_t spent_ = 0;
};

struct CallVerb;

/// What a builtin comes to: a value, an error to raise, a wait whose completion brings either, or a
/// verb to call first.
using Outcome = std::variant<Value, Error, Wait, CallVerb>;

/// Has `object`:`verb`(args...) called as the calling verb would: with the permissions of the
/// verb's owner, `this` of the calling verb as its caller, and free to wait. An error that it
/// raises ends the builtin, and goes on from there.
struct CallVerb {
  ObjectId object;
  std::string_view verb;  ///< A literal.
  std::vector<Value> args;
  /// Goes on with what the verb returned; without a value, at once, if the object is gone or has no
  /// such verb. Its Call has no arguments.
  std::function<Outcome(Call&, std::optional<Value>)> then;
};

/// An Outcome from a Result: `return outcome(world.move(a, b));` gives nil or raises.
template <typename T>
Outcome outcome(Result<T> result) {
  if (!result) return std::move(result.error());
  if constexpr (std::is_void_v<T>) {
    return Value();
  } else {
    return Value(std::move(*result));
  }
}

struct Builtin {
  std::string_view name;
  std::vector<Parameter> parameters;  ///< In order.
  std::size_t required = 0;           ///< How many must be given; fewer or too many: E_ARGS.
  Access access = Access::everyone;
  Outcome (*run)(Call&) = nullptr;  ///< Null: the language implements it itself (pcall, fork).
  std::string_view returns;         ///< "string", "list of objects", "nothing"
  std::string_view help;            ///< One paragraph: what it does, units, errors.
  bool variadic = false;            ///< Takes any number of further arguments.
  std::string_view family = {};     ///< Its heading; the table sets it.
};

/// All rows, family by family. Built once at start, then only read.
class BuiltinTable {
 public:
  void add(std::string_view family, std::span<const Builtin> rows);
  const Builtin* find(std::string_view name) const;
  const std::vector<Builtin>& rows() const { return rows_; }

 private:
  std::vector<Builtin> rows_;
};

/// "exec(command [, input [, environment [, options]]])"
std::string signature(const Builtin& builtin);

}  // namespace cosmoo
