/* The memory and string functions that a guest can count on. They read whole words where that is
 * faster, but never a byte outside of what they were given or of the text up to its end. All are
 * weak: a program may bring its own. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#pragma weak memchr
#pragma weak memcmp
#pragma weak memcpy
#pragma weak memmove
#pragma weak memset
#pragma weak strchr
#pragma weak strcmp
#pragma weak strcpy
#pragma weak strlen
#pragma weak strncpy
#pragma weak strstr

/* A word that may lie anywhere: the processor has no alignment. */
typedef uint32_t __attribute__((may_alias, aligned(1))) word;

void* memcpy(void* restrict to, const void* restrict from, size_t length) {
  unsigned char* out = to;
  const unsigned char* in = from;
  for (; length >= 16; length -= 16, out += 16, in += 16) {
    const word a = ((const word*)in)[0], b = ((const word*)in)[1];
    const word c = ((const word*)in)[2], d = ((const word*)in)[3];
    ((word*)out)[0] = a, ((word*)out)[1] = b, ((word*)out)[2] = c, ((word*)out)[3] = d;
  }
  for (; length >= 4; length -= 4, out += 4, in += 4) *(word*)out = *(const word*)in;
  while (length-- != 0) *out++ = *in++;
  return to;
}

void* memmove(void* to, const void* from, size_t length) {
  if ((uintptr_t)to - (uintptr_t)from >= length) return memcpy(to, from, length);
  unsigned char* out = (unsigned char*)to + length;
  const unsigned char* in = (const unsigned char*)from + length;
  for (; length >= 4; length -= 4) out -= 4, in -= 4, *(word*)out = *(const word*)in;
  while (length-- != 0) *--out = *--in;
  return to;
}

void* memset(void* to, int byte, size_t length) {
  unsigned char* out = to;
  const word four = (unsigned char)byte * 0x01010101u;
  for (; length >= 16; length -= 16, out += 16) {
    ((word*)out)[0] = four, ((word*)out)[1] = four;
    ((word*)out)[2] = four, ((word*)out)[3] = four;
  }
  for (; length >= 4; length -= 4, out += 4) *(word*)out = four;
  while (length-- != 0) *out++ = (unsigned char)byte;
  return to;
}

int memcmp(const void* a, const void* b, size_t length) {
  const unsigned char *x = a, *y = b;
  while (length >= 4 && *(const word*)x == *(const word*)y) length -= 4, x += 4, y += 4;
  for (; length != 0; --length, ++x, ++y)
    if (*x != *y) return *x - *y;
  return 0;
}

void* memchr(const void* memory, int byte, size_t length) {
  const unsigned char* at = memory;
  for (; length != 0; --length, ++at)
    if (*at == (unsigned char)byte) return (void*)at;
  return NULL;
}

size_t strlen(const char* text) {
  const char* end = text;
  while (*end != '\0') ++end;
  return end - text;
}

int strcmp(const char* a, const char* b) {
  while (*a == *b && *a != '\0') ++a, ++b;
  return (unsigned char)*a - (unsigned char)*b;
}

char* strchr(const char* text, int byte) {
  for (;; ++text) {
    if (*text == (char)byte) return (char*)text;
    if (*text == '\0') return NULL;
  }
}

char* strcpy(char* restrict to, const char* restrict from) {
  char* out = to;
  while ((*out++ = *from++) != '\0') continue;
  return to;
}

char* strncpy(char* restrict to, const char* restrict from, size_t length) {
  size_t i = 0;
  for (; i < length && from[i] != '\0'; ++i) to[i] = from[i];
  for (; i < length; ++i) to[i] = '\0';
  return to;
}

/* Where the maximal suffix of a needle begins in one order of bytes, and its period. */
struct suffix {
  size_t start, period;
};

static struct suffix maximal_suffix(const unsigned char* needle, size_t length, int descending) {
  size_t start = (size_t)-1, at = 0, k = 1, period = 1;
  while (at + k < length) {
    const unsigned char a = needle[at + k], b = needle[start + k];
    if (a == b) {
      if (k == period)
        at += period, k = 1;
      else
        ++k;
    } else if ((a < b) != descending) {
      at += k, k = 1, period = at - start;
    } else {
      start = at++, k = period = 1;
    }
  }
  return (struct suffix){start + 1, period};
}

/* Two-way matching: time linear in both texts and no memory, whatever a stranger's texts hold. */
char* strstr(const char* haystack, const char* needle) {
  const unsigned char* const n = (const unsigned char*)needle;
  const size_t length = strlen(needle);
  size_t rest = strlen(haystack);
  if (length == 0) return (char*)haystack;

  const struct suffix up = maximal_suffix(n, length, 0), down = maximal_suffix(n, length, 1);
  const struct suffix cut = up.start > down.start ? up : down;
  const int periodic =
      cut.period + cut.start <= length && memcmp(n, n + cut.period, cut.start) == 0;
  const size_t longer = cut.start > length - cut.start ? cut.start : length - cut.start;
  const size_t shift = periodic ? cut.period : longer + 1;
  size_t known = 0; /* How much of the needle's start is known to match. */

  const unsigned char* h = (const unsigned char*)haystack;
  while (rest >= length) {
    size_t i = cut.start > known ? cut.start : known;
    while (i < length && n[i] == h[i]) ++i;
    size_t step = i - cut.start + 1, then = 0;
    if (i >= length) {
      size_t j = cut.start;
      while (j > known && n[j - 1] == h[j - 1]) --j;
      if (j <= known) return (char*)h;
      step = shift;
      if (periodic) then = length - cut.period;
    }
    h += step, rest = rest >= step ? rest - step : 0, known = then;
  }
  return NULL;
}
