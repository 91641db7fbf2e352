#include "sandbox/process/job_setup.h"

#include <fcntl.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <utility>

#include "sandbox/process/start_errors.h"

namespace cosmoo::sandbox {

namespace {

constexpr std::uint32_t kNobodysId = 65534;
constexpr const char* kWalledDirectory = "/tmp";

/// Who a job is. Within walls it is somebody, and nobody else exists there.
struct Identity {
  std::int64_t uid = slot::kNobody;
  std::int64_t gid = slot::kNobody;
};

tl::expected<Identity, StartError> identity_of(const Context& context, const Profile& profile) {
  const bool walled = profile.walls != Profile::Walls::none;
  const std::uint32_t own = ::geteuid();
  Identity identity;
  const auto uid = context.uid ? context.uid : profile.uid;
  const auto gid = context.gid ? context.gid : profile.gid;
  if (uid) identity.uid = *uid;
  if (gid) identity.gid = *gid;
  if (walled && !uid) identity.uid = own == 0 ? kNobodysId : own;
  if (!gid && (walled || uid)) identity.gid = own == 0 ? identity.uid : ::getegid();
  const bool another = (uid && *uid != own) || (gid && *gid != ::getegid());
  if (own != 0 && another) {
    return tl::unexpected(
        bad_argument("only a server that runs as root can run a job as another user or group"));
  }
  return identity;
}

struct Pipe {
  UniqueFd reading;
  UniqueFd writing;
};

/// Both ends above the standard descriptors, so that none is overwritten when the child gets its.
tl::expected<Pipe, int> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return tl::unexpected(errno);
  Pipe pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
  for (UniqueFd* end : {&pipe.reading, &pipe.writing}) {
    *end = above_stdio(std::move(*end));
    if (!*end) return tl::unexpected(errno);
  }
  return pipe;
}

}  // namespace

tl::expected<SlotKind, StartError> settle(Context& context, const Profile& profile) {
  const auto identity = identity_of(context, profile);
  if (!identity) return tl::unexpected(identity.error());
  if (identity->uid >= 0) context.uid = static_cast<std::uint32_t>(identity->uid);
  if (identity->gid >= 0) context.gid = static_cast<std::uint32_t>(identity->gid);
  const bool walled = profile.walls != Profile::Walls::none;
  fill_in(context.limits, profile.limits);
  if (walled && context.working_directory.empty()) context.working_directory = kWalledDirectory;
  SlotKind kind{&profile};
  if (walled) {
    kind.uid = identity->uid;
    kind.gid = identity->gid;
  }
  return kind;
}

tl::expected<SlotKind, StartError> usual_kind(const Profile& profile) {
  Context context;
  return settle(context, profile);
}

tl::expected<ChildEnds, StartError> connect(boost::asio::io_context& io, std::span<char> scratch,
                                            NewProcess& process, Context& context,
                                            const std::string& what) {
  ChildEnds ends;
  const std::size_t cap = process.limits.output_bytes;
  try {
    for (auto [ours, theirs] :
         {std::pair(&process.output, &ends.output), std::pair(&process.errors, &ends.errors)}) {
      auto pipe = make_pipe();
      if (!pipe) return tl::unexpected(system_failure(what, "pipe", pipe.error()));
      *ours = std::make_unique<PipeReader>(io, std::move(pipe->reading), cap, context.full_output,
                                           scratch);
      *theirs = std::move(pipe->writing);
    }
    if (context.input.empty() && context.after_input == AfterInput::end_of_file) return ends;
    auto pipe = make_pipe();
    if (!pipe) return tl::unexpected(system_failure(what, "pipe", pipe.error()));
    process.input = std::make_unique<PipeWriter>(io, std::move(pipe->writing),
                                                 std::move(context.input), context.after_input);
    ends.input = std::move(pipe->reading);
    return ends;
  } catch (const boost::system::system_error& error) {
    return tl::unexpected(system_failure(what, "epoll_ctl", error.code().value()));
  }
}

}  // namespace cosmoo::sandbox
