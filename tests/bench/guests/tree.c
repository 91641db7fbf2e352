/* A treap of 20,000 keys: put in, looked up, taken out; nodes from malloc(). */
#include "bench_guest.h"

struct node {
  uint32_t key, rank, value;
  struct node *left, *right;
};

static struct node* insert(struct node* root, uint32_t key) {
  if (root == NULL) {
    struct node* const node = malloc(sizeof *node);
    if (node == NULL) abort();
    *node = (struct node){key, bench_random(), 1, NULL, NULL};
    return node;
  }
  if (key == root->key) {
    ++root->value;
  } else if (key < root->key) {
    struct node* const child = root->left = insert(root->left, key);
    if (child->rank > root->rank) root->left = child->right, child->right = root, root = child;
  } else {
    struct node* const child = root->right = insert(root->right, key);
    if (child->rank > root->rank) root->right = child->left, child->left = root, root = child;
  }
  return root;
}

static const struct node* find(const struct node* root, uint32_t key) {
  while (root != NULL && root->key != key) root = key < root->key ? root->left : root->right;
  return root;
}

static uint32_t drop(struct node* root, uint32_t depth) {
  if (root == NULL) return 0;
  const uint32_t sum = drop(root->left, depth + 1) + drop(root->right, depth + 1);
  const uint32_t own = root->key * depth + root->value;
  free(root);
  return sum + own;
}

static uint32_t work(uint32_t rounds) {
  uint32_t sum = 0;
  for (; rounds > 0; --rounds) {
    struct node* root = NULL;
    for (int i = 0; i < 20000; ++i) root = insert(root, bench_random() % 65536);
    for (int i = 0; i < 20000; ++i) sum += find(root, bench_random() % 65536) != NULL;
    sum = sum * 31 + drop(root, 1);
  }
  return sum;
}

BENCH_MAIN(12)
