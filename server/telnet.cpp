#include "server/telnet.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

#include "server/utf8.h"
#include "vm/binary.h"

// libtelnet.h uses size_t without saying where it comes from.
#include <libtelnet.h>

namespace cosmoo {
namespace {

constexpr int kMostAnswers = 4096;
constexpr std::size_t kMostTerminals = 4;
constexpr std::size_t kTerminalName = 64;
constexpr std::size_t kKeepPartial = 512;

// Bytes that stand in a line as they are. Whether those above 0x7F are UTF-8 shows at its end.
constexpr auto kPlain = [] {
  std::array<bool, 256> plain{};
  for (std::size_t byte = 0x20; byte < 256; ++byte) plain[byte] = byte != 0x7F;
  plain['\t'] = true;
  return plain;
}();

}  // namespace

struct TelnetCodec::Row {
  unsigned char option;
  unsigned char ours;                               // TELNET_WILL: we do it if the client asks
  unsigned char theirs;                             // TELNET_DO: the client may do it
  bool ask;                                         // offer_options() asks for it
  void (TelnetCodec::*agreed)();                    // the client says that it does it
  void (TelnetCodec::*received)(std::string_view);  // its subnegotiation
};

void TelnetCodec::Free::operator()(telnet_t* telnet) const { telnet_free(telnet); }

TelnetCodec::TelnetCodec(std::size_t line_limit, LineQueue& lines, std::string& out)
    : line_limit_(line_limit), lines_(lines), out_(out) {
  static const std::vector<telnet_telopt_t> options = [] {
    std::vector<telnet_telopt_t> all;
    for (const Row& row : rows()) all.push_back({row.option, row.ours, row.theirs});
    all.push_back({-1, 0, 0});
    return all;
  }();
  telnet_.reset(telnet_init(options.data(), &TelnetCodec::on_event, 0, this));
}

TelnetCodec::~TelnetCodec() = default;

// libtelnet starts to inflate right behind a subnegotiation that asks for it, before anyone can say
// no, and a few kilobytes may hold gigabytes. A subnegotiation ends with SE: what follows is handed
// over in a call of its own, after handle() has had its chance to end it.
void TelnetCodec::receive(std::string_view bytes) {
  if (mode_ == Mode::binary) {
    lines_.push(encode_binary(bytes));
    return;
  }
  if (!speaks_telnet_) look_for_command(bytes);
  receiving_ = true;
  while (!bytes.empty() && !failed_) {
    const auto end = bytes.find(static_cast<char>(TELNET_SE));
    const std::size_t size = end == std::string_view::npos ? bytes.size() : end + 1;
    telnet_recv(telnet_.get(), bytes.data(), size);
    bytes.remove_prefix(size);
  }
  receiving_ = false;
}

// libtelnet tells nothing of a refusal that changes nothing, which may be all that a client says.
void TelnetCodec::look_for_command(std::string_view bytes) {
  constexpr char kIac = static_cast<char>(TELNET_IAC);
  for (const char byte : bytes) {
    if (after_iac_ && byte != kIac && static_cast<unsigned char>(byte) >= TELNET_SE) {
      speaks_telnet_ = true;
      return;
    }
    after_iac_ = byte == kIac && !after_iac_;
  }
}

void TelnetCodec::on_event(telnet_t*, telnet_event_t* event, void* self) {
  static_cast<TelnetCodec*>(self)->handle(*event);
}

void TelnetCodec::handle(telnet_event_t& event) {
  switch (event.type) {
    case TELNET_EV_DATA:
      if (!failed_) on_data({event.data.buffer, event.data.size});
      return;
    case TELNET_EV_SEND:
      if (receiving_ && (answers_ += static_cast<int>(event.data.size)) > kMostAnswers) return;
      out_.append(event.data.buffer, event.data.size);
      return;
    case TELNET_EV_COMPRESS:
    case TELNET_EV_ERROR:
      failed_ = true;
      return;
    case TELNET_EV_WARNING:  // a malformed or overlong sequence, which libtelnet has skipped
      return;
    case TELNET_EV_WILL:
      for (const Row& row : rows()) {
        if (row.option == event.neg.telopt && row.agreed != nullptr) (this->*row.agreed)();
      }
      break;
    case TELNET_EV_SUBNEGOTIATION:
      for (const Row& row : rows()) {
        if (row.option == event.sub.telopt && row.received != nullptr) {
          (this->*row.received)({event.sub.buffer, event.sub.size});
        }
      }
      break;
    default:
      break;
  }
}

void TelnetCodec::on_data(std::string_view bytes) {
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  while (at < end) {
    if (after_cr_) {
      after_cr_ = false;
      if (*at == '\n' || *at == '\0') {
        ++at;
        continue;
      }
    }
    const char* const run = at;
    while (at < end && kPlain[static_cast<unsigned char>(*at)]) ++at;
    if (at > run) append({run, static_cast<std::size_t>(at - run)});
    if (at == end) return;
    switch (*at++) {
      case '\r':
        after_cr_ = true;
        [[fallthrough]];
      case '\n':
        end_line();
        break;
      case '\b':
      case '\x7F':
        erase_character();
        break;
      default:
        break;
    }
  }
}

void TelnetCodec::append(std::string_view run) {
  if (skipping_) return;
  if (partial_.size() + run.size() <= line_limit_) {
    partial_ += run;
    return;
  }
  skipping_ = true;
  std::string().swap(partial_);
  lines_.push({}, LineQueue::Kind::too_long);
}

void TelnetCodec::end_line() {
  answers_ = 0;
  if (skipping_) {
    skipping_ = false;
    return;
  }
  if (has_high_bytes(partial_)) {
    std::string whole;
    append_utf8(whole, partial_);
    lines_.push(whole);
  } else {
    lines_.push(partial_);
  }
  partial_.clear();
  if (partial_.capacity() > kKeepPartial) partial_.shrink_to_fit();
}

void TelnetCodec::erase_character() {
  const auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; };
  for (int i = 0; i < 3 && !partial_.empty() && continues(partial_.back()); ++i) {
    partial_.pop_back();
  }
  if (!partial_.empty()) partial_.pop_back();
}

