// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/report.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace fsshare::bench;

TEST_SUITE("bench/suite/report") {
  namespace {

  report small_report() {
    row_result row{"copy-x", "copy of x", {25, 0.1}, {}};
    row.sides.push_back({"fsshare", {0.05, 0, 0.02, 0, 1.5, 1003, 4321}});
    row.sides.push_back({"serial peer", {1.0, 0.25}});
    return {{{"Kernel", "Linux 6.1"}}, {row}, {}};
  }

  bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  }

  } // namespace

  TEST_CASE("times have a unit that suits them") {
    CHECK(time_text(2.345) == "2.35 s");
    CHECK(time_text(0.0421) == "42.1 ms");
    CHECK(time_text(0.153) == "153 ms");
    CHECK(time_text(0.0000043) == "4.30 µs");
  }

  TEST_CASE("the table has a line for each side, and what was not measured") {
    const auto table = to_markdown(small_report());

    CHECK(has(table, "- Kernel: Linux 6.1\n"));
    CHECK(has(table,
              "| copy of x | fsshare | 50.0 ms | 1 | – | 20.0 ms | – | "
              "1.50 MiB | 1003 | 4321 | ≥ 25.0×, ≤ 100 ms: **missed** |\n"));
    CHECK(has(table,
              "|  | serial peer | 1.00 s | 20.0 | 250 ms | – | – | – | – "
              "| – |  |\n"));
  }

  TEST_CASE("a reached aim is said to be met") {
    auto met = small_report();
    met.rows[0].wanted.least_ratio = 19;
    CHECK(has(to_markdown(met), "≥ 19.0×, ≤ 100 ms: met |"));
  }

  TEST_CASE("figures have a table of their own") {
    auto with = small_report();
    CHECK_FALSE(has(to_markdown(with), "| fsshared |"));
    with.figures = {{"idle", 70.5, "MiB", 64},
                    {"wake-ups", 1.5, "", 0},
                    {"start", 0.5, "s", 1}};

    const auto table = to_markdown(with);

    CHECK(has(table, "| idle | 70.5 MiB | ≤ 64.0 MiB: **missed** |\n"));
    CHECK(has(table, "| wake-ups | 1.50 | – |\n"));
    CHECK(has(table, "| start | 0.50 s | ≤ 1.00 s: met |\n"));
    const auto json = nlohmann::json::parse(to_json(with));
    CHECK(json.at("figures").at(0).at("value") == 70.5);
    CHECK(json.at("figures").at(0).at("is_met") == false);
  }

  TEST_CASE("the JSON has the same numbers") {
    const auto json = nlohmann::json::parse(to_json(small_report()));

    CHECK(json.at("machine").at("Kernel") == "Linux 6.1");
    const auto& row = json.at("rows").at(0);
    CHECK(row.at("id") == "copy-x");
    CHECK(row.at("ratio") == 20.0);
    CHECK(row.at("is_met") == false);
    CHECK(row.at("sides").at(1).at("p99_seconds") == 0.25);
    CHECK(row.at("sides").at(0).at("requests") == 1003);
    CHECK(row.at("sides").at(0).at("system_calls") == 4321);
  }
}
