// SPDX-License-Identifier: Apache-2.0
#include "core/metrics/known_metrics.hpp"
#include "metrics/metrics_text.hpp"
#include "tests/support/temp_dir.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <regex>
#include <set>
#include <string>

using namespace fsshare;
using namespace std::chrono_literals;
using test::read_file;

TEST_SUITE_BEGIN("metrics/metrics_text");

namespace {

bool is_known(const std::string& name) {
  return std::any_of(known_metrics.begin(), known_metrics.end(),
                     [&name](const known_metric& each) {
                       return each.name == name;
                     });
}

} // namespace

TEST_CASE("metrics are written with type, sentence and labels") {
  metric_set set;
  set.add("kata_fsshare_destinations", 2, {"current"});
  set.add("kata_fsshare_destinations", 1, {"stale"});
  set.add("kata_fsshare_orders_total", 3, {"push", "ok"});
  set.observe("kata_fsshare_propagation_lag_seconds", 7ms, {"secret"});
  set.observe("kata_fsshare_propagation_lag_seconds", 1h, {"secret"});
  const auto text = metrics_as_text(set);
  const auto has = [&text](const std::string& line) {
    CHECK_MESSAGE(("\n" + text).find("\n" + line + "\n") != std::string::npos,
                  line, " in\n", text);
  };
  has("# TYPE kata_fsshare_destinations gauge");
  has("kata_fsshare_destinations{state=\"current\"} 2");
  has("kata_fsshare_destinations{state=\"stale\"} 1");
  has("# TYPE kata_fsshare_orders_total counter");
  has("kata_fsshare_orders_total{order=\"push\",result=\"ok\"} 3");
  has("# TYPE kata_fsshare_propagation_lag_seconds histogram");
  const std::string lag = "kata_fsshare_propagation_lag_seconds";
  has(lag + "_bucket{volume_type=\"secret\",le=\"0.005\"} 0");
  has(lag + "_bucket{volume_type=\"secret\",le=\"0.01\"} 1");
  has(lag + "_bucket{volume_type=\"secret\",le=\"600\"} 1");
  has(lag + "_bucket{volume_type=\"secret\",le=\"+Inf\"} 2");
  has(lag + "_count{volume_type=\"secret\"} 2");
  CHECK(text.find('`') == std::string::npos);
}

TEST_CASE("a value of a label cannot end it") {
  metric_set set;
  set.add("kata_fsshare_actor_up", 1, {"a\"\n} 5\n\\"});
  CHECK(metrics_as_text(set).find(R"({actor="a\"\n} 5\n\\"} 1)")
        != std::string::npos);
}

TEST_CASE("every metric has a name as Prometheus wants it, and a sentence") {
  const std::regex ours{"(kata_fsshare|process)_[a-z_]+"};
  const std::regex unit{
    ".*_(seconds|bytes|total|info|ready|up|fds|threads|max|volumes|"
    "destinations|entries|watches|sandboxes|reads|waiting|waiters|clients|"
    "guests|"
    "connected|owners|flight)"};
  std::set<std::string> names;
  for (const auto& known : known_metrics) {
    const std::string name{known.name};
    CHECK_MESSAGE(names.insert(name).second, name);
    CHECK_MESSAGE(std::regex_match(name, ours), name);
    CHECK_MESSAGE(std::regex_match(name, unit), name);
    CHECK_MESSAGE(
      name.ends_with("_total") == (known.type == metric_type::counter), name);
    CHECK_MESSAGE(
      known.bounds.empty() == (known.type != metric_type::histogram), name);
    CHECK_MESSAGE(known.about.ends_with('.'), name);
  }
}

TEST_CASE("docs/metrics.md has every metric, and what a scrape tells of it") {
  const auto text = read_file("docs/metrics.md");
  CHECK(text.find(metrics_as_markdown()) != std::string::npos);
  CHECK(metrics_as_markdown().find(
          "| `kata_fsshare_destinations` | gauge | `state` | Guest copies")
        != std::string::npos);
}

TEST_CASE(
  "alerts and docs/metrics.md speak of metrics that there are, and each "
  "alert is tested") {
  const auto rules = read_file("deploy/prometheus/rules.yaml");
  const std::regex metric_name{"(?:kata_fsshare|process)_[a-z_]+"};
  std::size_t seen = 0;
  for (const auto& text : {rules, read_file("docs/metrics.md")})
    for (std::sregex_iterator it{text.begin(), text.end(), metric_name}, end;
         it != end; ++it) {
      auto name = it->str();
      if (name.ends_with("_bucket"))
        name.resize(name.rfind('_'));
      CHECK_MESSAGE(is_known(name), name);
      ++seen;
    }
  CHECK(seen > 30);
  const auto tests = read_file("deploy/prometheus/rules_test.yaml");
  const std::regex alert{"alert: (\\w+)"};
  for (std::sregex_iterator it{rules.begin(), rules.end(), alert}, end;
       it != end; ++it) {
    const auto name = (*it)[1].str();
    CHECK_MESSAGE(tests.find("alertname: " + name) != std::string::npos, name);
    CHECK_MESSAGE(
      tests.find("{alertname=\"" + name + "\"}") != std::string::npos, name);
  }
}

TEST_CASE("every metric of the list is counted somewhere") {
  std::string sources;
  for (const char* folder : {"actors", "core/metrics"})
    for (const auto& each : std::filesystem::directory_iterator{folder})
      if (each.path().extension() == ".cpp")
        sources += read_file(each.path().string());
  for (const auto& known : known_metrics)
    CHECK_MESSAGE(sources.find("\"" + std::string{known.name} + "\"")
                    != std::string::npos,
                  known.name);
}
