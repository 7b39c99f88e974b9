// SPDX-License-Identifier: Apache-2.0
#include "core/metrics/histogram.hpp"
#include "core/metrics/metric_set.hpp"

#include <doctest/doctest.h>

#include <array>

using namespace fsshare;
using namespace std::chrono_literals;

TEST_SUITE_BEGIN("core/metrics");

namespace {

constexpr std::array bounds{0.1, 1.0};

double number(const metric_set& of, metric which,
              const metric_set::labels& labels = {}) {
  return std::get<double>(of.all().at({which.index(), labels}));
}

} // namespace

TEST_CASE("a histogram counts a time in the first bucket that holds it") {
  histogram h{bounds};
  h.observe(100ms);
  h.observe(101ms);
  h.observe(2s);
  h.observe(-1s);
  CHECK(h.in_bucket(0) == 2);
  CHECK(h.in_bucket(1) == 1);
  CHECK(h.count() == 4);
  CHECK(h.sum() == doctest::Approx(2.201));
}

TEST_CASE("histograms add up") {
  histogram one{bounds};
  histogram other{bounds};
  one.observe(50ms);
  other.observe(500ms);
  other.observe(500ms);
  one += other;
  CHECK(one.in_bucket(0) == 1);
  CHECK(one.in_bucket(1) == 2);
  CHECK(one.count() == 3);
}

TEST_CASE("what is added for the same metric and labels adds up, other labels "
          "stand for themselves") {
  metric_set one;
  one.add("kata_fsshare_destinations", 2, {"current"});
  one.add("kata_fsshare_destinations", 1, {"stale"});
  metric_set other;
  other.add("kata_fsshare_destinations", 3, {"current"});
  other.observe("kata_fsshare_propagation_lag_seconds", 3ms, {"secret"});
  one.observe("kata_fsshare_propagation_lag_seconds", 30s, {"secret"});
  one.add(other);
  CHECK(number(one, "kata_fsshare_destinations", {"current"}) == 5);
  CHECK(number(one, "kata_fsshare_destinations", {"stale"}) == 1);
  const metric lag{"kata_fsshare_propagation_lag_seconds"};
  const auto& counted
    = std::get<histogram>(one.all().at({lag.index(), {"secret"}}));
  CHECK(counted.count() == 2);
  CHECK(counted.bounds().size() == lag_bounds.size());
}
