/* A drawing of shapes that know what they are by their functions: moved, asked for their areas,
 * sorted by them as linked lists, and asked which lies where. */
#include "bench_guest.h"

enum { kShapes = 600, kGroup = 5, kField = 1024, kPoints = 40 };

struct shape;

struct kind {
  void (*move)(struct shape* shape, int32_t dx, int32_t dy);
  uint32_t (*area)(const struct shape* shape);
  int (*covers)(const struct shape* shape, int32_t x, int32_t y);
};

struct shape {
  const struct kind* kind;
  struct shape* next;
};

struct disc {
  struct shape shape;
  int32_t x, y, radius;
};

struct box {
  struct shape shape;
  int32_t left, top, right, bottom;
};

struct triangle {
  struct shape shape;
  int32_t x[3], y[3];
};

struct group {
  struct shape shape;
  struct shape* first;
};

static void move_disc(struct shape* shape, int32_t dx, int32_t dy) {
  struct disc* const disc = (struct disc*)shape;
  disc->x += dx, disc->y += dy;
}

static uint32_t disc_area(const struct shape* shape) {
  const struct disc* const disc = (const struct disc*)shape;
  return (uint32_t)(disc->radius * disc->radius) * 355 / 113;
}

static int disc_covers(const struct shape* shape, int32_t x, int32_t y) {
  const struct disc* const disc = (const struct disc*)shape;
  const int32_t dx = x - disc->x, dy = y - disc->y;
  return dx * dx + dy * dy <= disc->radius * disc->radius;
}

static void move_box(struct shape* shape, int32_t dx, int32_t dy) {
  struct box* const box = (struct box*)shape;
  box->left += dx, box->right += dx, box->top += dy, box->bottom += dy;
}

static uint32_t box_area(const struct shape* shape) {
  const struct box* const box = (const struct box*)shape;
  return (uint32_t)((box->right - box->left) * (box->bottom - box->top));
}

static int box_covers(const struct shape* shape, int32_t x, int32_t y) {
  const struct box* const box = (const struct box*)shape;
  return x >= box->left && x < box->right && y >= box->top && y < box->bottom;
}

static void move_triangle(struct shape* shape, int32_t dx, int32_t dy) {
  struct triangle* const triangle = (struct triangle*)shape;
  for (int i = 0; i < 3; ++i) triangle->x[i] += dx, triangle->y[i] += dy;
}

/* Above zero where the point lies left of the way from one corner to the next. */
static int32_t side(const struct triangle* triangle, int corner, int32_t x, int32_t y) {
  const int next = corner == 2 ? 0 : corner + 1;
  return (triangle->x[next] - triangle->x[corner]) * (y - triangle->y[corner]) -
         (triangle->y[next] - triangle->y[corner]) * (x - triangle->x[corner]);
}

static uint32_t triangle_area(const struct shape* shape) {
  const struct triangle* const triangle = (const struct triangle*)shape;
  return (uint32_t)abs(side(triangle, 0, triangle->x[2], triangle->y[2])) / 2;
}

static int triangle_covers(const struct shape* shape, int32_t x, int32_t y) {
  const struct triangle* const triangle = (const struct triangle*)shape;
  const int left = side(triangle, 0, x, y) > 0;
  return (side(triangle, 1, x, y) > 0) == left && (side(triangle, 2, x, y) > 0) == left;
}

static void move_group(struct shape* shape, int32_t dx, int32_t dy) {
  for (struct shape* one = ((struct group*)shape)->first; one != NULL; one = one->next)
    one->kind->move(one, dx, dy);
}

static uint32_t group_area(const struct shape* shape) {
  uint32_t sum = 0;
  for (const struct shape* one = ((const struct group*)shape)->first; one != NULL; one = one->next)
    sum += one->kind->area(one);
  return sum;
}

static int group_covers(const struct shape* shape, int32_t x, int32_t y) {
  for (const struct shape* one = ((const struct group*)shape)->first; one != NULL; one = one->next)
    if (one->kind->covers(one, x, y)) return 1;
  return 0;
}

