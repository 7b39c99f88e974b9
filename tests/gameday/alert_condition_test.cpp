// SPDX-License-Identifier: Apache-2.0
#include "tests/gameday/alert_condition.hpp"

#include <doctest/doctest.h>

#include <stdexcept>

using namespace fsshare::test;

namespace {

const scrape_pair some{"# TYPE m gauge\n"
                       "m{state=\"a\"} 1\n"
                       "m{order=\"x\",state=\"b\"} 2\n",
                       "m{state=\"a\"} 1\n"
                       "m{order=\"x\",state=\"b\"} 5\n"
                       "m{state=\"new\"} 7\n"
                       "mm 9\n"};

std::string descriptors(const char* open, bool is_ours = true) {
  return std::string{"process_open_fds "} + open + "\nprocess_max_fds 1000\n"
         + (is_ours ? "kata_fsshare_build_info{version=\"1\"} 1\n" : "");
}

} // namespace

TEST_SUITE_BEGIN("gameday/alert condition");

TEST_CASE("a comparison holds where it does for any series that it selects") {
  CHECK(holds("m{state=\"a\"} == 1", some));
  CHECK_FALSE(holds("m{state=\"a\"} == 2", some));
  CHECK(holds("m{state=\"b\"} > 4.5", some));
  CHECK_FALSE(holds("m{state=\"b\"} > 5", some));
  CHECK(holds("m < 2", some));
  CHECK_FALSE(holds("m > 8", some));
  CHECK_FALSE(holds("m{order=\"y\"} > 0", some));
  CHECK_FALSE(holds("nothing == 0", some));
}

TEST_CASE("an increase is that of a series which was there before") {
  CHECK(holds("increase(m{state=\"b\"}[10m]) > 2", some));
  CHECK_FALSE(holds("increase(m{state=\"b\"}[10m]) > 3", some));
  CHECK_FALSE(holds("increase(m{state=\"a\"}[10m]) > 0", some));
  CHECK_FALSE(holds("increase(m{state=\"new\"}[10m]) > 0", some));
}

TEST_CASE("an alert goes by what the rules record") {
  CHECK(is_raised("FsshareDescriptorsFew", {"", descriptors("901")}));
  CHECK_FALSE(is_raised("FsshareDescriptorsFew", {"", descriptors("900")}));
  CHECK_FALSE(
    is_raised("FsshareDescriptorsFew", {"", descriptors("950", false)}));
}

TEST_CASE("what is no such query, or no alert, is refused") {
  for (const char* query : {"m", "m >= 1", "sum(m) > 1", "m > 1 or mm > 1",
                            "rate(m[1m]) > 0", "m[1m]) > 0", "increase(m) > 0",
                            "m{state=~\"a|b\"} > 0", "a:b:ratio > 0"})
    CHECK_THROWS_AS(holds(query, some), std::runtime_error);
  CHECK_THROWS_AS(is_raised("FsshareNothing", some), std::runtime_error);
  CHECK_THROWS_AS(is_raised("FsshareLagHigh", some), std::runtime_error);
}
