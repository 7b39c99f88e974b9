// SPDX-License-Identifier: Apache-2.0
#include "tests/support/child_process.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

TEST_SUITE_BEGIN("attacks/siege");

using namespace fsshare::test;

namespace {

finished_process run_siege(std::vector<std::string> options) {
  options.insert(options.begin(), FSSHARE_SIEGE_PROGRAM);
  return run_process(std::move(options), std::chrono::seconds{110});
}

bool says(const finished_process& done, const std::string& text) {
  return done.output.find("\n" + text) != std::string::npos;
}

} // namespace

TEST_CASE("half a minute of hostility by everybody at once harms no honest "
          "sandbox") {
  // The machine of a test may be busy with others.
  const auto done
    = run_siege({"--seconds", "30", "--quiet", "10", "--request-ms", "500"});
  INFO(done.output << done.errors);
  CHECK(done.exit_code == 0);
  CHECK(done.errors.empty());
  CHECK(says(done, "ok: fsshared stays under 256 MiB"));
  CHECK(says(done, "ok: the median lag of honest sandboxes stays under"));
  CHECK(says(done, "ok: Prepare and Cleanup of honest users take less than"));
  CHECK(says(done, "ok: fsshared ends on SIGTERM within its limit, with 0"));
}

TEST_CASE("the siege fails where a limit is exceeded") {
  const auto done = run_siege({"--seconds", "2", "--quiet", "2", "--rss-mib",
                               "1", "--lag-factor", "0.01"});
  CHECK(done.exit_code == 1);
  CHECK(says(done, "FAILED: fsshared stays under 1 MiB"));
  CHECK(says(done, "FAILED: the median lag of honest sandboxes stays under"));
}

TEST_CASE("the siege refuses what it cannot do with 64") {
  const auto done = run_siege({"--seconds", "0"});
  CHECK(done.exit_code == 64);
  CHECK(done.output.empty());
  CHECK(done.errors.starts_with("fsshare-siege: "));
}

TEST_SUITE_END();
