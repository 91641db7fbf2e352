// The values that tasks, verbs, properties and builtins exchange: inert data, in no language's
// form.
//
// Rules
//  1. A value never changes once a second holder can see it. Strings, lists and maps are shared by
//     reference count; mutable_list() and mutable_map() copy first unless the caller is alone.
//  2. Counts are atomic and values hold no pointers into the world, so a value may be read and
//     dropped on any thread.
//  3. Equality is by content; errors are equal when their codes are; integers and floats are equal
//     when they are numerically. Ordering (for maps and sorting) is by type, then by content.
#pragma once

#include <atomic>
#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vm/error.h"

namespace cosmoo {

/// An object's number: "#4". Negative numbers are no objects: -1 is nothing, -2 and down are
/// connections that have not logged in.
struct ObjectId {
  std::int64_t number = -1;
  auto operator<=>(const ObjectId&) const = default;
  /// For Boost's containers.
  friend std::size_t hash_value(ObjectId id) noexcept {
    return std::hash<std::int64_t>{}(id.number);
  }
};
inline constexpr ObjectId kNothing{-1};
inline constexpr ObjectId kSystem{0};

std::string to_string(ObjectId id);  ///< "#4"

class Value;
struct ErrorValue;
using List = std::vector<Value>;
/// Maps are ordered by key, so that listing one is the same everywhere.
using Map = std::map<Value, Value>;

class Value {
 public:
  enum class Type : std::uint8_t {
    nil,
    boolean,
    integer,
    float_,
    string,
    object,
    error,
    list,
    map
  };

  Value() noexcept : type_(Type::nil), integer_(0) {}
  explicit Value(bool boolean) noexcept : type_(Type::boolean), integer_(boolean ? 1 : 0) {}
  explicit Value(std::int64_t integer) noexcept : type_(Type::integer), integer_(integer) {}
  explicit Value(int integer) noexcept : Value(std::int64_t{integer}) {}
  explicit Value(double number) noexcept : type_(Type::float_), float_(number) {}
  explicit Value(ObjectId object) noexcept : type_(Type::object), integer_(object.number) {}
  explicit Value(std::string bytes);
  explicit Value(std::string_view bytes) : Value(std::string(bytes)) {}
  explicit Value(const char* text) : Value(std::string(text)) {}
  explicit Value(ErrorCode code);
  explicit Value(Error error);
  explicit Value(ErrorValue error);
  explicit Value(List list);
  explicit Value(Map map);

  Value(const Value& other) noexcept : type_(other.type_), integer_(other.integer_) { retain(); }
  Value(Value&& other) noexcept : type_(other.type_), integer_(other.integer_) {
    other.type_ = Type::nil;
  }
  Value& operator=(const Value& other) noexcept {
    Value(other).swap(*this);
    return *this;
  }
  Value& operator=(Value&& other) noexcept {
    Value(std::move(other)).swap(*this);
    return *this;
  }
  ~Value() { release(); }
  void swap(Value& other) noexcept {
    std::swap(type_, other.type_);
    std::swap(integer_, other.integer_);
  }

  Type type() const noexcept { return type_; }
  bool is_nil() const noexcept { return type_ == Type::nil; }
  bool is_string() const noexcept { return type_ == Type::string; }
  bool is_list() const noexcept { return type_ == Type::list; }
  bool is_map() const noexcept { return type_ == Type::map; }
  bool is_object() const noexcept { return type_ == Type::object; }
  /// Lua's truth: everything but nil and false.
  bool truthy() const noexcept {
    return !(type_ == Type::nil || (type_ == Type::boolean && integer_ == 0));
  }

  // The content; the caller has checked type() (asserted).
  bool boolean() const noexcept { return integer_ != 0; }
  std::int64_t integer() const noexcept { return integer_; }
  double number() const noexcept {  ///< of an integer or a float
    return type_ == Type::float_ ? float_ : static_cast<double>(integer_);
  }
  ObjectId object() const noexcept { return ObjectId{integer_}; }
  const std::string& string() const noexcept;
  const ErrorValue& error() const noexcept;
  const List& list() const noexcept;
  const Map& map() const noexcept;

  /// The content for changing: copied first if anyone else holds it (rule 1).
  List& mutable_list();
  Map& mutable_map();
  /// The string's bytes, moved out if nobody else holds them.
  std::string take_string() &&;

  /// Roughly what this value occupies, in bytes, its content included: the sum of its parts, for
  /// each entry of a map kMapEntryBytes besides its key and its item.
  std::size_t bytes() const;
  static constexpr std::size_t kMapEntryBytes = 32;  ///< What std::map itself spends on an entry.

  friend bool operator==(const Value& a, const Value& b);
  friend std::weak_ordering operator<=>(const Value& a, const Value& b);

 private:
  struct Counted;
  template <typename T>
  struct Box;

  bool shared_content() const noexcept { return type_ == Type::string || type_ >= Type::error; }
  void retain() const noexcept {
    if (shared_content()) retain_content();
  }
  void release() noexcept {
    if (shared_content()) release_content();
  }
  void retain_content() const noexcept;
  void release_content() noexcept;

  Type type_;
  union {
    std::int64_t integer_;
    double float_;
    Counted* content_;
  };
};

/// What raise(code, message, value) makes and pcall catches.
struct ErrorValue {
  ErrorCode code = ErrorCode::none;
  std::string message;
  Value value;
  bool operator==(const ErrorValue& other) const { return code == other.code; }
};

/// "string", "list", ...: as error texts name types.
std::string_view name_of(Value::Type type);

/// Whether Lua takes the text for a name: {name = 1} rather than {["a name"] = 1}.
bool is_identifier(std::string_view text);

/// The value as source text that makes it again: {1, "two", {k = 3}}, #4, E_PERM.
std::string to_literal(const Value& value);
/// The value as people read it: a string is itself, everything else its literal.
std::string to_text(const Value& value);

}  // namespace cosmoo

template <>
struct std::hash<cosmoo::ObjectId> {
  std::size_t operator()(cosmoo::ObjectId id) const noexcept {
    return std::hash<std::int64_t>{}(id.number);
  }
};
