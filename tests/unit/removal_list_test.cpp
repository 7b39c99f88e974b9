// SPDX-License-Identifier: Apache-2.0
#include "core/copy/removal_list.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace fsshare;
using namespace std::chrono_literals;

namespace {

constexpr removal_list::time_point t0{1h};

using names = std::vector<std::string>;

} // namespace

TEST_SUITE_BEGIN("core/copy/removal_list");

TEST_CASE("names are due from their time on, and not while they are out") {
  removal_list list{{}};
  list.add("b", t0 + 2s);
  list.add("a", t0);
  CHECK(list.next_due() == t0);
  CHECK(list.take(t0) == names{"a"});
  CHECK(list.take(t0).empty());
  CHECK(list.is_out("a"));
  CHECK(list.next_due() == t0 + 2s);
  list.add("b", t0 + 1s);
  CHECK(list.next_due() == t0 + 1s);
  list.tried("a", removal_result::removed, {}, t0);
  CHECK_FALSE(list.contains("a"));
  CHECK_FALSE(list.is_settled());
  CHECK(list.take(t0 + 1s) == names{"b"});
  list.tried("b", removal_result::removed, {}, t0 + 1s);
  CHECK(list.is_settled());
  CHECK_FALSE(list.next_due());
}

TEST_CASE("each name has a back-off of its own") {
  removal_list list{{}};
  list.add("stuck", t0);
  auto now = t0;
  int tries = 0;
  for (; now < t0 + 1h; now += 50ms)
    for (const auto& name : list.take(now)) {
      list.tried(name, removal_result::failed, "busy", now);
      ++tries;
    }
  CHECK(tries > 12);
  CHECK(tries < 40);
  list.add("other", now);
  const auto due = list.take(now);
  CHECK(std::find(due.begin(), due.end(), "other") != due.end());
  REQUIRE(list.leftovers() == 1);
  CHECK(list.leftovers({}, 1).listed.front().reason == "busy");
  CHECK(list.not_removable().empty());
}

TEST_CASE("of many that are denied a few are tried at a time, ever more "
          "seldom") {
  removal_list list{{}};
  for (int i = 0; i < 400; ++i)
    list.add(std::to_string(i), t0);
  auto now = t0;
  std::size_t most = 0;
  std::size_t tries = 0;
  for (; now < t0 + 1h; now += 250ms) {
    // As at each reconnect, over and over.
    if (now < t0 + 10min)
      list.retry_now(now);
    const auto due = list.take(now);
    if (now > t0 + 1min)
      most = std::max(most, due.size());
    if (now > t0 + 50min)
      tries += due.size();
    for (const auto& name : due)
      list.tried(name, removal_result::denied, "policy", now);
  }
  CHECK(most == removal_list::most_retries);
  CHECK(tries <= std::size_t{10} * 60 * removal_list::most_retries / 2);
  CHECK(list.is_settled());
  CHECK(list.not_removable().size() == 400);
}

TEST_CASE("what this guest agent cannot remove waits for another one, what it "
          "emptied for nothing") {
  removal_list list{{}};
  list.add("link", t0);
  list.add("dir", t0);
  list.take(t0);
  list.tried("link", removal_result::impossible, "no", t0);
  list.tried("dir", removal_result::emptied, "names stay", t0);
  CHECK_FALSE(list.next_due());
  CHECK(list.is_settled());
  CHECK(list.not_removable() == std::set<std::string>{"dir", "link"});
  list.retry_now(t0);
  CHECK(list.take(t0) == names{"link"});
}

TEST_CASE("of names without contents that cannot be removed some are kept, the "
          "others counted") {
  removal_list list{{}};
  const auto name_of = [](std::size_t n) {
    return "..2026_" + std::to_string(1000 + n);
  };
  for (std::size_t n = 0; n < removal_list::most_emptied + 100; ++n) {
    list.add(name_of(n), t0);
    REQUIRE(list.take(t0) == names{name_of(n)});
    list.tried(name_of(n), removal_result::emptied, "names stay", t0);
  }
  CHECK(list.not_removable().size() == removal_list::most_emptied);
  CHECK(*list.not_removable().begin() == name_of(100));
  CHECK(list.leftovers() == removal_list::most_emptied);
  CHECK(list.more_emptied() == 100);
  CHECK(list.is_settled());
  CHECK_FALSE(list.contains(name_of(0)));
  list.forget(name_of(100));
  CHECK(list.not_removable().size() == removal_list::most_emptied - 1);
  // One that may come back is not dropped before it cannot any more.
  list.add("..1", t0);
  list.may_come_back("..1", t0);
  list.take(t0);
  list.tried("..1", removal_result::emptied, "names stay", t0);
  list.add(name_of(900), t0);
  list.take(t0);
  list.tried(name_of(900), removal_result::emptied, "names stay", t0);
  CHECK(list.contains("..1"));
  CHECK(list.more_emptied() == 100);
}

TEST_CASE("a name that is wanted again is not removed, even if its removal "
          "comes back refused") {
  removal_list list{{}};
  list.add("key", t0);
  CHECK(list.take(t0) == names{"key"});
  list.forget("key");
  list.tried("key", removal_result::failed, "busy", t0);
  CHECK_FALSE(list.next_due());
  CHECK(list.leftovers() == 0);
}

TEST_CASE("what may come back is removed again, unless it is made anew") {
  removal_list list{{}};
  list.add("x", t0);
  list.may_come_back("x", t0);
  list.take(t0 + 3s);
  list.tried("x", removal_result::removed, {}, t0 + 3s);
  CHECK(list.is_settled());
  CHECK(list.leftovers() == 0);
  CHECK(list.next_due() == t0 + 6s);
  CHECK(list.take(t0 + 6s) == names{"x"});
  list.tried("x", removal_result::removed, {}, t0 + 11min);
  CHECK_FALSE(list.contains("x"));
}

TEST_SUITE_END();
