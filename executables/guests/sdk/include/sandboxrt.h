/* What a guest can ask of the sandbox it runs in, beside the C library.
 *
 * A guest is one program alone on a 32-bit processor: no files, no clock, no network. It finds its
 * input in memory, leaves its output in memory, and ends. The names of moxiebox's own header are
 * all here, so that sources written for it build unchanged. */
#ifndef SANDBOXRT_H
#define SANDBOXRT_H

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#ifndef assert
#include <assert.h>
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* A range of the address space as the list of descriptors tells it: the programs, the data files
 * and the stack in this order, then entries that are all zero. */
struct moxie_memory_map_ent {
  void* addr;
  size_t length; /* In bytes. */
  char tags[24]; /* "ro,elf0,", "rw,elf1,", "ro,data0,", "rw,stack,": the number counts a kind. */
};

enum { MACH_PAGE_SIZE = 4096 };

enum moxie_mmap_prot_flags {
  MOXIE_PROT_NONE = 0,
  MOXIE_PROT_EXEC = 1,
  MOXIE_PROT_READ = 2,
  MOXIE_PROT_WRITE = 4
};

enum moxie_mmap_flags { MOXIE_MAP_SHARED = 1, MOXIE_MAP_PRIVATE = 2, MOXIE_MAP_ANONYMOUS = 4 };

/* The list of descriptors; set before main() runs. */
extern struct moxie_memory_map_ent* moxie_memmap;

/* The data file number `index`, from 0, or NULL when there are fewer. */
const struct moxie_memory_map_ent* sandbox_data(unsigned index);

/* Says which memory is the result. It is read when the guest has ended; the last call counts. */
void setreturn(void* addr, size_t length);

/* The same for the second area, the state. */
void sandbox_set_state(void* addr, size_t length);

/* Adds bytes at the end of a growing output and names it with setreturn(). Standard output and
 * standard error end here too. Ends the guest with status 1 when the heap is full. */
void sandbox_write(const void* data, size_t length);
void sandbox_puts(const char* text);
void sandbox_put_number(long number);

/* Fresh zeroed memory. `addr` must be NULL, `length` a multiple of 4096 above 0, `prot` contain
 * EXEC, READ and WRITE, `flags` PRIVATE and ANONYMOUS; `fd` and `offset` are not looked at. On
 * failure the result lies in the last page of the address space: MOXIE_MAP_FAILED tells. malloc()
 * stands on it. There is no way to give memory back. */
void* mmap(void* addr, size_t length, int prot, int flags, int fd, int offset);
#define MOXIE_MAP_FAILED(addr) ((size_t)(addr) >= (size_t)-4096)

/* Ends the guest at once; the low eight bits of `status` are its exit code. */
void _exit(int status) __attribute__((noreturn));

#ifdef __cplusplus
}
#endif
#endif
