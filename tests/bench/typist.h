// Somebody who types while something else goes on: how long an answer takes then.
#pragma once

#include <atomic>
#include <future>
#include <vector>

#include "tests/integration/support/client.h"

namespace cosmoo::bench {

/// The seconds that `;1+1` takes from being sent to its answer.
double round_trip(test::Client& client);
/// Of so many, one after the other.
std::vector<double> round_trips(test::Client& client, std::size_t count);

/// Types one line after the other, on a thread of its own, until stop().
class Typist {
 public:
  explicit Typist(test::Client& client);
  ~Typist() { over_ = true; }  // the future waits for the thread
  Typist(const Typist&) = delete;
  Typist& operator=(const Typist&) = delete;

  /// The seconds of each round trip. Once.
  std::vector<double> stop();

 private:
  std::atomic<bool> over_ = false;
  std::future<std::vector<double>> seconds_;
};

/// What somebody waits who types at any moment, asked every millisecond: while one round trip takes
/// long, others would have come as well.
std::vector<double> at_any_moment(const std::vector<double>& round_trips);

}  // namespace cosmoo::bench
