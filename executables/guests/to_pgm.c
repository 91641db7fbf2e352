/* Turns the image in the first data file into grey levels: a binary PPM (P6, 8 bits a sample) or an
 * uncompressed BMP of 24 or 32 bits a pixel becomes a binary PGM (P5). Without data it draws the
 * Mandelbrot set, 160 by 120. Ends with 1 and a message when the file is neither. */
#include <stdint.h>

#include "sandboxrt.h"

enum { kMostSide = 16384 };

static uint8_t* pixels;
static uint32_t width, height;

static int refuse(const char* why) {
  sandbox_puts(why);
  sandbox_puts("\n");
  return 1;
}

static int start(uint32_t w, uint32_t h) {
  width = w, height = h;
  if (w == 0 || h == 0 || w > kMostSide || h > kMostSide) return 0;
  pixels = malloc(w * h);
  return pixels != NULL;
}

/* Luma of ITU-R BT.601, in 16 bits of fraction. */
static uint8_t grey(uint32_t red, uint32_t green, uint32_t blue) {
  return (uint8_t)((red * 19595 + green * 38470 + blue * 7471 + 32768) >> 16);
}

static int print(void) {
  sandbox_puts("P5\n");
  sandbox_put_number((long)width);
  sandbox_puts(" ");
  sandbox_put_number((long)height);
  sandbox_puts("\n255\n");
  sandbox_write(pixels, width * height);
  return 0;
}

static int mandelbrot(void) {
  if (!start(160, 120)) return refuse("no memory");
  for (uint32_t y = 0; y < height; ++y) {
    for (uint32_t x = 0; x < width; ++x) {
      /* 12 bits of fraction: from -2.2 - 1.2i to 1.0 + 1.2i. */
      const int32_t cr = -9011 + (int32_t)(x * 13107 / width);
      const int32_t ci = -4915 + (int32_t)(y * 9830 / height);
      int32_t zr = 0, zi = 0, steps = 0;
      while (steps < 255) {
        const int32_t rr = zr * zr >> 12, ii = zi * zi >> 12;
        if (rr + ii > 4 << 12) break;
        zi = (zr * zi >> 11) + ci;
        zr = rr - ii + cr;
        ++steps;
      }
      pixels[y * width + x] = (uint8_t)(255 - steps);
    }
  }
  return print();
}

/* The next number of a PPM header; comments run from '#' to the end of the line. */
static int header_number(const uint8_t** at, const uint8_t* end, uint32_t* number) {
  const uint8_t* in = *at;
  for (; in < end && (*in <= ' ' || *in == '#'); ++in) {
    if (*in != '#') continue;
    while (in < end && *in != '\n') ++in;
    if (in == end) return 0;
  }
  const uint8_t* const first = in;
  for (*number = 0; in < end && *in >= '0' && *in <= '9' && in - first < 6; ++in)
    *number = *number * 10 + (*in - '0');
  *at = in;
  return in > first;
}

static int from_ppm(const uint8_t* at, const uint8_t* end) {
  uint32_t w, h, most;
  at += 2;
  if (!header_number(&at, end, &w) || !header_number(&at, end, &h) ||
      !header_number(&at, end, &most))
    return refuse("not a whole PPM header");
  if (most != 255) return refuse("not 8 bits a sample");
  if (!start(w, h)) return refuse("too large");
  ++at; /* One blank ends the header. */
  if (at > end || (size_t)(end - at) / 3 < w * h) return refuse("the pixels end early");
  for (uint32_t i = 0; i < w * h; ++i, at += 3) pixels[i] = grey(at[0], at[1], at[2]);
  return print();
}

static uint32_t word(const uint8_t* in) {
  return in[0] | in[1] << 8 | in[2] << 16 | (uint32_t)in[3] << 24;
}

static int from_bmp(const uint8_t* file, size_t length) {
  if (length < 54) return refuse("not a whole BMP header");
  const uint32_t offset = word(file + 10), bits = file[28] | file[29] << 8;
  const int32_t rows = (int32_t)word(file + 22); /* Negative: from the top. */
  if ((bits != 24 && bits != 32) || word(file + 30) != 0) return refuse("a kind of BMP not known");
  if (!start(word(file + 18), rows < 0 ? -(uint32_t)rows : (uint32_t)rows))
    return refuse("too large");
  const uint32_t step = bits / 8, stride = (width * step + 3) & ~3u;
  if (offset > length || (length - offset) / stride < height) return refuse("the pixels end early");
  for (uint32_t y = 0; y < height; ++y) {
    const uint8_t* in = file + offset + stride * (rows < 0 ? y : height - 1 - y);
    for (uint32_t x = 0; x < width; ++x, in += step)
      pixels[y * width + x] = grey(in[2], in[1], in[0]);
  }
  return print();
}

int main(void) {
  const struct moxie_memory_map_ent* const data = sandbox_data(0);
  if (data == NULL) return mandelbrot();
  const uint8_t* const file = data->addr;
  if (data->length > 2 && memcmp(file, "P6", 2) == 0) return from_ppm(file, file + data->length);
  if (data->length > 2 && memcmp(file, "BM", 2) == 0) return from_bmp(file, data->length);
  return refuse("neither a binary PPM nor a BMP");
}
