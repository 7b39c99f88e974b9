// SPDX-License-Identifier: Apache-2.0
#include "core/metrics/known_metrics.hpp"
#include "tests/metrics/deployed_queries.hpp"
#include "tests/metrics/promql_names.hpp"
#include "tests/support/temp_dir.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <regex>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

using namespace fsshare::test;
using nlohmann::json;

TEST_SUITE_BEGIN("metrics/dashboard");

namespace {

using complaints = std::vector<std::string>;

void check_all(const std::vector<deployed_query>& queries) {
  const auto recorded = recorded_series();
  for (const auto& each : queries) {
    for (const auto& wrong : complaints_of(each.query, recorded))
      FAIL_CHECK(each.where << ": " << wrong);
    for (const auto& wrong : complaints_of_labels(each.query, each.labels))
      FAIL_CHECK(each.where << ": " << wrong);
  }
}

json board() {
  return json::parse(read_file("deploy/grafana/fsshare.json"));
}

std::set<std::string> metrics_of(const std::vector<deployed_query>& queries) {
  std::set<std::string> all;
  for (const auto& each : queries)
    for (const auto& one : names_in(each.query).metrics)
      all.insert(metric_of_series(one.name));
  return all;
}

/// What a panel covers of the board.
struct area {
  int left, top, right, bottom;
};

area area_of(const json& panel) {
  const auto& at = panel.at("gridPos");
  return {at.at("x"), at.at("y"), at.at("x").get<int>() + at.at("w").get<int>(),
          at.at("y").get<int>() + at.at("h").get<int>()};
}

bool overlap(const area& a, const area& b) {
  return a.left < b.right && b.left < a.right && a.top < b.bottom
         && b.top < a.bottom;
}

} // namespace

TEST_CASE("each query of the dashboard names metrics, labels and values that "
          "docs/metrics.md has") {
  const auto queries = dashboard_queries();
  CHECK(queries.size() > 50);
  check_all(queries);
}

TEST_CASE("each query of the rules names metrics, labels and values that "
          "docs/metrics.md has") {
  const auto queries = rule_queries();
  CHECK(queries.size() > 12);
  for (const auto& each : queries)
    CHECK_MESSAGE(!each.query.empty(), each.where);
  check_all(queries);
}

TEST_CASE("the dashboard has every metric") {
  const auto shown = metrics_of(dashboard_queries());
  for (const auto& metric : fsshare::known_metrics)
    CHECK_MESSAGE(shown.contains(std::string{metric.name}), metric.name);
}

TEST_CASE("the dashboard is one that Grafana can draw") {
  const auto all = board();
  std::set<std::string> variables;
  for (const auto& variable : all.at("templating").at("list"))
    variables.insert(variable.at("name").get<std::string>());
  CHECK(variables
        == std::set<std::string>{"datasource", "namespace", "node", "sandbox"});
  std::set<int> ids;
  std::vector<area> areas;
  for (const auto& panel : all.at("panels")) {
    const auto title = panel.at("title").get<std::string>();
    CAPTURE(title);
    CHECK(ids.insert(panel.at("id").get<int>()).second);
    const auto here = area_of(panel);
    CHECK(here.right <= 24);
    CHECK(std::none_of(areas.begin(), areas.end(), [&here](const area& other) {
      return overlap(here, other);
    }));
    areas.push_back(here);
    if (panel.at("type") == "row")
      continue;
    CHECK(panel.at("datasource").at("uid") == "${datasource}");
    CHECK_FALSE(panel.at("targets").empty());
  }
  const std::regex used{R"(\$(\w+))"};
  for (const auto& each : dashboard_queries())
    for (std::sregex_iterator it{each.query.begin(), each.query.end(), used},
         end;
         it != end; ++it) {
      const auto name = (*it)[1].str();
      CHECK_MESSAGE((name == "__rate_interval" || variables.contains(name)),
                    each.where, ": ", name);
    }
}

