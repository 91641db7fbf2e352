/* Compiles a page of formulas, "height = (width + 3) * depth % 17;", for a stack machine, folding
 * what is constant, and runs what comes out. */
#include "bench_guest.h"

enum { kSource = 16384, kCode = 16384, kNames = 64, kBuckets = 32 };

/* Tokens, operations, and what is both. */
enum {
  end,
  name,
  open,
  close,
  assign,
  semicolon,
  load,
  store,
  number,
  add,
  subtract,
  multiply,
  divide,
  modulo,
  shift,
  less,
  equal,
  both,
  either,
  kinds
};

/* The greater, the sooner; 0: nothing that stands between two operands. */
static const uint8_t kStrength[kinds] = {
    [multiply] = 6, [divide] = 6, [modulo] = 6, [add] = 5,  [subtract] = 5,
    [shift] = 4,    [less] = 3,   [equal] = 2,  [both] = 1, [either] = 1};

static char source[kSource + 1];

static const char* at;
static int token;
static int32_t token_value; /* The number, or which name. */

static struct {
  const char* text;
  int length, next;
} names[kNames];
static int buckets[kBuckets]; /* One more than the index of the first, as `next`; 0: none. */
static int name_count;
static int32_t values[kNames];

static struct {
  int what;
  int32_t operand;
} code[kCode];
static int code_length;

static int is_letter(char c) { return (c >= 'a' && c <= 'z') || c == '_'; }
static int is_digit(char c) { return c >= '0' && c <= '9'; }

static int32_t name_index(const char* text, int length) {
  uint32_t hash = 5381;
  for (int i = 0; i < length; ++i) hash = hash * 33 + (uint8_t)text[i];
  int* const bucket = &buckets[hash % kBuckets];
  for (int i = *bucket; i != 0; i = names[i - 1].next)
    if (names[i - 1].length == length && memcmp(names[i - 1].text, text, (size_t)length) == 0)
      return i - 1;
  if (name_count == kNames) abort();
  names[name_count].text = text, names[name_count].length = length;
  names[name_count].next = *bucket;
  *bucket = ++name_count;
  return name_count - 1;
}

static void next_token(void) {
  for (;;) {
    const char* const start = at;
    switch (*at++) {
      case ' ':
      case '\n':
        continue;
      case '\0':
        --at, token = end;
        return;
      case '#':
        while (*at != '\n' && *at != '\0') ++at;
        continue;
      case '(':
        token = open;
        return;
      case ')':
        token = close;
        return;
      case ';':
        token = semicolon;
        return;
      case '+':
        token = add;
        return;
      case '-':
        token = subtract;
        return;
      case '*':
        token = multiply;
        return;
      case '/':
        token = divide;
        return;
      case '%':
        token = modulo;
        return;
      case '&':
        token = both;
        return;
      case '|':
        token = either;
        return;
      case '<':
        token = *at == '<' ? ++at, shift : less;
        return;
      case '=':
        token = *at == '=' ? ++at, equal : assign;
        return;
      default:
        if (is_digit(*start)) {
          uint32_t digits = (uint32_t)(*start - '0');
          while (is_digit(*at)) digits = digits * 10 + (uint32_t)(*at++ - '0');
          token = number, token_value = (int32_t)digits;
          return;
        }
        if (!is_letter(*start)) abort();
        while (is_letter(*at)) ++at;
        token = name, token_value = name_index(start, (int)(at - start));
        return;
    }
  }
}

static int32_t result(int operation, int32_t a, int32_t b) {
  const uint32_t x = (uint32_t)a, y = (uint32_t)b;
  switch (operation) {
    case add:
      return (int32_t)(x + y);
    case subtract:
      return (int32_t)(x - y);
    case multiply:
      return (int32_t)(x * y);
    case divide:
      return b == 0 || b == -1 ? (int32_t)(0 - x) : a / b;
    case modulo:
      return b == 0 || b == -1 ? 0 : a % b;
    case shift:
      return (int32_t)(x << (y & 31));
    case less:
      return a < b;
    case equal:
      return a == b;
    case both:
      return a & b;
    default:
      return a | b;
  }
}

