#include "vm/value.h"

#include <cassert>

namespace cosmoo {

struct Value::Counted {
  std::atomic<std::uint32_t> holders{1};
};

template <typename T>
struct Value::Box : Value::Counted {
  explicit Box(T&& c) : content(std::move(c)) {}
  explicit Box(const T& c) : content(c) {}
  T content;
};

std::string to_string(ObjectId id) { return "#" + std::to_string(id.number); }

Value::Value(std::string bytes)
    : type_(Type::string), content_(new Box<std::string>(std::move(bytes))) {}
Value::Value(ErrorCode code) : Value(ErrorValue{code, std::string(text_of(code)), Value()}) {}
Value::Value(Error error) : Value(ErrorValue{error.code, std::move(error.message), Value()}) {}
Value::Value(ErrorValue error)
    : type_(Type::error), content_(new Box<ErrorValue>(std::move(error))) {}
Value::Value(List list) : type_(Type::list), content_(new Box<List>(std::move(list))) {}
Value::Value(Map map) : type_(Type::map), content_(new Box<Map>(std::move(map))) {}

const std::string& Value::string() const noexcept {
  assert(type_ == Type::string);
  return static_cast<Box<std::string>*>(content_)->content;
}
const ErrorValue& Value::error() const noexcept {
  assert(type_ == Type::error);
  return static_cast<Box<ErrorValue>*>(content_)->content;
}
const List& Value::list() const noexcept {
  assert(type_ == Type::list);
  return static_cast<Box<List>*>(content_)->content;
}
const Map& Value::map() const noexcept {
  assert(type_ == Type::map);
  return static_cast<Box<Map>*>(content_)->content;
}

List& Value::mutable_list() {
  if (content_->holders.load(std::memory_order_acquire) != 1) *this = Value(List(list()));
  return static_cast<Box<List>*>(content_)->content;
}

Map& Value::mutable_map() {
  if (content_->holders.load(std::memory_order_acquire) != 1) *this = Value(Map(map()));
  return static_cast<Box<Map>*>(content_)->content;
}

std::string Value::take_string() && {
  assert(type_ == Type::string);
  auto* box = static_cast<Box<std::string>*>(content_);
  if (content_->holders.load(std::memory_order_acquire) == 1) return std::move(box->content);
  return box->content;
}

void Value::retain_content() const noexcept {
  content_->holders.fetch_add(1, std::memory_order_relaxed);
}

void Value::release_content() noexcept {
  if (content_->holders.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  switch (type_) {
    case Type::string:
      delete static_cast<Box<std::string>*>(content_);
      break;
    case Type::error:
      delete static_cast<Box<ErrorValue>*>(content_);
      break;
    case Type::list:
      delete static_cast<Box<List>*>(content_);
      break;
    case Type::map:
      delete static_cast<Box<Map>*>(content_);
      break;
    default:
      break;
  }
}

std::size_t Value::bytes() const {
  std::size_t total = sizeof(Value);
  switch (type_) {
    case Type::string:
      return total + sizeof(Box<std::string>) + string().size();
    case Type::error:
      return total + sizeof(Box<ErrorValue>) + error().message.size() + error().value.bytes();
    case Type::list:
      for (const Value& item : list()) total += item.bytes();
      return total + sizeof(Box<List>);
    case Type::map:
      for (const auto& [key, item] : map()) total += kMapEntryBytes + key.bytes() + item.bytes();
      return total + sizeof(Box<Map>);
    default:
      return total;
  }
}

namespace {

bool is_number(Value::Type type) {
  return type == Value::Type::integer || type == Value::Type::float_;
}

std::weak_ordering compare_numbers(const Value& a, const Value& b) {
  if (a.type() == Value::Type::integer && b.type() == Value::Type::integer) {
    return a.integer() <=> b.integer();
  }
  // Long double holds every int64 and every double exactly on x86-64; NaN sorts first.
  const long double x = a.type() == Value::Type::integer ? static_cast<long double>(a.integer())
                                                         : static_cast<long double>(a.number());
  const long double y = b.type() == Value::Type::integer ? static_cast<long double>(b.integer())
                                                         : static_cast<long double>(b.number());
  if (x < y) return std::weak_ordering::less;
  if (x > y) return std::weak_ordering::greater;
  if (x == y) return std::weak_ordering::equivalent;
  return (x != x ? 0 : 1) <=> (y != y ? 0 : 1);
}

// Integers and floats sort together, as one type.
int rank(Value::Type type) {
  return static_cast<int>(type == Value::Type::float_ ? Value::Type::integer : type);
}

}  // namespace

std::weak_ordering operator<=>(const Value& a, const Value& b) {
  if (is_number(a.type_) && is_number(b.type_)) return compare_numbers(a, b);
  if (rank(a.type_) != rank(b.type_)) return rank(a.type_) <=> rank(b.type_);
  switch (a.type_) {
    case Value::Type::nil:
      return std::weak_ordering::equivalent;
    case Value::Type::boolean:
    case Value::Type::object:
      return a.integer_ <=> b.integer_;
    case Value::Type::string:
      return a.string() <=> b.string();
    case Value::Type::error:
      return a.error().code <=> b.error().code;
    case Value::Type::list:
      return a.content_ == b.content_
                 ? std::weak_ordering::equivalent
                 : std::lexicographical_compare_three_way(a.list().begin(), a.list().end(),
                                                          b.list().begin(), b.list().end());
    case Value::Type::map:
      return a.content_ == b.content_
                 ? std::weak_ordering::equivalent
                 : std::lexicographical_compare_three_way(a.map().begin(), a.map().end(),
                                                          b.map().begin(), b.map().end());
    default:
      return std::weak_ordering::equivalent;
  }
}

bool operator==(const Value& a, const Value& b) { return (a <=> b) == 0; }

}  // namespace cosmoo
