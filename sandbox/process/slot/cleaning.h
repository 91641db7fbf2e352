// Removing a directory with all that is in it, whoever has made that and however deep.
#pragma once

#include <string>

namespace cosmoo::sandbox::slot {

/// Follows no link. Uses a bounded number of descriptors however deep the tree is. False, with
/// errno, if something stays.
bool remove_tree(const std::string& path);

}  // namespace cosmoo::sandbox::slot
