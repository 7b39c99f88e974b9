// SPDX-License-Identifier: Apache-2.0
#include "tests/metrics/shown_node.hpp"
#include "tests/support/eventually.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace fsshare;
using namespace fsshare::test;

namespace {

bool lacks_promtool() {
  if (run_process({"/bin/sh", "-c", "command -v promtool"}).exit_code == 0)
    return false;
  MESSAGE("skipped: there is no promtool");
  return true;
}

finished_process promtool(const std::string& what,
                          const std::string& file = {}) {
  return run_process(
    {"/bin/sh", "-c", "promtool " + what + " 2>&1", "sh", file});
}

} // namespace

TEST_SUITE_BEGIN("operators/promtool");

TEST_CASE("promtool takes the rules, and they raise what they should") {
  if (lacks_promtool())
    return;
  for (const char* what : {"check rules deploy/prometheus/rules.yaml",
                           "test rules deploy/prometheus/rules_test.yaml"}) {
    const auto got = promtool(what);
    CHECK_MESSAGE(got.exit_code == 0, got.output);
  }
}

TEST_CASE("promtool takes a scrape") {
  if (lacks_promtool())
    return;
  shown_node w;
  w.kubelet.rotate({{"key", {"second"}}});
  const auto scrape = [&w] {
    return get(w.port, "/metrics");
  };
  CHECK(eventually([&] {
    return scrape().find("lag_seconds_bucket") != std::string::npos;
  }));
  const auto got
    = promtool("check metrics <\"$1\"", w.dir.write("scrape", scrape()));
  CHECK_MESSAGE(got.exit_code == 0, got.output);
  // That it reads what it is given.
  const auto refused
    = promtool("check metrics <\"$1\"", w.dir.write("scrape", "a{b 1\n"));
  CHECK(refused.exit_code != 0);
}
