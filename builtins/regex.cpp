#include "builtins/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <fmt/format.h>
#include <pcre2.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <stdexcept>

namespace cosmoo {
namespace {

constexpr std::size_t kLongestPattern = 16 << 10;
constexpr std::uint32_t kMostGroups = 255;  // each step copies what they hold
constexpr std::uint32_t kHeapKib = 16 << 10;
constexpr std::int64_t kNanosecondsPerTick = 1000;
// However many ticks a task may have, the world does not wait longer than that.
constexpr std::int64_t kMostNanoseconds = 500'000'000;

std::string message_of(int code) {
  std::array<PCRE2_UCHAR, 256> text{};
  pcre2_get_error_message(code, text.data(), text.size());
  return reinterpret_cast<const char*>(text.data());
}

std::uint32_t compile_flags(const RegexOptions& options) {
  std::uint32_t flags = PCRE2_AUTO_CALLOUT | PCRE2_NEVER_BACKSLASH_C;
  if (options.syntax == RegexOptions::Syntax::moo) {
    flags |= PCRE2_DOTALL | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_UTF | PCRE2_NEVER_UCP;
  }
  if (options.letter_case == Case::ignored) flags |= PCRE2_CASELESS;
  if (options.multiline) flags |= PCRE2_MULTILINE;
  if (options.dot_all) flags |= PCRE2_DOTALL;
  if (options.extended) flags |= PCRE2_EXTENDED;
  if (options.ungreedy) flags |= PCRE2_UNGREEDY;
  return flags;
}

const pcre2_code* code_of(const void* code) { return static_cast<const pcre2_code*>(code); }

template <typename T>
T info(const void* code, std::uint32_t what) {
  T value{};
  pcre2_pattern_info(code_of(code), what, &value);
  return value;
}

std::int64_t processor_nanoseconds() {
  std::timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

// The processor time that searching takes. It is looked at now and then, more often where a step
// may be long.
class Meter {
 public:
  Meter(std::int64_t ticks, std::size_t subject_bytes)
      : limit_(std::clamp<std::int64_t>(ticks, 0, kMostNanoseconds / kNanosecondsPerTick) *
               kNanosecondsPerTick),
        steps_between_looks_(std::clamp<std::int64_t>(
            kBytesBetweenLooks / (1 + static_cast<std::int64_t>(subject_bytes)), 4, 256)) {}

  // False: it is used up.
  bool step() {
    if (--until_look_ <= 0) {
      until_look_ = steps_between_looks_;
      used_up_ = nanoseconds() > limit_;
    }
    return !used_up_;
  }

  std::int64_t ticks_spent() const { return nanoseconds() / kNanosecondsPerTick; }

 private:
  static constexpr std::int64_t kBytesBetweenLooks = 4 << 20;

  std::int64_t nanoseconds() const { return processor_nanoseconds() - began_; }

  const std::int64_t limit_;
  const std::int64_t steps_between_looks_;
  const std::int64_t began_ = processor_nanoseconds();
  std::int64_t until_look_ = steps_between_looks_;
  bool used_up_ = false;
};

int on_item(pcre2_callout_block*, void* meter) {
  return static_cast<Meter*>(meter)->step() ? 0 : PCRE2_ERROR_CALLOUT;
}

}  // namespace

void Regex::Free::operator()(void* code) const { pcre2_code_free(static_cast<pcre2_code*>(code)); }

Result<Regex> Regex::compile(std::string_view pattern, const RegexOptions& options) {
  if (pattern.size() > kLongestPattern) {
    return fail(ErrorCode::quota,
                fmt::format("the pattern is longer than {} bytes", kLongestPattern));
  }
  int error = 0;
  PCRE2_SIZE place = 0;
  Regex regex(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                            compile_flags(options), &error, &place, nullptr));
  if (!regex.code_) {
    return fail(ErrorCode::invarg,
                fmt::format("the pattern's character {}: {}", place + 1, message_of(error)));
  }
  if (regex.groups() > kMostGroups) {
    return fail(ErrorCode::quota, fmt::format("the pattern has more than {} groups", kMostGroups));
  }
  return regex;
}

std::size_t Regex::groups() const {
  return info<std::uint32_t>(code_.get(), PCRE2_INFO_CAPTURECOUNT);
}

std::vector<Regex::Name> Regex::names() const {
  const auto count = info<std::uint32_t>(code_.get(), PCRE2_INFO_NAMECOUNT);
  const auto size = info<std::uint32_t>(code_.get(), PCRE2_INFO_NAMEENTRYSIZE);
  const auto* entry = info<PCRE2_SPTR>(code_.get(), PCRE2_INFO_NAMETABLE);
  std::vector<Name> names;
  for (std::uint32_t i = 0; i < count; ++i, entry += size) {
    names.push_back({reinterpret_cast<const char*>(entry + 2),
                     static_cast<std::size_t>(entry[0] << 8 | entry[1])});
  }
  return names;
}

struct RegexSearch::State {
  State(const Regex& regex, std::string_view text, std::int64_t ticks)
      : code(code_of(regex.code_.get())),
        subject(text),
        utf((info<std::uint32_t>(code, PCRE2_INFO_ALLOPTIONS) & PCRE2_UTF) != 0),
        meter(ticks, text.size()),
        data(pcre2_match_data_create_from_pattern(code, nullptr)),
        context(pcre2_match_context_create(nullptr)) {
    if (data == nullptr || context == nullptr) throw std::bad_alloc();
    pcre2_set_callout(context, on_item, &meter);
    pcre2_set_heap_limit(context, kHeapKib);
    pcre2_set_match_limit(context, UINT32_MAX);  // the meter's to say
    pcre2_set_depth_limit(context, UINT32_MAX);
  }
  ~State() {
    pcre2_match_context_free(context);
    pcre2_match_data_free(data);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  Result<bool> match(std::size_t from, std::uint32_t flags) {
    if (checked) flags |= PCRE2_NO_UTF_CHECK;
    const int count = pcre2_match(code, reinterpret_cast<PCRE2_SPTR>(subject.data()),
                                  subject.size(), from, flags, data, context);
    checked = true;
    if (!meter.step() || count == PCRE2_ERROR_CALLOUT) {
      return fail(ErrorCode::quota, "the pattern takes too long on this text");
    }
    if (count == PCRE2_ERROR_NOMATCH) return false;
    if (count == PCRE2_ERROR_HEAPLIMIT || count == PCRE2_ERROR_NOMEMORY) {
      return fail(ErrorCode::quota, "the pattern takes too much memory on this text");
    }
    if (count < 0) return fail(ErrorCode::invarg, message_of(count));
    return true;
  }

  // Behind the character at `at`.
  std::size_t behind(std::size_t at) const {
    ++at;
    while (utf && at < subject.size() && (static_cast<unsigned char>(subject[at]) & 0xC0) == 0x80) {
      ++at;
    }
    return at;
  }

  const pcre2_code* const code;
  const std::string_view subject;
  const bool utf;
  Meter meter;
  pcre2_match_data* const data;
  pcre2_match_context* const context;
  bool checked = false;  // that the subject is UTF-8, if it has to be
};

RegexSearch::RegexSearch(const Regex& regex, std::string_view subject, std::int64_t ticks)
    : state_(std::make_unique<State>(regex, subject, ticks)) {}
RegexSearch::~RegexSearch() = default;

Result<bool> RegexSearch::first(std::size_t from) { return state_->match(from, 0); }

Result<bool> RegexSearch::last() {
  for (std::size_t from = state_->subject.size() + 1; from-- > 0;) {
    Result<bool> found = state_->match(from, PCRE2_ANCHORED);
    if (!found || *found) return found;
  }
  return false;
}

Result<bool> RegexSearch::next() {
  const Span before = group(0);
  std::size_t from = before.end;
  if (before.begin == before.end) {
    Result<bool> found = state_->match(from, PCRE2_NOTEMPTY_ATSTART | PCRE2_ANCHORED);
    if (!found || *found) return found;
    if (from >= state_->subject.size()) return false;
    from = state_->behind(from);
  }
  return state_->match(from, 0);
}

RegexSearch::Span RegexSearch::group(std::size_t number) const {
  if (number >= pcre2_get_ovector_count(state_->data)) return {};
  const PCRE2_SIZE* ovector = pcre2_get_ovector_pointer(state_->data);
  const Span span{ovector[2 * number], ovector[2 * number + 1]};
  // \K in a lookaround could put the end before the beginning.
  return span.begin != Span::kUnset && span.begin > span.end ? Span{span.end, span.end} : span;
}

std::int64_t RegexSearch::spent() const { return state_->meter.ticks_spent(); }

}  // namespace cosmoo
