#include "tests/bench/report.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace cosmoo::bench {
namespace {

std::string number(double figure) {
  char text[64];
  const double size = std::fabs(figure);
  const int decimals = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : 3;
  std::snprintf(text, sizeof text, "%.*f", decimals, figure);
  return text;
}

std::string times_of(const std::vector<double>& seconds) {
  return "p50 " + number(1e3 * median(seconds)) + ", p99 " +
         number(1e3 * percentile(seconds, 0.99)) + ", max " + number(1e3 * percentile(seconds, 1)) +
         " ms of " + std::to_string(seconds.size());
}

void print(std::string_view name, const std::string& text) {
  std::printf("%-26.*s %s\n", static_cast<int>(name.size()), name.data(), text.c_str());
  std::fflush(stdout);
}

}  // namespace

double percentile(std::vector<double> figures, double part) {
  if (figures.empty()) return 0;
  std::sort(figures.begin(), figures.end());
  const double rank = std::ceil(part * static_cast<double>(figures.size()));
  return figures[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
}

double median(std::vector<double> figures) {
  if (figures.empty()) return 0;
  std::sort(figures.begin(), figures.end());
  const std::size_t middle = figures.size() / 2;
  return figures.size() % 2 != 0 ? figures[middle] : (figures[middle - 1] + figures[middle]) / 2;
}

std::string Report::verdict(Bar bar, double ratio, double ours, std::string_view unit) {
  if (bar.of == Bar::Of::nothing) return {};
  const bool of_ratio = bar.of == Bar::Of::ratio;
  const bool met = bar.met_by(of_ratio ? ratio : ours);
  if (!met) ++missed_;
  std::string text = bar.side == Bar::Side::at_most ? " | at most " : " | at least ";
  text += number(bar.value);
  if (!of_ratio) text.append(" ").append(unit);
  return text + (met ? ": met" : ": MISSED");
}

void Report::line(const Labels& labels, const Rounds& rounds, Bar bar) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < rounds.ours.size(); ++i) {
    ratios.push_back(rounds.ours[i] / rounds.theirs[i]);
  }
  const double ours = median(rounds.ours);
  std::string text(labels.ours);
  text.append(" ").append(number(ours)).append(", ").append(labels.theirs).append(" ");
  text.append(number(median(rounds.theirs))).append(" ").append(labels.unit);
  text += " | ratio " + number(median(ratios)) + " (" + number(percentile(ratios, 0)) + " to " +
          number(percentile(ratios, 1)) + ")";
  print(labels.name, text + verdict(bar, median(ratios), ours, labels.unit));
}

void Report::latency(const Labels& labels, const Rounds& times, Bar bar) {
  const double ratio = median(times.ours) / median(times.theirs);
  std::string text(labels.ours);
  text.append(" ").append(times_of(times.ours)).append(", ").append(labels.theirs).append(" ");
  text += times_of(times.theirs) + " | ratio of p50 " + number(ratio);
  print(labels.name, text + verdict(bar, ratio, 1e3 * percentile(times.ours, 0.99), "ms"));
}

void Report::note(std::string_view name, const std::string& text) { print(name, text); }

}  // namespace cosmoo::bench
