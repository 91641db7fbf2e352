// Cosmoo: starts the server that the configuration and the command line describe.
#include <sys/resource.h>

#include <csignal>
#include <cstdio>
#include <exception>

#include "builtins/reference.h"
#include "builtins/services.h"
#include "server/app.h"
#include "server/make_language.h"
#include "server/options.h"

namespace {

// One descriptor a connection, and a few a job: as many as the system allows.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

int complain(const cosmoo::Error& error) {
  std::fprintf(stderr, "cosmoo: %s\n", error.message.c_str());
  return 1;
}

int serve(const cosmoo::Config& config) {
  auto log = cosmoo::Log::open(config.log.level, config.log.file);
  if (!log) return complain(log.error());
  cosmoo::App app(config, **log, cosmoo::make_language);
  if (auto started = app.start(); !started) return complain(started.error());
  std::fprintf(stderr, "Players connect with `%s` or a MUD client.\n",
               app.how_to_connect().c_str());
  std::printf("ready: %s\n", app.address().c_str());
  std::fflush(stdout);
  if (auto ended = app.run(); !ended) return complain(ended.error());
  return 0;
}

constexpr cosmoo::PrintOption kPrints[] = {
    {"--print-config", cosmoo::default_config_text, "Print the default configuration and exit"},
    {"--print-builtins", [] { return cosmoo::reference_page(cosmoo::make_builtin_table()); },
     "Print the builtins' reference page and exit"},
    {"--print-stubs", [] { return cosmoo::editor_stubs(cosmoo::make_builtin_table()); },
     "Print what the Lua language server needs to know and exit"},
};

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a file as large as it may be is an error of writing, no end
  raise_descriptor_limit();
  try {
    const auto options = cosmoo::read_options(argc, argv, kPrints);
    if (const auto* exit = std::get_if<cosmoo::ExitNow>(&options)) return exit->code;
    if (const auto* world = std::get_if<cosmoo::WorldCommand>(&options)) {
      const auto done = world->run(*world);
      return done ? 0 : complain(done.error());
    }
    return serve(std::get<cosmoo::Config>(options));
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "cosmoo: %s\n", failure.what());
    return 1;
  }
}
