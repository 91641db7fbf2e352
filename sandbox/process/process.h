// A running process with its streams in reach: for who reads and writes while it runs.
//
// Rules: (1) the loop's thread only; (2) nothing here waits: what there is now is given, and
// on_activity() tells when to look again; (3) once it has ended there is nothing to take, and the
// Result has what was left.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "sandbox/job.h"

namespace cosmoo::sandbox {

class Process : public Job {
 public:
  enum class Stream { output, errors };

  /// What it has printed there and nobody has taken, until the next call of anything else.
  virtual std::string_view held(Stream stream) const = 0;
  /// Takes the first `most` bytes of that.
  virtual std::string take(Stream stream, std::size_t most) = 0;
  /// How much it has printed there, taken or not; after its end too.
  virtual std::uint64_t printed(Stream stream) const = 0;
  /// Whether nothing more can come.
  virtual bool closed(Stream stream) const = 0;

  /// Whether it can be written to: it was started with AfterInput::more, and neither has
  /// close_input() been called nor has the process been seen to have closed its end.
  virtual bool takes_input() const = 0;
  /// Queues `bytes` for its standard input; does nothing unless takes_input().
  virtual void write(std::string bytes) = 0;
  /// How many bytes of its input are queued still. 0 when it has ended or closed its end.
  virtual std::size_t unwritten() const = 0;
  /// How many it was given, or had in its pipe, so far.
  virtual std::uint64_t written() const = 0;
  /// Ends its input behind what is queued. May be called again.
  virtual void close_input() = 0;

  /// The names of limits that were asked for and are not enforced. Once it runs.
  virtual std::vector<std::string> not_enforced() const = 0;

  /// `callback` runs from the loop whenever output has come or ended and whenever input was written
  /// or refused; not at the end of the job, which its OnComplete tells. It must not throw.
  virtual void on_activity(std::function<void()> callback) = 0;
};

}  // namespace cosmoo::sandbox
