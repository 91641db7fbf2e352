// The encoder, and the decoder that is given foreign bytes.
#include "vm/world/codec.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace cosmoo {
namespace {

constexpr std::uint8_t kVersion = 1;

enum Tag : std::uint8_t {
  kNil = 0x00,
  kFalse = 0x01,
  kTrue = 0x02,
  kInteger = 0x03,
  kFloat = 0x04,
  kString = 0x05,
  kObject = 0x06,
  kError = 0x07,
  kErrorWithValue = 0x08,
  kList = 0x09,
  kMap = 0x0A,
  kSmallInteger = 0x80,
};
constexpr std::int64_t kMostSmall = 127;

constexpr std::uint64_t zigzag(std::int64_t number) {
  return (static_cast<std::uint64_t>(number) << 1) ^ static_cast<std::uint64_t>(number >> 63);
}
constexpr std::int64_t unzigzag(std::uint64_t number) {
  return static_cast<std::int64_t>((number >> 1) ^ (~(number & 1) + 1));
}

// --- encoding

class Encoder {
 public:
  explicit Encoder(std::string& out) : out_(out) {}

  /// False: nested too deep; what has been written is of no use.
  bool put(const Value& value, int depth) {
    switch (value.type()) {
      case Value::Type::nil:
        put_byte(kNil);
        return true;
      case Value::Type::boolean:
        put_byte(value.boolean() ? kTrue : kFalse);
        return true;
      case Value::Type::integer:
        put_integer(value.integer());
        return true;
      case Value::Type::float_:
        put_byte(kFloat);
        put_fixed(std::bit_cast<std::uint64_t>(value.number()));
        return true;
      case Value::Type::string:
        put_byte(kString);
        put_bytes(value.string());
        return true;
      case Value::Type::object:
        put_byte(kObject);
        put_varint(zigzag(value.object().number));
        return true;
      case Value::Type::error:
        return put_error(value.error(), depth);
      case Value::Type::list:
        if (depth == kMostNesting) return false;
        put_byte(kList);
        put_varint(value.list().size());
        for (const Value& item : value.list()) {
          if (!put(item, depth + 1)) return false;
        }
        return true;
      case Value::Type::map:
        if (depth == kMostNesting) return false;
        put_byte(kMap);
        put_varint(value.map().size());
        for (const auto& [key, item] : value.map()) {
          if (!put(key, depth + 1) || !put(item, depth + 1)) return false;
        }
        return true;
    }
    return true;
  }

 private:
  void put_byte(std::uint8_t byte) { out_ += static_cast<char>(byte); }
  void put_varint(std::uint64_t number) {
    for (; number >= 0x80; number >>= 7) put_byte(static_cast<std::uint8_t>(number | 0x80));
    put_byte(static_cast<std::uint8_t>(number));
  }
  void put_fixed(std::uint64_t number) {
    for (int i = 0; i < 8; ++i) put_byte(static_cast<std::uint8_t>(number >> (8 * i)));
  }
  void put_bytes(std::string_view bytes) {
    put_varint(bytes.size());
    out_ += bytes;
  }
  void put_integer(std::int64_t number) {
    if (number >= 0 && number <= kMostSmall) {
      put_byte(static_cast<std::uint8_t>(kSmallInteger + number));
    } else {
      put_byte(kInteger);
      put_varint(zigzag(number));
    }
  }
  bool put_error(const ErrorValue& error, int depth) {
    const bool carries = !error.value.is_nil();
    if (carries && depth == kMostNesting) return false;
    put_byte(carries ? kErrorWithValue : kError);
    put_byte(static_cast<std::uint8_t>(error.code));
    put_bytes(error.message);
    return !carries || put(error.value, depth + 1);
  }

  std::string& out_;
};

// A copy whose parts below kMostNesting are errors. The new map sorts its keys anew.
Value pruned(const Value& value, int depth) {
  const auto too_deep = [] {
    return Value(Error(ErrorCode::quota, "nested too deep to be stored"));
  };
  switch (value.type()) {
    case Value::Type::error: {
      if (value.error().value.is_nil()) return value;
      if (depth == kMostNesting) return too_deep();
      ErrorValue error = value.error();
      error.value = pruned(error.value, depth + 1);
      return Value(std::move(error));
    }
    case Value::Type::list: {
      if (depth == kMostNesting) return too_deep();
      List list;
      list.reserve(value.list().size());
      for (const Value& item : value.list()) list.push_back(pruned(item, depth + 1));
      return Value(std::move(list));
    }
    case Value::Type::map: {
      if (depth == kMostNesting) return too_deep();
      Map map;
      for (const auto& [key, item] : value.map()) {
        map.emplace(pruned(key, depth + 1), pruned(item, depth + 1));
      }
      return Value(std::move(map));
    }
    default:
      return value;
  }
}

// --- decoding

// Reads until the first mistake; after it nothing is read any more.
class Decoder {
 public:
  explicit Decoder(std::string_view bytes) : bytes_(bytes) {}

  Result<Value> decode() {
    if (const std::uint8_t version = byte(); !wrong_ && version != kVersion) {
      refuse(0, "unknown version " + std::to_string(version));
    }
    Value result = value(0);
    if (!wrong_ && at_ != bytes_.size()) refuse(at_, "nothing more was expected");
    if (wrong_) return fail(ErrorCode::file, std::move(message_));
    return result;
  }

