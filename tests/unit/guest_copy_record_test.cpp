// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/guest_copy_fixture.hpp"

#include <algorithm>

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

namespace {

using generation_state = guest_record::generation_state;

/// Goes on with what was written down of a copy.
guest_copy again(const guest_record& written, guest_copy::time_point now) {
  guest_copy::settings s;
  s.root = "/g/v";
  return guest_copy{s, written, now};
}

/// With a sealed secret.
volume_snapshot_ptr sealed_host(const std::string& name) {
  auto made = std::make_shared<volume_snapshot>(*host(name, {"token"}));
  const auto text = as_bytes("sealed.jws");
  auto& file = made->tree.entries.back();
  file.content = std::make_shared<const bytes>(text.begin(), text.end());
  file.size = text.size();
  return made;
}

/// What a copy sends when all is acknowledged at once, in words.
std::vector<std::string> all_orders(guest_copy& copy,
                                    const volume_snapshot_ptr& host,
                                    guest_copy::time_point now) {
  std::vector<std::string> said;
  while (auto order = copy.next(host, now)) {
    said.push_back(words(order));
    if (const auto* removal = std::get_if<removal_order>(&*order))
      copy.finished(removed(removal->steps.size()), now);
    else
      copy.finished(done(), now);
  }
  return said;
}

} // namespace

TEST_SUITE_BEGIN("core/volume/guest_copy_record");

TEST_CASE("a copy that is as it should be has nothing to do afterwards") {
  auto copy = make();
  const auto one = host("..1", {"a", "b"});
  settle_at(copy, one, t0);
  auto next = again(copy.record(), t0 + 10s);
  CHECK(next.converged(one->id));
  CHECK(next.live_name() == "..1");
  CHECK(words(next.next(one, t0 + 10s)) == "nothing");
  CHECK(words(next.next(one, t0 + 1h)) == "nothing");
  CHECK(next.record() == copy.record());
}

TEST_CASE("a push is written down before it goes out, with all that it may "
          "make") {
  auto copy = make();
  settle_at(copy, host("..1", {"a"}), t0);
  REQUIRE(words(copy.next(host("..2", {"a", "b"}), t0)) == "push ..2 b");
  const auto written = copy.record();
  CHECK(written.generations.at("..2").state == generation_state::doubtful);
  CHECK(written.generations.at("..1").state == generation_state::whole);
  CHECK(written.links.contains("b"));
  CHECK(written.live_name == "..1");
}

TEST_CASE("a push is written down as what it may change") {
  auto copy = make();
  CHECK_FALSE(copy.push_out_record());
  copy.next(host("..1"), t0);
  // All of the first one.
  CHECK_FALSE(copy.push_out_record());
  copy.finished(done(), t0);
  settle_at(copy, host("..2", {"a", "b"}), t0 + 1s);
  for (const auto& next :
       {host("..3", {"a", "b"}), host("..3", {"a", "b", "c"}), host("..3"),
        host("..3", {"a", "b"}, 7)}) {
    auto changed = copy;
    const auto before = changed.record();
    REQUIRE(words(changed.next(next, t0 + 1h)).starts_with("push ..3"));
    const auto push = changed.push_out_record();
    REQUIRE(push);
    CHECK(with_push(before, *push) == changed.record());
  }
}

TEST_CASE("what the next push may change is known from its name, where nothing "
          "but contents differs") {
  for (const auto& two :
       {host("..2", {"a", "b"}), host("..2"), host("..2", {"a"}, 7)}) {
    auto copy = make();
    settle_at(copy, host("..1", {"a"}), t0);
    const auto expected = copy.next_push_record("..2", t0);
    REQUIRE(expected);
    REQUIRE(words(copy.next(two, t0)).starts_with("push ..2"));
    const bool is_same = two->links.size() == 1 && two->root.gid == 0;
    CHECK((copy.push_out_record() == expected) == is_same);
  }
}

TEST_CASE("no push is expected of what is live, beside one that is out, before "
          "the first one, or after the end") {
  auto copy = make();
  CHECK_FALSE(copy.next_push_record("..1", t0));
  settle_at(copy, host("..1"), t0);
  CHECK_FALSE(copy.next_push_record("..1", t0));
  CHECK(copy.next_push_record("..2", t0));
  copy.next(host("..2"), t0);
  CHECK_FALSE(copy.next_push_record("..3", t0));
  // It failed: the next try comes after a wait.
  copy.finished(broken(flip_state::not_sent), t0);
  CHECK_FALSE(copy.next_push_record("..3", t0));
  copy.leave();
  CHECK_FALSE(copy.next_push_record("..3", t0 + 1h));
}

