// What the server and a frame host say to each other, over the host's standard input and output.
//
// A frame host is a process that has one library open and calls its functions: see main.cpp. The
// server sends the library, which is answered by `ready` or `failed`; then one order at a time. A
// `find` is answered by `found` or `failed`, a `list` by `names`, a `call` by any number of
// `output` and `errors`, and then by `ended` or `failed`. Both ends are built together: a Header,
// then so many bytes, which begin with the struct of that name if there is one.
//
// The host has a stranger's code in it. What it says is that code's word: the server checks that
// it can be read, and believes it of that library's calls alone.
#pragma once

#include <cstdint>

namespace cosmoo::sandbox::frame_host {

enum class Word : std::uint32_t {
  // orders
  library,  ///< A Library, then the file's bytes.
  find,     ///< The name of a symbol.
  list,
  call,  ///< A Call and what follows it.
  // answers
  ready,   ///< An Address: what dlopen() gave.
  failed,  ///< Text: what dlopen() or dlsym() had to say.
  found,   ///< An Address: the symbol's.
  names,   ///< Of the functions that it exports, each with a NUL.
  output,  ///< Bytes of the call's standard output.
  errors,  ///< Of its standard error.
  ended    ///< An Ended.
};

struct Header {
  Word word = Word::failed;
  std::uint32_t reserved = 0;
  std::uint64_t size = 0;  ///< Of what follows.
};

enum class Isolation : std::uint32_t {
  call,    ///< A process for each call.
  library  ///< One for all calls, until one crashes.
};

struct Library {
  Isolation isolation = Isolation::call;
  std::uint32_t reserved = 0;
};

struct Address {
  std::uint64_t value = 0;
};

/// Followed by strings, each with its NUL: the symbol, the path of the frame that it is about,
/// arguments, variables, and names and values of fields in turn; then by the input.
struct Call {
  std::uint32_t arguments = 0;
  std::uint32_t variables = 0;
  std::uint32_t fields = 0;
  std::uint32_t reserved = 0;
  std::uint64_t strings = 0;     ///< Bytes of all of them.
  std::int64_t open_files = -1;  ///< Limits of the call's process; -1: as they are.
  std::int64_t file_size = -1;
  std::uint64_t output_bytes = 0;  ///< The most that its output, or its errors, should have.
};

struct Ended {
  std::int32_t status = 0;        ///< As waitpid() gives it.
  std::uint32_t left_behind = 0;  ///< 1: processes that it started still live.
  std::int64_t cpu_us = 0;        ///< Of it and those that it has waited for.
  std::int64_t peak_bytes = 0;
};

}  // namespace cosmoo::sandbox::frame_host
