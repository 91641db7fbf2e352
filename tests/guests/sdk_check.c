/* Puts the SDK to the test from inside: each line of the output is a check and how it went. The
 * first data file is "one\ntwo\n"; there is a second. */
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>

#include "sandboxrt.h"
#include "sandboxrt_crypto.h"

static uint32_t seed = 12345;
static uint32_t random_number(void) { return seed = seed * 1664525 + 1013904223, seed >> 8; }

static void report(const char* what, int good) {
  fputs(what, stdout);
  fputs(good ? ": ok\n" : ": WRONG\n", stdout);
}

/* --- strings, against the plainest way to say the same --- */

static const char* plain_strstr(const char* haystack, const char* needle) {
  for (;; ++haystack) {
    size_t i = 0;
    while (needle[i] != '\0' && haystack[i] == needle[i]) ++i;
    if (needle[i] == '\0') return haystack;
    if (*haystack == '\0') return NULL;
  }
}

static int strstr_agrees(void) {
  for (int turn = 0; turn < 3000; ++turn) {
    char haystack[40], needle[10];
    const uint32_t h = random_number() % 40, n = random_number() % 10;
    for (uint32_t i = 0; i < h; ++i) haystack[i] = (char)('a' + random_number() % 2);
    for (uint32_t i = 0; i < n; ++i) needle[i] = (char)('a' + random_number() % 2);
    haystack[h == 40 ? 39 : h] = needle[n] = '\0';
    if (strstr(haystack, needle) != plain_strstr(haystack, needle)) return 0;
  }
  return 1;
}

static int memory_functions_agree(void) {
  static uint8_t a[300], b[300];
  for (int turn = 0; turn < 500; ++turn) {
    for (int i = 0; i < 300; ++i) a[i] = b[i] = (uint8_t)random_number();
    const uint32_t from = random_number() % 100, to = random_number() % 100;
    const uint32_t length = random_number() % 200;
    const uint8_t byte = (uint8_t)random_number();
    uint8_t kept[200];
    for (uint32_t i = 0; i < length; ++i) kept[i] = a[from + i];
    for (uint32_t i = 0; i < length; ++i) b[to + i] = kept[i];
    if (memmove(a + to, a + from, length) != a + to || memcmp(a, b, 300) != 0) return 0;
    memset(a + from, byte, length);
    for (uint32_t i = 0; i < length; ++i) b[from + i] = byte;
    if (memcmp(a, b, 300) != 0) return 0;
    if (length > 0) {
      b[from + length - 1] ^= 0x80;
      const int order = memcmp(a + from, b + from, length);
      if ((order < 0) != (a[from + length - 1] < b[from + length - 1]) || order == 0) return 0;
    }
    const uint8_t *found = memchr(a, byte, 300), *plain = a;
    while (plain < a + 300 && *plain != byte) ++plain;
    if (found != (plain == a + 300 ? NULL : plain)) return 0;
  }
  return 1;
}

static int string_functions(void) {
  char text[8] = "xxxxxxx";
  return strlen("") == 0 && strlen("four") == 4 && strcmp("a", "b") < 0 && strcmp("b", "a") > 0 &&
         strcmp("same", "same") == 0 && strcmp("a\xff", "a\x01") > 0 &&
         strchr("abc", 'c') != NULL && strchr("abc", 'd') == NULL && *strchr("abc", '\0') == '\0' &&
         memcmp(strncpy(text, "ab", 4), "ab\0\0xxx", 8) == 0 &&
         strcmp(strcpy(text, "new"), "new") == 0;
}

/* --- the heap --- */

static int heap_keeps_what_it_is_given(void) {
  enum { kBlocks = 64 };
  static uint8_t* blocks[kBlocks];
  static uint32_t lengths[kBlocks];
  for (int turn = 0; turn < 2000; ++turn) {
    const uint32_t i = random_number() % kBlocks;
    for (uint32_t j = 0; j < lengths[i]; ++j)
      if (blocks[i][j] != (uint8_t)(i + j)) return 0;
    const uint32_t length = random_number() % (turn % 50 == 0 ? 20000 : 200);
    if (random_number() % 3 == 0) {
      free(blocks[i]);
      blocks[i] = malloc(length);
    } else {
      blocks[i] = realloc(blocks[i], length);
    }
    if (blocks[i] == NULL || (uintptr_t)blocks[i] % 8 != 0) return 0;
    lengths[i] = length;
    for (uint32_t j = 0; j < length; ++j) blocks[i][j] = (uint8_t)(i + j);
  }
  return 1;
}

