// Fuzz target: what clients send, bytes in any pieces. Run with tests/fuzz/corpus/telnet.
#include <cstdio>
#include <cstdlib>

#include "server/telnet.h"

namespace {

constexpr std::size_t kLineLimit = 200;

struct Received {
  std::string lines;
  std::string answers;
};

Received receive(std::string_view bytes, std::size_t piece) {
  cosmoo::LineQueue queue;
  Received received;
  cosmoo::TelnetCodec codec(kLineLimit, queue, received.answers);
  for (std::size_t at = 0; at < bytes.size(); at += piece) codec.receive(bytes.substr(at, piece));
  while (!queue.empty()) {
    const std::string_view line = queue.at(0);
    // A byte that is no UTF-8 becomes three.
    if (line.size() > 3 * kLineLimit) std::abort();
    received.lines.append(line) += '\n';
    queue.pop();
  }
  return received;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Received whole = receive(bytes, bytes.size() + 1);
  const Received pieces = receive(bytes, 1 + data[0] % 7);
  if (whole.lines != pieces.lines) {
    std::fprintf(stderr, "broken: lines do not depend on how the bytes are cut\n");
    std::abort();
  }
  return 0;
}
