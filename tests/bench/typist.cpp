#include "tests/bench/typist.h"

#include <doctest/doctest.h>

#include <chrono>

#include "tests/integration/support/server.h"

namespace cosmoo::bench {

double round_trip(test::Client& client) {
  const auto began = std::chrono::steady_clock::now();
  REQUIRE(test::eval(client, "1+1") == "2");
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

std::vector<double> round_trips(test::Client& client, std::size_t count) {
  std::vector<double> seconds;
  seconds.reserve(count);
  while (seconds.size() < count) seconds.push_back(round_trip(client));
  return seconds;
}

Typist::Typist(test::Client& client)
    : seconds_(std::async(std::launch::async, [this, &client] {
        std::vector<double> seconds;
        while (!over_) seconds.push_back(round_trip(client));
        return seconds;
      })) {}

std::vector<double> Typist::stop() {
  over_ = true;
  return seconds_.get();
}

std::vector<double> at_any_moment(const std::vector<double>& round_trips) {
  constexpr double kInterval = 1e-3;
  std::vector<double> waits;
  double next = 0;  // from the start of the round trip to the next moment that is asked about
  for (const double seconds : round_trips) {
    for (; next < seconds; next += kInterval) waits.push_back(seconds - next);
    next -= seconds;
  }
  return waits;
}

}  // namespace cosmoo::bench
