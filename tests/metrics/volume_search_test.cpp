// SPDX-License-Identifier: Apache-2.0
#include "core/volume/volume_search.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace fsshare;

namespace {

destination_status copy(std::uint64_t order, const std::string& sandbox,
                        bool is_current = true) {
  destination_status out;
  out.order = order;
  out.sandbox_id = sandbox;
  out.container_id = "c-" + sandbox;
  out.current = is_current;
  return out;
}

volume_status volume(const std::string& path,
                     std::vector<destination_status> copies) {
  volume_status out;
  out.path = path;
  out.destinations = std::move(copies);
  return out;
}

volume_page page(std::vector<volume_status> listed, std::uint64_t more) {
  volume_page out;
  out.listed = std::move(listed);
  out.more = more;
  return out;
}

std::vector<std::string> paths_of(const volume_search& search) {
  std::vector<std::string> out;
  for (const auto& each : search.found())
    out.push_back(each.path);
  return out;
}

using paths = std::vector<std::string>;

} // namespace

TEST_SUITE_BEGIN("core/volume/volume_search");

TEST_CASE("without a filter every volume is found, to the last page") {
  volume_search search{{}, {}, {}};
  CHECK(search.take(page({volume("/a", {copy(1, "x")})}, 2)));
  CHECK(search.after() == volume_cursor{"/a", 1});
  CHECK_FALSE(search.take(
    page({volume("/b", {copy(2, "x")}), volume("/c", {copy(3, "y")})}, 0)));
  CHECK(paths_of(search) == paths{"/a", "/b", "/c"});
  CHECK_FALSE(search.is_cut());
}

TEST_CASE("a text is part of a path, a pod, a sandbox or a container") {
  const auto found = [](const std::string& text) {
    volume_search search{{text, false}, {}, {}};
    auto named = copy(3, "y");
    named.container_name = "web";
    named.labels = std::make_shared<const label_map>(
      label_map{{"pod", "shop-0"}, {"namespace", "shops"}});
    search.take(page({volume("/pods/1", {copy(1, "x"), copy(2, "y")}),
                      volume("/pods/2", {named})},
                     0));
    std::size_t copies = 0;
    for (const auto& each : search.found())
      copies += each.destinations.size();
    return std::pair{paths_of(search), copies};
  };
  CHECK(found("pods/1") == std::pair{paths{"/pods/1"}, std::size_t{2}});
  CHECK(found("x") == std::pair{paths{"/pods/1"}, std::size_t{1}});
  CHECK(found("c-y") == std::pair{paths{"/pods/1", "/pods/2"}, std::size_t{2}});
  CHECK(found("shop") == std::pair{paths{"/pods/2"}, std::size_t{1}});
  CHECK(found("web") == std::pair{paths{"/pods/2"}, std::size_t{1}});
  CHECK(found("z") == std::pair{paths{}, std::size_t{0}});
}

TEST_CASE("only what is not current, or cannot be read") {
  volume_search search{{"", true}, {}, {}};
  auto unread = volume("/c", {copy(4, "x")});
  unread.reason = "it hangs";
  search.take(
    page({volume("/a", {copy(1, "x")}),
          volume("/b", {copy(2, "x", false), copy(3, "y")}), std::move(unread)},
         0));
  CHECK(paths_of(search) == paths{"/b", "/c"});
  CHECK(search.found().front().destinations.size() == 1);
}

TEST_CASE("it ends with as many copies as wanted, and goes on behind them") {
  volume_search search{{}, {}, {3, 10}};
  CHECK_FALSE(search.take(page({volume("/a", {copy(1, "x")}),
                                volume("/b", {copy(2, "x"), copy(5, "y")}),
                                volume("/c", {copy(3, "x")})},
                               0)));
  CHECK(paths_of(search) == paths{"/a", "/b"});
  CHECK(search.is_cut());
  CHECK(search.after() == volume_cursor{"/b", 5});
  volume_search exactly{{}, {}, {1, 10}};
  CHECK_FALSE(exactly.take(page({volume("/a", {copy(1, "x")})}, 0)));
  CHECK_FALSE(exactly.is_cut());
}

TEST_CASE("it ends with as many pages as it may look at") {
  volume_search search{{"none", false}, {}, {100, 3}};
  CHECK(search.take(page({volume("/a", {copy(1, "x")})}, 9)));
  CHECK(search.take(page({volume("/b", {copy(2, "x")})}, 8)));
  CHECK_FALSE(search.take(page({volume("/c", {copy(3, "x")})}, 7)));
  CHECK(search.is_cut());
  CHECK(search.after() == volume_cursor{"/c", 3});
}

TEST_CASE("copies of one volume on several pages are not lost") {
  volume_search search{{}, {}, {}};
  auto first = volume("/a", {copy(1, "x"), copy(2, "y")});
  first.destinations_more = 1;
  CHECK(search.take(page({std::move(first)}, 0)));
  CHECK(search.after() == volume_cursor{"/a", 2});
  CHECK_FALSE(search.take(page({volume("/a", {copy(3, "z")})}, 0)));
  CHECK(paths_of(search) == paths{"/a"});
  CHECK(search.found().back().destinations.size() == 3);
  CHECK(search.found().back().destinations.back().sandbox_id == "z");
  CHECK(search.found().back().destinations_more == 0);
}
