#include "sandbox/frame/host/run.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <utility>

#include "executables/modules/cosmoo_module.h"

namespace cosmoo::sandbox::frame_host {

namespace {

/// As far as the process may; a later call in the same process may have it higher again.
void set_limit(__rlimit_resource which, std::int64_t most) {
  rlimit limit{};
  if (most < 0 || ::getrlimit(which, &limit) != 0) return;
  const auto wanted = static_cast<rlim_t>(most);
  limit.rlim_cur =
      limit.rlim_max == RLIM_INFINITY || wanted < limit.rlim_max ? wanted : limit.rlim_max;
  ::setrlimit(which, &limit);
}

int write_output(const void* bytes, std::size_t size) {
  std::fflush(stdout);
  return write_all(STDOUT_FILENO, bytes, size) ? 0 : -1;
}

}  // namespace

Request::~Request() {
  std::free(strings_);
  if (pointers_ != few_) std::free(pointers_);
  if (input_ >= 0 && input_bytes_ > 0) ::close(input_);
}

bool Request::read(Orders& orders, std::uint64_t size) {
  // The host's own, which no call has replaced yet when the first comes.
  static const int nothing = ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, kFirstOwn);
  if (!orders.read(&call_, sizeof call_)) return false;
  input_bytes_ = size - sizeof call_ - call_.strings;
  // Each of the three lists ends with a null.
  const std::size_t count = std::size_t{3} + call_.arguments + call_.variables + 2 * call_.fields;
  if (count > kFew) pointers_ = static_cast<char**>(std::malloc(count * sizeof(char*)));
  char* at = orders.ahead(size - sizeof call_);
  if (at) {
    orders.skip(call_.strings);
  } else {
    at = strings_ = static_cast<char*>(std::malloc(call_.strings));
    if (strings_ && !orders.read(strings_, call_.strings)) return false;
  }
  if (!at || !pointers_) std::_Exit(1);
  const auto next = [&at] {
    char* const string = at;
    at += std::strlen(at) + 1;
    return string;
  };
  symbol_ = next();
  path_ = next();
  char** slot = pointers_;
  for (const auto& [list, length] :
       {std::pair(&arguments_, call_.arguments), std::pair(&variables_, call_.variables),
        std::pair(&fields_, 2 * call_.fields)}) {
    *list = slot;
    for (std::uint32_t i = 0; i < length; ++i) *slot++ = next();
    *slot++ = nullptr;
  }
  if (input_bytes_ == 0) {
    input_ = nothing;
    return true;
  }
  input_ = ::memfd_create("input", MFD_CLOEXEC);
  if (!orders.copy(input_bytes_, input_)) return false;
  ::lseek(input_, 0, SEEK_SET);
  return true;
}

void Request::take_place(int output, int errors) const {
  ::dup2(input_, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(errors, STDERR_FILENO);
  set_limit(RLIMIT_FSIZE, call_.file_size);
  set_limit(RLIMIT_NOFILE, call_.open_files);
  environ = variables_;
}

int Request::run(const Function& function) const {
  if (function.maps) return run_map(function.address);
  using Main = int (*)(int, char**, char**);
  return reinterpret_cast<Main>(function.address)(static_cast<int>(call_.arguments), arguments_,
                                                  variables_);
}

int Request::run_map(void* address) const {
  cosmoo_payload payload{};
  payload.version = COSMOO_MODULE_VERSION;
  payload.path = path_;
  payload.bytes = reinterpret_cast<const unsigned char*>("");
  payload.size = static_cast<std::size_t>(input_bytes_);
  void* mapped = MAP_FAILED;
  if (payload.size > 0) {
    mapped = ::mmap(nullptr, payload.size, PROT_READ, MAP_PRIVATE, input_, 0);
    if (mapped == MAP_FAILED) {
      std::perror("the payload");
      return 1;
    }
    payload.bytes = static_cast<const unsigned char*>(mapped);
  }
  // Two pointers each, as they stand.
  static_assert(sizeof(cosmoo_field) == 2 * sizeof(char*));
  payload.fields = reinterpret_cast<const cosmoo_field*>(fields_);
  payload.field_count = call_.fields;
  payload.write = write_output;
  using Map = int (*)(const cosmoo_payload*);
  const int code = reinterpret_cast<Map>(address)(&payload);
  if (mapped != MAP_FAILED) ::munmap(mapped, payload.size);
  return code;
}

}  // namespace cosmoo::sandbox::frame_host
