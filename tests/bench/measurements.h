// What bench_spine measures, one function each. They throw, or fail a doctest assertion, when
// something is lost or wrong, never because it is slow.
#pragma once

#include <cstddef>

#include "tests/bench/report.h"

namespace cosmoo::bench {

struct Scale {
  enum class Size { quick, full };
  Size size = Size::full;
  std::size_t rounds = 5;

  /// How much of something: all, or as little as shows that it works.
  template <typename T>
  T of(T full, T quick) const {
    return size == Size::full ? full : quick;
  }
};

/// exec_jobs.cpp
void measure_exec(const Scale& scale, Report& report);
void measure_large_server(const Scale& scale, Report& report);
void measure_many_at_once(const Scale& scale, Report& report);
/// transfer.cpp
void measure_transfer(const Scale& scale, Report& report);
/// lines.cpp
void measure_lines(const Scale& scale, Report& report);
/// tasks.cpp
void measure_tasks(const Scale& scale, Report& report);
/// language.cpp
void measure_language(const Scale& scale, Report& report);
/// fairness.cpp
void measure_fairness(const Scale& scale, Report& report);
/// jobs.cpp
void measure_jobs(const Scale& scale, Report& report);
/// frames.cpp
void measure_frames(const Scale& scale, Report& report);
void measure_crashes(const Scale& scale, Report& report);
/// load.cpp
void measure_load(const Scale& scale, Report& report);

}  // namespace cosmoo::bench
