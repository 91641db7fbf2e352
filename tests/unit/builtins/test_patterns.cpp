// MOO's regular expressions and PCRE2's.
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/fuzz/pattern_rule.h"
#include "tests/unit/builtins/builtin_world.h"

namespace cosmoo {
namespace {

TEST_CASE("match() gives the first match with its groups, rmatch() the last") {
  const std::string none = "{0, -1}, {0, -1}, {0, -1}, {0, -1}, {0, -1}, {0, -1}, {0, -1}";
  const Example examples[] = {
      {"match('foobar', 'f*o')", "{1, 2, {{0, -1}, {0, -1}, " + none + "}, \"foobar\"}"},
      {"match('foobar', 'o*b')", "{2, 4, {{0, -1}, {0, -1}, " + none + "}, \"foobar\"}"},
      {"match('foobar', 'f%(o*%)b')", "{1, 4, {{2, 3}, {0, -1}, " + none + "}, \"foobar\"}"},
      {"match('foobar', '%(f%)%(x*%)')", "{1, 1, {{1, 1}, {2, 1}, " + none + "}, \"foobar\"}"},
      {"match('foobar', 'x')", "{}"},
      {"match('', '')[2]", "0"},
      {"match('FOO', 'foo')[2]", "3"},
      {"match('FOO', 'foo', true)", "{}"},
      {"match('FOO', 'foo', 1)", "{}"},
      {"match('FOO', 'foo', 0)[2]", "3"},
      {"rmatch('foobar', 'o*b')[1]", "4"},
      {"rmatch('foobar', 'o')[1]", "3"},
      {"rmatch('foobar', 'x')", "{}"},
      {"rmatch('foo', '')[1]", "4"},
      {"rmatch('abcabc', '%(a%)%(b%|c%)')[3][2]", "{5, 5}"},
      {"match(1, 'x')", "E_TYPE"},
      {"match('x')", "E_ARGS"},
      {"rmatch('x', '[')", "E_INVARG: rmatch(): the pattern's character 1: the set is not closed"},
      {"match('x', '%(x')",
       "E_INVARG: match(): the pattern's character 1: the group is not closed"},
  };
  check_examples(examples);
}

// The part of a subject that a pattern matches; "-" for none, the error for a bad pattern.
std::string matched(std::string_view pattern, std::string_view subject) {
  const auto translated = translate_moo_pattern(pattern);
  if (!translated) return translated.error().message;
  RegexOptions options;
  options.syntax = RegexOptions::Syntax::moo;
  const auto regex = Regex::compile(*translated, options);
  if (!regex) return regex.error().message;
  RegexSearch search(*regex, subject, 10'000);
  const auto found = search.first(0);
  if (!found) return found.error().message;
  if (!*found) return "-";
  const auto span = search.group(0);
  return std::string(subject.substr(span.begin, span.end - span.begin));
}

TEST_CASE("each piece of MOO's syntax means what it does in MOO") {
  struct Piece {
    std::string pattern, subject, match;
  };
  const Piece pieces[] = {
      {".", "\n", "\n"},
      {"a*", "aab", "aa"},
      {"a+", "baa", "aa"},
      {"ba?", "ba", "ba"},
      {"a**", "aa", "aa"},
      {"a*?", "aa", "aa"},
      {"a++b", "aab", "aab"},
      {"^b", "ab", "-"},
      {"a$", "ab", "-"},
      {"b$", "ab\n", "-"},
      {"%(^a%|b$%)", "ab", "a"},
      {"^*a", "a", "a"},
      {"[a-c]+", "xabcd", "abc"},
      {"[^a-c]+", "abxyc", "xy"},
      {"[]]", "a]", "]"},
      {"[^]]", "]a", "a"},
      {"[a-]+", "-a-b", "-a-"},
      {"[-a]+", "-a-b", "-a-"},
      {"[%\\[^]+", "a%\\[^b", "%\\[^"},
      {"%(ab%)+", "ababa", "abab"},
      {"cat%|dog", "hotdog", "dog"},
      {"%(a%|b%)c%1", "acbbcb", "bcb"},
      {"%w+", "--ab9_c", "ab9"},
      {"%W+", "ab--_c", "--_"},
      {"%<b%w*", "ab bc", "bc"},
      {"%w*b%>", "abc ab", "ab"},
      {"%bb", "ab b", "b"},
      {"%Bb", "b ab", "b"},
      {"a%b", "a", "a"},
      {"%B", "", "-"},
      {"%.%*%+%?%[%^%$%%", ".*+?[^$%", ".*+?[^$%"},
      {"%a%-", "a-", "a-"},
      {"\\d{2}(x)|y", "\\d{2}(x)|y", "\\d{2}(x)|y"},
      {std::string("\0\xFF", 2), std::string("a\0\xFF", 3), std::string("\0\xFF", 2)},
      {"%(1%)%(2%)%(3%)%(4%)%(5%)%(6%)%(7%)%(8%)%(9%)%(x%)%9", "123456789x9", "123456789x9"},
  };
  for (const Piece& piece : pieces) {
    CAPTURE(piece.pattern);
    CHECK(matched(piece.pattern, piece.subject) == piece.match);
  }
}

TEST_CASE("a bad pattern is refused with its place") {
  struct Bad {
    std::string pattern, why;
  };
  const Bad patterns[] = {
      {"*a", "the pattern's character 1: there is nothing before * to repeat"},
      {"a%|+", "the pattern's character 4: there is nothing before + to repeat"},
      {"%(?%)", "the pattern's character 3: there is nothing before ? to repeat"},
      {"a^", "the pattern's character 2: ^ can only stand at a beginning; %^ is itself"},
      {"$a", "the pattern's character 1: $ can only stand at an end; %$ is itself"},
      {"a%", "the pattern's character 2: nothing follows the %"},
      {"a%)", "the pattern's character 2: no group is open here"},
      {"a%(", "the pattern's character 2: the group is not closed by %)"},
      {"[]", "the pattern's character 1: the set is not closed by ]"},
      {"[^", "the pattern's character 1: the set is not closed by ]"},
      {"[z-a]", "the pattern's character 2: the range ends before it begins"},
      {"%1", "the pattern's character 1: no group 1 has been closed before %1"},
      {"%(a%1%)", "the pattern's character 4: no group 1 has been closed before %1"},
  };
  for (const Bad& bad : patterns) {
    CAPTURE(bad.pattern);
    CHECK(matched(bad.pattern, "x") == bad.why);
  }
}

TEST_CASE("substitute() fills a template from a match") {
  const Example examples[] = {
      {"substitute('I thank you for your %1 here in %2.', "
       "match('*** Welcome to LambdaMOO!!!', '%(%w*%) to %(%w*%)'))",
       R"("I thank you for your Welcome here in LambdaMOO.")"},
      {"substitute('<%0|%1|%9|%%>', match('foobar', 'o%(o%)'))", R"("<oo|o||%>")"},
      {"substitute('%x', match('a', 'a'))", "E_INVARG: substitute(): at character 1"},
      {"substitute('%', match('a', 'a'))", "E_INVARG"},
      {"substitute('x', {})", "E_INVARG: substitute(): the second argument"},
      {"local m = match('a', 'a') m[1] = -5 substitute('%0', m)", "E_INVARG"},
      {"local m = match('a', 'a') m[2] = 7 substitute('%0', m)", "E_INVARG"},
      {"local m = match('a', 'a') m[3][4] = {1, 99} substitute('%0', m)", "E_INVARG"},
      {"local m = match('a', 'a') m[3][4] = {1.5, 1} substitute('%0', m)", "E_INVARG"},
      {"local m = match('a', 'a') m[3][9] = nil substitute('%0', m)", "E_INVARG"},
      {"local m = match('a', 'a') m[4] = 5 substitute('%0', m)", "E_INVARG"},
      {"substitute(('%0'):rep(1000), match(('a'):rep(100000), 'a*'))", "E_QUOTA"},
      {"substitute(1, {})", "E_TYPE"},
  };
  check_examples(examples);
}

TEST_CASE("pcre_match() tells of every match and its groups") {
  const Example examples[] = {
      {"pcre_match('09/12/1999', '(?<month>\\\\d+)/(\\\\d+)')",
       R"({{["0"] = {match = "09/12", position = {1, 5}}, ["2"] = {match = "12", position = )"
       R"({4, 5}}, month = {match = "09", position = {1, 2}}}})"},
      {"local t = {} for i, m in ipairs(pcre_match('one two', '\\\\w+')) do t[i] = m['0'].match "
       "end "
       "return t",
       R"({"one", "two"})"},
      {"#pcre_match('one two', '\\\\w+', false, false)", "1"},
      {"#pcre_match('aXA', 'a')", "2"},
      {"#pcre_match('aXA', 'a', true)", "1"},
      {"pcre_match('aaa', 'b')", "{}"},
      {"#pcre_match('abc', 'x*')", "4"},
      {"pcre_match('ab', '(x)?b')[1]['1']", "nil"},
      {"pcre_match('h\\xC3\\xA9', '(*UTF)^h.$')[1]['0'].position", "{1, 3}"},
      {"#pcre_match('h\\xC3\\xA9', '^h.$')", "0"},
      {"#pcre_match('\\xC3\\xA9\\xC3\\xA9', '(*UTF)x*')", "3"},
      {"pcre_match('\\xFF', '(*UTF).')", "E_INVARG: pcre_match(): UTF-8 error"},
      {"pcre_match('x', '(')", "E_INVARG: pcre_match(): the pattern's character 2: "},
      {"pcre_match('x', '')", "E_INVARG: pcre_match(): the pattern is empty"},
      {"pcre_match('x', '\\\\C')", "E_INVARG"},
      {"pcre_match('x', ('()'):rep(256))", "E_QUOTA: pcre_match(): the pattern has more than 255"},
      {"pcre_match('x', ('a'):rep(20000))", "E_QUOTA: pcre_match(): the pattern is longer"},
      {"pcre_match('x', ('a'):rep(16000))", "E_INVARG"},
      {"pcre_match(1, 'x')", "E_TYPE"},
  };
  check_examples(examples);
}

TEST_CASE("pcre_replace() replaces as Perl does") {
  const Example examples[] = {
      {"pcre_replace('foobar', 's/o/0/')", R"("f0obar")"},
      {"pcre_replace('foobar', 's/O/0/gi')", R"("f00bar")"},
      {"pcre_replace('foobar', 's/O/0/g')", R"("foobar")"},
      {"pcre_replace('a-b', 's/(\\\\w)-(\\\\w)/$2-\\\\1/')", R"("b-a")"},
      {"pcre_replace('ab', 's/(?<x>a)/[${x}$&$1]/')", R"("[aaa]b")"},
      {"pcre_replace('ab', 's|a|/|')", R"("/b")"},
      {"pcre_replace('a/b', 's/\\\\//|/')", R"("a|b")"},
      {"pcre_replace('abc', 's/x*/-/g')", R"("-a-b-c-")"},
      {"pcre_replace('a\\nb', 's/^b/x\\\\n\\\\t/m')", R"("a\nx\n\t")"},
      {"pcre_replace('a\\nb', 's/a.b/x/s')", R"("x")"},
      {"pcre_replace('aab', 's/a + #c/x/x')", R"("xb")"},
      {"pcre_replace('aab', 's/a+/x/U')", R"("xab")"},
      {"pcre_replace('5', 's/5/$ $$ \\\\$/')", R"("$ $$ $")"},
      {"pcre_replace('x', 'x/a/b/')", "E_INVARG: pcre_replace(): the command is"},
      {"pcre_replace('x', 's/a/b')",
       "E_INVARG: pcre_replace(): \"s/pattern/text/\" is not complete"},
      {"pcre_replace('x', 's/a')", "E_INVARG"},
      {"pcre_replace('x', 's')", "E_INVARG"},
      {"pcre_replace('x', 'sab')", "E_INVARG: pcre_replace(): a letter, digit"},
      {"pcre_replace('x', 's//b/')", "E_INVARG: pcre_replace(): the pattern is empty"},
      {"pcre_replace('x', 's/a/b/q')", "E_INVARG: pcre_replace(): there is no option \"q\""},
      {"pcre_replace('x', 's/x/$2/')", "E_INVARG: pcre_replace(): the pattern has 0 groups, no 2"},
      {"pcre_replace('x', 's/x/${n}/')",
       "E_INVARG: pcre_replace(): the pattern has no group \"n\""},
      {"pcre_replace('x', 's/(/b/')", "E_INVARG: pcre_replace(): the pattern's character 2"},
      {"pcre_replace('x')", "E_ARGS"},
  };
  check_examples(examples);
}

// Each of these would run for hours: by going back and forth, by starting again at each place, or
// by steps that look at the whole text and fail.
TEST_CASE("attack: a pattern that runs long ends by the ticks that its task has") {
  SchedulerLimits limits;
  limits.foreground.ticks = 5000;
  BuiltinWorld world(limits);
  for (const std::string code : {
           "match(('a'):rep(40), '%(a*%)*%(a*%)*[bc]')",
           "rmatch(('a'):rep(200000), 'a*a*a*[bc]')",
           "pcre_match(('a'):rep(40), '^(a+)+[bc]|(a|aa)+[bc]')",
           "pcre_match(('a'):rep(300000), '(?:a*+[bc]|a)*+[cd]')",
           "pcre_match(('a'):rep(300000), 'a{60000}[bc]')",
           "pcre_match(('a'):rep(300000), '(a*)\\\\1[bc]')",
           "pcre_match(('x'):rep(600), ('()'):rep(199) .. 'x')",
           "pcre_replace(('a'):rep(100000), 's/.*/' .. ('$&'):rep(1000) .. '/')",
           "pcre_replace(('a'):rep(300000), 's/a*?a*?a*?[bc]//')",
       }) {
    CAPTURE(code);
    const std::string result = world.run_as_programmer(code);
    const bool ended = result.starts_with("aborted: ") || result.starts_with("E_QUOTA: ");
    CAPTURE(result);
    CHECK(ended);
  }
}

TEST_CASE("attack: a pattern cannot take all memory, nor raise its own limits") {
  const Example examples[] = {
      {"pcre_match(('a'):rep(3000000), '(*LIMIT_HEAP=4000000)^((?:a|b)*)*(?R)?c')", "E_QUOTA"},
      {"pcre_match('x', '(?:(?:(?:(?:x{900}){900}){900}){900})')", "E_INVARG"},
      {"pcre_match('x', ('('):rep(2000) .. (')'):rep(2000))", "E_INVARG"},
      {"pcre_match('aaa', '(?R)')", "E_INVARG"},
  };
  check_examples(examples);
}

TEST_CASE("the rules of patterns hold for the corpus of the fuzzer") {
  const std::filesystem::path folder = COSMOO_FUZZ_CORPUS;
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "pattern")) {
    CAPTURE(entry.path().string());
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string input(std::istreambuf_iterator<char>(file), {});
    const char* broken = test::broken_pattern_rule(input);
    const std::string_view rule = broken == nullptr ? "" : broken;
    CHECK(rule == "");
    ++files;
  }
  CHECK(files > 10);
}

}  // namespace
}  // namespace cosmoo
