/* Is the first data file JSON as RFC 8259 has it, in UTF-8? Says "valid" and ends with 0, or says
 * what is wrong at which line and column (in bytes) and ends with 1. */
#include "sandboxrt.h"

enum { kDepth = 512 };

static const unsigned char *begin, *at, *end;
static const char* wrong;

static int fail(const char* what) {
  if (wrong == NULL) wrong = what;
  return 0;
}

static int peek(void) { return at < end ? *at : -1; }

static int take(int byte) {
  if (peek() != byte) return 0;
  ++at;
  return 1;
}

static void skip_blanks(void) {
  while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r')) ++at;
}

static int is_digit(int byte) { return byte >= '0' && byte <= '9'; }

static int digits(const char* what) {
  if (!is_digit(peek())) return fail(what);
  while (is_digit(peek())) ++at;
  return 1;
}

static int number(void) {
  take('-');
  if (!take('0') && !digits("a number without digits")) return 0;
  if (is_digit(peek())) return fail("a number that begins with 0");
  if (take('.') && !digits("no digit after the point")) return 0;
  if (take('e') || take('E')) {
    if (!take('+')) take('-');
    if (!digits("no digit in the exponent")) return 0;
  }
  return 1;
}

static int is_hex(int byte) {
  return is_digit(byte) || (byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F');
}

static int escape(void) {
  const int byte = peek();
  if (byte < 0) return fail("a string without an end");
  if (strchr("\"\\/bfnrt", byte) != NULL && byte != 0) return ++at, 1;
  if (byte != 'u') return fail("an unknown escape");
  ++at;
  for (int i = 0; i < 4; ++i, ++at)
    if (!is_hex(peek())) return fail("\\u without four hexadecimal digits");
  return 1;
}

/* One character above 0x7f: no overlong form, no surrogate, nothing above U+10FFFF. */
static int utf8(void) {
  const unsigned char first = *at;
  const unsigned more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
  if (first < 0xc2 || first > 0xf4 || (size_t)(end - at) <= more) return fail("not UTF-8");
  const unsigned char second = at[1];
  if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
      (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f))
    return fail("not UTF-8");
  for (unsigned i = 1; i <= more; ++i)
    if ((at[i] & 0xc0) != 0x80) return fail("not UTF-8");
  at += more + 1;
  return 1;
}

static int string(void) {
  ++at;
  for (;;) {
    const int byte = peek();
    if (byte < 0) return fail("a string without an end");
    if (byte < 0x20) return fail("a control character in a string");
    if (byte >= 0x80) {
      if (!utf8()) return 0;
      continue;
    }
    ++at;
    if (byte == '"') return 1;
    if (byte == '\\' && !escape()) return 0;
  }
}

static int word(const char* text) {
  for (; *text != '\0'; ++text)
    if (!take(*text)) return fail("an unknown word");
  return 1;
}

static int key(void) {
  skip_blanks();
  if (peek() != '"') return fail("a key that is no string");
  if (!string()) return 0;
  skip_blanks();
  return take(':') || fail("no ':' after a key");
}

/* Values nest in an array of its own, not on the stack: a stranger's text decides how deep. */
static int document(void) {
  char open[kDepth];
  int depth = 0;
  for (;;) {
    skip_blanks();
    const int byte = peek();
    if (byte == '{' || byte == '[') {
      if (depth == kDepth) return fail("nested too deep");
      ++at;
      open[depth++] = (char)byte;
      skip_blanks();
      if (byte == '{' && peek() != '}') {
        if (!key()) return 0;
        continue;
      }
      if (byte == '[' && peek() != ']') continue;
    } else {
      const int good = byte == '"'                     ? string()
                       : byte == '-' || is_digit(byte) ? number()
                       : byte == 't'                   ? word("true")
                       : byte == 'f'                   ? word("false")
                       : byte == 'n'                   ? word("null")
                                     : fail(byte < 0 ? "the end instead of a value" : "no value");
      if (!good) return 0;
    }
    for (;;) { /* After a value, or before the end of an empty list. */
      skip_blanks();
      if (depth == 0) return at == end || fail("something after the value");
      if (take(open[depth - 1] == '{' ? '}' : ']')) {
        --depth;
        continue;
      }
      if (!take(',')) return fail("neither ',' nor the end of a list");
      if (open[depth - 1] == '{' && !key()) return 0;
      break;
    }
  }
}

int main(void) {
  const struct moxie_memory_map_ent* const data = sandbox_data(0);
  if (data == NULL) return sandbox_puts("no data file\n"), 2;
  begin = at = data->addr;
  end = begin + data->length;
  if (document()) return sandbox_puts("valid\n"), 0;
  long line = 1, column = 1;
  for (const unsigned char* byte = begin; byte < at; ++byte, ++column)
    if (*byte == '\n') ++line, column = 0;
  sandbox_puts("line ");
  sandbox_put_number(line);
  sandbox_puts(", column ");
  sandbox_put_number(column);
  sandbox_puts(": ");
  sandbox_puts(wrong);
  sandbox_puts("\n");
  return 1;
}
