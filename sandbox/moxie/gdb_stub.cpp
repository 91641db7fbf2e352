#include "sandbox/moxie/gdb_stub.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <optional>

namespace cosmoo::moxie {

namespace {

constexpr std::size_t kLongestPacket = 0x4000;
constexpr std::size_t kMostPoints = 1000;  ///< Breakpoints, and watchpoints.
constexpr unsigned kPcNumber = 16;
constexpr unsigned kConditionNumber = 17;
constexpr unsigned kRegisters = 18;

// gdb's numbers of signals, which are the same for every target.
constexpr int kSigInt = 2, kSigIll = 4, kSigTrap = 5, kSigFpe = 8, kSigBus = 10, kSigXcpu = 24;

// Bits of the condition register, as GNU's simulator has them.
constexpr std::uint32_t kGreater = 1, kLess = 2, kEqual = 4, kAbove = 8, kBelow = 16;

constexpr std::string_view kError = "E01";

template <typename... Values>
std::string print(const char* format, Values... values) {
  char text[64];
  std::snprintf(text, sizeof text, format, values...);
  return text;
}

/// The hexadecimal number that `text` begins with, which is taken off; none if there is none.
std::optional<std::uint32_t> take_number(std::string_view& text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

bool take(std::string_view& text, std::string_view prefix) {
  if (text.substr(0, prefix.size()) != prefix) return false;
  text.remove_prefix(prefix.size());
  return true;
}

/// "ADDRESS,LENGTH", taken off.
std::optional<std::pair<std::uint32_t, std::uint32_t>> take_range(std::string_view& text) {
  const auto address = take_number(text);
  if (!address || !take(text, ",")) return std::nullopt;
  const auto length = take_number(text);
  if (!length) return std::nullopt;
  return std::pair{*address, *length};
}

std::string to_hex(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) text += print("%02x", static_cast<unsigned char>(byte));
  return text;
}

std::optional<std::string> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (; !text.empty(); text.remove_prefix(2)) {
    std::string_view pair = text.substr(0, 2);
    const auto value = take_number(pair);
    if (!value || !pair.empty()) return std::nullopt;
    bytes += static_cast<char>(*value);
  }
  return bytes;
}

std::string word_to_hex(std::uint32_t word) {
  return print("%02x%02x%02x%02x", word & 255, word >> 8 & 255, word >> 16 & 255, word >> 24);
}

std::uint32_t word_of(std::string_view bytes) {
  std::uint32_t word = 0;
  for (unsigned i = 0; i < 4; ++i) {
    word |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i])) << 8 * i;
  }
  return word;
}

std::uint32_t condition(const State& state) {
  if (state.compared_left > 0xffffffff) return 0;
  const auto left = static_cast<std::uint32_t>(state.compared_left);
  const std::uint32_t right = state.compared_right;
  if (left == right) return kEqual;
  const bool less = static_cast<std::int32_t>(left) < static_cast<std::int32_t>(right);
  return (less ? kLess : kGreater) | (left < right ? kBelow : kAbove);
}

/// Two numbers whose comparison gives these bits.
void set_condition(State& state, std::uint32_t bits) {
  const std::uint32_t high = 0xffffffff;  // The largest, or -1.
  if (bits == 0) {
    state.compared_left = State::kNothingCompared;
  } else if ((bits & kEqual) != 0) {
    state.compared_left = state.compared_right = 0;
  } else if ((bits & kLess) != 0) {
    const bool below = (bits & kBelow) != 0;
    state.compared_left = below ? 0 : high;
    state.compared_right = below ? 1 : 0;
  } else {
    const bool below = (bits & kBelow) != 0;
    state.compared_left = below ? 0 : 1;
    state.compared_right = below ? high : 0;
  }
}

int signal_number(const Stop& stop) {
  if (stop.why == Stop::Why::interrupted) return kSigInt;
  switch (stop.fault.signal) {
    case Signal::bus:
      return kSigBus;
    case Signal::ill:
      return kSigIll;
    case Signal::fpe:
      return kSigFpe;
    default:
      return kSigTrap;
  }
}

