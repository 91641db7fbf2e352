/* Shortest ways (Dijkstra) from one crossing to all others on a map of 4,096, with a binary heap
 * that knows where each crossing lies. */
#include "bench_guest.h"

enum { kSide = 64, kPlaces = kSide * kSide, kMotorways = 600, kFar = 0x7fffffff };

struct road {
  int32_t to, length, next; /* The next one from the same place; -1: none. */
};

static struct road roads[4 * kPlaces + 2 * kMotorways];
static int32_t road_count, first_road[kPlaces];

static int32_t distance[kPlaces], before[kPlaces];
static int32_t heap[kPlaces], heap_size;
static int32_t place_in_heap[kPlaces]; /* -1: not in it. */

static void add_road(int32_t from, int32_t to, int32_t length) {
  roads[road_count] = (struct road){to, length, first_road[from]};
  first_road[from] = road_count++;
}

static void add_both(int32_t from, int32_t to, int32_t length) {
  add_road(from, to, length);
  add_road(to, from, length + (int32_t)(bench_random() % 4));
}

static void make_map(void) {
  for (int32_t i = 0; i < kPlaces; ++i) first_road[i] = -1;
  for (int32_t y = 0; y < kSide; ++y)
    for (int32_t x = 0; x < kSide; ++x) {
      const int32_t place = y * kSide + x;
      if (x + 1 < kSide) add_both(place, place + 1, 10 + (int32_t)(bench_random() % 90));
      if (y + 1 < kSide) add_both(place, place + kSide, 10 + (int32_t)(bench_random() % 90));
    }
  for (int i = 0; i < kMotorways; ++i) {
    const int32_t from = (int32_t)(bench_random() % kPlaces);
    const int32_t to = (int32_t)(bench_random() % kPlaces);
    add_both(from, to, 200 + (int32_t)(bench_random() % 800));
  }
}

static void put(int32_t index, int32_t place) {
  heap[index] = place;
  place_in_heap[place] = index;
}

static void move_up(int32_t index, int32_t place) {
  while (index > 0) {
    const int32_t parent = (index - 1) / 2;
    if (distance[heap[parent]] <= distance[place]) break;
    put(index, heap[parent]);
    index = parent;
  }
  put(index, place);
}

static int32_t take_nearest(void) {
  const int32_t nearest = heap[0], place = heap[--heap_size];
  int32_t index = 0;
  place_in_heap[nearest] = -1;
  if (heap_size == 0) return nearest;
  for (;;) {
    int32_t child = 2 * index + 1;
    if (child >= heap_size) break;
    if (child + 1 < heap_size && distance[heap[child + 1]] < distance[heap[child]]) ++child;
    if (distance[place] <= distance[heap[child]]) break;
    put(index, heap[child]);
    index = child;
  }
  put(index, place);
  return nearest;
}

static void search(int32_t start) {
  for (int32_t i = 0; i < kPlaces; ++i) distance[i] = kFar, place_in_heap[i] = -1, before[i] = -1;
  heap_size = 1, distance[start] = 0;
  put(0, start);
  while (heap_size > 0) {
    const int32_t here = take_nearest();
    for (int32_t i = first_road[here]; i >= 0; i = roads[i].next) {
      const int32_t there = roads[i].to, way = distance[here] + roads[i].length;
      if (way >= distance[there]) continue;
      distance[there] = way, before[there] = here;
      move_up(place_in_heap[there] >= 0 ? place_in_heap[there] : heap_size++, there);
    }
  }
}

static uint32_t work(uint32_t rounds) {
  uint32_t sum = 0;
  make_map();
  for (; rounds > 0; --rounds) {
    search((int32_t)(bench_random() % kPlaces));
    const int32_t last = (int32_t)(bench_random() % kPlaces);
    sum = sum * 31 + (uint32_t)distance[last];
    for (int32_t i = last; i >= 0; i = before[i]) ++sum;
  }
  return sum;
}

BENCH_MAIN(220)
