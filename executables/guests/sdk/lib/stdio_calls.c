/* What newlib's stdio stands on: standard input is the first data file, standard output and error
 * are the output, and any data file can be opened for reading as "data0", "data1", ... */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandboxrt.h"

#undef errno
extern int errno;

enum { kOpen = 16 };
struct opened {
  int used;
  unsigned data; /* Which data file. */
  size_t at;
};
static struct opened files[kOpen] = {{1, 0, 0}};

static struct opened* file(int fd) {
  if (fd >= 0 && fd < kOpen && files[fd].used) return &files[fd];
  errno = EBADF;
  return NULL;
}

int _write(int fd, const void* bytes, size_t length) {
  if (fd != 1 && fd != 2) return errno = EBADF, -1;
  sandbox_write(bytes, length);
  return (int)length;
}

int _read(int fd, void* bytes, size_t length) {
  struct opened* const from = file(fd);
  if (from == NULL) return -1;
  const struct moxie_memory_map_ent* const data = sandbox_data(from->data);
  if (data == NULL || from->at >= data->length) return 0;
  if (length > data->length - from->at) length = data->length - from->at;
  memcpy(bytes, (const char*)data->addr + from->at, length);
  from->at += length;
  return (int)length;
}

int _open(const char* name, int flags, int mode) {
  (void)mode;
  unsigned number = 0;
  const char* digit = name + 4;
  if (memcmp(name, "data", 4) != 0 || *digit == '\0') return errno = ENOENT, -1;
  for (; *digit != '\0'; ++digit) {
    if (*digit < '0' || *digit > '9' || number > 9999) return errno = ENOENT, -1;
    number = number * 10 + (unsigned)(*digit - '0');
  }
  if (sandbox_data(number) == NULL) return errno = ENOENT, -1;
  if ((flags & O_ACCMODE) != O_RDONLY) return errno = EROFS, -1;
  for (int fd = 3; fd < kOpen; ++fd) {
    if (files[fd].used) continue;
    files[fd] = (struct opened){1, number, 0};
    return fd;
  }
  return errno = EMFILE, -1;
}

int _close(int fd) {
  if (fd == 1 || fd == 2) return 0;
  struct opened* const closed = file(fd);
  if (closed == NULL) return -1;
  closed->used = 0;
  return 0;
}

off_t _lseek(int fd, off_t offset, int whence) {
  struct opened* const moved = file(fd);
  if (moved == NULL) return -1;
  const struct moxie_memory_map_ent* const data = sandbox_data(moved->data);
  const off_t from = whence == SEEK_SET   ? 0
                     : whence == SEEK_CUR ? (off_t)moved->at
                     : data == NULL       ? 0
                                          : (off_t)data->length;
  if (offset < -from) return errno = EINVAL, -1;
  moved->at = (size_t)(from + offset);
  return from + offset;
}

int _fstat(int fd, struct stat* about) {
  memset(about, 0, sizeof *about);
  about->st_mode = S_IFREG;
  about->st_blksize = 1024;
  if (fd == 1 || fd == 2) return 0;
  struct opened* const of = file(fd);
  if (of == NULL) return -1;
  const struct moxie_memory_map_ent* const data = sandbox_data(of->data);
  about->st_size = data == NULL ? 0 : (off_t)data->length;
  return 0;
}

int _isatty(int fd) { return (void)fd, errno = ENOTTY, 0; }
int _getpid(void) { return 1; }
int _kill(int pid, int signal) { return (void)pid, _exit(128 + signal), 0; }

/* malloc() stands on mmap(); nothing else may grow the heap. */
void* _sbrk(ptrdiff_t bytes) { return (void)bytes, errno = ENOMEM, (void*)-1; }
