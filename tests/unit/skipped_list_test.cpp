// SPDX-License-Identifier: Apache-2.0
#include "core/copy/skipped_list.hpp"

#include <doctest/doctest.h>

using namespace fsshare;

TEST_SUITE_BEGIN("core/copy/skipped_list");

TEST_CASE("a list of skipped entries lists the first ones and counts all") {
  skipped_list list{{"b", "is a socket"}, {"a", "is a FIFO"}};
  CHECK(list.size() == 2);
  CHECK(list.more() == 0);
  list.sort();
  CHECK(list.front() == path_reason{"a", "is a FIFO"});
  CHECK(list.contains({"b", "is a socket"}));
  CHECK_FALSE(list.contains({"b", "is a FIFO"}));
  for (std::size_t n = 2; n < skipped_list::most_listed + 7; ++n)
    list.push_back({std::to_string(n), "is a FIFO"});
  CHECK(list.listed().size() == skipped_list::most_listed);
  CHECK(list.more() == 7);
  skipped_list sum{{"x", "y"}};
  sum.add(list);
  CHECK(sum.listed().size() == skipped_list::most_listed);
  CHECK(sum.size() == list.size() + 1);
}

TEST_CASE("long paths and reasons are fewer in a list") {
  skipped_list list;
  for (int n = 0; n < 500; ++n)
    list.push_back({std::string(4000, 'p'), "is a FIFO"});
  CHECK(list.size() == 500);
  CHECK(list.listed().size() == skipped_list::most_bytes / 4009);
  // One that would fit does not overtake.
  list.push_back({"p", "q"});
  CHECK_FALSE(list.contains({"p", "q"}));
  CHECK(list.size() == 501);
}

TEST_SUITE_END();
