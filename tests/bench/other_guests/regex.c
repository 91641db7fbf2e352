/* Regular expressions, compiled for a machine that follows every possibility at once (Thompson),
 * and looked for in the lines of a text. */
#include "bench_guest.h"

enum { kText = 16384, kCode = 128 };
enum op { op_byte, op_any, op_class, op_split, op_jump, op_found };

struct instruction {
  enum op op;
  uint8_t byte;
  uint8_t set;           /* Which of `sets`. */
  int16_t first, second; /* Where to, from here. */
};

static struct instruction code[kCode];
static int code_length;
static uint32_t sets[16][8]; /* A bit for each byte. */
static int set_count;
static const char* pattern;

/* Jumps are relative: what stands behind `at` may be moved as it is. */
static struct instruction* insert(int at, enum op op) {
  if (code_length == kCode) abort();
  memmove(&code[at + 1], &code[at], (size_t)(code_length - at) * sizeof *code);
  ++code_length;
  code[at] = (struct instruction){op, 0, 0, 0, 0};
  return &code[at];
}

static void parse_class(void) {
  uint32_t* const set = sets[set_count];
  const int negated = *pattern == '^';
  memset(set, 0, sizeof sets[0]);
  for (pattern += negated; *pattern != ']'; ++pattern) {
    uint8_t first = (uint8_t)*pattern, last = first;
    if (pattern[1] == '-' && pattern[2] != ']') pattern += 2, last = (uint8_t)*pattern;
    for (unsigned c = first; c <= last; ++c) set[c / 32] |= 1u << c % 32;
  }
  ++pattern;
  for (int i = 0; i < 8 && negated; ++i) set[i] = ~set[i];
  insert(code_length, op_class)->set = (uint8_t)set_count++;
}

static void parse_choice(void);

static void parse_atom(void) {
  switch (*pattern) {
    case '(':
      ++pattern;
      parse_choice();
      ++pattern;
      break;
    case '[':
      ++pattern;
      parse_class();
      break;
    case '.':
      ++pattern;
      insert(code_length, op_any);
      break;
    case '\\':
      ++pattern; /* Fall through. */
    default:
      insert(code_length, op_byte)->byte = (uint8_t)*pattern++;
  }
}

static void parse_repeat(void) {
  const int start = code_length;
  struct instruction* added;
  parse_atom();
  switch (*pattern) {
    case '*':
      added = insert(start, op_split);
      added->first = 1, added->second = (int16_t)(code_length - start + 1);
      insert(code_length, op_jump)->first = (int16_t)(start - code_length + 1);
      break;
    case '+':
      added = insert(code_length, op_split);
      added->first = (int16_t)(start - code_length + 1), added->second = 1;
      break;
    case '?':
      added = insert(start, op_split);
      added->first = 1, added->second = (int16_t)(code_length - start);
      break;
    default:
      return;
  }
  ++pattern;
}

static void parse_choice(void) {
  const int start = code_length;
  while (*pattern != '\0' && *pattern != '|' && *pattern != ')') parse_repeat();
  if (*pattern != '|') return;
  ++pattern;
  struct instruction* const split = insert(start, op_split);
  const int jump = code_length;
  split->first = 1, split->second = (int16_t)(jump + 1 - start);
  insert(jump, op_jump);
  parse_choice();
  code[jump].first = (int16_t)(code_length - jump);
}

static void compile(const char* text) {
  pattern = text, code_length = 0, set_count = 0;
  parse_choice();
  insert(code_length, op_found);
}

struct places {
  int count;
  int16_t at[kCode];
};

static uint32_t marks[kCode], mark; /* Which places the list of this step has. */

static void add(struct places* places, int at) {
  if (marks[at] == mark) return;
  marks[at] = mark;
  switch (code[at].op) {
    case op_jump:
      add(places, at + code[at].first);
      break;
    case op_split:
      add(places, at + code[at].first);
      add(places, at + code[at].second);
      break;
    default:
      places->at[places->count++] = (int16_t)at;
  }
}

/* Where the first match ends, in bytes from the line's start and 1; 0: it has none. */
static uint32_t search(const char* line, const char* end) {
  static struct places lists[2];
  struct places *now = &lists[0], *next = &lists[1];
  now->count = 0;
  ++mark;
  for (const char* c = line;; ++c) {
    add(now, 0);
    ++mark;
    next->count = 0;
    const uint8_t byte = c < end ? (uint8_t)*c : '\n';
    for (int i = 0; i < now->count; ++i) {
      const struct instruction* const what = &code[now->at[i]];
      int fits = 0;
      switch (what->op) {
        case op_byte:
          fits = what->byte == byte;
          break;
        case op_any:
          fits = byte != '\n';
          break;
        case op_class:
          fits = byte != '\n' && (sets[what->set][byte / 32] >> byte % 32 & 1) != 0;
          break;
        default:
          return (uint32_t)(c - line) + 1;
      }
      if (fits) add(next, now->at[i] + 1);
    }
    if (c == end) return 0;
    struct places* const swap = now;
    now = next, next = swap;
  }
}

static char text[kText];

static void make_text(void) {
  static const char* const kParts[] = {"GET ",   "POST ", "/index", "/player", "/help", ".html",
                                       ".jpeg",  "?id=",  "=",      " 200 ",   " 404 ", "10.0.0.",
                                       "alice@", "moo",   ".org",   "ERROR",   ": ",    "timeout"};
  int at = 0;
  while (at + 16 < kText) {
    const uint32_t dice = bench_random();
    if (dice % 16 == 0) {
      text[at++] = '\n';
    } else if (dice % 16 < 5) {
      for (uint32_t number = dice >> 8; number > 0 && number != dice >> 28; number /= 16)
        text[at++] = (char)('0' + number % 10);
    } else {
      const char* const part = kParts[(dice >> 8) % (sizeof kParts / sizeof *kParts)];
      memcpy(text + at, part, strlen(part));
      at += (int)strlen(part);
    }
  }
  memset(text + at, '\n', (size_t)(kText - at));
}

static uint32_t work(uint32_t rounds) {
  static const char* const kPatterns[] = {"(GET|POST) /[a-z]+(\\.html|\\.jpeg)?",
                                          "[0-9]+\\.[0-9]+\\.[0-9]+\\.[1-9]",
                                          "(a|b|al|ali)*ce@/?[a-z]+",
                                          "ERROR.*timeout",
                                          " (4|5)0[0-9] .*=[^ ]*7",
                                          "(x+x+)+y|(0*1?)*8/"};
  uint32_t sum = 0;
  make_text();
  for (; rounds > 0; --rounds) {
    text[bench_random() % kText] = (char)('0' + rounds % 64);
    for (size_t i = 0; i < sizeof kPatterns / sizeof *kPatterns; ++i) {
      compile(kPatterns[i]);
      for (const char *line = text, *end; line < text + kText; line = end + 1) {
        for (end = line; end < text + kText && *end != '\n';) ++end;
        sum = sum * 31 + search(line, end);
      }
    }
  }
  return sum;
}

BENCH_MAIN(45)
