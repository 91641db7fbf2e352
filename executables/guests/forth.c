/* A small Forth that runs the program in the first data file. What it prints is the output; the
 * stack as it is left becomes the state, one number a line. A mistake ends it with 1 and a message.
 *
 * Words are compiled to cells of a code that a loop runs; numbers are 32 bits. There are:
 *   + - * / mod negate abs min max and or xor invert lshift rshift = <> < > <= >= 0=
 *   dup drop swap over rot nip ?dup depth >r r> r@  . emit cr space  @ ! +! , here allot cells
 *   : ; exit recurse if else then begin until while repeat again do loop +loop i j
 *   variable constant ." ... " ( ... ) \ to the end of the line */
#include <stdint.h>

#include "sandboxrt.h"

enum { kStack = 1024, kCode = 65536, kData = 65536, kWords = 2048, kNames = 32768, kNest = 64 };

typedef int32_t cell;

enum op {
  op_add,
  op_sub,
  op_mul,
  op_div,
  op_mod,
  op_negate,
  op_abs,
  op_min,
  op_max,
  op_and,
  op_or,
  op_xor,
  op_invert,
  op_lshift,
  op_rshift,
  op_eq,
  op_ne,
  op_lt,
  op_gt,
  op_le,
  op_ge,
  op_zero_eq,
  op_dup,
  op_drop,
  op_swap,
  op_over,
  op_rot,
  op_nip,
  op_qdup,
  op_depth,
  op_to_r,
  op_from_r,
  op_r_at,
  op_dot,
  op_emit,
  op_cr,
  op_space,
  op_fetch,
  op_store,
  op_add_store,
  op_comma,
  op_here,
  op_allot,
  op_cells,
  op_exit,
  op_i,
  op_j,
  op_end_of_plain,
  /* Followed by an operand; only the compiler writes them. */
  op_literal = op_end_of_plain,
  op_call,
  op_jump,
  op_jump_if_zero,
  op_print,
  op_do,
  op_loop,
  op_add_loop,
  op_stop
};

static const char* const kPlain[op_end_of_plain] = {
    "+",  "-",    "*",      "/",      "mod",    "negate", "abs",   "min", "max",  "and",
    "or", "xor",  "invert", "lshift", "rshift", "=",      "<>",    "<",   ">",    "<=",
    ">=", "0=",   "dup",    "drop",   "swap",   "over",   "rot",   "nip", "?dup", "depth",
    ">r", "r>",   "r@",     ".",      "emit",   "cr",     "space", "@",   "!",    "+!",
    ",",  "here", "allot",  "cells",  "exit",   "i",      "j"};

struct word {
  const char* name;
  enum op op; /* op_call: `value` is its code; op_literal: the number; else itself. */
  cell value;
};

static struct word words[kWords];
static unsigned word_count;
static char names[kNames];
static size_t names_used;
static cell code[kCode];
static cell code_used;
static cell memory[kData];
static cell here;
static cell stack[kStack], returns[kStack];
static int depth, returned;
static struct {
  char kind;
  cell at;
} nest[kNest]; /* Open if, begin, while, do. */
static int nested;
static const char *at, *end;
static char token[64];

static void die(const char* why) __attribute__((noreturn));
static void die(const char* why) {
  sandbox_puts("? ");
  sandbox_puts(token);
  sandbox_puts(": ");
  sandbox_puts(why);
  sandbox_puts("\n");
  exit(1);
}

static void need(int count) {
  if (depth < count) die("the stack is empty");
}
static void room(int count) {
  if (depth + count > kStack) die("the stack is full");
}
static void push(cell value) {
  room(1);
  stack[depth++] = value;
}
static cell pop(void) {
  need(1);
  return stack[--depth];
}
static cell* cell_at(cell address) {
  if (address < 0 || address >= kData) die("no such address");
  return &memory[address];
}
static void returns_room(int count) {
  if (returned + count > kStack) die("too deep");
}
static void returns_need(int count) {
  if (returned < count) die("nothing to return to");
}

static cell divided(cell a, cell b, int rest) {
  if (b == 0) die("division by zero");
  if (b == -1) return rest ? 0 : (cell)(0u - (uint32_t)a);
  return rest ? a % b : a / b;
}

