/* Finds the words of a list that come nearest to misspelt ones: the least number of letters added,
 * dropped, changed or swapped with their neighbour. */
#include "bench_guest.h"

enum { kWords = 500, kLetters = 16 };

static char words[kWords][kLetters + 1];

static int least(int a, int b) { return a < b ? a : b; }

static int distance(const char* from, const char* to) {
  int table[kLetters + 1][kLetters + 1];
  const int rows = (int)strlen(from), columns = (int)strlen(to);
  for (int i = 0; i <= rows; ++i) table[i][0] = i;
  for (int j = 0; j <= columns; ++j) table[0][j] = j;
  for (int i = 1; i <= rows; ++i)
    for (int j = 1; j <= columns; ++j) {
      const int changed = table[i - 1][j - 1] + (from[i - 1] != to[j - 1]);
      int best = least(changed, least(table[i - 1][j], table[i][j - 1]) + 1);
      if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1])
        best = least(best, table[i - 2][j - 2] + 1);
      table[i][j] = best;
    }
  return table[rows][columns];
}

static void make_words(void) {
  static const char kSyllables[] = "taroliseminadekupofagenuvibo";
  for (int i = 0; i < kWords; ++i) {
    const uint32_t syllables = 2 + bench_random() % 6;
    for (uint32_t k = 0; k < syllables; ++k)
      memcpy(words[i] + 2 * k, kSyllables + bench_random() % 14 * 2, 2);
    if (bench_random() % 2 == 0) words[i][2 * syllables] = 's';
  }
}

static void misspell(char* word) {
  const uint32_t length = (uint32_t)strlen(word), at = bench_random() % (length - 1);
  const char letter = word[at];
  switch (bench_random() % 4) {
    case 0:
      word[at] = word[at + 1], word[at + 1] = letter;
      break;
    case 1:
      memmove(word + at, word + at + 1, length - at);
      break;
    case 2:
      if (length < kLetters) memmove(word + at + 1, word + at, length - at + 1);
      break;
    default:
      word[at] = (char)('a' + bench_random() % 26);
  }
}

static uint32_t work(uint32_t rounds) {
  uint32_t sum = 0;
  make_words();
  for (; rounds > 0; --rounds) {
    char word[kLetters + 1];
    int nearest = 0, nearest_distance = kLetters + 1;
    strcpy(word, words[bench_random() % kWords]);
    misspell(word);
    if (strlen(word) > 3) misspell(word);
    for (int i = 0; i < kWords && nearest_distance > 0; ++i) {
      const int difference = (int)strlen(word) - (int)strlen(words[i]);
      if (abs(difference) >= nearest_distance) continue;
      const int d = distance(word, words[i]);
      if (d < nearest_distance) nearest = i, nearest_distance = d;
    }
    sum = sum * 31 + (uint32_t)(nearest * 16 + nearest_distance);
  }
  return sum;
}

BENCH_MAIN(1500)
