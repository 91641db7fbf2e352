/* Makes a JSON text of 40 KB, then decodes it into a tree and adds up what it finds. */
#include "bench_guest.h"

enum { kText = 65536, kNodes = 16384 };
enum kind { kNumber, kString, kList, kMap, kOther };

struct node {
  enum kind kind;
  int32_t number;
  const char* text;
  uint32_t length;
  struct node *child, *next;
};

static char text[kText], strings[kText];
static size_t text_length, strings_used;
static struct node nodes[kNodes];
static uint32_t node_count;
static const char* at;

static void add(const char* part) {
  const size_t length = strlen(part);
  memcpy(text + text_length, part, length);
  text_length += length;
}

static void add_number(uint32_t number) {
  char digits[11], *digit = digits + 10;
  *digit = '\0';
  do *--digit = (char)('0' + number % 10);
  while ((number /= 10) != 0);
  add(digit);
}

static void make_text(void) {
  add("[");
  for (int i = 0; i < 500; ++i) {
    add(i == 0 ? "\n {\"id\": " : ",\n {\"id\": "), add_number(bench_random());
    add(", \"name\": \"player \\\"number\\\" "), add_number((uint32_t)i);
    add("\", \"at\": ["), add_number(bench_random() % 1000), add(", -");
    add_number(bench_random() % 1000), add("], \"alive\": true, \"none\": null}");
  }
  add("]\n");
  text[text_length] = '\0';
}

static void skip(void) {
  while (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r') ++at;
}

static void string(const char** start, uint32_t* length) {
  char* out = strings + strings_used;
  *start = out;
  for (++at; *at != '"'; ++at) *out++ = *at == '\\' ? *++at : *at;
  ++at;
  *length = (uint32_t)(out - *start);
  strings_used += *length;
}

static struct node* value(void) {
  skip();
  struct node* const node = &nodes[node_count++];
  memset(node, 0, sizeof *node);
  if (*at == '{' || *at == '[') {
    const char end = *at == '{' ? '}' : ']';
    struct node** tail = &node->child;
    node->kind = *at == '{' ? kMap : kList;
    ++at;
    for (skip(); *at != end;) {
      const char* key = NULL;
      uint32_t length = 0;
      if (end == '}') string(&key, &length), skip(), ++at;
      *tail = value();
      if (key != NULL) (*tail)->length += length;
      tail = &(*tail)->next;
      skip();
      if (*at == ',') ++at, skip();
    }
    ++at;
  } else if (*at == '"') {
    node->kind = kString;
    string(&node->text, &node->length);
  } else if (*at == '-' || (*at >= '0' && *at <= '9')) {
    const int negative = *at == '-';
    uint32_t number = 0;
    for (at += negative; *at >= '0' && *at <= '9'; ++at)
      number = number * 10 + (uint32_t)(*at - '0');
    node->kind = kNumber;
    node->number = (int32_t)(negative ? 0u - number : number);
  } else {
    node->kind = kOther;
    while (*at >= 'a' && *at <= 'z') ++at;
  }
  return node;
}

static uint32_t sum_of(const struct node* node) {
  uint32_t sum = (uint32_t)node->number + node->length * 7 + (uint32_t)node->kind;
  for (const struct node* child = node->child; child != NULL; child = child->next)
    sum = sum * 31 + sum_of(child);
  return sum;
}

static uint32_t work(uint32_t rounds) {
  uint32_t sum = 0;
  make_text();
  for (; rounds > 0; --rounds) {
    at = text, node_count = 0, strings_used = 0;
    sum = sum * 31 + sum_of(value());
    text[text_length - 1] = (char)(rounds % 2 == 0 ? ' ' : '\n');
  }
  return sum;
}

BENCH_MAIN(900)