static void arithmetic(enum op op) {
  need(2);
  const cell b = stack[--depth];
  cell* const a = &stack[depth - 1];
  const uint32_t x = (uint32_t)*a, y = (uint32_t)b;
  switch (op) {
    case op_add:
      *a = (cell)(x + y);
      break;
    case op_sub:
      *a = (cell)(x - y);
      break;
    case op_mul:
      *a = (cell)(x * y);
      break;
    case op_div:
      *a = divided(*a, b, 0);
      break;
    case op_mod:
      *a = divided(*a, b, 1);
      break;
    case op_min:
      *a = *a < b ? *a : b;
      break;
    case op_max:
      *a = *a > b ? *a : b;
      break;
    case op_and:
      *a &= b;
      break;
    case op_or:
      *a |= b;
      break;
    case op_xor:
      *a ^= b;
      break;
    case op_lshift:
      *a = y > 31 ? 0 : (cell)(x << y);
      break;
    case op_rshift:
      *a = y > 31 ? 0 : (cell)(x >> y);
      break;
    case op_eq:
      *a = -(*a == b);
      break;
    case op_ne:
      *a = -(*a != b);
      break;
    case op_lt:
      *a = -(*a < b);
      break;
    case op_gt:
      *a = -(*a > b);
      break;
    case op_le:
      *a = -(*a <= b);
      break;
    default:
      *a = -(*a >= b);
      break;
  }
}

/* Ends a turn of a counted loop; 1: go round again. The return stack holds the limit and i. */
static int next_turn(cell step) {
  returns_need(2);
  cell* const i = &returns[returned - 1];
  const int64_t limit = returns[returned - 2], before = *i, now = before + step;
  *i = (cell)now;
  if ((step >= 0 && before < limit && now >= limit) ||
      (step < 0 && before >= limit && now < limit) || now != *i) {
    returned -= 2;
    return 0;
  }
  return 1;
}

static void run(cell pc) {
  const int base = returned;
  for (;;) {
    const enum op op = (enum op)code[pc++];
    cell a;
    switch (op) {
      case op_negate:
        need(1), stack[depth - 1] = (cell)(0u - (uint32_t)stack[depth - 1]);
        break;
      case op_abs:
        need(1);
        if (stack[depth - 1] < 0) stack[depth - 1] = (cell)(0u - (uint32_t)stack[depth - 1]);
        break;
      case op_invert:
        need(1), stack[depth - 1] = ~stack[depth - 1];
        break;
      case op_zero_eq:
        need(1), stack[depth - 1] = -(stack[depth - 1] == 0);
        break;
      case op_dup:
        need(1), push(stack[depth - 1]);
        break;
      case op_drop:
        pop();
        break;
      case op_swap:
        need(2), a = stack[depth - 1], stack[depth - 1] = stack[depth - 2], stack[depth - 2] = a;
        break;
      case op_over:
        need(2), push(stack[depth - 2]);
        break;
      case op_rot:
        need(3), a = stack[depth - 3], stack[depth - 3] = stack[depth - 2];
        stack[depth - 2] = stack[depth - 1], stack[depth - 1] = a;
        break;
      case op_nip:
        need(2), a = pop(), stack[depth - 1] = a;
        break;
      case op_qdup:
        need(1);
        if (stack[depth - 1] != 0) push(stack[depth - 1]);
        break;
      case op_depth:
        push(depth);
        break;
      case op_to_r:
        returns_room(1), returns[returned++] = pop();
        break;
      case op_from_r:
        returns_need(base + 1), push(returns[--returned]);
        break;
      case op_r_at:
      case op_i:
        returns_need(base + 1), push(returns[returned - 1]);
        break;
      case op_j:
        returns_need(base + 3), push(returns[returned - 3]);
        break;
      case op_dot:
        sandbox_put_number(pop()), sandbox_puts(" ");
        break;
      case op_emit: {
        const char byte = (char)pop();
        sandbox_write(&byte, 1);
        break;
      }
      case op_cr:
        sandbox_puts("\n");
        break;
      case op_space:
        sandbox_puts(" ");
        break;
      case op_fetch:
        need(1), stack[depth - 1] = *cell_at(stack[depth - 1]);
        break;
      case op_store:
        need(2), a = pop(), *cell_at(a) = pop();
        break;
      case op_add_store: {
        need(2), a = pop();
        cell* const sum = cell_at(a);
        *sum = (cell)((uint32_t)*sum + (uint32_t)pop());
        break;
      }
      case op_comma:
        *cell_at(here) = pop(), ++here;
        break;
      case op_here:
        push(here);
        break;
      case op_allot:
        a = pop();
        if (a < -here || a > kData - here) die("no room");
        here += a;
        break;
      case op_cells:
        break; /* A cell is the unit. */
      case op_literal:
        push(code[pc++]);
        break;
      case op_call:
        returns_room(1), a = code[pc++], returns[returned++] = pc, pc = a;
        break;
      case op_exit:
        if (returned == base) return;
        a = returns[--returned];
        if (a < 0 || a >= code_used) die("the return stack is out of balance");
        pc = a;
        break;
      case op_jump:
        pc = code[pc];
        break;
      case op_jump_if_zero:
        pc = pop() == 0 ? code[pc] : pc + 1;
        break;
      case op_print: {
        const char* const text = names + code[pc++];
        sandbox_puts(text);
        break;
      }
      case op_do:
        need(2), returns_room(2);
        returns[returned++] = stack[depth - 2], returns[returned++] = stack[depth - 1], depth -= 2;
        break;
      case op_loop:
        pc = next_turn(1) ? code[pc] : pc + 1;
        break;
      case op_add_loop:
        pc = next_turn(pop()) ? code[pc] : pc + 1;
        break;
      case op_stop:
        return;
      default:
        arithmetic(op);
    }
  }
}

