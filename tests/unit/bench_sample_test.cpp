// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/row.hpp"

#include <doctest/doctest.h>

#include <memory>

using namespace fsshare::bench;

TEST_SUITE("bench/suite/sample") {
  TEST_CASE("the median is the middle, whatever the order") {
    CHECK(median(std::vector<double>{}) == 0);
    CHECK(median({7}) == 7);
    CHECK(median({9, 1, 5}) == 5);
    CHECK(median({4, 1, 3, 2}) == 3);
  }

  TEST_CASE("a quantile is a number that was taken") {
    std::vector<double> hundred;
    for (int n = 100; n > 0; --n)
      hundred.push_back(n);
    CHECK(quantile(hundred, 0.99) == 99);
    CHECK(quantile(hundred, 1) == 100);
    CHECK(quantile(hundred, 0) == 1);
    CHECK(quantile({3}, 0.99) == 3);
    CHECK(quantile({}, 0.99) == 0);
  }

  TEST_CASE("each member of samples has a median of its own") {
    const auto middle = medians(
      {{1, 30, 0, 0, 5, 0, 7}, {2, 20, 0, 0, 6, 0, 8}, {3, 10, 0, 0, 4, 9, 9}});
    CHECK(middle.seconds == 2);
    CHECK(middle.p99_seconds == 20);
    CHECK(middle.growth_mib == 5);
    CHECK(middle.requests == 0);
    CHECK(middle.system_calls == 8);
  }
}

TEST_SUITE("bench/suite/row") {
  namespace {

  side counting(std::string name, const std::shared_ptr<std::string>& order,
                double seconds) {
    return {name, [=] {
              *order += name;
              return sample{seconds};
            }};
  }

  } // namespace

  TEST_CASE("sides take turns, and none is always the first") {
    const auto order = std::make_shared<std::string>();
    const row two{"id", "work", {2, 0}, extent::usual, 3, [&] {
                    return std::vector<side>{counting("a", order, 1),
                                             counting("b", order, 3)};
                  }};

    const auto got = measure(two);

    CHECK(*order == "abbaab");
    CHECK(got.ratio() == 3);
    CHECK(got.is_met());
  }

  TEST_CASE("sides that are not asked for do not run") {
    const auto order = std::make_shared<std::string>();
    const row three{"id", "work", {}, extent::usual, 1, [&] {
                      return std::vector<side>{counting("a", order, 1),
                                               counting("b", order, 3),
                                               counting("c", order, 3)};
                    }};

    CHECK(measure(three, 2).sides.size() == 2);
    CHECK(*order == "ab");
  }

  TEST_CASE("an aim is missed by a ratio or a time") {
    row_result got{"id", "work", {2, 0}, {{"ours", {1}}, {"peer", {1.9}}}};
    CHECK_FALSE(got.is_met());
    got.sides[1].middle.seconds = 2;
    CHECK(got.is_met());
    got.wanted.most_seconds = 0.9;
    CHECK_FALSE(got.is_met());
    got.wanted.most_seconds = 1;
    CHECK(got.is_met());
  }

  TEST_CASE("CPU has a ratio of its own") {
    const row_result got{
      "id", "work", {}, {{"ours", {1, 0, 2}}, {"peer", {3, 0, 8}}}};
    CHECK(got.ratio() == 3);
    CHECK(got.cpu_ratio() == 4);
  }

  TEST_CASE("one that is alone has no ratio") {
    const row_result got{"id", "work", {2, 0}, {{"ours", {1}}}};
    CHECK(got.ratio() == 0);
    CHECK(got.cpu_ratio() == 0);
    CHECK_FALSE(got.is_met());
  }
}
