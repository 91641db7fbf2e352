#include "builtins/process_fields.h"

#include <fmt/format.h>

#include <algorithm>

#include "builtins/rows.h"

namespace cosmoo {
namespace {

struct Given {
  const Value* argv = nullptr;
  const Value* command = nullptr;
  const Value* mode = nullptr;
  const Value* env = nullptr;
  const Value* cwd = nullptr;
  const Value* input = nullptr;
  const Value* stdin_ = nullptr;
  const Value* when_full = nullptr;
  const Value* timeout_ms = nullptr;
  const Value* timeout = nullptr;
  const Value* sandbox_profile = nullptr;
  const Value* limits = nullptr;
};

struct Field {
  std::string_view name;
  TypeSet types;
  const Value* Given::*place;
};

constexpr Field kFields[] = {
    {"argv", types::kList, &Given::argv},
    {"command", types::kString, &Given::command},
    {"mode", types::kString, &Given::mode},
    {"env", types::kMap, &Given::env},
    {"cwd", types::kString, &Given::cwd},
    {"input", types::kString, &Given::input},
    {"stdin", types::kString, &Given::stdin_},
    {"when_full", types::kString, &Given::when_full},
    {"timeout_ms", types::kNumber, &Given::timeout_ms},
    {"timeout", types::kNumber, &Given::timeout},
    {"sandbox_profile", types::kString, &Given::sandbox_profile},
    {"limits", types::kMap, &Given::limits},
};

constexpr double kLeastSeconds = 0.001;
constexpr double kMostOfAny = 1e15;  // what a double counts exactly, and an integer holds

// A limit that a script may set lower than the configuration does.
struct LimitField {
  std::string_view name;
  double least;
  void (*lower)(sandbox::Limits&, double);
};

// None is more than any.
template <typename T>
void lower_to(std::optional<T>& limit, double number) {
  if (!limit || number < static_cast<double>(*limit)) limit = static_cast<T>(number);
}

void lower_to(std::optional<std::chrono::milliseconds>& limit, double seconds) {
  const auto asked = wall_limit(seconds * 1000, kNever);
  limit = limit ? std::min(*limit, *asked) : asked;
}

constexpr LimitField kLimits[] = {
    {"wall_s", kLeastSeconds,
     [](sandbox::Limits& limits, double seconds) { lower_to(limits.wall, seconds); }},
    {"cpu_s", kLeastSeconds,
     [](sandbox::Limits& limits, double seconds) { lower_to(limits.cpu, seconds); }},
    {"memory_bytes", 1,
     [](sandbox::Limits& limits, double bytes) { lower_to(limits.memory_bytes, bytes); }},
    {"processes", 1,
     [](sandbox::Limits& limits, double number) { lower_to(limits.processes, number); }},
    {"cpu_shares", 2,
     [](sandbox::Limits& limits, double shares) { lower_to(limits.cpu_shares, shares); }},
    {"open_files", 1,
     [](sandbox::Limits& limits, double number) { lower_to(limits.open_files, number); }},
    {"file_size_bytes", 0,
     [](sandbox::Limits& limits, double bytes) { lower_to(limits.file_size_bytes, bytes); }},
    {"output_bytes", 0,
     [](sandbox::Limits& limits, double bytes) {
       if (bytes < static_cast<double>(limits.output_bytes)) {
         limits.output_bytes = static_cast<std::size_t>(bytes);
       }
     }},
};

bool is_number(const Value& value) { return (types::kNumber & type_bit(value.type())) != 0; }

class Reader {
 public:
  Reader(std::string_view who, const Services& services) : who_(who), services_(services) {}

  Result<Program> read(const Value& fields) {
    if (auto done = sort(fields); !done) return tl::unexpected(done.error());
    auto words = read_command();
    if (!words) return tl::unexpected(words.error());
    auto environment = read_environment(who_, given_.env ? *given_.env : Value(), services_.exec);
    if (!environment) return tl::unexpected(environment.error());
    auto program = find_program(who_, services_, std::move(*words), services_.process.timeout);
    if (!program) return program;
    program->context.env = std::move(*environment);
    for (const auto step : {&Reader::read_streams, &Reader::read_place, &Reader::read_timeout,
                            &Reader::read_limits}) {
      if (auto done = (this->*step)(*program); !done) return tl::unexpected(done.error());
    }
    return program;
  }

 private:
  template <typename... Parts>
  tl::unexpected<Error> refuse(ErrorCode code, fmt::format_string<Parts...> text,
                               Parts&&... parts) {
    return fail(code,
                fmt::format("{}: {}", who_, fmt::format(text, std::forward<Parts>(parts)...)));
  }

  /// Each field to its place, if it exists and has the right type.
  Result<void> sort(const Value& fields) {
    if (fields.is_list()) {
      if (fields.list().empty()) return {};
      return refuse(ErrorCode::invarg, "the fields are a table such as {{argv = {{\"echo\"}}}}");
    }
    for (const auto& [name, value] : fields.map()) {
      const Field* const field = find_row(kFields, name);
      if (field == nullptr) {
        return refuse(ErrorCode::invarg, "there is no field {}; there are {}", to_text(name),
                      names_in(kFields));
      }
      if ((field->types & type_bit(value.type())) == 0) {
        return refuse(ErrorCode::type, "field {} is {}, not {}", field->name, text_of(field->types),
                      name_of(value.type()));
      }
      given_.*field->place = &value;
    }
    return {};
  }

