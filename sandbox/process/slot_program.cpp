#include "sandbox/process/slot_program.h"

#include <fcntl.h>
#include <sys/mman.h>

#include <cerrno>

// Built before this file: a static program that needs nothing of the machine.
asm(".section .rodata\n"
    "cosmoo_slot_begin: .incbin \"" COSMOO_SLOT_PROGRAM
    "\"\n"
    "cosmoo_slot_end:\n"
    ".global cosmoo_slot_begin\n"
    ".global cosmoo_slot_end\n"
    ".previous\n");
extern "C" const char cosmoo_slot_begin[];
extern "C" const char cosmoo_slot_end[];

namespace cosmoo::sandbox {

namespace {
constexpr unsigned kExecutable = 0x10;  // MFD_EXEC, which kernels before 6.3 do not know
}

UniqueFd open_slot_program() {
  constexpr unsigned kFlags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  UniqueFd file(::memfd_create("cosmoo-slot", kFlags | kExecutable));
  if (!file && errno == EINVAL) file.reset(::memfd_create("cosmoo-slot", kFlags));
  // Above those that a slot gets: it is not to be overwritten before it is executed.
  if (file && file.get() <= 3) file.reset(::fcntl(file.get(), F_DUPFD_CLOEXEC, 4));
  if (!file) return file;
  for (const char* at = cosmoo_slot_begin; at < cosmoo_slot_end;) {
    const ssize_t put = ::write(file.get(), at, static_cast<std::size_t>(cosmoo_slot_end - at));
    if (put < 0) return UniqueFd();
    at += put;
  }
  ::fcntl(file.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
  return file;
}

}  // namespace cosmoo::sandbox
