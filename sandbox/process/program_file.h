// Programs that are part of this one, such as those that slots and frame hosts run.
#pragma once

#include "sandbox/process/unique_fd.h"

/// Puts the file's bytes between two symbols: NAME_begin and NAME_end.
#define COSMOO_EMBED(name, file)                                        \
  asm(".section .rodata\n" #name "_begin: .incbin \"" file "\"\n" #name \
      "_end:\n"                                                         \
      ".global " #name                                                  \
      "_begin\n"                                                        \
      ".global " #name                                                  \
      "_end\n"                                                          \
      ".previous\n");                                                   \
  extern "C" const char name##_begin[];                                 \
  extern "C" const char name##_end[];

namespace cosmoo::sandbox {

/// A file in memory that holds a program, to be executed and by nobody to be changed; none, with
/// errno, if the system refuses that.
UniqueFd program_file(const char* name, const char* begin, const char* end);

}  // namespace cosmoo::sandbox
