// Strings, conversions, encodings, hashes, chance and time.
#include <set>

#include "tests/unit/builtins/builtin_world.h"

namespace cosmoo {
namespace {

TEST_CASE("texts are found from the front and from the end") {
  const Example examples[] = {
      {"index('foobar', 'o')", "2"},
      {"index('foobar', 'O')", "2"},
      {"index('foobar', 'O', true)", "0"},
      {"index('foobar', 'O', 1)", "0"},
      {"index('foobar', 'x')", "0"},
      {"index('foobar', '')", "1"},
      {"index('foobar', 'o', 0, 2)", "1"},
      {"index('foobar', 'o', 0, 99)", "0"},
      {"index('a\\0b', 'B')", "3"},
      {"rindex('foobar', 'o')", "3"},
      {"rindex('fooBAR', 'bar')", "4"},
      {"rindex('fooBAR', 'bar', 1)", "0"},
      {"rindex('foobar', '')", "7"},
      {"rindex('foobar', 'o', 0, -4)", "2"},
      {"rindex('foobar', 'o', 0, -99)", "0"},
      {"rindex('foobar', 'o', 0, math.mininteger)", "0"},
      {"index('x', 'x', 0, -1)", "E_INVARG"},
      {"rindex('x', 'x', 0, 1)", "E_INVARG"},
      {"index('x', 1)", "E_TYPE"},
      {"rindex('x')", "E_ARGS"},
  };
  check_examples(examples);
}

TEST_CASE("texts are replaced, compared, taken apart and joined") {
  const Example examples[] = {
      {"strsub('%n is a fink.', '%n', 'Fred')", R"("Fred is a fink.")"},
      {"strsub('foobar', 'OB', 'b')", R"("fobar")"},
      {"strsub('foobar', 'OB', 'b', 1)", R"("foobar")"},
      {"strsub('aaa', 'a', 'aa')", R"("aaaaaa")"},
      {"strsub('abc', 'b', '')", R"("ac")"},
      {"strsub('abc', '', 'x')", "E_INVARG"},
      {"strcmp('a', 'b')", "-1"},
      {"strcmp('a', 'A')", "1"},
      {"strcmp('a', 'a')", "0"},
      {"strcmp('a')", "E_ARGS"},
      {"strtr('foobar', 'o', 'i')", R"("fiibar")"},
      {"strtr('fOObar', 'o', 'i')", R"("fIIbar")"},
      {"strtr('fOobar', 'o', 'i', true)", R"("fOibar")"},
      {"strtr('foobar', 'ob', 'i')", R"("fiiar")"},
      {"strtr('a1', '1a', 'x2')", R"("2x")"},
      {"explode('a  b c')", R"({"a", "b", "c"})"},
      {"explode('a,,b', ',')", R"({"a", "b"})"},
      {"explode('a,,b,', ',', true)", R"({"a", "", "b", ""})"},
      {"explode('a::b', '::')", R"({"a", "b"})"},
      {"explode('')", "{}"},
      {"explode('', ',', 1)", R"({""})"},
      {"explode('a', '')", "E_INVARG"},
      {"implode({'a', 1, #2})", R"("a 1 #2")"},
      {"implode({'a', 'b'}, ', ')", R"("a, b")"},
      {"implode({})", R"("")"},
      {"implode({a = 1})", "E_TYPE"},
      {"words('put \"a b\" in c')", R"({"put", "a b", "in", "c"})"},
  };
  check_examples(examples);
}

TEST_CASE("attack: results that would grow without end are refused") {
  const Example examples[] = {
      {"strsub(('a'):rep(1000), 'a', ('b'):rep(100000))", "E_QUOTA: strsub()"},
      {"local t = {} for i = 1, 1000 do t[i] = 'x' end implode(t, ('b'):rep(100000))",
       "E_QUOTA: implode()"},
      {"explode(('a '):rep(100001))", "E_QUOTA: explode()"},
      {"words(('a '):rep(50001))", "E_QUOTA: words()"},
  };
  check_examples(examples);
}

// A search that begins anew at each place would take minutes for this.
TEST_CASE("attack: a long text that nearly fits everywhere is searched in one pass") {
  BuiltinWorld world;
  CHECK(world.run_as_programmer("local a = ('a'):rep(1000000) return index(a .. a, a .. 'b')") ==
        "0");
  CHECK(world.run_as_programmer("local a = ('a'):rep(1000000) return rindex(a .. a, 'b' .. a)") ==
        "0");
}

TEST_CASE("values become numbers and texts") {
  const Example examples[] = {
      {"toint(3.9)", "3"},
      {"toint(-3.9)", "-3"},
      {"toint('34')", "34"},
      {"toint(' +34 ')", "34"},
      {"toint('34.7')", "34"},
      {"toint('1e3')", "1000"},
      {"toint('foo')", "0"},
      {"toint('12x')", "0"},
      {"toint('')", "0"},
      {"toint(#12)", "12"},
      {"toint(E_PERM)", "3"},
      {"toint(true)", "1"},
      {"toint('9223372036854775807')", "9223372036854775807"},
      {"toint('9223372036854775808')", "E_FLOAT"},
      {"toint(1e300)", "E_FLOAT"},
      {"toint(0/0)", "E_FLOAT"},
      {"toint({})", "E_TYPE"},
      {"toint(nil)", "E_TYPE"},
      {"tofloat(3)", "3.0"},
      {"tofloat('2.5')", "2.5"},
      {"tofloat(#4)", "4.0"},
      {"tofloat(E_PERM)", "3.0"},
      {"tofloat(false)", "0.0"},
      {"tofloat('x')", "E_INVARG: tofloat(): \"x\" is not a number"},
      {"tofloat('1e999')", "E_FLOAT"},
      {"tofloat({})", "E_TYPE"},
      {"tostr('a', 1, #2, {'b'})", R"("a1#2{\"b\"}")"},
      {"tostr()", R"("")"},
      {"toliteral({1, 'x', k = E_PERM})", R"("{[1] = 1, [2] = \"x\", k = E_PERM}")"},
      {"value_bytes(1)", "16"},
      {"value_bytes({1, 2}) > value_bytes({})", "true"},
  };
  check_examples(examples);
}

TEST_CASE("bytes are encoded as text and come back") {
  const Example examples[] = {
      {"encode_base64('foob')", R"("Zm9vYg==")"},
      {"encode_base64('')", R"("")"},
      {"encode_base64('\\xFF\\xFE~', true)", R"("__5-")"},
      {"encode_base64('foob', 1)", R"("Zm9vYg")"},
      {"decode_base64('Zm9vYg==')", R"("foob")"},
      {"decode_base64('')", R"("")"},
      {"decode_base64('Zm9vYg', true)", R"("foob")"},
      {"decode_base64('Zm9vYg==', true)", R"("foob")"},
      {"decode_base64(encode_base64('\\0\\1\\xFF')) == '\\0\\1\\xFF'", "true"},
      {"decode_base64('Zm9vYg')", "E_INVARG"},
      {"decode_base64('Zm9v\\nYg==')", "E_INVARG"},
      {"decode_base64('Zm*v')", "E_INVARG: decode_base64(): the text is not base64 from"},
      {"decode_base64('__5-')", "E_INVARG"},
      {"decode_base64('//5+', true)", "E_INVARG"},
      {"decode_base64('A')", "E_INVARG"},
      {"encode_binary('a\\n')", R"("a~0A")"},
      {"decode_binary('a~0A')", R"("a\n")"},
      {"decode_binary('~')", "E_INVARG"},
      {"url_encode('a b/\\xC3\\xA9~')", R"("a%20b%2F%C3%A9~")"},
      {"url_decode('a%20b%2f+')", R"("a b/+")"},
      {"url_decode('%2')", "E_INVARG: url_decode(): the % at character 1"},
      {"url_decode('a%zz')", "E_INVARG: url_decode(): the % at character 2"},
  };
  check_examples(examples);
}

TEST_CASE("strings and values have digests") {
  const Example examples[] = {
      {"string_hash('foo')",
       R"("2C26B46B68FFC68FF99B453C1D30413413422D706483BFA0F98A5E886266E7AE")"},
      {"string_hash('foo', 'MD5')", R"("ACBD18DB4CC2F85CEDEF654FCCC4A4D8")"},
      {"string_hash('foo', 'sha1')", R"("0BEEC7B5EA3F0FDBC95D0DD47F3C5BC275DA8A33")"},
      {"string_hash('', 'sha3-256')",
       R"("A7FFC6F8BF1ED76651C14756A061D662F580FF4DE43B49FA82D80A4B80F8434A")"},
      {"length(string_hash('foo', 'sha512', true))", "64"},
      {"length(string_hash('foo', 'sha384'))", "96"},
      {"length(string_hash('foo', 'sha224'))", "56"},
      {"length(string_hash('foo', 'sha3-512'))", "128"},
      {"value_hash({1, 'x'}) == string_hash('{1, \"x\"}')", "true"},
      {"string_hmac('what do ya want for nothing?', 'Jefe')",
       R"("5BDCC146BF60754E6A042426089575C75A003F089D2739839DEC58B964EC3843")"},
      {"string_hmac('x', '') ~= string_hmac('x', 'k')", "true"},
      {"length(string_hmac('x', 'k', 'sha1', 1))", "20"},
      {"value_hmac({1}, 'k') == string_hmac('{1}', 'k')", "true"},
      {"string_hash('foo', 'sha42')", "E_INVARG: string_hash(): there is no algorithm \"sha42\""},
      {"value_hash(1, '')", "E_INVARG: value_hash()"},
      {"string_hmac('x', 'k', 'none')", "E_INVARG: string_hmac()"},
      {"value_hmac(1, 'k', 'none')", "E_INVARG: value_hmac()"},
      {"string_hash(1)", "E_TYPE"},
      {"string_hmac('x')", "E_ARGS"},
  };
  check_examples(examples);
}

TEST_CASE("attack: hashing megabytes again and again ends by its ticks") {
  BuiltinWorld world;
  CHECK(
      world
          .run_as_programmer("local s = ('x'):rep(8000000) for i = 1, 100000 do string_hash(s) end")
          .starts_with("aborted: "));
}

TEST_CASE("chance keeps to its limits") {
  BuiltinWorld world;
  std::set<std::string> seen;
  for (int i = 0; i < 200; ++i) seen.insert(world.run_as_programmer("random(3)"));
  CHECK(seen == std::set<std::string>{"1", "2", "3"});
  const Example examples[] = {
      {"random(5, 5)", "5"},
      {"random() >= 1", "true"},
      {"local n = random(-2, -1) return n == -1 or n == -2", "true"},
      {"math.type(random(math.mininteger, math.maxinteger))", R"("integer")"},
      {"random(0)", "E_INVARG: random(): there is no number from 1 to 0"},
      {"random(2, 1)", "E_INVARG"},
      {"random(1.5)", "E_TYPE"},
      {"local f = frandom() return f >= 0 and f <= 1", "true"},
      {"local f = frandom(2.5, 2.75) return f >= 2.5 and f <= 2.75", "true"},
      {"local f = frandom(-1e308, 1e308) return f == f and math.abs(f) <= 1e308", "true"},
      {"frandom(math.huge)", "E_INVARG"},
      {"frandom(0/0)", "E_INVARG"},
      {"frandom('x')", "E_TYPE"},
      {"length(random_bytes(33))", "33"},
      {"random_bytes(0)", R"("")"},
      {"random_bytes(16) ~= random_bytes(16)", "true"},
      {"random_bytes(-1)", "E_INVARG"},
      {"random_bytes(1048577)", "E_INVARG"},
  };
  check_examples(examples);
}

TEST_CASE("times are told as the format says") {
  const Example examples[] = {
      {"strftime('%Y-%m-%d %H:%M:%S', 86399, true)", R"("1970-01-01 23:59:59")"},
      {"strftime('100%%', 0)", R"("100%")"},
      {"strftime('', 0)", R"("")"},
      {"strftime('%Y', time()) == os.date('%Y')", "true"},
      {"strftime('%')", "E_INVARG: strftime(): \"%\" is no part of a time"},
      {"strftime('%999999999Y')", "E_INVARG"},
      {"strftime('%Q')", "E_INVARG"},
      {"strftime(('x'):rep(1001))", "E_INVARG"},
      {"strftime('a\\0b')", "E_INVARG"},
      {"strftime('%Y', math.maxinteger)", "E_INVARG: strftime(): there is no such time"},
      {"ctime(math.maxinteger)", "E_INVARG: ctime(): there is no such time"},
      {"typeof(ctime())", R"("string")"},
      {"typeof(time()) == INT and typeof(ftime()) == FLOAT", "true"},
      {"math.abs(ftime() - time()) < 100", "true"},
      {"local a = ftime(true) return ftime(1) >= a", "true"},
  };
  check_examples(examples);
}

TEST_CASE("argon2 makes hashes that argon2_verify knows, for wizards") {
  BuiltinWorld world;
  const auto wizard = [&](const std::string& code) { return world.run(code); };
  CHECK(wizard("argon2('secret', '0123456789abcdef', 1, 8)") ==
        R"("$argon2id$v=19$m=8,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$)" +
            wizard("argon2('secret', '0123456789abcdef', 1, 8)").substr(51));
  CHECK(wizard("argon2_verify(argon2('secret', nil, 1, 64), 'secret')") == "true");
  CHECK(wizard("argon2_verify(argon2('secret', nil, 1, 64), 'Secret')") == "false");
  CHECK(wizard("argon2('a', nil, 1, 8) ~= argon2('a', nil, 1, 8)") == "true");
  CHECK(
      wizard("argon2('a', 'short', 1, 8)").starts_with("E_INVARG: argon2(): a salt has 16 bytes"));
  for (const char* bad :
       {"argon2('a', nil, 0, 8)", "argon2('a', nil, 1, 7)", "argon2('a', nil, 21, 8)",
        "argon2('a', nil, 1, 262145)", "argon2('a', nil, 20, 262144)", "argon2(('a'):rep(1025))",
        "argon2_verify('', 'x')", "argon2_verify('$argon2id$v=19$m=8,t=1', 'x')",
        "argon2_verify('$2a$10$abcdefghijklmnopqrstuv', 'x')"}) {
    CAPTURE(bad);
    CHECK(wizard(bad).starts_with("E_INVARG: argon2"));
  }
  CHECK(world.run_as_programmer("argon2('secret')").starts_with("E_PERM"));
  CHECK(world.run_as_programmer("argon2_verify('x', 'secret')").starts_with("E_PERM"));
}

// A hash says itself what it costs: one that somebody wrote could ask for all memory, for hours.
TEST_CASE("attack: a hash that costs too much is not looked at") {
  BuiltinWorld world;
  for (const char* cost : {"m=4194304,t=1,p=1", "m=8,t=4294967295,p=1", "m=262144,t=20,p=1",
                           "m=64,t=1,p=9", "m=-8,t=-1,p=1"}) {
    CAPTURE(cost);
    const std::string hash =
        std::string("$argon2id$v=19$") + cost + "$MDEyMzQ1Njc4OWFiY2RlZg$MDEyMzQ1Njc4OWFiY2RlZg";
    CHECK(world.run("argon2_verify('" + hash + "', 'x')") ==
          "E_INVARG: argon2_verify(): the hash costs more than argon2() allows");
  }
}

}  // namespace
}  // namespace cosmoo