std::string features() {
  std::string xml =
      "<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\">"
      "<target version=\"1.0\"><architecture>moxie</architecture>"
      "<feature name=\"org.gnu.gdb.moxie.core\">";
  for (unsigned i = 0; i < kRegisters; ++i) {
    std::string name = i == kPcNumber          ? "$pc"
                       : i == kConditionNumber ? "$cc"
                                               : std::string(kRegisterNames[i]);
    const char* type = i == kPcNumber ? "code_ptr" : i <= kSp ? "data_ptr" : "int32";
    xml += "<reg name=\"" + name.substr(1) + "\" bitsize=\"32\" type=\"" + type + "\"/>";
  }
  return xml + "</feature></target>";
}

}  // namespace

// --- Packets ---

void GdbStub::receive(std::string_view bytes) {
  for (const char byte : bytes) receive_byte(byte);
}

std::string GdbStub::take_output() { return std::exchange(output_, {}); }

void GdbStub::receive_byte(char byte) {
  switch (reading_) {
    case Reading::between:
      if (byte == '$') {
        packet_.clear();
        reading_ = Reading::packet;
      } else if (byte == '\x03' && running_) {
        running_ = false;
        interrupted_ = true;
        stop_ = Stop{};
        reply(stop_reply());
      } else if (byte == '-' && acknowledges_ && output_.empty()) {
        output_ += last_packet_;
      }
      break;
    case Reading::packet:
      if (byte == '#') {
        reading_ = Reading::checksum_high;
      } else if (byte == '$') {
        packet_.clear();  // The last one was cut off.
      } else if (packet_.size() <= kLongestPacket) {
        packet_ += byte;
      }
      break;
    case Reading::checksum_high:
    case Reading::checksum_low: {
      std::string_view digit(&byte, 1);
      const auto value = static_cast<std::uint8_t>(take_number(digit).value_or(0));
      if (reading_ == Reading::checksum_high) {
        checksum_ = static_cast<std::uint8_t>(value << 4);
        reading_ = Reading::checksum_low;
      } else {
        checksum_ |= value;
        reading_ = Reading::between;
        finish_packet();
      }
      break;
    }
  }
}

void GdbStub::finish_packet() {
  std::uint8_t sum = 0;
  for (const char byte : packet_) sum = static_cast<std::uint8_t>(sum + byte);
  if (acknowledges_) {
    const bool arrived = sum == checksum_ && packet_.size() <= kLongestPacket;
    output_ += arrived ? '+' : '-';
    if (!arrived) return;
  }
  if (running_ || ending_ != Ending::none) return;
  const std::string text = answer(packet_);
  // What sets the guest going is answered when it stops.
  if (!running_ && ending_ != Ending::killed) reply(text);
}

void GdbStub::reply(std::string_view text) {
  std::string packet = "$";
  std::uint8_t sum = 0;
  for (char byte : text) {
    if (byte == '#' || byte == '$' || byte == '}' || byte == '*') {
      packet += '}';
      sum = static_cast<std::uint8_t>(sum + '}');
      byte = static_cast<char>(byte ^ 0x20);
    }
    packet += byte;
    sum = static_cast<std::uint8_t>(sum + byte);
  }
  packet += print("#%02x", sum);
  last_packet_ = packet;
  output_ += packet;
}

/// An empty answer says that the request is not known.
std::string GdbStub::answer(std::string_view packet) {
  if (packet.empty()) return "";
  const std::string_view rest = packet.substr(1);
  switch (packet[0]) {
    case '?':
      return stop_reply();
    case 'g':
      return read_registers();
    case 'G':
      return write_registers(rest);
    case 'p': {
      std::string_view text = rest;
      const auto number = take_number(text);
      if (!number || *number >= kRegisters) return std::string(kError);
      return word_to_hex(read_register(*number));
    }
    case 'P': {
      std::string_view text = rest;
      const auto number = take_number(text);
      if (!number || *number >= kRegisters || !take(text, "=")) return std::string(kError);
      const auto bytes = from_hex(text);
      if (!bytes || bytes->size() != 4) return std::string(kError);
      write_register(*number, word_of(*bytes));
      return "OK";
    }
    case 'm':
      return read_memory(rest);
    case 'M':
      return write_memory(rest);
    case 'X':
      return write_binary(rest);
    case 'c':
    case 's':
    case 'C':
    case 'S':
    case 'v':
      return resume(packet);
    case 'Z':
    case 'z':
      return change_point(packet);
    case 'H':
    case 'T':
      return "OK";
    case 'D':
      ending_ = Ending::detached;
      return "OK";
    case 'k':
      ending_ = Ending::killed;
      return "";
    case 'q':
      return answer_query(packet);
    case 'Q':
      return answer_set(packet);
    default:
      return "";
  }
}

