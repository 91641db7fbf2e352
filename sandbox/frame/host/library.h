// The one library that a host has open.
#pragma once

#include <cstddef>

namespace cosmoo::sandbox::frame_host {

/// What a function is called as; see cosmoo_module.h.
struct Function {
  void* address = nullptr;
  bool maps = false;  ///< It was declared with COSMOO_MAP_FUNCTION.
};

class OpenLibrary {
 public:
  /// Runs its constructors. Null, with dlerror() to ask, when it cannot be opened.
  bool open(const char* path);
  const void* handle() const { return handle_; }

  /// One of its own functions. Of its dependencies' there are none, and data is none. When it is
  /// not there, `why` has the reason until the next call.
  Function find(const char* name, const char*& why);

  /// The names of all that find() finds, each with a NUL, in memory of malloc().
  char* names(std::size_t& size) const;

 private:
  Function look_up(const char* name, const char*& why) const;

  void* handle_ = nullptr;
  /// What was found last is likely to be called next, and the loader takes its time.
  Function last_;
  char last_name_[256];
};

}  // namespace cosmoo::sandbox::frame_host
