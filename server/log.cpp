#include "server/log.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "vm/plain_text.h"

namespace cosmoo {
namespace {

std::string record(std::string_view text) {
  std::string out;
  for (const char c : plain_text(text)) {
    out += c;
    if (c == '\n') out += "    ";
  }
  return out;
}

}  // namespace

struct Log::Sink {
  std::string file;
  spdlog::level::level_enum level = spdlog::level::info;
  std::shared_ptr<spdlog::logger> logger;

  // Throws spdlog::spdlog_ex if the file cannot be opened.
  void open() {
    spdlog::sink_ptr sink;
    if (file.empty()) {
      sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    } else {
      sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(file);
    }
    auto fresh = std::make_shared<spdlog::logger>("cosmoo", std::move(sink));
    fresh->set_pattern("%Y-%m-%d %H:%M:%S.%e %^%l%$ %v");
    fresh->set_level(level);
    fresh->flush_on(level);
    spdlog::set_default_logger(fresh);
    logger = std::move(fresh);
  }
};

Log::Log() : sink_(std::make_unique<Sink>()) {}
Log::~Log() = default;

Result<std::unique_ptr<Log>> Log::open(std::string_view level, std::string file) {
  std::unique_ptr<Log> log(new Log);
  log->sink_->file = std::move(file);
  log->sink_->level = spdlog::level::from_str(std::string(level));
  try {
    log->sink_->open();
  } catch (const spdlog::spdlog_ex& failure) {
    return fail(ErrorCode::file, std::string("the log file: ") + failure.what());
  }
  return log;
}

void Log::debug(std::string_view text) { sink_->logger->debug(record(text)); }
void Log::info(std::string_view text) { sink_->logger->info(record(text)); }
void Log::warning(std::string_view text) { sink_->logger->warn(record(text)); }
void Log::error(std::string_view text) { sink_->logger->error(record(text)); }

void Log::reopen() {
  try {
    sink_->open();
  } catch (const spdlog::spdlog_ex& failure) {
    error(std::string("the log file cannot be opened again: ") + failure.what());
  }
}

std::string printable(std::string_view text, std::size_t most) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text.substr(0, most)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F || byte >= 0x80) {
      out += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
    } else {
      out += c;
    }
  }
  if (text.size() > most) out += "...";
  return out;
}

}  // namespace cosmoo