std::string GdbStub::answer_query(std::string_view packet) {
  if (take(packet, "qSupported")) {
    return print("PacketSize=%zx;", kLongestPacket) +
           "qXfer:features:read+;QStartNoAckMode+;vContSupported+";
  }
  if (take(packet, "qXfer:features:read:target.xml:")) return read_features(packet);
  if (packet == "qAttached") return "1";
  if (packet == "qC") return "QC1";
  if (packet == "qfThreadInfo") return "m1";
  if (packet == "qsThreadInfo") return "l";
  if (packet == "qSymbol::") return "OK";
  return "";
}

std::string GdbStub::answer_set(std::string_view packet) {
  if (packet != "QStartNoAckMode") return "";
  acknowledges_ = false;
  return "OK";
}

std::string GdbStub::read_features(std::string_view where) const {
  const auto range = take_range(where);
  if (!range) return std::string(kError);
  const std::string all = features();
  if (range->first >= all.size()) return "l";
  const std::string part =
      all.substr(range->first, std::min<std::size_t>(range->second, kLongestPacket / 2));
  return (range->first + part.size() < all.size() ? "m" : "l") + part;
}

// --- Registers and memory ---

std::uint32_t GdbStub::read_register(unsigned number) const {
  const State& state = machine_.state();
  if (number == kPcNumber) return state.pc;
  if (number == kConditionNumber) return condition(state);
  return state.registers[number];
}

void GdbStub::write_register(unsigned number, std::uint32_t value) {
  State& state = machine_.state();
  if (number == kPcNumber) {
    state.pc = value;
  } else if (number == kConditionNumber) {
    if (condition(state) != value) set_condition(state, value);
  } else {
    state.registers[number] = value;
  }
}

std::string GdbStub::read_registers() const {
  std::string text;
  for (unsigned i = 0; i < kRegisters; ++i) text += word_to_hex(read_register(i));
  return text;
}

std::string GdbStub::write_registers(std::string_view values) {
  const auto bytes = from_hex(values);
  if (!bytes || bytes->size() % 4 != 0 || bytes->size() > kRegisters * 4) {
    return std::string(kError);
  }
  for (unsigned i = 0; i < bytes->size() / 4; ++i) {
    write_register(i, word_of(std::string_view(*bytes).substr(i * 4)));
  }
  return "OK";
}

std::string GdbStub::read_memory(std::string_view where) const {
  const auto range = take_range(where);
  if (!range) return std::string(kError);
  const auto [address, asked] = *range;
  std::uint64_t length = std::min<std::uint64_t>(asked, kLongestPacket / 2);
  // As much as there is.
  if (const auto missing = machine_.memory().unreadable(address, length)) {
    length = static_cast<std::uint32_t>(*missing - address);
  }
  if (length == 0 && asked != 0) return std::string(kError);
  std::string bytes(length, '\0');
  if (!machine_.memory().read(address, bytes.data(), length)) return std::string(kError);
  return to_hex(bytes);
}

std::string GdbStub::write_memory(std::string_view packet) {
  const auto range = take_range(packet);
  if (!range || !take(packet, ":")) return std::string(kError);
  const auto bytes = from_hex(packet);
  if (!bytes || bytes->size() != range->second ||
      !machine_.memory().write(range->first, bytes->data(), bytes->size())) {
    return std::string(kError);
  }
  return "OK";
}

std::string GdbStub::write_binary(std::string_view packet) {
  const auto range = take_range(packet);
  if (!range || !take(packet, ":")) return std::string(kError);
  std::string bytes;
  for (std::size_t i = 0; i < packet.size(); ++i) {
    const bool escaped = packet[i] == '}' && i + 1 < packet.size();
    bytes += escaped ? static_cast<char>(packet[++i] ^ 0x20) : packet[i];
  }
  if (bytes.size() != range->second ||
      !machine_.memory().write(range->first, bytes.data(), bytes.size())) {
    return std::string(kError);
  }
  return "OK";
}

