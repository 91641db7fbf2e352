#include "sandbox/guest/function_start.h"

#include "sandbox/moxie/isa.h"

namespace cosmoo::sandbox {

namespace {

constexpr unsigned kFirstArgument = 2;  // $r0
constexpr std::uint32_t kAlignment = 16;

/// Puts them below what the caller of main() has on its stack. What is called returns to there by
/// the frame pointer, wherever the stack pointer has been.
bool put_arguments(moxie::Machine& machine, const std::vector<std::string>& arguments) {
  moxie::State& state = machine.state();
  std::uint64_t size = 4 * (arguments.size() + 1);
  for (const std::string& argument : arguments) size += argument.size() + 1;
  size = (size + kAlignment - 1) / kAlignment * kAlignment;
  const std::uint32_t stack = state.registers[moxie::kSp];
  if (size > stack) return false;
  const auto list = static_cast<std::uint32_t>(stack - size);
  std::uint32_t pointer = list;
  auto text = static_cast<std::uint32_t>(list + 4 * (arguments.size() + 1));
  for (const std::string& argument : arguments) {
    if (!machine.memory().write(pointer, &text, sizeof text) ||
        !machine.memory().write(text, argument.c_str(), argument.size() + 1)) {
      return false;
    }
    pointer += 4;
    text += static_cast<std::uint32_t>(argument.size() + 1);
  }
  const std::uint32_t end = 0;
  if (!machine.memory().write(pointer, &end, sizeof end)) return false;
  state.registers[moxie::kSp] = list;
  state.registers[kFirstArgument] = static_cast<std::uint32_t>(arguments.size());
  state.registers[kFirstArgument + 1] = list;
  return true;
}

}  // namespace

tl::expected<void, std::string> start_in_function(moxie::Machine& machine,
                                                  const moxie::Symbols& symbols,
                                                  const std::string& function,
                                                  const std::vector<std::string>& arguments,
                                                  std::uint64_t most,
                                                  const std::atomic<bool>& killed) {
  const auto main = symbols.function("main");
  const auto wanted = symbols.function(function);
  if (!wanted) return tl::unexpected("it has no function " + function);
  if (!main) return tl::unexpected(std::string("it has no main() in whose place one is called"));
  while (machine.state().pc != *main && !killed) {
    if (machine.state().instructions >= most) {
      return tl::unexpected("it does not come to its main() in " + std::to_string(most) +
                            " instructions");
    }
    if (machine.step().why != moxie::Stop::Why::budget) {
      return tl::unexpected(std::string("it ends before it comes to its main()"));
    }
  }
  if (killed) return {};
  if (!put_arguments(machine, arguments)) {
    return tl::unexpected(std::string("its stack has no room for the arguments"));
  }
  machine.state().pc = *wanted;
  return {};
}

}  // namespace cosmoo::sandbox
