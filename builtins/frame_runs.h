// Running a frame, whatever it stands for: one way to order it, one Result as a value.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "builtins/services.h"

namespace cosmoo {

/// What frame.exec() and frame.map() give to what they run.
struct FrameRun {
  std::string who;                      ///< "frame.exec()"
  sandbox::Frame frame;                 ///< What is run.
  std::vector<std::string> args;        ///< After its own name.
  std::string input;                    ///< Plain bytes.
  Value env;                            ///< As read_environment() takes it.
  std::optional<double> timeout;        ///< Seconds.
  std::string profile;                  ///< Empty: the frame's, else the usual one.
  Value limits;                         ///< As lower_limits() takes it, or nil.
  std::optional<sandbox::Frame> about;  ///< What it maps.
  /// What becomes of the result; none: it is the task's.
  std::function<Resumption(Map result, const sandbox::Result& plain)> then;
};

/// The wait for it to have ended, or why it cannot be run. `bytes` is called on another thread for
/// the input first, if it is there.
using FrameBytes = std::function<tl::expected<std::string, sandbox::StartError>()>;
Outcome run_frame(Call& call, FrameRun run, FrameBytes bytes = {});

/// status, exit_code and the like, with stdout and stderr; of a guest output and state too.
Map frame_result(sandbox::Result& result);

}  // namespace cosmoo
