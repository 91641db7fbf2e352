/* malloc and its family over mmap().
 *
 * Memory comes in regions that are never given back. A region is a row of blocks without gaps,
 * closed by an empty block that is always in use. A block knows its own size and that of the one
 * before it, so that free neighbours join in constant time. Free blocks hang in lists by the
 * highest bit of their size. Addresses are multiples of 8. All functions are weak. */
#include <stddef.h>
#include <stdint.h>

#include "sandboxrt.h"

#pragma weak malloc
#pragma weak free
#pragma weak calloc
#pragma weak realloc

struct block {
  uint32_t before;               /* Size of the block before this one; 0: first of its region. */
  uint32_t size;                 /* Of this one with its header; the lowest bit says "in use". */
  struct block *next, *previous; /* In its list, while it is free; else the user's bytes. */
};

enum { kHeader = 8, kLeast = sizeof(struct block), kInUse = 1, kRegion = 64 << 10, kLists = 32 };
static const size_t kMost = 0x7fff0000;

static struct block* lists[kLists];
static size_t heap_bytes;

static uint32_t size_of(const struct block* block) { return block->size & ~(uint32_t)kInUse; }
static struct block* after(struct block* block) {
  return (struct block*)((char*)block + size_of(block));
}
static unsigned list_of(uint32_t size) { return 31 - __builtin_clz(size); }

static void hang(struct block* block) {
  struct block** list = &lists[list_of(block->size)];
  block->next = *list;
  block->previous = NULL;
  if (*list != NULL) (*list)->previous = block;
  *list = block;
}

static void unhang(struct block* block) {
  if (block->next != NULL) block->next->previous = block->previous;
  if (block->previous != NULL)
    block->previous->next = block->next;
  else
    lists[list_of(block->size)] = block->next;
}

static void resize(struct block* block, uint32_t size, uint32_t in_use) {
  block->size = size | in_use;
  after(block)->before = size;
}

/* Gives what `block`, which is in no list, has beyond `size` back to the lists. */
static void cut(struct block* block, uint32_t size) {
  const uint32_t rest = size_of(block) - size;
  if (rest < kLeast) {
    block->size |= kInUse;
    return;
  }
  struct block* const tail = (struct block*)((char*)block + size);
  resize(block, size, kInUse);
  resize(tail, rest, 0);
  struct block* const next = after(tail);
  if ((next->size & kInUse) == 0) {
    unhang(next);
    resize(tail, rest + next->size, 0);
  }
  hang(tail);
}

/* A free block of at least `size` bytes that is in no list, or NULL. */
static struct block* find(uint32_t size) {
  for (unsigned i = list_of(size); i < kLists; ++i) {
    for (struct block* block = lists[i]; block != NULL; block = block->next) {
      if (block->size < size) continue;
      unhang(block);
      return block;
    }
  }
  size_t bytes = size + kHeader + kHeader;
  if (bytes < kRegion) bytes = kRegion;
  if (bytes < heap_bytes / 4) bytes = heap_bytes / 4; /* Few regions, however much is asked for. */
  bytes = (bytes + MACH_PAGE_SIZE - 1) & ~(size_t)(MACH_PAGE_SIZE - 1);
  const int prot = MOXIE_PROT_EXEC | MOXIE_PROT_READ | MOXIE_PROT_WRITE;
  void* memory = mmap(NULL, bytes, prot, MOXIE_MAP_PRIVATE | MOXIE_MAP_ANONYMOUS, -1, 0);
  if (MOXIE_MAP_FAILED(memory)) {
    bytes = (size + kHeader + kHeader + MACH_PAGE_SIZE - 1) & ~(size_t)(MACH_PAGE_SIZE - 1);
    memory = mmap(NULL, bytes, prot, MOXIE_MAP_PRIVATE | MOXIE_MAP_ANONYMOUS, -1, 0);
    if (MOXIE_MAP_FAILED(memory)) return NULL;
  }
  heap_bytes += bytes;
  /* The user's bytes begin 8 after the header, and mmap() need not give a multiple of 8. */
  const size_t skip = -(size_t)memory & 7;
  struct block* const block = (struct block*)((char*)memory + skip);
  block->before = 0;
  block->size = (bytes - skip - kHeader) & ~(uint32_t)7;
  after(block)->before = block->size;
  after(block)->size = kHeader | kInUse;
  return block;
}

static uint32_t block_size(size_t bytes) {
  const uint32_t size = (bytes + kHeader + 7) & ~(uint32_t)7;
  return size < kLeast ? kLeast : size;
}

static struct block* block_of(void* bytes) { return (struct block*)((char*)bytes - kHeader); }

void* malloc(size_t bytes) {
  if (bytes > kMost) return NULL;
  const uint32_t size = block_size(bytes);
  struct block* const block = find(size);
  if (block == NULL) return NULL;
  cut(block, size);
  return (char*)block + kHeader;
}

void free(void* bytes) {
  if (bytes == NULL) return;
  struct block* block = block_of(bytes);
  if ((block->size & kInUse) == 0) abort(); /* Freed twice. */
  block->size = size_of(block);
  struct block* const next = after(block);
  if ((next->size & kInUse) == 0) {
    unhang(next);
    resize(block, block->size + next->size, 0);
  }
  if (block->before != 0) {
    struct block* const left = (struct block*)((char*)block - block->before);
    if ((left->size & kInUse) == 0) {
      unhang(left);
      resize(left, left->size + block->size, 0);
      block = left;
    }
  }
  hang(block);
}

void* calloc(size_t count, size_t each) {
  if (each != 0 && count > kMost / each) return NULL;
  void* const bytes = malloc(count * each);
  return bytes == NULL ? NULL : memset(bytes, 0, count * each);
}

void* realloc(void* bytes, size_t wanted) {
  if (bytes == NULL) return malloc(wanted);
  if (wanted > kMost) return NULL;
  struct block* const block = block_of(bytes);
  const uint32_t size = block_size(wanted);
  struct block* const next = after(block);
  if (size_of(block) < size && (next->size & kInUse) == 0 && size_of(block) + next->size >= size) {
    unhang(next);
    resize(block, size_of(block) + next->size, kInUse);
  }
  if (size_of(block) >= size) {
    cut(block, size);
    return bytes;
  }
  void* const moved = malloc(wanted);
  if (moved == NULL) return NULL;
  memcpy(moved, bytes, size_of(block) - kHeader);
  free(bytes);
  return moved;
}

/* newlib's own functions ask by these names. */
struct _reent;
void* _malloc_r(struct _reent* unused, size_t bytes) { return (void)unused, malloc(bytes); }
void _free_r(struct _reent* unused, void* bytes) { (void)unused, free(bytes); }
void* _calloc_r(struct _reent* unused, size_t n, size_t each) {
  return (void)unused, calloc(n, each);
}
void* _realloc_r(struct _reent* unused, void* bytes, size_t wanted) {
  return (void)unused, realloc(bytes, wanted);
}
