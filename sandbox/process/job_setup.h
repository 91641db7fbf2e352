// What a job needs before its launch: who it is and what it may use, and its streams.
#pragma once

#include <span>
#include <string>
#include <tl/expected.hpp>

#include "sandbox/job.h"
#include "sandbox/process/process_job.h"
#include "sandbox/process/slots.h"

namespace cosmoo::sandbox {

/// Settles who the job is, where it works and what it may use: the profile's word counts where the
/// context has none. Returns the kind of slot that it needs.
tl::expected<SlotKind, StartError> settle(Context& context, const Profile& profile);

/// The kind of slot for a job of this profile that says nothing of itself.
tl::expected<SlotKind, StartError> usual_kind(const Profile& profile);

/// The ends that only the child keeps.
struct ChildEnds {
  UniqueFd input;  ///< None: the job reads nothing, from /dev/null.
  UniqueFd output;
  UniqueFd errors;
};

/// Makes the pipes and puts our ends under watch. `what` begins the message of a failure.
tl::expected<ChildEnds, StartError> connect(boost::asio::io_context& io, std::span<char> scratch,
                                            NewProcess& process, Context& context,
                                            const std::string& what);

}  // namespace cosmoo::sandbox
