#include "sandbox/process/slot_program.h"

#include "sandbox/process/program_file.h"

// Built before this file: a static program that needs nothing of the machine.
COSMOO_EMBED(cosmoo_slot, COSMOO_SLOT_PROGRAM)

namespace cosmoo::sandbox {

UniqueFd open_slot_program() {
  return program_file("cosmoo-slot", cosmoo_slot_begin, cosmoo_slot_end);
}

}  // namespace cosmoo::sandbox