  /// Which of two texts a field is; the first one if it is not given.
  Result<bool> is_second(std::string_view name, const Value* value, std::string_view first,
                         std::string_view second) {
    if (value == nullptr || value->string() == first) return false;
    if (value->string() == second) return true;
    return refuse(ErrorCode::invarg, "field {} is \"{}\" or \"{}\", not {}", name, first, second,
                  to_literal(*value));
  }

  Result<std::vector<std::string>> read_command() {
    if (given_.argv != nullptr && given_.command != nullptr) {
      return refuse(ErrorCode::invarg, "fields argv and command exclude each other");
    }
    const auto shell = is_second("mode", given_.mode, "argv", "shell");
    if (!shell) return tl::unexpected(shell.error());
    if (given_.argv != nullptr) {
      if (*shell) return refuse(ErrorCode::invarg, "mode \"shell\" needs field command, not argv");
      return read_words(who_, "field argv", given_.argv->list());
    }
    if (given_.command == nullptr) {
      return refuse(ErrorCode::invarg, "field argv or command is missing");
    }
    if (given_.mode != nullptr && !*shell) {
      return refuse(ErrorCode::invarg, "mode \"argv\" needs field argv, not command");
    }
    const std::string& program = services_.process.shell;
    if (program.empty()) {
      return refuse(ErrorCode::invarg, "field command needs a shell, and none is configured");
    }
    return read_words(who_, "field command", List{Value(program), Value("-c"), *given_.command});
  }

  Result<void> read_streams(Program& program) {
    const auto pipe = is_second("stdin", given_.stdin_, "none", "pipe");
    if (!pipe) return tl::unexpected(pipe.error());
    const auto waits = is_second("when_full", given_.when_full, "stop", "wait");
    if (!waits) return tl::unexpected(waits.error());
    sandbox::Context& context = program.context;
    if (*pipe) context.after_input = sandbox::AfterInput::more;
    if (*waits) context.full_output = sandbox::FullOutput::waits;
    if (given_.input != nullptr) context.input = given_.input->string();
    return check_input_size(who_, context.input.size(), services_.exec);
  }

  Result<void> read_place(Program& program) {
    if (given_.sandbox_profile != nullptr) {
      program.context.profile = given_.sandbox_profile->string();
      if (program.context.profile.empty()) {
        return refuse(ErrorCode::invarg, "field sandbox_profile is empty");
      }
    }
    if (given_.cwd == nullptr) return {};
    program.context.working_directory = given_.cwd->string();
    if (given_.cwd->string().starts_with('/')) return {};
    return refuse(ErrorCode::invarg, "field cwd is not an absolute path: {}",
                  to_literal(*given_.cwd));
  }

  Result<void> read_timeout(Program& program) {
    if (given_.timeout_ms != nullptr && given_.timeout != nullptr) {
      return refuse(ErrorCode::invarg, "fields timeout_ms and timeout are the same: give one");
    }
    const bool short_name = given_.timeout != nullptr;
    const Value* const given = short_name ? given_.timeout : given_.timeout_ms;
    std::optional<double> asked;
    if (given != nullptr && !(given->number() >= 0)) {
      return refuse(ErrorCode::invarg, "field {} cannot be {}",
                    short_name ? "timeout" : "timeout_ms", to_literal(*given));
    }
    if (given != nullptr && given->number() > 0) asked = given->number();
    program.context.limits.wall = wall_limit(asked, program.longest);
    return {};
  }

  Result<void> read_limits(Program& program) {
    if (given_.limits == nullptr) return {};
    return lower_limits(who_, *given_.limits, program.context.limits);
  }

  const std::string_view who_;
  const Services& services_;
  Given given_;
};

}  // namespace

Result<void> lower_limits(std::string_view who, const Value& given, sandbox::Limits& limits) {
  if (given.is_list()) {
    if (given.list().empty()) return {};
    return fail(ErrorCode::invarg,
                fmt::format("{}: field limits is a table such as {{output_bytes = 1000}}", who));
  }
  for (const auto& [name, value] : given.map()) {
    const LimitField* const limit = find_row(kLimits, name);
    if (limit == nullptr) {
      return fail(ErrorCode::invarg,
                  fmt::format("{}: there is no limit {} in field limits; there are {}", who,
                              to_text(name), names_in(kLimits)));
    }
    if (!is_number(value)) {
      return fail(ErrorCode::type,
                  fmt::format("{}: limit {} in field limits is {}, not {}", who, limit->name,
                              text_of(types::kNumber), name_of(value.type())));
    }
    if (!(value.number() >= limit->least && value.number() <= kMostOfAny)) {
      return fail(ErrorCode::invarg, fmt::format("{}: limit {} in field limits cannot be {}", who,
                                                 limit->name, to_literal(value)));
    }
    limit->lower(limits, value.number());
  }
  return {};
}

Result<Program> read_spawn_fields(std::string_view who, const Services& services,
                                  const Value& fields) {
  return Reader(who, services).read(fields);
}

}  // namespace cosmoo
