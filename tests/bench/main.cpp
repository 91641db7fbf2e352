// bench_spine [--quick] [--only NAME] [--rounds N]: measures the built server against the least
// that the same work costs. Ends with 1 if something was lost or wrong; being slow is no failure.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>
#include <getopt.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>

#include "tests/bench/measurements.h"

namespace {

using namespace cosmoo::bench;

struct Options {
  Scale scale;
  std::string only;
};

struct Measurement {
  const char* name;
  void (*run)(const Scale&, Report&);
};
extern const Measurement kMeasurements[12];

// doctest's test cases take no arguments.
Options chosen;

[[noreturn]] void show_usage() {
  std::fputs("usage: bench_spine [--quick] [--only NAME] [--rounds N]\nNAME is one of:", stderr);
  for (const Measurement& measurement : kMeasurements)
    std::fprintf(stderr, " %s", measurement.name);
  std::fputs("\n", stderr);
  std::exit(2);
}

bool is_known(std::string_view name) {
  for (const Measurement& measurement : kMeasurements) {
    if (name == measurement.name) return true;
  }
  return false;
}

Options read_options(int argc, char** argv) {
  static constexpr option kLong[] = {{"quick", no_argument, nullptr, 'q'},
                                     {"only", required_argument, nullptr, 'o'},
                                     {"rounds", required_argument, nullptr, 'r'},
                                     {nullptr, 0, nullptr, 0}};
  Options options;
  int rounds = 0;
  for (int letter = 0; (letter = ::getopt_long(argc, argv, "", kLong, nullptr)) != -1;) {
    if (letter == 'q') {
      options.scale.size = Scale::Size::quick;
    } else if (letter == 'o' && is_known(optarg)) {
      options.only = optarg;
    } else if (letter != 'r' || (rounds = std::atoi(optarg)) < 1) {
      show_usage();
    }
  }
  if (optind != argc) show_usage();
  options.scale.rounds = rounds > 0 ? static_cast<std::size_t>(rounds) : options.scale.of(5, 1);
  return options;
}

// What fails is told by doctest; the rest is measured all the same.
void run(const Measurement& measurement, Report& report) {
  try {
    measurement.run(chosen.scale, report);
  } catch (const std::exception& failure) {
    FAIL_CHECK(measurement.name, ": ", failure.what());
  } catch (...) {  // an assertion's, which has been told
    std::printf("%-26s FAILED\n", measurement.name);
  }
}

TEST_CASE("the server against the least that its work costs") {
  Report report;
  for (const Measurement& measurement : kMeasurements) {
    if (chosen.only.empty() || chosen.only == measurement.name) run(measurement, report);
  }
  std::printf("%-26s %d missed\n", "bars", report.missed());
}

// To add a measurement: a function in measurements.h, a row here, a line in README.md.
const Measurement kMeasurements[] = {
    {"exec", measure_exec},         {"large", measure_large_server}, {"many", measure_many_at_once},
    {"jobs", measure_jobs},         {"frames", measure_frames},      {"crashes", measure_crashes},
    {"transfer", measure_transfer}, {"lines", measure_lines},        {"tasks", measure_tasks},
    {"language", measure_language}, {"fairness", measure_fairness},  {"load", measure_load},
};

}  // namespace

int main(int argc, char** argv) {
  chosen = read_options(argc, argv);
  doctest::Context context;
  context.setOption("minimal", true);
  return context.run();
}