static void emit(cell value) {
  if (code_used == kCode) die("too much code");
  code[code_used++] = value;
}

/* The next word of the program; 0 at its end. */
static int next_token(void) {
  while (at < end && (unsigned char)*at <= ' ') ++at;
  size_t length = 0;
  while (at < end && (unsigned char)*at > ' ') {
    if (length + 1 < sizeof token) token[length++] = *at;
    ++at;
  }
  token[length] = '\0';
  return length > 0;
}

/* Keeps the text up to `stop`, which is skipped, and gives its place in `names`. */
static size_t keep_until(char stop) {
  if (at < end) ++at; /* One blank follows the word. */
  const size_t start = names_used;
  while (at < end && *at != stop) {
    if (names_used + 1 >= kNames) die("too much text");
    names[names_used++] = *at++;
  }
  if (at == end) die("no end");
  ++at;
  names[names_used++] = '\0';
  return start;
}

static const char* keep_name(void) {
  if (!next_token()) die("a name is missing");
  const size_t length = strlen(token) + 1, start = names_used;
  if (names_used + length > kNames) die("too many names");
  memcpy(names + start, token, length);
  names_used += length;
  return names + start;
}

static void define(const char* name, enum op op, cell value) {
  if (word_count == kWords) die("too many words");
  words[word_count++] = (struct word){name, op, value};
}

static const struct word* look_up(const char* name) {
  for (unsigned i = word_count; i-- > 0;)
    if (strcmp(words[i].name, name) == 0) return &words[i];
  return NULL;
}

static void open(char kind, cell place) {
  if (nested == kNest) die("nested too deep");
  nest[nested].kind = kind;
  nest[nested++].at = place;
}
static cell close(char kind) {
  if (nested == 0 || nest[nested - 1].kind != kind) die("out of place");
  return nest[--nested].at;
}

