/* Counts lines, words and bytes of each data file, and of all when there are several. A word is
 * what blanks and control characters separate. Ends with 1 when there is nothing to count. */
#include "sandboxrt.h"

struct count {
  long lines, words, bytes;
};

static struct count count(const unsigned char* text, size_t length) {
  struct count sum = {0, 0, (long)length};
  int within = 0;
  for (size_t i = 0; i < length; ++i) {
    const int blank = text[i] <= ' ' || text[i] == 0x7f;
    sum.lines += text[i] == '\n';
    sum.words += !blank && !within;
    within = !blank;
  }
  return sum;
}

static void print(struct count sum, const char* name) {
  sandbox_put_number(sum.lines);
  sandbox_puts(" ");
  sandbox_put_number(sum.words);
  sandbox_puts(" ");
  sandbox_put_number(sum.bytes);
  sandbox_puts(" ");
  sandbox_puts(name);
  sandbox_puts("\n");
}

int main(void) {
  struct count total = {0, 0, 0};
  unsigned files = 0;
  const struct moxie_memory_map_ent* data;
  for (; (data = sandbox_data(files)) != NULL; ++files) {
    char name[16] = "";
    const char* const tag = data->tags + 3; /* After "ro,". */
    for (unsigned i = 0; i + 1 < sizeof name && tag[i] != ',' && tag[i] != '\0'; ++i)
      name[i] = tag[i];
    const struct count sum = count(data->addr, data->length);
    total.lines += sum.lines, total.words += sum.words, total.bytes += sum.bytes;
    print(sum, name);
  }
  if (files > 1) print(total, "total");
  return files == 0;
}
