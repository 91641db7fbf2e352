#include <doctest/doctest.h>

#include <limits>

#include "vm/value.h"

namespace cosmoo {
namespace {

TEST_CASE("a value is written as the code that makes it again") {
  CHECK(to_literal(Value()) == "nil");
  CHECK(to_literal(Value(true)) == "true");
  CHECK(to_literal(Value(-7)) == "-7");
  CHECK(to_literal(Value(2.0)) == "2.0");
  CHECK(to_literal(Value(0.1)) == "0.1");
  CHECK(to_literal(Value(1e300)) == "1e+300");
  CHECK(to_literal(Value(std::numeric_limits<double>::infinity())) == "math.huge");
  CHECK(to_literal(Value("a\"b\\\n\x01")) == "\"a\\\"b\\\\\\n\\x01\"");
  CHECK(to_literal(Value(ObjectId{4})) == "#4");
  CHECK(to_literal(Value(ErrorCode::perm)) == "E_PERM");
  CHECK(to_literal(Value(List{Value(1), Value("two")})) == "{1, \"two\"}");
  CHECK(to_literal(
            Value(Map{{Value("a"), Value(1)}, {Value("end"), Value(2)}, {Value(3), Value(4)}})) ==
        "{[3] = 4, a = 1, [\"end\"] = 2}");
  CHECK(to_text(Value("plain")) == "plain");
}

TEST_CASE("changing a shared list leaves the other holder's as it was") {
  Value a(List{Value(1)});
  Value b = a;
  b.mutable_list().push_back(Value(2));
  CHECK(a.list().size() == 1);
  CHECK(b.list().size() == 2);
  const List* place = &b.list();
  b.mutable_list().push_back(Value(3));
  CHECK(&b.list() == place);  // alone: in place
}

TEST_CASE("values compare by content, numbers across their types, errors by code") {
  CHECK(Value(1) == Value(1.0));
  CHECK(Value(1) != Value("1"));
  CHECK(Value(1) != Value(true));
  CHECK(Value(std::int64_t{9007199254740993}) != Value(9007199254740992.0));
  CHECK(Value(Error(ErrorCode::perm, "here")) == Value(ErrorCode::perm));
  CHECK(Value(List{Value(1), Value(2)}) < Value(List{Value(1), Value(3)}));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK((Value(nan) <=> Value(nan)) == 0);  // so that a map can hold it
}

TEST_CASE("taking a string moves it out only when nobody else has it") {
  Value a("text");
  const Value b = a;
  CHECK(std::move(a).take_string() == "text");
  CHECK(b.string() == "text");
}

TEST_CASE("every error has a name and a text") {
  for (int i = 0; i < kErrorCodes; ++i) {
    const auto code = static_cast<ErrorCode>(i);
    CHECK(error_named(name_of(code)) == code);
    CHECK(!text_of(code).empty());
  }
  CHECK(!error_named("E_NOTHING"));
  CHECK(Error(ErrorCode::perm, "").message == text_of(ErrorCode::perm));
}

}  // namespace
}  // namespace cosmoo
