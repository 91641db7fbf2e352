// What a measurement prints: both sides of it, their ratio, and the bar that it is held to.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace cosmoo::bench {

/// What a figure should be. Missing it is printed and counted, and fails nothing: the machine may
/// be busy with something else.
struct Bar {
  enum class Of { nothing, ratio, ours };
  enum class Side { at_most, at_least };
  Of of = Of::nothing;
  Side side = Side::at_most;
  double value = 0;

  bool met_by(double figure) const {
    return of == Of::nothing || (side == Side::at_most ? figure <= value : figure >= value);
  }
};

/// Two sides that were measured in turns: for each round a figure of ours, and one of what it is
/// held against.
struct Rounds {
  std::vector<double> ours;
  std::vector<double> theirs;
  void add(double our_figure, double their_figure) {
    ours.push_back(our_figure);
    theirs.push_back(their_figure);
  }
};

/// What the figures of a line are called.
struct Labels {
  std::string_view name;    ///< Of the line: "exec.sequential".
  std::string_view ours;    ///< "exec"
  std::string_view theirs;  ///< "bare loop"
  std::string_view unit;    ///< "us"
};

/// The middle one, and the one that `part` (0 to 1) of all do not exceed; 0 of nothing.
double median(std::vector<double> figures);
double percentile(std::vector<double> figures, double part);

class Report {
 public:
  /// Prints the medians of both sides, and of their ratio the median, least and greatest.
  void line(const Labels& labels, const Rounds& rounds, Bar bar = {});
  /// Prints p50, p99 and greatest of both sides' times (seconds) in ms, and the ratio of the p50.
  /// A bar of ours is for the p99, in ms.
  void latency(const Labels& labels, const Rounds& times, Bar bar = {});
  /// Prints something that has no other side.
  void note(std::string_view name, const std::string& text);

  int missed() const { return missed_; }

 private:
  std::string verdict(Bar bar, double ratio, double ours, std::string_view unit);
  int missed_ = 0;
};

}  // namespace cosmoo::bench
