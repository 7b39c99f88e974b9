// SPDX-License-Identifier: Apache-2.0
#include "tests/support/child_process.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

TEST_SUITE_BEGIN("rotations/churn");

using namespace fsshare::test;

namespace {

finished_process run_churn(std::vector<std::string> options) {
  options.insert(options.begin(), FSSHARE_CHURN_PROGRAM);
  options.insert(options.end(),
                 {"--growth", std::to_string(FSSHARE_CHURN_GROWTH_MIB)});
  return run_process(std::move(options), std::chrono::seconds{250});
}

bool says(const finished_process& done, const std::string& line) {
  return done.output.find("\n" + line + "\n") != std::string::npos;
}

} // namespace

TEST_CASE(
  "half a minute of rotations, faults and kills loses no update and leaks "
  "nothing") {
  const auto done = run_churn({"--seconds", "30", "--check-every", "10"});
  INFO(done.output << done.errors);
  CHECK(done.exit_code == 0);
  CHECK(done.errors.empty());
  CHECK(says(done, "ok: no watch is left"));
  CHECK(says(done, "ok: no state file is left"));
  CHECK(says(done, "ok: fsshared ended by nothing but what killed it"));
  CHECK(done.output.find(", 0 times fsshared was killed") == std::string::npos);
  CHECK(says(done, "ok: fsshared ends with 0 on SIGTERM"));
}

TEST_CASE("the churn fails when a copy differs from its volume") {
  const auto done = run_churn({"--seconds", "2", "--tamper", "file"});
  CHECK(done.exit_code == 1);
  CHECK(done.output.find("/..data/") == std::string::npos);
  CHECK(done.output.find("/log.level ") != std::string::npos);
  CHECK(done.output.find("\nFAILED: all ") != std::string::npos);
}

TEST_CASE("the churn fails when an old generation stays in a guest") {
  const auto done = run_churn({"--seconds", "2", "--tamper", "generation"});
  CHECK(done.exit_code == 1);
  CHECK(done.output.find("..2025_12_31_23_59_59.1") != std::string::npos);
}

TEST_CASE("the churn fails when updates are lost") {
  const auto done
    = run_churn({"--seconds", "2", "--tamper", "watcher", "--patience", "3"});
  CHECK(done.exit_code == 1);
  CHECK(done.output.find(" is not current") == std::string::npos);
  CHECK(done.output.find("', the host '") != std::string::npos);
}

TEST_CASE("the churn fails when something stays below the share root") {
  const auto done = run_churn({"--seconds", "2", "--tamper", "share"});
  CHECK(done.exit_code == 1);
  CHECK(says(done, "FAILED: nothing is left below share.root"));
}

TEST_CASE("the churn refuses what it cannot do with 64") {
  const auto done
    = run_process({FSSHARE_CHURN_PROGRAM, "--seconds", "0", "--rate", "5"});
  CHECK(done.exit_code == 64);
  CHECK(done.output.empty());
  CHECK(done.errors.starts_with("fsshare-churn: "));
}

TEST_SUITE_END();
