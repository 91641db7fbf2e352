#include "sandbox/frame/host_program.h"

#include "sandbox/process/program_file.h"

// Built before this file. It needs the loader and the C library of the machine, as modules do.
COSMOO_EMBED(cosmoo_frame_host, COSMOO_FRAME_HOST)

namespace cosmoo::sandbox {

UniqueFd open_host_program() {
  return program_file("cosmoo-host", cosmoo_frame_host_begin, cosmoo_frame_host_end);
}

}  // namespace cosmoo::sandbox
