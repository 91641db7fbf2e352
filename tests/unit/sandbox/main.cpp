// The test program. With --run-and-hang DIRECTORY it is the server that a test kills.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <string>

#include "tests/unit/sandbox/playground.h"

int main(int argc, char** argv) {
  if (argc == 3 && std::string(argv[1]) == "--run-and-hang") {
    return cosmoo::sandbox::testing::run_and_hang(argv[2]);
  }
  return doctest::Context(argc, argv).run();
}
