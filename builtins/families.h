// The families of builtins: one file each, with its table at the end of it.
// To add a family: its file, a line here, and a line with its heading in table.cpp.
#pragma once

#include <span>

#include "vm/builtin.h"

namespace cosmoo {

std::span<const Builtin> object_builtins();
std::span<const Builtin> family_builtins();
std::span<const Builtin> place_builtins();
std::span<const Builtin> quota_builtins();
std::span<const Builtin> property_builtins();
std::span<const Builtin> verb_builtins();
std::span<const Builtin> task_builtins();
std::span<const Builtin> connection_builtins();
std::span<const Builtin> connection_fact_builtins();
std::span<const Builtin> network_builtins();
std::span<const Builtin> list_builtins();
std::span<const Builtin> map_builtins();
std::span<const Builtin> string_builtins();
std::span<const Builtin> pattern_builtins();
std::span<const Builtin> conversion_builtins();
std::span<const Builtin> encoding_builtins();
std::span<const Builtin> json_builtins();
std::span<const Builtin> hash_builtins();
std::span<const Builtin> password_builtins();
std::span<const Builtin> random_builtins();
std::span<const Builtin> time_builtins();
std::span<const Builtin> server_builtins();
std::span<const Builtin> world_file_builtins();
std::span<const Builtin> exec_builtins();
std::span<const Builtin> process_builtins();
std::span<const Builtin> process_stream_builtins();
std::span<const Builtin> sandbox_builtins();
std::span<const Builtin> frame_builtins();
std::span<const Builtin> frame_tree_builtins();
std::span<const Builtin> job_builtins();

}  // namespace cosmoo