 private:
  Value value(int depth) {
    const std::size_t start = at_;
    const std::uint8_t tag = byte();
    if (wrong_) return Value();
    if (tag >= kSmallInteger) return Value(std::int64_t{tag} - kSmallInteger);
    if ((tag == kList || tag == kMap || tag == kErrorWithValue) && depth == kMostNesting) {
      refuse(start, "nested too deep");
      return Value();
    }
    switch (tag) {
      case kNil:
        return Value();
      case kFalse:
        return Value(false);
      case kTrue:
        return Value(true);
      case kInteger:
        return integer(start);
      case kFloat:
        return Value(std::bit_cast<double>(fixed()));
      case kString:
        return Value(std::string(string()));
      case kObject:
        return Value(ObjectId{unzigzag(varint())});
      case kError:
      case kErrorWithValue:
        return error(tag, depth);
      case kList:
        return list(depth);
      case kMap:
        return map(depth);
      default:
        refuse(start, "unknown tag " + std::to_string(tag));
        return Value();
    }
  }

  Value integer(std::size_t start) {
    const std::int64_t number = unzigzag(varint());
    if (number >= 0 && number <= kMostSmall) refuse(start, "a long form of a small integer");
    return Value(number);
  }

  Value error(std::uint8_t tag, int depth) {
    const std::size_t start = at_;
    ErrorValue error;
    const std::uint8_t code = byte();
    if (code >= kErrorCodes) refuse(start, "unknown error code " + std::to_string(code));
    error.code = static_cast<ErrorCode>(code);
    error.message = string();
    if (tag == kErrorWithValue && !wrong_) {
      const std::size_t carried = at_;
      error.value = value(depth + 1);
      if (error.value.is_nil()) refuse(carried, "an error that carries nil");
    }
    if (wrong_) return Value();
    return Value(std::move(error));
  }

  Value list(int depth) {
    const std::uint64_t count = size(1);
    List list;
    list.reserve(std::min<std::uint64_t>(count, kMostReserved));
    for (std::uint64_t i = 0; i < count && !wrong_; ++i) list.push_back(value(depth + 1));
    return Value(std::move(list));
  }

  Value map(int depth) {
    const std::uint64_t count = size(2);
    Map map;
    for (std::uint64_t i = 0; i < count && !wrong_; ++i) {
      const std::size_t start = at_;
      Value key = value(depth + 1);
      if (!map.empty() && !(std::prev(map.end())->first < key)) {
        refuse(start, "a map's keys are not in order");
      }
      Value item = value(depth + 1);
      if (!wrong_) map.emplace_hint(map.end(), std::move(key), std::move(item));
    }
    return Value(std::move(map));
  }

  std::uint8_t byte() {
    if (wrong_) return 0;
    if (at_ == bytes_.size()) {
      refuse(at_, "ends too early");
      return 0;
    }
    return static_cast<std::uint8_t>(bytes_[at_++]);
  }

  std::uint64_t varint() {
    const std::size_t start = at_;
    std::uint64_t number = 0;
    for (int shift = 0; !wrong_; shift += 7) {
      const std::uint8_t next = byte();
      if (shift == 63 && next > 1) {
        refuse(start, "a number of more than 64 bits");
        return 0;
      }
      number |= static_cast<std::uint64_t>(next & 0x7F) << shift;
      if ((next & 0x80) != 0) continue;
      if (next == 0 && shift != 0) refuse(start, "a number in more bytes than it needs");
      return number;
    }
    return 0;
  }

  std::uint64_t fixed() {
    if (bytes_.size() - at_ < 8) {
      refuse(at_, "ends too early");
      return 0;
    }
    std::uint64_t number = 0;
    for (int i = 0; i < 8; ++i) number |= static_cast<std::uint64_t>(byte()) << (8 * i);
    return number;
  }

  // A count of things that take at least `least` bytes each.
  std::uint64_t size(std::size_t least) {
    const std::size_t start = at_;
    const std::uint64_t count = varint();
    if (count > (bytes_.size() - at_) / least) refuse(start, "more than there is room for");
    return wrong_ ? 0 : count;
  }

  std::string_view string() {
    const std::uint64_t length = size(1);
    const std::string_view content = bytes_.substr(at_, length);
    at_ += length;
    return content;
  }

  // The first mistake is the one that is told.
  void refuse(std::size_t position, std::string_view why) {
    if (std::exchange(wrong_, true)) return;
    message_ = "byte " + std::to_string(position) + ": ";
    message_ += why;
  }

  // A count may promise as much as there are bytes, and lists nest: no more is reserved at once.
  static constexpr std::uint64_t kMostReserved = 256;

  std::string_view bytes_;
  std::size_t at_ = 0;
  bool wrong_ = false;
  std::string message_;
};

}  // namespace

void encode(const Value& value, std::string& out) {
  const std::size_t start = out.size();
  out += static_cast<char>(kVersion);
  if (Encoder(out).put(value, 0)) return;
  out.resize(start + 1);
  Encoder(out).put(pruned(value, 0), 0);
}

Result<Value> decode(std::string_view bytes) { return Decoder(bytes).decode(); }

}  // namespace cosmoo