/* The words that steer; 0: it is none of them. */
static int steering(void) {
  if (strcmp(token, "if") == 0) {
    emit(op_jump_if_zero), open('i', code_used), emit(0);
  } else if (strcmp(token, "else") == 0) {
    const cell from = close('i');
    emit(op_jump), open('i', code_used), emit(0), code[from] = code_used;
  } else if (strcmp(token, "then") == 0) {
    code[close('i')] = code_used;
  } else if (strcmp(token, "begin") == 0) {
    open('b', code_used);
  } else if (strcmp(token, "until") == 0) {
    emit(op_jump_if_zero), emit(close('b'));
  } else if (strcmp(token, "again") == 0) {
    emit(op_jump), emit(close('b'));
  } else if (strcmp(token, "while") == 0) {
    emit(op_jump_if_zero), open('w', code_used), emit(0);
  } else if (strcmp(token, "repeat") == 0) {
    const cell out = close('w');
    emit(op_jump), emit(close('b')), code[out] = code_used;
  } else if (strcmp(token, "do") == 0) {
    emit(op_do), open('d', code_used);
  } else if (strcmp(token, "loop") == 0) {
    emit(op_loop), emit(close('d'));
  } else if (strcmp(token, "+loop") == 0) {
    emit(op_add_loop), emit(close('d'));
  } else {
    return 0;
  }
  return 1;
}

static int number(cell* value) {
  const char* digit = token + (token[0] == '-');
  uint32_t sum = 0;
  if (*digit == '\0') return 0;
  for (; *digit != '\0'; ++digit) {
    if (*digit < '0' || *digit > '9') return 0;
    sum = sum * 10 + (uint32_t)(*digit - '0');
  }
  *value = (cell)(token[0] == '-' ? 0u - sum : sum);
  return 1;
}

static void compile(cell self) {
  cell value;
  if (steering()) return;
  if (strcmp(token, ".\"") == 0) {
    const size_t text = keep_until('"');
    emit(op_print), emit((cell)text);
  } else if (strcmp(token, "recurse") == 0) {
    if (self < 0) die("outside of a definition");
    emit(op_call), emit(self);
  } else {
    const struct word* const word = look_up(token);
    if (word != NULL) {
      emit(word->op);
      if (word->op >= op_end_of_plain) emit(word->value);
    } else if (number(&value)) {
      emit(op_literal), emit(value);
    } else {
      die("unknown");
    }
  }
}

static int comment(void) {
  if (strcmp(token, "\\") == 0) {
    while (at < end && *at != '\n') ++at;
  } else if (strcmp(token, "(") == 0) {
    while (at < end && *at != ')') ++at;
    if (at < end) ++at;
  } else {
    return 0;
  }
  return 1;
}

static void definition(void) {
  const char* const name = keep_name();
  const cell start = code_used;
  while (next_token() && strcmp(token, ";") != 0)
    if (!comment()) compile(start);
  if (strcmp(token, ";") != 0 || nested != 0) die("a definition without an end");
  emit(op_exit);
  define(name, op_call, start);
}

/* Outside of definitions a word runs at once, and what steers as soon as all of it is read. */
static void interpret(void) {
  const cell start = code_used;
  do
    if (!comment()) compile(-1);
  while (nested > 0 && next_token());
  if (nested != 0) die("the program ends too early");
  emit(op_stop);
  run(start);
  code_used = start;
}

int main(void) {
  const struct moxie_memory_map_ent* const program = sandbox_data(0);
  if (program == NULL) return sandbox_puts("no program\n"), 2;
  at = program->addr;
  end = at + program->length;
  for (int i = 0; i < op_end_of_plain; ++i) define(kPlain[i], (enum op)i, 0);
  while (next_token()) {
    if (strcmp(token, ":") == 0)
      definition();
    else if (strcmp(token, "variable") == 0)
      define(keep_name(), op_literal, here), *cell_at(here) = 0, ++here;
    else if (strcmp(token, "constant") == 0)
      define(keep_name(), op_literal, pop());
    else
      interpret();
  }
  static char state[kStack * 12];
  size_t length = 0;
  for (int i = 0; i < depth; ++i) {
    char digits[12];
    int count = 0;
    uint32_t rest = stack[i] < 0 ? 0u - (uint32_t)stack[i] : (uint32_t)stack[i];
    do digits[count++] = (char)('0' + rest % 10);
    while ((rest /= 10) != 0);
    if (stack[i] < 0) digits[count++] = '-';
    while (count > 0) state[length++] = digits[--count];
    state[length++] = '\n';
  }
  sandbox_set_state(state, length);
  return 0;
}