static volatile size_t huge = 0x80000000u, many = 0x10000;
static int heap_refuses(void) {
  const uint8_t* const zeroed = calloc(100, 3);
  for (int i = 0; i < 300; ++i)
    if (zeroed[i] != 0) return 0;
  return malloc(huge) == NULL && calloc(many, many) == NULL &&
         MOXIE_MAP_FAILED(mmap(NULL, 100, 7, 6, -1, 0)) &&
         MOXIE_MAP_FAILED(mmap(NULL, 4096, 1, 6, -1, 0)) && sandbox_data(2) == NULL;
}

/* --- jumps out of calls --- */

static jmp_buf place;
static volatile int dug;
static __attribute__((noinline)) void dig(int depth) {
  dug = depth;
  if (depth > 0)
    dig(depth - 1);
  else if (dug == 0)
    longjmp(place, 42);
  dug = depth; /* The call above is not the last thing: each level has a frame. */
}

static __attribute__((noinline)) int jumps(int a, int b, int c, int d, int e, int f) {
  /* Six sums that live in $r6 to $r11, the registers that a call must keep. */
  int s = a + 1, t = b + 2, u = c + 3, v = d + 4, w = e + 5, x = f + 6;
  const int came = setjmp(place);
  if (came == 0) dig(20);
  return came == 42 && s * 100000 + t * 10000 + u * 1000 + v * 100 + w * 10 + x ==
                           2 * 100000 + 3 * 10000 + 4 * 1000 + 5 * 100 + 6 * 10 + 7;
}

/* --- the rest --- */

static int sha256_of_abc(void) {
  static const uint8_t kWanted[4] = {0xba, 0x78, 0x16, 0xbf};
  static const uint8_t kMillion[4] = {0xcd, 0xc7, 0x6e, 0x5c};
  SHA256_CTX context;
  uint8_t digest[32], part[1000];
  sha256_init(&context);
  sha256_update(&context, (const uint8_t*)"ab", 2);
  sha256_update(&context, (const uint8_t*)"c", 1);
  sha256_final(&context, digest);
  if (memcmp(digest, kWanted, 4) != 0 || digest[31] != 0xad) return 0;
  memset(part, 'a', sizeof part);
  sha256_init(&context);
  for (int i = 0; i < 1000; ++i)
    sha256_update(&context, part, 1000 - i), sha256_update(&context, part, i);
  sha256_final(&context, digest);
  return memcmp(digest, kMillion, 4) == 0;
}

static int input(void) {
  char line[16], other[4] = "";
  FILE* const second = fopen("data1", "r");
  return fgets(line, sizeof line, stdin) != NULL && strcmp(line, "one\n") == 0 &&
         getchar() == 't' && second != NULL && fgets(other, sizeof other, second) != NULL &&
         fopen("data9", "r") == NULL && fopen("/etc/passwd", "r") == NULL &&
         fopen("data0", "w") == NULL;
}

static volatile double half = 0.5;
static volatile long long large = -5000000000LL;
static volatile int five = 5;
static int arithmetic(void) {
  return half + 2.25 == 2.75 && large * 3 == -15000000000LL && large / 7 == -714285714LL &&
         large % 7 == -2 && (long long)five * -7 == -35;
}

static int constructed;
static __attribute__((constructor)) void construct(void) { constructed = 7; }
static int zeroes[500];
static void at_exit(void) { puts("the end"); }

int main(int argc, char** argv) {
  int zero = 1;
  for (int i = 0; i < 500; ++i) zero &= zeroes[i] == 0;
  report("start", argc == 0 && argv[0] == NULL && zero && constructed == 7);
  report("strings", string_functions());
  report("strstr", strstr_agrees());
  report("memory", memory_functions_agree());
  report("heap", heap_keeps_what_it_is_given());
  report("refusals", heap_refuses());
  report("setjmp", jumps(1, 1, 1, 1, 1, 1));
  report("sha256", sha256_of_abc());
  report("stdio", input());
  report("arithmetic", arithmetic());
  atexit(at_exit);
  sandbox_set_state((void*)"state", 5);
  return 3;
}
