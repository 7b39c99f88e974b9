// SPDX-License-Identifier: Apache-2.0
#include "core/copy/leftover_page.hpp"

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

leftover_index index_of(const std::vector<std::string>& names) {
  leftover_index index;
  for (const auto& name : names)
    index.insert(name);
  return index;
}

leftover_page page_of(const leftover_index& index, const std::string& after,
                      std::size_t n = most) {
  return index.page(after, n, [](const std::string& name) {
    return "of " + name;
  });
}

} // namespace

TEST_SUITE_BEGIN("core/copy/leftover_page");

TEST_CASE("pages list every leftover once, in the order of paths, and say how "
          "many come behind") {
  constexpr std::size_t many = 6000;
  leftover_index index;
  for (std::size_t n = 0; n < many; ++n)
    index.insert("/g/" + std::to_string(n * 7919 % many));
  std::vector<std::string> seen;
  std::string after;
  std::size_t pages = 0;
  for (bool more = true; more; ++pages) {
    const auto page = page_of(index, after);
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
  const auto first = page_of(index_of({"/a", "/b", "/c"}), "", 2);
  CHECK(paths_of(first) == std::vector<std::string>{"/a", "/b"});
  CHECK(first.more == 1);
  auto index = index_of({"/a", "/aa", "/b", "/c", "/d"});
  index.erase("/a");
  index.erase("/b");
  CHECK(paths_of(page_of(index, "/b", 2))
        == std::vector<std::string>{"/c", "/d"});
  CHECK(page_of(index, "/d", 2).listed.empty());
}

TEST_CASE("a path that is no UTF-8 is listed as callers see it, and once with "
          "what they see alike") {
  const auto index = index_of({"/b", "/a\xff", "/a\xfe", "/aa"});
  const auto page = page_of(index, "", 2);
  CHECK(paths_of(page) == std::vector<std::string>{"/aa", "/a\xef\xbf\xbd"});
  CHECK(page.listed[1].reason == "of /a\xfe");
  CHECK(page.more == 1);
  CHECK(paths_of(page_of(index, "/a\xef\xbf\xbd"))
        == std::vector<std::string>{"/b"});
}

TEST_CASE("pages of several owners make one, with each path once") {
  const std::vector<leftover_page> parts{{{{"/b", "busy"}, {"/e", ""}}, 2, 2},
                                         {{{"/a", ""}, {"/b", "late"}}, 0, 2}};
  auto page = joined(parts, 2);
  CHECK(paths_of(page) == std::vector<std::string>{"/a", "/b"});
  CHECK(page.listed[1].reason == "busy");
  CHECK(page.more == 3);
  CHECK(page.looked_at == 4);
  page = joined(parts, 10);
  CHECK(paths_of(page) == std::vector<std::string>{"/a", "/b", "/e"});
  CHECK(page.more == 2);
}

TEST_SUITE_END();