void TelnetCodec::write_text(std::string_view text) {
  const auto send = [this](std::string_view part) {
    if (!part.empty()) telnet_send(telnet_.get(), part.data(), part.size());
  };
  std::size_t from = 0;
  for (;;) {
    const auto at = text.find_first_of("\r\n", from);
    if (at == std::string_view::npos) break;
    send(text.substr(from, at - from));
    from = at + 1;
    if (text[at] == '\n') {
      send("\r\n");
    } else if (from < text.size() && text[from] == '\n') {
      send("\r\n");
      ++from;
    } else {
      send(std::string_view("\r\0", 2));
    }
  }
  send(text.substr(from));
}

// libtelnet holds an announcement back until the one before it is answered (RFC 1143). A client
// that never answers would then be left with the wrong echo, so it is sent all the same.
bool TelnetCodec::set_echo(Echo echo) {
  if (echo == echo_) return false;
  echo_ = echo;
  const unsigned char command = echo == Echo::off ? TELNET_WILL : TELNET_WONT;
  const std::size_t before = out_.size();
  telnet_negotiate(telnet_.get(), command, TELNET_TELOPT_ECHO);
  if (out_.size() == before) {
    for (const int byte : {TELNET_IAC, int{command}, TELNET_TELOPT_ECHO}) {
      out_ += static_cast<char>(byte);
    }
  }
  return true;
}

void TelnetCodec::set_mode(Mode mode) {
  if (mode == mode_) return;
  mode_ = mode;
  // What came of a line that has not ended is the first of the bytes.
  if (!partial_.empty()) lines_.push(encode_binary(partial_));
  std::string().swap(partial_);
  skipping_ = after_cr_ = false;
}

void TelnetCodec::offer_options() {
  if (offered_ || mode_ == Mode::binary) return;
  offered_ = true;
  for (const Row& row : rows()) {
    if (row.ask) telnet_negotiate(telnet_.get(), TELNET_DO, row.option);
  }
}

void TelnetCodec::on_window(std::string_view data) {  // RFC 1073
  if (data.size() != 4) return;
  const auto number = [&](std::size_t at) {
    return static_cast<std::uint16_t>(static_cast<unsigned char>(data[at]) << 8 |
                                      static_cast<unsigned char>(data[at + 1]));
  };
  window_ = {number(0), number(2)};
}

// RFC 1091: each SEND brings the next name; the list is over when one comes again.
void TelnetCodec::on_terminal(std::string_view data) {
  if (data.empty() || data[0] != TELNET_TTYPE_IS) return;
  std::string name;
  for (const char c : data.substr(1, kTerminalName)) {
    if (c >= 0x20 && c < 0x7F) name += c;
  }
  if (terminals_.size() == kMostTerminals ||
      std::find(terminals_.begin(), terminals_.end(), name) != terminals_.end()) {
    return;
  }
  terminals_.push_back(std::move(name));
  if (terminals_.size() < kMostTerminals) ask_terminal();
}

void TelnetCodec::ask_terminal() { telnet_ttype_send(telnet_.get()); }

bool looks_like_http(std::string_view line) {
  const auto version = line.rfind(" HTTP/");
  if (version == std::string_view::npos || version + 9 != line.size()) return false;
  static constexpr std::string_view kMethods[] = {"GET ",     "HEAD ",    "POST ",  "PUT ",
                                                  "OPTIONS ", "CONNECT ", "DELETE "};
  return std::any_of(std::begin(kMethods), std::end(kMethods),
                     [&](std::string_view method) { return line.starts_with(method); });
}

// To add an option, add its row. ECHO is never done on the client's demand, so it is ours to
// refuse; set_echo() announces it.
const std::vector<TelnetCodec::Row>& TelnetCodec::rows() {
  using T = TelnetCodec;
  static const std::vector<Row> kRows = {
      // option             ours         theirs      ask   agreed            received
      {TELNET_TELOPT_ECHO, TELNET_WONT, TELNET_DONT, false, nullptr, nullptr},
      {TELNET_TELOPT_TTYPE, TELNET_WONT, TELNET_DO, true, &T::ask_terminal, &T::on_terminal},
      {TELNET_TELOPT_NAWS, TELNET_WONT, TELNET_DO, true, nullptr, &T::on_window},
  };
  return kRows;
}

}  // namespace cosmoo
