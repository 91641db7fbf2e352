/* A B-tree with up to 15 keys in a node: 10,000 keys put in and looked up, ranges added up. */
#include "bench_guest.h"

enum { kHalf = 7, kKeys = 2 * kHalf + 1, kCount = 10000, kRanges = 50 };

struct node {
  int count, is_leaf;
  uint32_t keys[kKeys], values[kKeys];
  struct node* children[kKeys + 1];
};

static struct node* new_node(int is_leaf) {
  struct node* const node = calloc(1, sizeof *node);
  if (node == NULL) abort();
  node->is_leaf = is_leaf;
  return node;
}

/* The first of the node's keys that is not less. */
static int position(const struct node* node, uint32_t key) {
  int low = 0, high = node->count;
  while (low < high) {
    const int middle = (low + high) / 2;
    if (node->keys[middle] < key)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static void make_room(struct node* node, int at) {
  const size_t behind = (size_t)(node->count - at);
  memmove(node->keys + at + 1, node->keys + at, behind * sizeof *node->keys);
  memmove(node->values + at + 1, node->values + at, behind * sizeof *node->values);
  if (!node->is_leaf)
    memmove(node->children + at + 2, node->children + at + 1, behind * sizeof *node->children);
  ++node->count;
}

/* A full child becomes two; its middle key comes up into the parent, which has room. */
static void split(struct node* parent, int at) {
  struct node* const left = parent->children[at];
  struct node* const right = new_node(left->is_leaf);
  right->count = kHalf;
  memcpy(right->keys, left->keys + kHalf + 1, kHalf * sizeof *left->keys);
  memcpy(right->values, left->values + kHalf + 1, kHalf * sizeof *left->values);
  if (!left->is_leaf)
    memcpy(right->children, left->children + kHalf + 1, (kHalf + 1) * sizeof *left->children);
  left->count = kHalf;
  make_room(parent, at);
  parent->keys[at] = left->keys[kHalf], parent->values[at] = left->values[kHalf];
  parent->children[at + 1] = right;
}

static struct node* insert(struct node* root, uint32_t key, uint32_t value) {
  if (root->count == kKeys) {
    struct node* const above = new_node(0);
    above->children[0] = root;
    split(above, 0);
    root = above;
  }
  for (struct node* node = root;;) {
    int at = position(node, key);
    if (at < node->count && node->keys[at] == key) {
      node->values[at] += value;
      return root;
    }
    if (node->is_leaf) {
      make_room(node, at);
      node->keys[at] = key, node->values[at] = value;
      return root;
    }
    if (node->children[at]->count == kKeys) {
      split(node, at);
      if (node->keys[at] == key) continue;
      if (node->keys[at] < key) ++at;
    }
    node = node->children[at];
  }
}

static const uint32_t* find(const struct node* node, uint32_t key) {
  for (;;) {
    const int at = position(node, key);
    if (at < node->count && node->keys[at] == key) return &node->values[at];
    if (node->is_leaf) return NULL;
    node = node->children[at];
  }
}

static uint32_t sum_of(const struct node* node, uint32_t first, uint32_t last) {
  uint32_t sum = 0;
  for (int at = position(node, first);; ++at) {
    if (!node->is_leaf) sum += sum_of(node->children[at], first, last);
    if (at == node->count || node->keys[at] > last) return sum;
    sum += node->values[at] ^ node->keys[at];
  }
}

static void drop(struct node* node) {
  for (int i = 0; i <= node->count && !node->is_leaf; ++i) drop(node->children[i]);
  free(node);
}

static uint32_t work(uint32_t rounds) {
  uint32_t sum = 0;
  for (; rounds > 0; --rounds) {
    struct node* root = new_node(1);
    for (uint32_t i = 0; i < kCount; ++i) root = insert(root, bench_random() % 32768, i);
    for (int i = 0; i < kCount; ++i) {
      const uint32_t* const found = find(root, bench_random() % 32768);
      sum = sum * 31 + (found != NULL ? *found : 1);
    }
    for (int i = 0; i < kRanges; ++i) {
      const uint32_t first = bench_random() % 32768;
      sum = sum * 31 + sum_of(root, first, first + 1500);
    }
    drop(root);
  }
  return sum;
}

BENCH_MAIN(50)