TEST_CASE("names in a query are told apart") {
  const auto got
    = names_in(R"(histogram_quantile(0.9, sum by (le, volume_type) (rate(
      a_bucket{x="1", y=~"b|c"}[$__rate_interval]))) / on (z) group:rate5m)");
  REQUIRE(got.metrics.size() == 2);
  CHECK(got.metrics[0].name == "a_bucket");
  REQUIRE(got.metrics[0].matchers.size() == 2);
  CHECK(got.metrics[0].matchers[1].label == "y");
  CHECK(got.metrics[0].matchers[1].how == "=~");
  CHECK(got.metrics[0].matchers[1].value == "b|c");
  CHECK(got.metrics[1].name == "group:rate5m");
  CHECK(got.labels == std::set<std::string>{"le", "volume_type", "z"});
  for (const char* broken :
       {"a{", "a{b}", "a{b=\"c}", "a[5m", "frobnicate(a)", "sum by le (a)",
        "a{b=c}", "a ; b", "a{\"b\"=\"c\"}"})
    CHECK_THROWS_AS_MESSAGE(names_in(broken), std::runtime_error, broken);
}

TEST_CASE("found: a metric, a label or a value that there is not") {
  const std::set<std::string> recorded{"a:b"};
  const auto said = [&recorded](const char* query) {
    return complaints_of(query, recorded);
  };
  CHECK(said(R"(sum by (order) (rate(kata_fsshare_orders_total{instance="n",
             result=~"ok|denied"}[5m])) + a:b)")
          .empty());
  CHECK(said("kata_fsshare_order_total")
        == complaints{"no metric kata_fsshare_order_total"});
  CHECK(said("a:c") == complaints{"no metric a:c"});
  CHECK(said("1 + 1") == complaints{"no metric at all"});
  CHECK(said(R"(kata_fsshare_orders_total{state="ok"})")
        == complaints{"no label state of kata_fsshare_orders_total"});
  CHECK(said(R"(kata_fsshare_orders_total{result=~"ok|refused"})")
        == complaints{"no result refused of kata_fsshare_orders_total"});
  CHECK(said("sum by (sandbox) (kata_fsshare_guest_connected)")
        == complaints{"no label sandbox"});
  // A histogram has no series of its own name; what is none has no buckets.
  CHECK(said("kata_fsshare_propagation_lag_seconds")
        == complaints{"no metric kata_fsshare_propagation_lag_seconds"});
  CHECK(said("kata_fsshare_reads_bucket")
        == complaints{"no metric kata_fsshare_reads_bucket"});
  CHECK(
    said(R"(kata_fsshare_propagation_lag_seconds_sum{le="1"})")
    == complaints{"no label le of kata_fsshare_propagation_lag_seconds_sum"});
  CHECK(complaints_of_labels("sum by (result) (kata_fsshare_orders_total)",
                             {"result"})
          .empty());
  CHECK(complaints_of_labels("sum by (result) (kata_fsshare_orders_total)",
                             {"order"})
        == complaints{"no label order"});
}

TEST_CASE("found: what a scrape has not") {
  const std::string scrape = "# TYPE a gauge\n"
                             "kata_fsshare_api_clients 1\n"
                             "kata_fsshare_reads{state=\"hung\"} 0\n"
                             "kata_fsshare_orders_total{order=\"push\"} 0\n";
  const auto missing = [&scrape](const char* query) {
    return missing_in_scrape(query, scrape);
  };
  CHECK(missing("kata_fsshare_api_clients + kata_fsshare_reads").empty());
  CHECK(missing("kata_fsshare_guests")
        == complaints{"no series of kata_fsshare_guests",
                      "no label state of kata_fsshare_guests"});
  CHECK(missing("kata_fsshare_orders_total")
        == complaints{"no label result of kata_fsshare_orders_total"});
  CHECK(missing(R"(kata_fsshare_reads{state=~"hung|waiting"})")
        == complaints{"no state waiting of kata_fsshare_reads"});
}
