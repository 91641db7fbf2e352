// process.read(), write() and close_stdin(): talking to a process while it runs.
#include <fmt/format.h>

#include "builtins/families.h"
#include "builtins/process_handles.h"
#include "builtins/programs.h"

namespace cosmoo {
namespace {

using sandbox::Handle;
using Stream = Handle::Stream;

Value take_chunk(Handle& handle, std::size_t most) {
  if (handle.at_end()) return Value();
  Map map;
  map.emplace(Value("stdout"), Value(handle.take(Stream::output, most)));
  map.emplace(Value("stderr"), Value(handle.take(Stream::errors, most)));
  return Value(std::move(map));
}

Outcome read(Call& call) {
  constexpr std::string_view kWho = "process.read()";
  auto found = need_handle(kWho, call);
  if (!found) return found.error();
  if (call.has(1) && call[1].integer() < 1) {
    return Error(ErrorCode::invarg,
                 fmt::format("{}: {} bytes at most is too little", kWho, to_literal(call[1])));
  }
  const std::size_t most =
      call.has(1) ? static_cast<std::size_t>(call[1].integer()) : std::string::npos;
  if (!found->handle) return Value();
  if (found->handle->readable()) return take_chunk(*found->handle, most);
  return wait_for(call, kWho, found->handle, [&](Ticket ticket) {
    return found->handle->when_readable(
        [ticket, most, &scheduler = call.services().scheduler](Handle& handle) {
          scheduler.complete(ticket, take_chunk(handle, most));
        });
  });
}

Error does_not_read(const Handle& handle) {
  return Error(ErrorCode::invarg,
               fmt::format("process.write(): {} takes no input: it was started without stdin = "
                           "\"pipe\", its input is closed, or it has ended",
                           handle.info().id));
}

Outcome write(Call& call) {
  constexpr std::string_view kWho = "process.write()";
  auto found = need_handle(kWho, call);
  if (!found) return found.error();
  if (!found->handle) {
    return Error(ErrorCode::invarg, fmt::format("{}: {} has ended", kWho, found->info().id));
  }
  const std::shared_ptr<Handle>& handle = found->handle;
  sandbox::Process& process = handle->process();
  if (!process.takes_input()) return does_not_read(*handle);
  // What is written is written: whether the task may wait for it is to be known before.
  if (auto allowed = call.services().scheduler.may_wait(call.programmer()); !allowed) {
    return allowed.error();
  }
  std::string data = call.take(1).take_string();
  if (auto fits = check_input_size(kWho, process.unwritten() + data.size(), call.services().exec);
      !fits) {
    return fits.error();
  }
  const std::uint64_t position = process.written() + process.unwritten() + data.size();
  process.write(std::move(data));
  if (process.written() >= position) return Value();
  if (!process.takes_input()) return does_not_read(*handle);
  return wait_for(call, kWho, handle, [&](Ticket ticket) {
    return handle->when_written(
        [ticket, position, &scheduler = call.services().scheduler](Handle& writer) {
          if (writer.process().written() >= position) {
            scheduler.complete(ticket, Value());
          } else {
            scheduler.complete(ticket, does_not_read(writer));
          }
        });
  });
}

Outcome close_stdin(Call& call) {
  auto found = need_handle("process.close_stdin()", call);
  if (!found) return found.error();
  if (found->handle) found->handle->process().close_input();
  return Value();
}

}  // namespace

std::span<const Builtin> process_stream_builtins() {
  using namespace types;
  static const Builtin kRows[] = {
      {"process.read",
       {{"handle", kHandleTypes}, {"most", kInteger}},
       1,
       Access::programmer,
       read,
       "map | nil",
       "Takes what a process has printed, at most so many bytes of each stream: {stdout, "
       "stderr}, plain bytes, one of them may be empty. What is taken is not in process.poll() "
       "any more. Suspends the task until there is something, or returns nil when both streams "
       "have ended and all is taken. Errors as for process.poll(), and E_INVARG for less than "
       "one byte."},
      {"process.write",
       {{"handle", kHandleTypes}, {"data", kString}},
       2,
       Access::programmer,
       write,
       "nothing",
       "Gives a process that was started with stdin = \"pipe\" plain bytes to read, and suspends "
       "the task until it has taken them, or the system for it. Errors as for process.poll(); "
       "E_INVARG too if it takes no input, or none any more; E_QUOTA if more waits to be taken "
       "than input is allowed."},
      {"process.close_stdin",
       {{"handle", kHandleTypes}},
       1,
       Access::programmer,
       close_stdin,
       "nothing",
       "Ends a process's input, after all that was written. Errors as for process.poll(); that it "
       "is closed already is none."},
  };
  return kRows;
}

}  // namespace cosmoo
