// Our pattern matcher against Lua's own, which says what is right.
#include <doctest/doctest.h>

#include <lua5.4/lua.hpp>
#include <random>

#include "vm/lua/pattern.h"

namespace cosmoo::lua {
namespace {

class Oracle {
 public:
  Oracle() : L_(luaL_newstate()) { luaL_openlibs(L_); }
  ~Oracle() { lua_close(L_); }

  // "start,end;capture;capture", "none", or "malformed"
  std::string find(const std::string& subject, const std::string& pattern) {
    lua_getglobal(L_, "string");
    lua_getfield(L_, -1, "find");
    lua_pushlstring(L_, subject.data(), subject.size());
    lua_pushlstring(L_, pattern.data(), pattern.size());
    const int base = 1;
    if (lua_pcall(L_, 2, LUA_MULTRET, 0) != LUA_OK) {
      lua_settop(L_, 0);
      return "malformed";
    }
    std::string result = "none";
    if (!lua_isnil(L_, base + 1)) {
      result.clear();
      for (int i = base + 1; i <= lua_gettop(L_); ++i) {
        std::size_t size = 0;
        const char* text = lua_tolstring(L_, i, &size);
        result.append(text, size) += ';';
      }
    }
    lua_settop(L_, 0);
    return result;
  }

 private:
  lua_State* L_;
};

std::string ours(const std::string& subject, const std::string& text) {
  const auto pattern = Pattern::compile(text);
  if (!pattern) return "malformed";
  Matcher matcher(*pattern, subject, [] {});
  std::size_t end = 0;
  const std::size_t start = matcher.search(0, end);
  if (start == Matcher::kNone) return "none";
  std::string result = std::to_string(start + 1) + ";" + std::to_string(end) + ";";
  if (pattern->captures() == 0) return result;
  for (const Capture& capture : matcher.captures(start, end)) {
    result += capture.length == Capture::kPosition ? std::to_string(capture.start + 1)
                                                   : subject.substr(capture.start, capture.length);
    result += ';';
  }
  return result;
}

TEST_CASE("patterns mean what they mean in Lua") {
  Oracle lua;
  const char* const subjects[] = {"",         "a",        "hello world",     "key = value",
                                  "  trim  ", "(a(b)c)d", "THE (quick) fox", "2026-11-21",
                                  "aaa",      "abab",     "x^y$z",           "a.b%c"};
  const char* const patterns[] = {"",
                                  ".",
                                  "l+",
                                  "(%a+)%s*=%s*(%a+)",
                                  "^%s*(.-)%s*$",
                                  "%b()",
                                  "%f[%a]%a+",
                                  "(%d+)-(%d+)-(%d+)",
                                  "a-",
                                  "a-b",
                                  "^a*$",
                                  "(a)(b)%1%2",
                                  "()ll()",
                                  "[^%s]+",
                                  "[%w_]*",
                                  "[a-cx-z]+",
                                  "[]]",
                                  "[^]]",
                                  "%.",
                                  "%%",
                                  "x%^y",
                                  "y$z",
                                  "a?b",
                                  "(.)%1",
                                  "%u%l*",
                                  ".-",
                                  "(.*)%s(.*)",
                                  "[%a-z]",
                                  "[a-]",
                                  "%S+$",
                                  "((a)(b))",
                                  "%x+",
                                  "[%]]",
                                  "%p"};
  for (const char* subject : subjects) {
    for (const char* pattern : patterns) {
      CAPTURE(subject);
      CAPTURE(pattern);
      CHECK(ours(subject, pattern) == lua.find(subject, pattern));
    }
  }
}

TEST_CASE("random patterns agree with Lua") {
  Oracle lua;
  std::mt19937 random(7);
  const std::string pieces[] = {"a", "b", ".", "%a", "%d", "[ab]", "[^a]",  "(",  ")", "*", "+",
                                "-", "?", "^", "$",  "%1", "%b()", "%f[a]", "()", "%", "[", "]"};
  for (int i = 0; i < 20'000; ++i) {
    std::string pattern, subject;
    for (auto n = random() % 7; n > 0; --n) pattern += pieces[random() % std::size(pieces)];
    for (auto n = random() % 9; n > 0; --n) subject += "ab()1"[random() % 5];
    const std::string theirs = lua.find(subject, pattern);
    const std::string mine = ours(subject, pattern);
    // We refuse a malformed pattern always; Lua only when its search comes to that place.
    if (mine == "malformed") continue;
    CAPTURE(subject);
    CAPTURE(pattern);
    CHECK(mine == theirs);
  }
}

TEST_CASE("a malformed pattern is refused with its place") {
  for (const char* bad : {"(", ")", "%", "[a", "%b", "%f", "a(b", "%1", "(%1)", "[", "[%"}) {
    const auto pattern = Pattern::compile(bad);
    CAPTURE(bad);
    REQUIRE(!pattern);
    CHECK(pattern.error().message.find("at character") != std::string::npos);
  }
}

TEST_CASE("a pattern that would take years spends its budget and stops") {
  struct Spent {};
  std::string text;
  for (int i = 0; i < 30; ++i) text += "a-";
  const auto pattern = Pattern::compile(text + "b");
  REQUIRE(pattern);
  int spent = 0;
  Matcher matcher(*pattern, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", [&] {
    if (++spent == 100) throw Spent{};
  });
  std::size_t end = 0;
  CHECK_THROWS_AS(matcher.search(0, end), Spent);
}

}  // namespace
}  // namespace cosmoo::lua