/// Z or z, the type, an address and a kind: sets and takes away breakpoints and watchpoints.
std::string GdbStub::change_point(std::string_view packet) {
  const bool set = packet[0] == 'Z';
  packet.remove_prefix(1);
  const auto type = take_number(packet);
  if (!type || !take(packet, ",")) return std::string(kError);
  const auto range = take_range(packet);
  if (!range) return std::string(kError);
  if (set && (breakpoints_.size() >= kMostPoints || watches_.size() >= kMostPoints)) {
    return std::string(kError);
  }
  if (*type <= 1) {
    if (set) breakpoints_.insert(range->first);
    if (!set) breakpoints_.erase(range->first);
    return "OK";
  }
  if (*type > 4) return "";
  const Watch watch{static_cast<WatchFor>(*type - 2), range->first, range->second};
  std::erase(watches_, watch);
  if (set) watches_.push_back(watch);
  return "OK";
}

// --- Running ---

std::string GdbStub::resume(std::string_view packet) {
  if (packet == "vCont?") return "vCont;c;C;s;S";
  if (take(packet, "vKill")) {
    reply("OK");  // Unlike k, which has no answer.
    ending_ = Ending::killed;
    return "";
  }
  if (packet[0] == 'v' && !take(packet, "vCont;")) return "";
  if (packet.empty()) return std::string(kError);
  if (stop_.why == Stop::Why::exited) return stop_reply();
  const char action = packet[0];
  if (action != 'c' && action != 's' && action != 'C' && action != 'S') return "";
  if (action == 'c' || action == 's') {
    packet.remove_prefix(1);
    if (const auto address = take_number(packet)) machine_.state().pc = *address;
  }
  single_step_ = action == 's' || action == 'S';
  first_step_ = true;
  interrupted_ = false;
  watch_hit_.clear();
  running_ = true;
  return "";
}

void GdbStub::run_slice(std::uint64_t instructions) {
  if (!running_) return;
  if (breakpoints_.empty() && watches_.empty() && !single_step_) {
    const std::uint64_t before = machine_.state().instructions;
    const Stop stop = machine_.run(std::min(instructions, budget_));
    budget_ -= std::min(budget_, machine_.state().instructions - before);
    if (stop.why != Stop::Why::budget || budget_ == 0) stopped(stop);
    return;
  }
  for (; instructions != 0 && running_; --instructions) {
    if (step_watched()) return;
  }
}

/// True when it stopped.
bool GdbStub::step_watched() {
  if (!first_step_ && breakpoints_.contains(machine_.state().pc)) {
    stopped(Stop{});
    return true;
  }
  first_step_ = false;
  if (budget_ == 0) {
    stopped(Stop{});
    return true;
  }
  if (const auto instruction = machine_.fetch(); instruction && !watches_.empty()) {
    const MemoryUse use = memory_use(*instruction, machine_.state().registers);
    for (const Watch& watch : watches_) {
      const bool meant =
          watch.what == WatchFor::access || (watch.what == WatchFor::write) == use.store;
      const std::uint64_t use_end = std::uint64_t{use.address} + use.bytes;
      const std::uint64_t watch_end = std::uint64_t{watch.address} + watch.length;
      if (use.bytes == 0 || !meant || use.address >= watch_end || watch.address >= use_end)
        continue;
      const char* name = watch.what == WatchFor::write  ? "watch"
                         : watch.what == WatchFor::read ? "rwatch"
                                                        : "awatch";
      watch_hit_ = print("%s:%08x;", name, watch.address);
    }
  }
  const Stop stop = machine_.step();
  --budget_;
  if (stop.why == Stop::Why::budget && watch_hit_.empty() && !single_step_) return false;
  stopped(stop);
  return true;
}

void GdbStub::stopped(const Stop& stop) {
  running_ = false;
  stop_ = stop;
  reply(stop_reply());
}

std::string GdbStub::stop_reply() const {
  if (stop_.why == Stop::Why::exited) return print("W%02x", static_cast<unsigned>(stop_.exit_code));
  int signal = signal_number(stop_);
  if (interrupted_) signal = kSigInt;
  if (stop_.why == Stop::Why::budget && budget_ == 0) signal = kSigXcpu;
  if (!watch_hit_.empty()) return print("T%02x", signal) + watch_hit_;
  return print("S%02x", signal);
}

}  // namespace cosmoo::moxie
