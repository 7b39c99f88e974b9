// SPDX-License-Identifier: Apache-2.0
#include "core/api/leftover_page.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace fsshare;

namespace {

constexpr std::size_t most = 1000;

std::vector<std::string> paths_of(const leftover_page& page) {
  std::vector<std::string> out;
  for (const auto& each : page.listed)
    out.push_back(each.path);
  return out;
}

} // namespace

TEST_SUITE_BEGIN("core/api/leftover_page");

TEST_CASE("pages list every leftover once, in the order of paths, and say how "
          "many come behind") {
  constexpr std::size_t many = 6000;
  std::vector<path_reason> all;
  for (std::size_t n = 0; n < many; ++n)
    all.push_back({"/g/" + std::to_string(n * 7919 % many), "busy"});
  std::vector<std::string> seen;
  std::string after;
  std::size_t pages = 0;
  for (bool more = true; more; ++pages) {
    const auto page = page_behind(all, after, most);
    REQUIRE_FALSE(page.listed.empty());
    CHECK(page.listed.size() <= most);
    for (const auto& path : paths_of(page))
      seen.push_back(path);
    CHECK(page.more == many - seen.size());
    after = seen.back();
    more = page.more > 0;
  }
  CHECK(pages == many / most);
  CHECK(std::is_sorted(seen.begin(), seen.end()));
  CHECK(std::adjacent_find(seen.begin(), seen.end()) == seen.end());
  CHECK(seen.size() == many);
}

TEST_CASE("what goes and comes between two pages moves no other") {
  std::vector<path_reason> all{{"/a", ""}, {"/b", ""}, {"/c", ""}};
  const auto first = page_behind(all, "", 2);
  CHECK(paths_of(first) == std::vector<std::string>{"/a", "/b"});
  CHECK(first.more == 1);
  all = {{"/aa", ""}, {"/c", ""}, {"/d", ""}};
  CHECK(paths_of(page_behind(all, "/b", 2))
        == std::vector<std::string>{"/c", "/d"});
  CHECK(page_behind(all, "/d", 2).listed.empty());
}

TEST_CASE("a path that is left over twice is listed once, and one that is no "
          "UTF-8 as callers see it") {
  const std::vector<path_reason> all{
    {"/b", "busy"}, {"/a\xff", ""}, {"/b", "it is being removed"}};
  const auto page = page_behind(all, "", most);
  REQUIRE(page.listed.size() == 2);
  CHECK(page.listed[0].path == "/a\xef\xbf\xbd");
  CHECK(page.listed[1] == path_reason{"/b", "busy"});
  CHECK(page.more == 0);
  CHECK(paths_of(page_behind(all, "/a\xef\xbf\xbd", most))
        == std::vector<std::string>{"/b"});
}

TEST_SUITE_END();