static const struct kind kDisc = {move_disc, disc_area, disc_covers};
static const struct kind kBox = {move_box, box_area, box_covers};
static const struct kind kTriangle = {move_triangle, triangle_area, triangle_covers};
static const struct kind kGroupKind = {move_group, group_area, group_covers};

static int32_t up_to(int32_t most) { return (int32_t)(bench_random() % (uint32_t)most); }

static struct shape* new_shape(const struct kind* kind, size_t size, struct shape* next) {
  struct shape* const shape = malloc(size);
  if (shape == NULL) abort();
  shape->kind = kind, shape->next = next;
  return shape;
}

/* In front of `next`; no groups within groups. */
static struct shape* make_shape(struct shape* next, uint32_t kinds) {
  const int32_t x = up_to(kField), y = up_to(kField);
  switch (bench_random() % kinds) {
    case 0: {
      struct disc* const disc = (struct disc*)new_shape(&kDisc, sizeof *disc, next);
      disc->x = x, disc->y = y, disc->radius = 5 + up_to(60);
      return &disc->shape;
    }
    case 1: {
      struct box* const box = (struct box*)new_shape(&kBox, sizeof *box, next);
      box->left = x, box->top = y;
      box->right = x + 5 + up_to(100), box->bottom = y + 5 + up_to(100);
      return &box->shape;
    }
    case 2: {
      struct triangle* const triangle =
          (struct triangle*)new_shape(&kTriangle, sizeof *triangle, next);
      for (int i = 0; i < 3; ++i) triangle->x[i] = x + up_to(150), triangle->y[i] = y + up_to(150);
      return &triangle->shape;
    }
    default: {
      struct group* const group = (struct group*)new_shape(&kGroupKind, sizeof *group, next);
      group->first = NULL;
      for (int i = 0; i < kGroup; ++i) group->first = make_shape(group->first, 3);
      return &group->shape;
    }
  }
}

static int greater(const struct shape* a, const struct shape* b) {
  return a->kind->area(a) > b->kind->area(b);
}

static int further(const struct shape* a, const struct shape* b) {
  return a->kind->covers(a, kField / 2, kField / 2) < b->kind->covers(b, kField / 2, kField / 2);
}

static struct shape* sorted(struct shape* first, size_t count,
                            int (*behind)(const struct shape*, const struct shape*)) {
  if (count == 1) return first->next = NULL, first;
  struct shape *middle = first, *all, **tail = &all;
  for (size_t i = 0; i < count / 2; ++i) middle = middle->next;
  middle = sorted(middle, count - count / 2, behind);
  first = sorted(first, count / 2, behind);
  while (first != NULL && middle != NULL) {
    struct shape** const which = behind(first, middle) ? &middle : &first;
    *tail = *which;
    tail = &(*which)->next;
    *which = *tail;
  }
  *tail = first != NULL ? first : middle;
  return all;
}

static uint32_t work(uint32_t rounds) {
  uint32_t sum = 0;
  struct shape* drawing = NULL;
  for (int i = 0; i < kShapes; ++i) drawing = make_shape(drawing, 4);
  for (; rounds > 0; --rounds) {
    for (struct shape* one = drawing; one != NULL; one = one->next) {
      const int32_t dx = up_to(9) - 4, dy = up_to(9) - 4;
      one->kind->move(one, dx, dy);
    }
    drawing = sorted(drawing, kShapes, rounds % 4 == 0 ? further : greater);
    for (int i = 0; i < kPoints; ++i) {
      const int32_t x = up_to(kField), y = up_to(kField);
      uint32_t place = 1;
      for (const struct shape* one = drawing; one != NULL; one = one->next, ++place)
        if (one->kind->covers(one, x, y)) sum = sum * 31 + place;
    }
  }
  return sum;
}

BENCH_MAIN(150)
