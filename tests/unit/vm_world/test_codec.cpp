// Values as bytes: round trips, refusals with positions, the fuzz corpora and mutations of them.
#include <fstream>
#include <limits>
#include <random>

#include "support.h"
#include "tests/fuzz/codec_rule.h"
#include "tests/fuzz/command_rule.h"

namespace cosmoo {
using namespace test;

namespace {

constexpr int kMutations = 20'000;

std::string encoded(const Value& value) {
  std::string bytes;
  encode(value, bytes);
  return bytes;
}

std::vector<std::pair<std::string, std::string>> corpus(const std::string& name) {
  std::vector<std::pair<std::string, std::string>> files;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(COSMOO_CORPUS) / name)) {
    std::ifstream in(entry.path(), std::ios::binary);
    files.emplace_back(entry.path().filename().string(),
                       std::string(std::istreambuf_iterator<char>(in), {}));
  }
  REQUIRE(files.size() > 10);
  std::sort(files.begin(), files.end());
  return files;
}

// One to four changes: a bit, a byte, a piece removed, doubled or taken from another file.
std::string mutated(std::string bytes, const std::string& other, std::mt19937& random) {
  const auto below = [&](std::size_t n) { return n == 0 ? 0 : random() % n; };
  for (std::size_t changes = 1 + below(4); changes > 0; --changes) {
    const std::size_t at = below(bytes.size());
    switch (random() % 5) {
      case 0:
        if (!bytes.empty()) bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
        break;
      case 1:
        bytes.insert(at, 1, static_cast<char>(random()));
        break;
      case 2:
        bytes.erase(at, below(4));
        break;
      case 3:
        bytes.insert(at, bytes.substr(at, below(16)));
        break;
      default:
        bytes.insert(at, other.substr(below(other.size()), below(16)));
    }
  }
  return bytes;
}

Value nested(int depth) {
  Value value(1);
  for (int i = 0; i < depth; ++i) value = Value(List{value});
  return value;
}

}  // namespace

TEST_CASE("every kind of value survives a round trip") {
  Map map;
  map.emplace(Value("key"), Value(List{Value(), Value(false)}));
  map.emplace(Value(3), Value("three"));
  map.emplace(Value(ObjectId{3}), Value(2.5));
  const List values{
      Value(),
      Value(true),
      Value(false),
      Value(0),
      Value(127),
      Value(128),
      Value(-1),
      Value(std::numeric_limits<std::int64_t>::min()),
      Value(std::numeric_limits<std::int64_t>::max()),
      Value(-0.0),
      Value(1e300),
      Value(std::numeric_limits<double>::infinity()),
      Value(""),
      Value(std::string("\0\xff binary", 9)),
      Value(ObjectId{-3}),
      Value(ObjectId{1'000'000}),
      Value(Error(ErrorCode::perm, "you may not")),
      Value(ErrorValue{ErrorCode::invarg, "why", Value(List{Value(1)})}),
      Value(List{}),
      Value(Map{}),
      Value(map),
  };
  for (const Value& value : values) {
    const std::string bytes = encoded(value);
    const Value back = ok(decode(bytes));
    CHECK(back.type() == value.type());
    CHECK(back == value);
    CHECK(encoded(back) == bytes);
  }
  const Value error = ok(decode(encoded(values[17])));
  CHECK(error.error().message == "why");
  CHECK(error.error().value == Value(List{Value(1)}));
}

TEST_CASE("a NaN stays one") {
  const Value nan = ok(decode(encoded(Value(std::numeric_limits<double>::quiet_NaN()))));
  CHECK(nan.number() != nan.number());
}

TEST_CASE("small values take few bytes") {
  CHECK(encoded(Value(100)).size() == 2);
  CHECK(encoded(Value("abc")).size() == 6);
  CHECK(encoded(Value(ObjectId{60})).size() == 3);
}

TEST_CASE("a hundred levels decode, and what is deeper is stored as E_QUOTA") {
  CHECK(ok(decode(encoded(nested(kMostNesting)))) == nested(kMostNesting));
  Value value = ok(decode(encoded(nested(kMostNesting + 5))));
  for (int i = 0; i < kMostNesting; ++i) value = Value(value.list().at(0));
  CHECK(value == Value(ErrorCode::quota));
}

// Keys that are cut off become equal: what is left of such a map must still load.
TEST_CASE("maps with keys nested too deep still decode") {
  Map map;
  map.emplace(nested(kMostNesting), Value(1));
  map.emplace(nested(kMostNesting + 1), Value(2));
  map.emplace(Value(List{nested(kMostNesting)}), Value(3));
  map.emplace(Value("plain"), Value(4));
  Value value(map);
  for (int i = 0; i < kMostNesting - 1; ++i) value = Value(List{value});
  CHECK(decode(encoded(value)).has_value());
}

TEST_CASE("malformed bytes are E_FILE with the position") {
  const auto message = [](std::string_view bytes) { return error_of(decode(bytes)).message; };
  CHECK(message("") == "byte 0: ends too early");
  CHECK(message("\x02") == "byte 0: unknown version 2");
  CHECK(message("\x01\x0b") == "byte 1: unknown tag 11");
  CHECK(message("\x01\x02\x02") == "byte 2: nothing more was expected");
  CHECK(message("\x01\x05\x04"
                "abc") == "byte 2: more than there is room for");
  CHECK(message("\x01\x0a\x02\x82\x02\x81\x02") == "byte 5: a map's keys are not in order");
  CHECK(message("\x01\x03\x0a") == "byte 1: a long form of a small integer");
  CHECK(code_of(decode("\x01\x0b")) == ErrorCode::file);
}

TEST_CASE("the codec's corpus: files called bad_ are refused, the others are not") {
  for (const auto& [name, bytes] : corpus("codec")) {
    CAPTURE(name);
    CHECK(broken_codec_rule(bytes) == nullptr);
    CHECK(decode(bytes).has_value() == (name.rfind("bad_", 0) != 0));
  }
}

TEST_CASE("mutated values are refused or are values") {
  const auto files = corpus("codec");
  std::mt19937 random(1);
  int decoded = 0;
  for (int i = 0; i < kMutations; ++i) {
    const std::string bytes = mutated(files[random() % files.size()].second,
                                      files[random() % files.size()].second, random);
    const char* const broken = broken_codec_rule(bytes);
    if (broken) FAIL_CHECK(broken << " in mutation " << i);
    decoded += decode(bytes).has_value() ? 1 : 0;
  }
  CHECK(decoded > kMutations / 20);  // or the mutations test refusals only
}

TEST_CASE("mutated command lines keep the rules of commands") {
  const CommandRule rule;
  const auto files = corpus("command");
  std::mt19937 random(2);
  for (const auto& [name, line] : files) {
    CAPTURE(name);
    CHECK(rule.broken_by(line) == nullptr);
  }
  for (int i = 0; i < kMutations; ++i) {
    const std::string line = mutated(files[random() % files.size()].second,
                                     files[random() % files.size()].second, random);
    const char* const broken = rule.broken_by(line);
    if (broken) FAIL_CHECK(broken << " in mutation " << i);
  }
}

}  // namespace cosmoo
