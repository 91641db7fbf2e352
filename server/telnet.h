// Telnet as bytes in, lines and bytes out: no sockets, no clocks. The protocol is libtelnet's.
//
// Rules
//  1. A line ends with CR LF, CR NUL, LF, or a CR before anything else (RFC 854).
//  2. Lines are valid UTF-8 without control characters other than tab; backspace and DEL take the
//     character before them away.
//  3. Whatever a client sends costs bounded memory and bounded answers: a line over the limit is
//     skipped, answers to a flood of negotiation stop until the next line, and compression, which a
//     client could ask libtelnet for at any time, ends the connection.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/line_queue.h"

struct telnet_t;
union telnet_event_t;

namespace cosmoo {

class TelnetCodec {
 public:
  struct WindowSize {
    std::uint16_t columns = 0;
    std::uint16_t rows = 0;
    bool operator==(const WindowSize&) const = default;
  };
  enum class Echo { on, off };
  enum class Mode {
    telnet,
    binary  ///< Bytes as they come, both ways: each piece is a line, as a MOO binary string.
  };

  /// Received lines go to the end of `lines`, bytes for the client to the end of `out`.
  TelnetCodec(std::size_t line_limit, LineQueue& lines, std::string& out);
  ~TelnetCodec();
  TelnetCodec(const TelnetCodec&) = delete;
  TelnetCodec& operator=(const TelnetCodec&) = delete;

  /// Bytes from the client, in pieces of any size.
  void receive(std::string_view bytes);

  /// Text for the client: line ends become CR LF, 0xFF is doubled.
  void write_text(std::string_view text);
  void write_line(std::string_view line) {
    write_text(line);
    write_text("\n");
  }

  void set_mode(Mode mode);
  Mode mode() const { return mode_; }
  /// In binary mode too: nothing is added, nothing doubled.
  void write_bytes(std::string_view bytes) { out_ += bytes; }

  /// Off: the client shows nothing of what is typed, until on. False: it was so already.
  bool set_echo(Echo echo);
  Echo echo() const { return echo_; }
  /// Asks for every option that the table says to ask for; once.
  void offer_options();

  /// The client has sent a telnet command.
  bool speaks_telnet() const { return speaks_telnet_; }
  /// It broke the protocol beyond repair; receive() does nothing more.
  bool failed() const { return failed_; }
  /// {0, 0}: not known.
  WindowSize window() const { return window_; }
  /// What it calls itself and its terminal, in its own order; at most four names.
  const std::vector<std::string>& terminals() const { return terminals_; }

 private:
  struct Row;
  struct Free {
    void operator()(telnet_t* telnet) const;
  };
  static const std::vector<Row>& rows();
  static void on_event(telnet_t* telnet, telnet_event_t* event, void* self);
  void handle(telnet_event_t& event);
  void look_for_command(std::string_view bytes);
  void on_data(std::string_view bytes);
  void append(std::string_view run);
  void end_line();
  void erase_character();
  void on_window(std::string_view data);
  void on_terminal(std::string_view data);
  void ask_terminal();

  const std::size_t line_limit_;
  LineQueue& lines_;
  std::string& out_;
  std::unique_ptr<telnet_t, Free> telnet_;
  std::string partial_;    // the line that has not ended yet, as received
  bool skipping_ = false;  // the line is over the limit
  bool after_cr_ = false;
  bool after_iac_ = false;  // as long as speaks_telnet_ is not known
  bool receiving_ = false;
  bool failed_ = false;
  bool speaks_telnet_ = false;
  bool offered_ = false;
  Echo echo_ = Echo::on;
  Mode mode_ = Mode::telnet;
  int answers_ = 0;  // bytes of negotiation sent since the last line
  WindowSize window_;
  std::vector<std::string> terminals_;
};

/// Whether a line is the first of an HTTP request: a browser or a scanner at the wrong door.
bool looks_like_http(std::string_view line);

}  // namespace cosmoo
