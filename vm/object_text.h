// An object written as the file that describes it; what read_object_file() reads.
#pragma once

#include <string>

#include "vm/lua/verb_form.h"
#include "vm/object_source.h"

namespace cosmoo {

/// The same source gives the same text. Values name objects by `names`, others by number. Of nested
/// data that no Lua literal holds, and of code that is no text, the bytes are exact as well.
std::string object_text(const ObjectSource& object, const ObjectNames& names, VerbChecker& checker);

}  // namespace cosmoo
