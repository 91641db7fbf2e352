// The far end of gdb's remote protocol for one guest: bytes in, bytes out, no transport.
//
// Whoever has the connection calls receive() with what came, sends take_output(), and while
// running() calls run_slice() between two looks at the connection. The guest begins stopped.
// Source: "Debugging with GDB", appendix E.
#pragma once

#include <array>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/moxie/machine.h"

namespace cosmoo::moxie {

class GdbStub {
 public:
  /// The guest gets at most `budget` instructions, then it stops for good, with SIGXCPU.
  explicit GdbStub(Machine& machine, std::uint64_t budget = Machine::kUnlimited)
      : machine_(machine), budget_(budget) {}
  GdbStub(const GdbStub&) = delete;
  GdbStub& operator=(const GdbStub&) = delete;

  void receive(std::string_view bytes);
  /// What is to be sent; it is handed out once.
  std::string take_output();

  /// The debugger has let the guest go on.
  bool running() const { return running_; }
  /// Lets it go on, for about as many instructions.
  void run_slice(std::uint64_t instructions = 100'000);

  enum class Ending : std::uint8_t {
    none,
    detached,  ///< The debugger has left: the guest may run on.
    killed     ///< The debugger wants its end.
  };
  Ending ending() const { return ending_; }
  /// Why the guest stopped last.
  const Stop& stop() const { return stop_; }

 private:
  enum class Reading : std::uint8_t { between, packet, checksum_high, checksum_low };
  enum class WatchFor : std::uint8_t { write, read, access };
  struct Watch {
    WatchFor what;
    std::uint32_t address, length;
    bool operator==(const Watch&) const = default;
  };

  void receive_byte(char byte);
  void finish_packet();
  void reply(std::string_view text);
  std::string answer(std::string_view packet);
  std::string answer_query(std::string_view packet);
  std::string answer_set(std::string_view packet);
  std::string read_registers() const;
  std::string write_registers(std::string_view values);
  std::string read_memory(std::string_view where) const;
  std::string write_memory(std::string_view packet);
  std::string write_binary(std::string_view packet);
  std::string read_features(std::string_view where) const;
  std::string change_point(std::string_view packet);
  std::string resume(std::string_view packet);
  std::string stop_reply() const;
  std::uint32_t read_register(unsigned number) const;
  void write_register(unsigned number, std::uint32_t value);
  bool step_watched();
  void stopped(const Stop& stop);

  Machine& machine_;
  std::uint64_t budget_;
  std::string output_;
  std::string last_packet_;  ///< To be sent again when it did not arrive.
  std::string packet_;
  Reading reading_ = Reading::between;
  std::uint8_t checksum_ = 0;
  bool acknowledges_ = true;
  bool running_ = false;
  bool single_step_ = false;
  bool first_step_ = false;  ///< A breakpoint where it stands does not stop it again.
  Ending ending_ = Ending::none;
  Stop stop_;
  std::string watch_hit_;  ///< "watch:00001000;", if that was why it stopped.
  bool interrupted_ = false;
  std::set<std::uint32_t> breakpoints_;
  std::vector<Watch> watches_;
};

}  // namespace cosmoo::moxie
