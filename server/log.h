// The log: standard error or a file, never standard output. The loop's thread only, but for what
// the rooms below write to spdlog's default logger, which becomes this one.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "vm/error.h"

namespace cosmoo {

class Log {
 public:
  /// `level` is one of debug, info, warning, error, off; `file` empty means standard error. E_FILE.
  static Result<std::unique_ptr<Log>> open(std::string_view level, std::string file);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // Control characters are left out, and lines after the first are indented: no text that others
  // have a part in looks like a record of its own.
  void debug(std::string_view text);
  void info(std::string_view text);
  void warning(std::string_view text);
  void error(std::string_view text);

  /// Opens the file again under its name, for log rotation.
  void reopen();

 private:
  struct Sink;
  Log();
  std::unique_ptr<Sink> sink_;
};

/// `text` with control characters made visible and cut after `most` bytes: for what strangers sent.
std::string printable(std::string_view text, std::size_t most = 200);

}  // namespace cosmoo