static void emit(int what, int32_t operand) {
  if (code_length == kCode) abort();
  code[code_length].what = what, code[code_length].operand = operand;
  ++code_length;
}

static void emit_operation(int operation) {
  if (code_length >= 2 && code[code_length - 1].what == number &&
      code[code_length - 2].what == number) {
    code_length -= 2;
    emit(number, result(operation, code[code_length].operand, code[code_length + 1].operand));
  } else {
    emit(operation, 0);
  }
}

static void expression(int weakest);

static void operand(void) {
  switch (token) {
    case number:
      emit(number, token_value);
      break;
    case name:
      emit(load, token_value);
      break;
    case subtract:
      next_token();
      emit(number, 0);
      operand();
      emit_operation(subtract);
      return;
    case open:
      next_token();
      expression(1);
      if (token != close) abort();
      break;
    default:
      abort();
  }
  next_token();
}

static void expression(int weakest) {
  operand();
  while (kStrength[token] >= weakest) {
    const int operation = token;
    next_token();
    expression(kStrength[operation] + 1);
    emit_operation(operation);
  }
}

static void compile(void) {
  at = source, code_length = 0, name_count = 0;
  memset(buckets, 0, sizeof buckets);
  for (next_token(); token != end; next_token()) {
    const int32_t target = token_value;
    if (token != name) abort();
    next_token();
    if (token != assign) abort();
    next_token();
    expression(1);
    if (token != semicolon) abort();
    emit(store, target);
  }
}

static void run(void) {
  int32_t stack[64], *top = stack;
  for (int i = 0; i < code_length; ++i) {
    switch (code[i].what) {
      case number:
        *top++ = code[i].operand;
        break;
      case load:
        *top++ = values[code[i].operand];
        break;
      case store:
        values[code[i].operand] = *--top;
        break;
      default:
        --top;
        top[-1] = result(code[i].what, top[-1], top[0]);
    }
  }
}

static char* write_text(char* out, const char* text) {
  while (*text != '\0') *out++ = *text++;
  return out;
}

static char* write_name(char* out, uint32_t which) {
  static const char* const kStems[] = {"height", "width", "depth", "x", "total", "old", "mass"};
  out = write_text(out, kStems[which % 7]);
  if (which / 7 != 0) *out++ = '_', *out++ = (char)('a' + which / 7);
  return out;
}

static char* write_expression(char* out, int depth) {
  static const char* const kBetween[] = {" + ", " - ", " * ",  " / ", " % ",
                                         "<<",  " < ", " == ", " & ", " | "};
  const uint32_t dice = bench_random();
  if (depth == 0 || dice % 8 == 0) {
    if (dice / 8 % 2 == 0) return write_name(out, dice / 16 % 40);
    for (uint32_t value = 1 + dice / 16 % 5000; value > 0; value /= 10)
      *out++ = (char)('0' + value % 10);
    return out;
  }
  if (dice % 8 == 1) return *out++ = '-', write_expression(out, depth - 1);
  if (dice % 8 < 4) {
    *out++ = '(';
    out = write_expression(out, depth - 1);
    *out++ = ')';
    return out;
  }
  out = write_expression(out, depth - 1);
  out = write_text(out, kBetween[dice / 8 % 10]);
  return write_expression(out, depth - 1);
}

static void make_source(void) {
  char* out = source;
  while (out < source + kSource - 1500) {
    if (bench_random() % 10 == 0) out = write_text(out, "# what follows depends on this\n");
    out = write_name(out, bench_random() % 40);
    out = write_text(out, " = ");
    out = write_expression(out, 5);
    out = write_text(out, ";\n");
  }
  *out = '\0';
}

static uint32_t work(uint32_t rounds) {
  uint32_t sum = 0;
  make_source();
  for (; rounds > 0; --rounds) {
    compile();
    for (int i = 0; i < name_count; ++i) values[i] = (int32_t)(bench_random() % 1000);
    run();
    sum = sum * 31 + (uint32_t)code_length;
    for (int i = 0; i < name_count; ++i) sum = sum * 31 + (uint32_t)values[i];
  }
  return sum;
}

BENCH_MAIN(800)