TEST_CASE("the next try of a name has another one in the guest") {
  auto copy = make();
  settle_at(copy, host("..1"), t0);
  copy.next(host("..2"), t0);
  copy.finished(broken(flip_state::not_sent), t0);
  const auto expected = copy.next_push_record("..2", t0 + 1h);
  REQUIRE(expected);
  CHECK(expected->name == "..2.1");
  CHECK(expected->attempts == 2);
  REQUIRE(words(copy.next(host("..2"), t0 + 1h)).starts_with("push ..2.1"));
  CHECK(copy.push_out_record() == expected);
}

TEST_CASE("after a push that was cut off the live generation is flipped to "
          "before anything else") {
  auto copy = make();
  settle_at(copy, host("..1", {"a"}), t0);
  const auto two = host("..2", {"a", "b"});
  copy.next(two, t0);
  auto next = again(copy.record(), t0 + 1s);
  CHECK_FALSE(next.whole());
  CHECK(words(next.next(two, t0 + 1s)) == "flip /g/v/..data=..1;");
  // Never forward: nobody knows whether it is whole.
  for (int n = 0; n < 5; ++n) {
    next.finished(broken(flip_state::unknown), t0 + 1s);
    CHECK(words(next.next(two, t0 + 1h)) == "flip /g/v/..data=..1;");
  }
  next.finished(done(), t0 + 1h);
  CHECK(words(next.next(two, t0 + 2h)).starts_with("push ..2.1"));
}

TEST_CASE("what a push that was cut off has made is removed, not before what "
          "it may have flipped to is out of doubt") {
  auto copy = make();
  const auto one = host("..1", {"a"});
  settle_at(copy, one, t0);
  copy.next(host("..2", {"a", "b"}), t0);
  // The host went back meanwhile.
  auto next = again(copy.record(), t0);
  const auto at_once = all_orders(next, one, t0);
  CHECK(at_once.front() == "flip /g/v/..data=..1;");
  CHECK(std::none_of(at_once.begin(), at_once.end(), [](const auto& order) {
    return order.find("remove /g/v/..2;") != std::string::npos;
  }));
  std::vector<std::string> later;
  for (auto at = t0; at < t0 + 60s; at += 1s)
    for (auto& order : all_orders(next, one, at))
      later.push_back(order);
  CHECK(std::any_of(later.begin(), later.end(), [](const auto& order) {
    return order.find("remove /g/v/..2;") != std::string::npos;
  }));
  CHECK(next.converged(one->id));
}

TEST_CASE("names are not used again") {
  auto copy = make();
  const auto one = host("..1", {"a"});
  copy.next(one, t0);
  copy.finished(broken(flip_state::not_sent), t0);
  auto next = again(copy.record(), t0 + 1s);
  CHECK(words(next.next(one, t0 + 1h)).starts_with("push ..1.1"));
}

TEST_CASE("links that had no answer, stale links and old generations are seen "
          "to") {
  auto copy = make();
  settle_at(copy, host("..1", {"a", "b"}), t0);
  const auto two = host("..2", {"b", "c"});
  copy.next(two, t0);
  copy.finished(broken(flip_state::acknowledged), t0);
  auto next = again(copy.record(), t0 + 1s);
  CHECK_FALSE(next.whole());
  const auto said = all_orders(next, two, t0 + 1s);
  REQUIRE(said.size() == 2);
  CHECK(said[0] == "link /g/v/c=..data/c;");
  CHECK(said[1] == "remove /g/v/a;");
  CHECK(words(next.next(two, t0 + 3s)) == "remove /g/v/..1;");
}

TEST_CASE("the end of a copy of which nobody knows what is there removes its "
          "root") {
  guest_record nothing_known;
  nothing_known.may_exist = true;
  auto next = again(nothing_known, t0);
  next.leave();
  CHECK(words(next.next(nullptr, t0)) == "remove /g/v;");
}

TEST_CASE("what a container may have unsealed stays kept") {
  auto copy = make();
  const auto one = sealed_host("..1");
  settle_at(copy, one, t0);
  copy.keep_sealed(t0);
  auto next = again(copy.record(), t0 + 1s);
  CHECK(next.kept(10).listed == std::vector<std::string>{"..1"});
  const auto two = host("..2", {"a"});
  REQUIRE(words(next.next(two, t0 + 2h)).starts_with("push ..2"));
  next.finished(done(), t0 + 2h);
  for (const auto& order : all_orders(next, two, t0 + 3h))
    CHECK_MESSAGE(order.find("remove /g/v/..1;") == std::string::npos, order);
}

TEST_SUITE_END();
