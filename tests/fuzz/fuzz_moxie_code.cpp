// Fuzz target: any bytes as code, run whole, in slices and an instruction at a time: all end the
// same. Run with tests/fuzz/corpus/moxie_code.
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "sandbox/moxie/machine.h"

using namespace cosmoo::moxie;

namespace {

constexpr std::uint64_t kBudget = 1000;

/// An ELF file with the bytes as read-only code at 0x1000, and writable zeros at 0x8000.
std::vector<std::uint8_t> elf_file(const unsigned char* data, std::size_t size) {
  const std::uint32_t length = static_cast<std::uint32_t>(size);
  const std::uint32_t words[] = {0x464c457f,
                                 0x00010101,
                                 0,
                                 0,
                                 223u << 16 | 2,
                                 1,
                                 0x1000,
                                 52,
                                 0,
                                 0,
                                 52u | 32u << 16,
                                 2,
                                 0,
                                 1,
                                 116,
                                 0x1000,
                                 0x1000,
                                 length,
                                 length,
                                 5,
                                 1,
                                 1,
                                 116,
                                 0x8000,
                                 0x8000,
                                 0,
                                 0x2000,
                                 6,
                                 1};
  std::vector<std::uint8_t> file(sizeof words + size);
  std::memcpy(file.data(), words, sizeof words);
  if (size != 0) std::memcpy(file.data() + sizeof words, data, size);
  return file;
}

std::unique_ptr<Machine> guest(const std::shared_ptr<const Program>& program,
                               Engine engine = Engine::interpreter) {
  Setup setup;
  setup.engine = engine;
  setup.programs = {program};
  auto machine = Machine::create(setup);
  if (!machine) std::abort();
  for (auto& reg : (*machine)->state().registers) reg = 0x8800;
  return std::move(*machine);
}

void demand(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size < 2 || size > 4096) return 0;
  const auto program = Program::load(elf_file(data, size));
  demand(program.has_value(), "the file is right");
  const auto whole = guest(*program), sliced = guest(*program), stepped = guest(*program);
  const Stop stop = whole->run(kBudget);
  const auto translated = guest(*program, Engine::translator);
  demand(translated->run(kBudget) == stop && translated->state() == whole->state(),
         "machine code changes nothing");
  Stop slice, step;
  for (std::uint64_t left = kBudget; left != 0 && slice.why == Stop::Why::budget;) {
    const std::uint64_t part = std::min<std::uint64_t>(left, 1 + data[left % size] % 19);
    slice = sliced->run(part);
    left -= part;
  }
  for (std::uint64_t i = 0; i < kBudget && step.why == Stop::Why::budget; ++i) {
    step = stepped->step();
  }
  demand(stop == slice && whole->state() == sliced->state(), "slices change nothing");
  demand(stop == step && whole->state() == stepped->state(), "steps change nothing");
  return 0;
}
