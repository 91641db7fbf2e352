#include "sandbox/moxie/machine.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <optional>

#include "sandbox/moxie/interpreter.h"
#include "sandbox/moxie/timing.h"
#include "sandbox/moxie/translator/inside.h"
#include "sandbox/moxie/translator/translation.h"

namespace cosmoo::moxie {

using translator::Arrival;

namespace {

/// Instructions that a guest executes before its program is worth translating, ...
constexpr std::uint64_t kHot = 1'000'000;
/// ... or before it is worth going over to machine code that there is already.
constexpr std::uint64_t kWarm = 30'000;
/// Accesses that only the host refuses, beyond which a guest is better off with the interpreter.
constexpr std::uint64_t kRefusals = 1000;

constexpr std::uint64_t page_ceil(std::uint64_t bytes) {
  return (bytes + kPage - 1) & ~std::uint64_t{kPage - 1};
}

template <typename... Values>
tl::unexpected<LoadError> no_room(const char* format, Values... values) {
  char text[200];
  std::snprintf(text, sizeof text, format, values...);
  return tl::unexpected(LoadError{LoadError::Kind::no_room, text});
}

tl::unexpected<LoadError> no_memory() {
  return tl::unexpected(
      LoadError{LoadError::Kind::system, "no memory for a guest: the system refused to map it"});
}

/// What the list in a guest's memory holds of each range.
struct Descriptor {
  std::uint32_t address;
  std::uint32_t length;
  char tags[24];
};

namespace system_call_number {
constexpr std::uint32_t kExit = 1;
constexpr std::uint32_t kMap = 90;
}  // namespace system_call_number

constexpr std::uint32_t kNoMemory = static_cast<std::uint32_t>(-12);  ///< -ENOMEM
constexpr std::uint32_t kInvalid = static_cast<std::uint32_t>(-22);   ///< -EINVAL

}  // namespace

std::optional<Engine> engine_named(std::string_view name) {
  if (name == "interp") return Engine::interpreter;
  if (name == "jit") return Engine::translator;
  if (name == "auto") return Engine::automatic;
  return std::nullopt;
}

Machine::Machine(const Setup& setup, std::unique_ptr<Memory> memory)
    : programs_(setup.programs),
      memory_(std::move(memory)),
      heap_left_(setup.heap_bytes),
      memory_limit_(setup.memory_bytes),
      engine_(setup.engine) {}

tl::expected<std::unique_ptr<Machine>, LoadError> Machine::create(const Setup& setup) {
  if (setup.programs.empty()) return no_room("no program to run");
  auto memory = Memory::reserve();
  if (!memory) return tl::unexpected(std::move(memory.error()));
  std::unique_ptr<Machine> machine(new Machine(setup, std::move(*memory)));
  auto done = machine->map_programs();
  if (done) done = machine->map_data(setup);
  if (done) done = machine->map_stack(setup.stack_bytes);
  if (done) done = machine->map_descriptors();
  if (!done) return tl::unexpected(std::move(done.error()));
  machine->state_.pc = setup.programs.back()->entry();
  return machine;
}

tl::expected<void, LoadError> Machine::map_programs() {
  struct Pages {
    std::uint64_t start, end;
    std::size_t program;
  };
  std::vector<Pages> pages;
  for (std::size_t i = 0; i < programs_.size(); ++i) {
    for (const Segment& segment : programs_[i]->segments()) {
      ranges_.push_back(
          {segment.start, segment.length, segment.access, "elf" + std::to_string(ranges_.size())});
      pages.push_back({segment.start & ~(kPage - 1), page_ceil(segment.end()), i});
    }
    mapped_bytes_ += programs_[i]->memory_bytes();
  }
  std::sort(pages.begin(), pages.end(),
            [](const Pages& a, const Pages& b) { return a.start < b.start; });
  for (std::size_t i = 1; i < pages.size(); ++i) {
    const Pages &low = pages[i - 1], &high = pages[i];
    if (low.end > high.start && low.program != high.program) {
      return no_room("programs %zu and %zu overlap: both need the page at 0x%08x",
                     std::min(low.program, high.program) + 1,
                     std::max(low.program, high.program) + 1, static_cast<unsigned>(high.start));
    }
  }
  if (mapped_bytes_ > memory_limit_) {
    return no_room("programs of %llu bytes in memory: the limit is %llu",
                   static_cast<unsigned long long>(mapped_bytes_),
                   static_cast<unsigned long long>(memory_limit_));
  }
  for (const auto& program : programs_) {
    if (!program->map_into(*memory_)) return no_memory();
  }
  std::sort(ranges_.begin(), ranges_.end(),
            [](const MemoryRange& a, const MemoryRange& b) { return a.start < b.start; });
  return {};
}

/// An address behind all ranges, one page free between; the range is entered but not mapped.
tl::expected<std::uint32_t, LoadError> Machine::place(std::uint64_t length, Access access,
                                                      std::string name) {
  const MemoryRange& last = ranges_.back();
  const std::uint64_t start = page_ceil(std::uint64_t{last.start} + last.length) + kPage;
  if (start + page_ceil(length) > kAddressSpace - kPage) {
    return no_room("no addresses left for %s: 0x%llx bytes at 0x%llx", name.c_str(),
                   static_cast<unsigned long long>(length), static_cast<unsigned long long>(start));
  }
  if (mapped_bytes_ + page_ceil(length) > memory_limit_) {
    return no_room("no memory left for %s: %llu bytes besides %llu, and the limit is %llu",
                   name.c_str(), static_cast<unsigned long long>(length),
                   static_cast<unsigned long long>(mapped_bytes_),
                   static_cast<unsigned long long>(memory_limit_));
  }
  mapped_bytes_ += page_ceil(length);
  ranges_.push_back({static_cast<std::uint32_t>(start), static_cast<std::uint32_t>(length), access,
                     std::move(name)});
  return static_cast<std::uint32_t>(start);
}

tl::expected<void, LoadError> Machine::map_data(const Setup& setup) {
  for (std::size_t i = 0; i < setup.data.size(); ++i) {
    const SharedBytes& bytes = *setup.data[i];
    const auto start = place(bytes.size(), Access::read_only, "data" + std::to_string(i));
    if (!start) return tl::unexpected(start.error());
    if (bytes.size() == 0) continue;
    if (!memory_->map_bytes(*start, page_ceil(bytes.size()), bytes, 0, Access::read_only)) {
      return no_memory();
    }
  }
  return {};
}

tl::expected<void, LoadError> Machine::map_stack(std::uint32_t bytes) {
  const std::uint64_t length = page_ceil(bytes);
  const auto start = place(length, Access::read_write, "stack");
  if (!start) return tl::unexpected(start.error());
  if (length != 0 && !memory_->map_zeros(*start, length, Access::read_write)) return no_memory();
  state_.special[special::kOutputLength] = *start + static_cast<std::uint32_t>(length);
  return {};
}

tl::expected<void, LoadError> Machine::map_descriptors() {
  std::vector<Descriptor> list;
  for (const MemoryRange& range : ranges_) {
    Descriptor descriptor{range.start, range.length, {}};
    std::snprintf(descriptor.tags, sizeof descriptor.tags, "%s,%s,",
                  range.access == Access::read_only ? "ro" : "rw", range.name.c_str());
    list.push_back(descriptor);
  }
  list.resize(list.size() + 2);  // Zeros end it; moxiebox ends it with two of them.
  const std::size_t length = list.size() * sizeof(Descriptor);
  const auto start = place(length, Access::read_only, "mapdesc");
  if (!start) return tl::unexpected(start.error());
  if (!memory_->map_zeros(*start, page_ceil(length), Access::read_only)) return no_memory();
  memory_->fill(*start, list.data(), length);
  state_.special[special::kOutput] = *start;
  return {};
}

const Code* Machine::code_at(std::uint32_t pc) {
  if (code_ != nullptr && code_->covers(pc)) return code_;
  for (const auto& program : programs_) {
    if (const Code* code = program->code_at(pc)) return code_ = code;
  }
  return nullptr;
}

Stop Machine::run(std::uint64_t budget) {
  const Stop stop = run_on(std::min(budget, kUnlimited));
  forget_comparison();
  return stop;
}

Stop Machine::step() {
  if (interrupted_.load(std::memory_order_relaxed)) return Stop{Stop::Why::interrupted};
  const Stop stop = step_one();
  forget_comparison();
  return stop;
}

/// Machine code keeps no comparison that nothing can read: so nobody does.
void Machine::forget_comparison() {
  const Code* const code = code_at(state_.pc);
  if (code == nullptr || code->needs_comparison(state_.pc)) return;
  state_.compared_left = State::kNothingCompared;
  state_.compared_right = 0;
}

Stop Machine::run_on(std::uint64_t budget) {
  std::optional<translator::Inside> inside;
  Stopwatch watch;
  Pace pace;
  Arrival arrival = Arrival::within;
  for (;;) {
    if (interrupted_.load(std::memory_order_relaxed)) return Stop{Stop::Why::interrupted};
    if (budget == 0) return Stop{};
    const std::uint64_t before = state_.instructions;
    const Code* const code = code_at(state_.pc);
    Stop stop;
    if (is_for_translation(code, arrival, watch)) {
      watch.count_for(&time_spent_.machine_code);
      if (!inside) inside.emplace(*memory_);
      if (inside->is_ready() && memory_->seal()) {
        stop = translated(*code, budget, pace.slice(), arrival);
      } else {
        engine_ = Engine::interpreter;
      }
    } else {
      watch.count_for(&time_spent_.interpreter);
      stop = interpret(code, budget, pace.slice(), arrival);
    }
    if (stop.why != Stop::Why::budget) return stop;
    budget -= state_.instructions - before;
    pace.ran(state_.instructions - before);
  }
}

/// Whether code is to be run as machine code where it can be.
bool Machine::is_warm(const Code& code) const {
  if (engine_ != Engine::automatic) return engine_ == Engine::translator;
  return state_.instructions >= (code.has_translation() ? kWarm : kHot);
}

/// Whether there is machine code for the pc, which `code` covers unless it is null; it may be made.
bool Machine::is_for_translation(const Code* code, Arrival arrival, Stopwatch& watch) {
  if (code == nullptr || !is_warm(*code)) return false;
  translator::Translation* const translation = code->translation();
  if (translation == nullptr) {
    engine_ = Engine::interpreter;  // This host can't: whole slices again.
    return false;
  }
  if (translation->has(state_.pc)) return true;
  if (arrival == Arrival::within) return false;
  watch.count_for(&time_spent_.translating);
  return translation->translate(state_.pc, arrival);
}

/// Runs machine code, and what it leaves to the interpreter. Not beyond one slice.
Stop Machine::translated(const Code& code, std::uint64_t budget, std::uint64_t slice,
                         Arrival& arrival) {
  const translator::Ran ran = code.translation()->run(state_, *memory_, std::min(budget, slice));
  arrival = ran.is_jump ? Arrival::jumped : Arrival::passed;
  state_.instructions += ran.instructions;
  translated_ += ran.instructions;
  if (ran.is_stuck && ran.instructions < budget) {
    const Stop stop = step_one();
    arrival = Arrival::within;
    if (ran.was_refused && stop.why == Stop::Why::budget &&
        ++refused_ > kRefusals + state_.instructions / kRefusals) {
      engine_ = Engine::interpreter;
    }
    return stop;
  }
  if (ran.instructions != 0) return Stop{};
  return interpret(&code, budget, slice, arrival);  // Less is left than the block takes.
}

/// A slice of the interpreter's; just a block where machine code may go on.
Stop Machine::interpret(const Code* code, std::uint64_t budget, std::uint64_t slice,
                        Arrival& arrival) {
  const Slot* const slot = code != nullptr ? code->at(state_.pc) : nullptr;
  if (slot == nullptr || slot->block == 0 || slot->block > budget) {
    arrival = Arrival::within;
    return step_one();
  }
  const std::uint64_t block = slot->block;
  slice = is_warm(*code) ? block : std::min(budget, std::max(slice, block));
  Execution execution{state_,        *memory_,      code->start(),
                      code->slots(), code->count(), static_cast<std::int64_t>(slice)};
  const Left left = execute(execution, slot);
  arrival = Arrival::passed;
  state_.instructions += slice - static_cast<std::uint64_t>(execution.budget);
  Stop stop;
  if (left == Left::fault) stop = Stop{Stop::Why::fault, -1, execution.fault};
  if (left == Left::system_call) system_call(stop);
  return stop;
}

tl::expected<Instruction, std::uint32_t> Machine::fetch() const {
  const std::uint32_t pc = state_.pc;
  std::uint8_t bytes[kLongestInstruction] = {};
  if (const auto missing = memory_->unreadable(pc, 2)) return tl::unexpected(*missing);
  if (!memory_->read(pc, bytes, 2)) return tl::unexpected(pc);
  const std::uint32_t whole = length_at(bytes);
  if (const auto missing = memory_->unreadable(pc, whole)) return tl::unexpected(*missing);
  if (!memory_->read(pc, bytes, whole)) return tl::unexpected(pc);
  return decode(bytes);
}

Stop Machine::step_one() {
  ++state_.instructions;
  const std::uint32_t pc = state_.pc;
  const auto instruction = fetch();
  if (!instruction) return Stop{Stop::Why::fault, -1, {Signal::bus, instruction.error(), pc}};
  Slot slots[4];
  fill_single(*instruction, pc, slots);
  Execution execution{state_, *memory_, pc, slots, 0, 1};
  const Left left = execute(execution, slots);
  Stop stop;
  if (left == Left::fault) stop = Stop{Stop::Why::fault, -1, execution.fault};
  if (left == Left::system_call) system_call(stop);
  return stop;
}

/// Performs the system call that special register 3 names; it may end the guest.
void Machine::system_call(Stop& stop) {
  auto& registers = state_.registers;
  switch (state_.special[special::kSystemCall]) {
    case system_call_number::kExit:
      stop = Stop{Stop::Why::exited, static_cast<int>(registers[kR0] & 0xff), {}};
      return;
    case system_call_number::kMap:
      registers[kR0] =
          map_heap(registers[kR0], registers[kR0 + 1], registers[kR0 + 2], registers[kR0 + 3]);
      return;
    default:  // Unknown ones do nothing.
      return;
  }
}

std::uint32_t Machine::map_heap(std::uint32_t address, std::uint32_t length,
                                std::uint32_t protection, std::uint32_t flags) {
  constexpr std::uint32_t kAll = 1 | 2 | 4;    // Executable, readable, writable.
  constexpr std::uint32_t kAnonymous = 2 | 4;  // Private, without a file.
  if (address != 0 || length == 0 || length % kPage != 0) return kInvalid;
  if ((protection & kAll) != kAll || (flags & kAnonymous) != kAnonymous) return kInvalid;
  if (length > heap_left_) return kNoMemory;
  const auto start = place(length, Access::read_write, "heap" + std::to_string(heaps_));
  if (!start) return kNoMemory;
  if (!memory_->map_zeros(*start, length, Access::read_write)) {
    ranges_.pop_back();
    mapped_bytes_ -= length;
    return kNoMemory;
  }
  ++heaps_;
  heap_left_ -= length;
  return *start;
}

translator::Statistics Machine::translation() const {
  translator::Statistics all;
  for (const auto& program : programs_) {
    for (const Code* code : program->codes()) {
      if (code->has_translation()) all.add(code->translation()->statistics());
    }
  }
  return all;
}

tl::expected<std::string, Machine::NoBuffer> Machine::buffer(unsigned address_register,
                                                             std::size_t at_most) const {
  const std::uint32_t both = 3u << address_register;
  if ((state_.set_outputs & both) != both) return tl::unexpected(NoBuffer::not_set);
  const std::uint32_t address = state_.special[address_register];
  const std::uint32_t length = state_.special[address_register + 1];
  if (memory_->unreadable(address, length)) return tl::unexpected(NoBuffer::unreadable);
  if (length > at_most) return tl::unexpected(NoBuffer::too_large);
  std::string bytes(length, '\0');
  if (!memory_->read(address, bytes.data(), length)) return tl::unexpected(NoBuffer::unreadable);
  return bytes;
}

tl::expected<std::string, Machine::NoBuffer> Machine::output(std::size_t at_most) const {
  return buffer(special::kOutput, at_most);
}

tl::expected<std::string, Machine::NoBuffer> Machine::state_buffer(std::size_t at_most) const {
  return buffer(special::kState, at_most);
}

}  // namespace cosmoo::moxie
