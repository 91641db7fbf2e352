/* Map functions: they are given a frame and make something of it.
 *
 *   ;frame.bind{aframe_id = "people", value = "name,age\nAnna,31\nBen,28\n"}
 *   ;parse_json(frame.map("dlib/records.so/csv", "people").stdout)
 *   => {{age = "31", name = "Anna"}, {age = "28", name = "Ben"}} */
#include <stdio.h>
#include <string.h>

#include "cosmoo_module.h"

enum { kMostColumns = 256 };

/* What is left to read. */
struct reader {
  const char* at;
  const char* end;
};

static void print_json(const char* at, const char* end) {
  putchar('"');
  for (; at < end; ++at) {
    const unsigned char c = (unsigned char)*at;
    if (c == '"' || c == '\\') {
      putchar('\\');
      putchar(c);
    } else if (c < 0x20 || c == 0x7f) {
      printf("\\u%04x", c);
    } else {
      putchar(c);
    }
  }
  putchar('"');
}

/* One field of a line, quotes and all; 0 at the end of the line. `from` begins where it stands. */
static int next_field(struct reader* in, const char** begin, const char** end) {
  if (in->at >= in->end || *in->at == '\n') return 0;
  *begin = in->at;
  while (in->at < in->end && *in->at != ',' && *in->at != '\n') ++in->at;
  *end = in->at;
  if (*end > *begin && (*end)[-1] == '\r') --*end;
  if (in->at < in->end && *in->at == ',') ++in->at;
  return 1;
}

static void next_line(struct reader* in) {
  while (in->at < in->end && *in->at != '\n') ++in->at;
  if (in->at < in->end) ++in->at;
}

/* Lines of values between commas, the first of which has their names, as a JSON list of records. */
COSMOO_MAP_FUNCTION(csv)
int csv(const struct cosmoo_payload* payload) {
  struct reader in = {(const char*)payload->bytes, (const char*)payload->bytes + payload->size};
  const char *names[kMostColumns], *ends[kMostColumns];
  int columns = 0;
  while (columns < kMostColumns && next_field(&in, &names[columns], &ends[columns])) ++columns;
  if (columns == 0) {
    fprintf(stderr, "%s has no line with names\n", payload->path);
    return 1;
  }
  next_line(&in);
  putchar('[');
  for (int row = 0; in.at < in.end; next_line(&in)) {
    const char *begin, *end;
    if (*in.at == '\n') continue;
    printf(row++ == 0 ? "{" : ",{");
    for (int i = 0; i < columns && next_field(&in, &begin, &end); ++i) {
      if (i > 0) putchar(',');
      print_json(names[i], ends[i]);
      putchar(':');
      print_json(begin, end);
    }
    putchar('}');
  }
  puts("]");
  return 0;
}

/* What a frame is: its path, its fields and the number of its bytes, a line each. */
COSMOO_MAP_FUNCTION(describe)
int describe(const struct cosmoo_payload* payload) {
  printf("path %s\n", payload->path);
  for (size_t i = 0; i < payload->field_count; ++i) {
    printf("%s %s\n", payload->fields[i].name, payload->fields[i].value);
  }
  printf("bytes %zu\n", payload->size);
  return 0;
}

/* The bytes themselves, in the other order: for what is no text. */
COSMOO_MAP_FUNCTION(reversed)
int reversed(const struct cosmoo_payload* payload) {
  unsigned char block[4096];
  size_t left = payload->size;
  while (left > 0) {
    size_t size = 0;
    while (size < sizeof block && left > 0) block[size++] = payload->bytes[--left];
    if (payload->write(block, size) != 0) return 1;
  }
  return 0;
}
