// The main function of every integration test: prints the servers' logs when a test fails.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <cstdio>

#include "tests/integration/support/server.h"

namespace {

struct LogPrinter final : doctest::IReporter {
  explicit LogPrinter(const doctest::ContextOptions&) {}
  void report_query(const doctest::QueryData&) override {}
  void test_run_start() override {}
  void test_run_end(const doctest::TestRunStats&) override {}
  void test_case_start(const doctest::TestCaseData&) override { printed_ = false; }
  void test_case_reenter(const doctest::TestCaseData&) override {}
  void test_case_end(const doctest::CurrentTestCaseStats&) override {}
  void test_case_exception(const doctest::TestCaseException&) override {}
  void subcase_start(const doctest::SubcaseSignature&) override {}
  void subcase_end() override {}
  void log_assert(const doctest::AssertData& data) override {
    if (data.m_failed) print();
  }
  void log_message(const doctest::MessageData&) override {}
  void test_case_skipped(const doctest::TestCaseData&) override {}

 private:
  void print() {
    if (printed_) return;
    printed_ = true;
    std::fputs(cosmoo::test::logs_of_running_servers().c_str(), stderr);
  }
  bool printed_ = false;
};

REGISTER_LISTENER("server-logs", 1, LogPrinter);

}  // namespace
