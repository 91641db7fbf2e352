// The tree of frames: what is bound, what follows from it, and what is open.
//
// Rules: (1) the loop's thread only, and nothing here touches a file: whether what a frame names
// is there shows when it is opened; (2) a path that is not bound is what its nearest bound parent
// makes of it: beneath a library its functions, beneath "dlib", "exec" and "moxie" their files;
// (3) what is open is counted along the chain: who opens a function opens its library first, and
// who closes it closes that; (4) a frame that is open cannot be taken out.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "sandbox/frame/frame.h"

namespace cosmoo::sandbox {

class FrameTree {
 public:
  /// Has the modules in it.
  FrameTree();
  FrameTree(const FrameTree&) = delete;
  FrameTree& operator=(const FrameTree&) = delete;

  /// Fills in `par`, checks what a frame needs to be one, and puts it in; in place of one that the
  /// world has bound. bad_argument says what is wrong with which field.
  tl::expected<void, StartError> bind(Frame frame);
  /// Whether bind() would.
  tl::expected<void, StartError> check(const Frame& frame) const;
  /// Takes one out that the world has bound, and that has no functions bound beneath it.
  tl::expected<void, StartError> unbind(std::string_view path);

  /// The frame at this path (rule 2), or that there is none.
  tl::expected<Frame, StartError> find(std::string_view path) const;
  /// The frame, if it has been bound.
  const Frame* bound(std::string_view path) const;
  /// The paths directly beneath, bound or on the way to one that is; of "" the top.
  std::vector<std::string> children(std::string_view path) const;
  /// What the world has bound, by path; until something is bound or taken out.
  std::vector<const Frame*> bound_by_world() const;

  /// Counts one opening of the frame alone.
  void opened(const std::string& path, std::int64_t owner);
  /// Takes it back. bad_argument: `owner` has not opened it.
  tl::expected<void, StartError> closed(const std::string& path, std::int64_t owner);
  /// What an open frame was opened to.
  void set_value(const std::string& path, std::string value);
  /// Null: it is not open.
  const Opening* opening(std::string_view path) const;
  /// How often it was opened so far; of frames that are bound.
  std::uint64_t times_opened(std::string_view path) const;

 private:
  struct Bound {
    Frame frame;
    std::uint64_t times_opened = 0;
  };

  bool any_open_beneath(std::string_view path) const;

  std::map<std::string, Bound, std::less<>> frames_;
  std::map<std::string, Opening, std::less<>> open_;
};

}  // namespace cosmoo::sandbox
