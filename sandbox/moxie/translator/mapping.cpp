#include "sandbox/moxie/translator/mapping.h"

#include <algorithm>
#include <numeric>

namespace cosmoo::moxie::translator {

namespace {

/// How often code may run, as a power: how many loops a block stands in.
std::vector<unsigned> depths(const Unit& unit) {
  constexpr unsigned kDeepest = 3;
  std::vector<int> changes(unit.blocks.size() + 1);
  for (std::size_t i = 0; i < unit.blocks.size(); ++i) {
    const Block& block = unit.blocks[i];
    std::uint32_t pc = block.start;
    for (const Instruction& one : unit.instructions_of(block)) {
      const bool is_branch = info(one.operation).flow == Flow::branch;
      const std::uint32_t target = is_branch ? pc + one.immediate : one.immediate;
      const bool is_loop = (is_branch || one.operation == Operation::jmpa) && target <= pc;
      pc += one.length;
      if (!is_loop) continue;
      const auto first = std::lower_bound(
          unit.blocks.begin(), unit.blocks.end(), target,
          [](const Block& other, std::uint32_t start) { return other.start < start; });
      ++changes[static_cast<std::size_t>(first - unit.blocks.begin())];
      --changes[i + 1];
    }
  }
  std::vector<unsigned> all;
  int depth = 0;
  for (std::size_t i = 0; i < unit.blocks.size(); ++i) {
    depth += changes[i];
    all.push_back(std::min(static_cast<unsigned>(std::max(depth, 0)), kDeepest));
  }
  return all;
}

}  // namespace

Mapping mapping_for(const Unit& unit) {
  std::array<std::uint64_t, 16> uses{};
  const std::vector<unsigned> depth = depths(unit);
  for (std::size_t i = 0; i < unit.blocks.size(); ++i) {
    for (const Instruction& one : unit.instructions_of(unit.blocks[i])) {
      const std::uint64_t weight = std::uint64_t{1} << 3 * depth[i];
      const Shape shape = info(one.operation).shape;
      if (shape == Shape::none || shape == Shape::imm32 || shape == Shape::branch) continue;
      uses[one.a] += weight;
      const bool has_b = shape == Shape::reg_reg || shape == Shape::reg_indirect ||
                         shape == Shape::indirect_reg || shape == Shape::reg_offset ||
                         shape == Shape::offset_reg;
      if (has_b) uses[one.b] += weight;
    }
  }
  uses[kFp] = uses[kSp] = ~std::uint64_t{0};
  std::array<unsigned, 16> order;
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(),
                   [&uses](unsigned one, unsigned other) { return uses[one] > uses[other]; });
  Mapping mapping;
  mapping.fill(kInHome);
  // The two that are always there take what needs long encodings.
  for (std::size_t i = 0; i < kHostRegisters.size(); ++i) {
    mapping[order[(i + 2) % kHostRegisters.size()]] = kHostRegisters[i];
  }
  return mapping;
}

}  // namespace cosmoo::moxie::translator
