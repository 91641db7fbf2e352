/* What a function of a module looks like. Include this and build a shared library:
 *
 *   cc -shared -fPIC -o mymod.so mymod.c
 *
 * There are two styles. Nothing else is needed: no registration, no library to link with.
 *
 * (1) As a program's main(), called by frame.exec("dlib/mymod.so/NAME", {arguments}, input):
 *
 *       int NAME(int argc, char** argv, char** envp);
 *
 *     argv[0] is the frame's path. Input is standard input; what it prints is the result's stdout
 *     and stderr; what it returns is the exit code, of which eight bits are kept. exit() does
 *     as well.
 *
 * (2) As a map function, called by frame.map("dlib/mymod.so/NAME", TARGET): it is given another
 *     frame and makes something of it. It says so once:
 *
 *       COSMOO_MAP_FUNCTION(NAME)
 *       int NAME(const struct cosmoo_payload* payload);
 *
 * Either may be called by either. A function of the first style that is to map gets the target's
 * bytes as standard input, and its path and fields as variables FRAME_PATH, FRAME_PAR, FRAME_ADDR,
 * ... A map function that is executed gets its own path and the input it was given.
 *
 * Each call is a process of its own, forked after the library's constructors have run: static
 * variables begin anew, and a crash ends that call alone. A frame bound with isolate = "library"
 * is called in one process again and again instead: static variables last, and so do leaks. */
#ifndef COSMOO_MODULE_H
#define COSMOO_MODULE_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define COSMOO_MODULE_VERSION 1

/* One field of a frame: "par", "exectype", "module_id", "addr". Strings end with NUL. */
struct cosmoo_field {
  const char* name;
  const char* value;
};

/* The frame that a map function is given. All of it lasts until the function returns. */
struct cosmoo_payload {
  unsigned version; /* COSMOO_MODULE_VERSION, or more: members are only ever added at the end */
  const char* path; /* its aframe_id */
  const unsigned char* bytes; /* its value, or the file that it stands for; may hold NULs */
  size_t size;
  const struct cosmoo_field* fields;
  size_t field_count;
  /* Appends to the result: standard output. 0, or -1 when it is refused. */
  int (*write)(const void* bytes, size_t size);
};

/* Says that NAME is a map function. With C++ put it, and the function, into extern "C". */
#define COSMOO_MAP_FUNCTION(name)                   \
  extern const unsigned cosmoo_map_function_##name; \
  const unsigned cosmoo_map_function_##name = COSMOO_MODULE_VERSION;

#ifdef __cplusplus
}
#endif

#endif
