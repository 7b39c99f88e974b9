#include "core/guest_copy.hpp"

#include <doctest/doctest.h>

using namespace fsshare;
using namespace std::chrono_literals;

namespace {

using time_point = guest_copy::time_point;

constexpr time_point t0{1h};

volume_snapshot_ptr host(const std::string& name,
                         std::vector<std::string> keys = {"a"},
                         std::uint32_t root_gid = 0) {
  volume_snapshot s;
  s.id = {name, 7 + root_gid};
  s.root.mode = 0755;
  s.root.gid = root_gid;
  tree_entry dir;
  dir.mode = 0755;
  s.tree.entries.push_back(dir);
  for (const auto& key : keys) {
    tree_entry file;
    file.path = key;
    file.type = entry_type::file;
    s.tree.entries.push_back(file);
  }
  s.links = std::move(keys);
  return std::make_shared<const volume_snapshot>(std::move(s));
}

order_outcome done() {
  order_outcome o;
  o.complete = true;
  o.flip = flip_state::acknowledged;
  return o;
}

order_outcome broken(flip_state flip, errc code = errc::unavailable) {
  order_outcome o;
  o.flip = flip;
  o.err = {code, "broken"};
  return o;
}

order_outcome superseded() {
  auto o = broken(flip_state::not_sent, errc::aborted);
  o.cause = stop_cause::superseded;
  return o;
}

order_outcome removed(std::size_t n,
                      removal_result result = removal_result::removed) {
  order_outcome o;
  o.removals.assign(n, result);
  o.complete = result == removal_result::removed;
  o.err = {errc::internal, "not removed"};
  return o;
}

guest_copy make(std::size_t keep = 0) {
  guest_copy::settings s;
  s.root = "/g/v";
  s.keep_generations = keep;
  return guest_copy{s};
}

// What the next order is about, in words.
std::string words(const std::optional<guest_order>& order) {
  if (!order)
    return "nothing";
  if (const auto* push = std::get_if<push_order>(&*order)) {
    std::string out = "push " + push->options.attempt_name;
    if (push->options.send_root)
      out += " +root";
    if (push->options.send_others)
      out += " +others";
    for (const auto& link : push->options.links)
      out += " " + link;
    return out;
  }
  std::string out;
  const auto* steps = std::get_if<steps_order>(&*order);
  for (const auto& step :
       steps ? steps->steps : std::get<removal_order>(*order).steps)
    out += (steps ? step.is_flip ? "flip " : "link " : "remove ") + step.path
           + (steps ? "=" + step.target : "") + ";";
  return out;
}

// Brings a copy to hold `snapshot`, with nothing left to do.
void settle_at(guest_copy& copy, const volume_snapshot_ptr& snapshot,
               time_point now) {
  REQUIRE(words(copy.next(snapshot, now)).starts_with("push "));
  copy.finished(done(), now);
  while (auto order = copy.next(snapshot, now + 2s))
    copy.finished(removed(std::get<removal_order>(*order).steps.size()),
                  now + 2s);
  REQUIRE(copy.converged(snapshot->id));
}

} // namespace

TEST_SUITE_BEGIN("core/guest_copy");

TEST_CASE("the first push brings the root, the rest and every link") {
  auto copy = make();
  const auto one = host("..1", {"a", "b"});
  CHECK(words(copy.next(one, t0)) == "push ..1 +root +others a b");
  CHECK(copy.busy());
  CHECK(words(copy.next(one, t0)) == "nothing");

  copy.finished(done(), t0);

  CHECK(copy.converged(one->id));
  CHECK(copy.live_name() == "..1");
  CHECK(words(copy.next(one, t0 + 1h)) == "nothing");
}

TEST_CASE("a rotation sends new links, then removes stale ones at once and the "
          "old generation after its grace") {
  auto copy = make();
  settle_at(copy, host("..1", {"a", "b"}), t0);
  const auto two = host("..2", {"b", "c"});

  CHECK(words(copy.next(two, t0)) == "push ..2 c");
  copy.finished(done(), t0);
  CHECK(words(copy.next(two, t0)) == "remove /g/v/a;");
  copy.finished(removed(1), t0);
  CHECK(words(copy.next(two, t0 + 1999ms)) == "nothing");
  CHECK(copy.next_due() == t0 + 2s);
  CHECK(words(copy.next(two, t0 + 2s)) == "remove /g/v/..1;");
  copy.finished(removed(1), t0 + 2s);
  CHECK(copy.converged(two->id));
  CHECK_FALSE(copy.next_due());
}

TEST_CASE("kept generations stay until newer ones take their place") {
  auto copy = make(1);
  copy.next(host("..1"), t0);
  copy.finished(done(), t0);
  copy.next(host("..2"), t0 + 1s);
  copy.finished(done(), t0 + 1s);
  CHECK(words(copy.next(host("..2"), t0 + 1h)) == "nothing");
  copy.next(host("..3"), t0 + 2s);
  copy.finished(done(), t0 + 2s);
  CHECK(words(copy.next(host("..3"), t0 + 1h)) == "remove /g/v/..1;");
}

TEST_CASE("a failed push is removed before the next one, which has a name of "
          "its own and waits") {
  auto copy = make();
  settle_at(copy, host("..1"), t0);
  const auto two = host("..2");
  copy.next(two, t0);
  copy.finished(broken(flip_state::not_sent), t0);

  CHECK(copy.live_name() == "..1");
  CHECK(copy.last_error()->message == "broken");
  CHECK(words(copy.next(two, t0)) == "nothing");
  REQUIRE(copy.next_due());
  CHECK(*copy.next_due() >= t0 + 50ms);
  CHECK(*copy.next_due() <= t0 + 100ms);
  const auto later = t0 + 100ms;
  CHECK(words(copy.next(two, later)) == "remove /g/v/..2;");
  copy.finished(removed(1), later);
  CHECK(words(copy.next(two, later)) == "push ..2.1");
  copy.finished(done(), later);
  CHECK(copy.live_name() == "..2.1");
  CHECK_FALSE(copy.last_error());
}

TEST_CASE("a superseded push costs no wait, and the third in a row is not "
          "superseded") {
  auto copy = make();
  settle_at(copy, host("..1"), t0);
  for (const char* name : {"..2", "..3"}) {
    copy.next(host(name), t0);
    CHECK(copy.overtaken());
    copy.finished(superseded(), t0);
    CHECK(words(copy.next(host("..9"), t0)).starts_with("remove "));
    copy.finished(removed(1), t0);
  }
  CHECK(words(copy.next(host("..4"), t0)) == "push ..4");
  CHECK_FALSE(copy.overtaken());
  copy.finished(done(), t0);
  copy.next(host("..5"), t0);
  CHECK(copy.overtaken());
}

TEST_CASE("a first push with entries beside the generation is not "
          "superseded") {
  for (const bool has_others : {false, true}) {
    auto copy = make();
    auto one = *host("..1");
    tree_entry file;
    file.path = "beside";
    file.type = entry_type::file;
    if (has_others)
      one.others.entries.push_back(file);
    copy.next(std::make_shared<const volume_snapshot>(one), t0);
    CHECK(copy.overtaken() == !has_others);
  }
}

TEST_CASE("a guest agent that answers ABORTED is tried again with a back-off, "
          "like any that fails") {
  auto copy = make();
  settle_at(copy, host("..1"), t0);
  copy.next(host("..2"), t0);
  copy.finished(broken(flip_state::not_sent, errc::aborted), t0);
  CHECK(words(copy.next(host("..2"), t0)) == "nothing");
  CHECK(copy.failures() == 1);
}

TEST_CASE("a root that a failed push may have changed is sent again") {
  auto copy = make();
  const auto one = host("..1", {"a"}, 0);
  settle_at(copy, one, t0);
  REQUIRE(words(copy.next(host("..1", {"a"}, 2000), t0)).find("+root")
          != std::string::npos);
  copy.finished(broken(flip_state::not_sent), t0);
  REQUIRE(words(copy.next(one, t0 + 1s)) == "remove /g/v/..1.1;");
  copy.finished(removed(1), t0 + 1s);

  SUBCASE("alone, if the host has the old owner again") {
    CHECK_FALSE(copy.converged(one->id));
    CHECK(words(copy.next(one, t0 + 1s)) == "link /g/v=;");
    copy.finished(done(), t0 + 1s);
    CHECK(copy.converged(one->id));
  }
  SUBCASE("with the next generation") {
    CHECK(words(copy.next(host("..2", {"a"}, 0), t0 + 1s)) == "push ..2 +root");
  }
}

TEST_CASE("a flip without an answer is sent again, then back, before anything "
          "else") {
  auto copy = make();
  settle_at(copy, host("..1"), t0);
  copy.next(host("..2"), t0);
  copy.finished(broken(flip_state::unknown), t0);

  CHECK(words(copy.next(host("..3"), t0)) == "flip /g/v/..data=..2;");
  copy.finished(broken(flip_state::unknown), t0);
  CHECK(words(copy.next(host("..3"), t0)) == "flip /g/v/..data=..1;");

  SUBCASE("the flip back is acknowledged: the push failed, and its retry "
          "waits") {
    copy.finished(done(), t0);
    CHECK(copy.live_name() == "..1");
    CHECK(copy.failures() == 1);
    CHECK(copy.last_error()->message == "broken");
    CHECK(words(copy.next(host("..3"), t0)) == "nothing");
    CHECK(words(copy.next(host("..3"), t0 + 100ms)) == "remove /g/v/..2;");
  }
  SUBCASE("the flip back fails too: both may be live and neither is touched") {
    copy.finished(broken(flip_state::unknown), t0);
    CHECK(words(copy.next(host("..3"), t0)) == "nothing");
    CHECK(words(copy.next(host("..3"), t0 + 1h)) == "flip /g/v/..data=..2;");
    copy.finished(done(), t0 + 1h);
    CHECK(copy.live_name() == "..2");
    CHECK(words(copy.next(host("..2"), t0 + 1h)) == "nothing");
    CHECK(words(copy.next(host("..2"), t0 + 1h + 2s)) == "remove /g/v/..1;");
  }
}

TEST_CASE("a flip that its second try brought about has not failed") {
  auto copy = make();
  settle_at(copy, host("..1"), t0);
  copy.next(host("..2"), t0);
  copy.finished(broken(flip_state::unknown), t0);
  REQUIRE(copy.last_error());
  REQUIRE(words(copy.next(host("..2"), t0)) == "flip /g/v/..data=..2;");
  copy.finished(done(), t0);
  CHECK(copy.live_name() == "..2");
  CHECK_FALSE(copy.last_error());
  CHECK(copy.failures() == 0);
}

TEST_CASE("a push whose flip is live ends the row of superseded ones, whatever "
          "came after the flip") {
  auto copy = make();
  settle_at(copy, host("..1"), t0);
  for (const char* name : {"..2", "..3"}) {
    copy.next(host(name), t0);
    copy.finished(superseded(), t0);
    copy.next(host("..9"), t0);
    copy.finished(removed(1), t0);
  }
  copy.next(host("..4", {"a", "b"}), t0);
  REQUIRE_FALSE(copy.overtaken());
  copy.finished(broken(flip_state::acknowledged), t0);
  REQUIRE(words(copy.next(host("..5"), t0 + 1s)).starts_with("push ..5"));
  CHECK(copy.overtaken());
}

TEST_CASE("a flip that the guest's policy refuses leaves the old generation "
          "live") {
  auto copy = make();
  settle_at(copy, host("..1"), t0);
  copy.next(host("..2"), t0);
  copy.finished(broken(flip_state::refused, errc::permission_denied), t0);
  CHECK(copy.live_name() == "..1");
  CHECK(words(copy.next(host("..2"), t0 + 1s)) == "remove /g/v/..2;");
}

TEST_CASE("links that failed after the flip are sent again") {
  auto copy = make();
  settle_at(copy, host("..1", {"a"}), t0);
  const auto two = host("..2", {"a", "b"});
  copy.next(two, t0);
  copy.finished(broken(flip_state::acknowledged), t0);
  CHECK_FALSE(copy.converged(two->id));
  CHECK(words(copy.next(two, t0 + 1s)) == "link /g/v/b=..data/b;");
  copy.finished(done(), t0 + 1s);
  CHECK(words(copy.next(two, t0 + 3s)) == "remove /g/v/..1;");
}

TEST_CASE("a link that may exist is removed though nobody saw it made") {
  auto copy = make();
  settle_at(copy, host("..1", {"a"}), t0);
  copy.next(host("..2", {"a", "b"}), t0);
  copy.finished(broken(flip_state::acknowledged), t0);
  const auto three = host("..3", {"a"});
  REQUIRE(words(copy.next(three, t0 + 1s)) == "push ..3");
  copy.finished(done(), t0 + 1s);
  CHECK(words(copy.next(three, t0 + 1s)) == "remove /g/v/b;");
}

TEST_CASE("an owner that changed sends root and links again") {
  auto copy = make();
  settle_at(copy, host("..1", {"a"}, 0), t0);
  CHECK(words(copy.next(host("..1", {"a"}, 2000), t0)) == "push ..1.1 +root a");
}

TEST_CASE("what this guest agent cannot remove is listed and left") {
  auto copy = make();
  settle_at(copy, host("..1", {"a"}), t0);
  const auto two = host("..2", {"b"});
  copy.next(two, t0);
  copy.finished(done(), t0);
  CHECK(words(copy.next(two, t0 + 2s)) == "remove /g/v/a;remove /g/v/..1;");
  copy.finished(removed(2, removal_result::impossible), t0 + 2s);
  CHECK(words(copy.next(two, t0 + 1h)) == "nothing");
  CHECK(copy.converged(two->id));
  CHECK(copy.not_removable() == std::vector<std::string>{"/g/v/..1", "/g/v/a"});
}

TEST_CASE("a removal that failed is tried again and holds up no push") {
  auto copy = make();
  settle_at(copy, host("..1"), t0);
  copy.next(host("..2"), t0);
  copy.finished(done(), t0);
  copy.next(host("..2"), t0 + 2s);
  copy.finished(removed(1, removal_result::failed), t0 + 2s);
  CHECK(words(copy.next(host("..3"), t0 + 2s)) == "push ..3");
  copy.finished(done(), t0 + 2s);
  CHECK(words(copy.next(host("..3"), t0 + 5s))
        == "remove /g/v/..1;remove /g/v/..2;");
}

TEST_CASE(
  "a link whose removal had no answer is sent again when wanted again") {
  auto copy = make();
  settle_at(copy, host("..1", {"a", "b"}), t0);
  copy.next(host("..2", {"a"}), t0);
  copy.finished(done(), t0);
  REQUIRE(words(copy.next(host("..2", {"a"}), t0)) == "remove /g/v/b;");
  copy.finished(removed(1, removal_result::failed), t0);
  CHECK(words(copy.next(host("..3", {"a", "b"}), t0)) == "push ..3 b");
}

TEST_CASE("a name that the root has for something else gets no link") {
  auto copy = make();
  auto odd = *host("..1", {"a", "b"});
  tree_entry dir;
  dir.path = "b";
  odd.others.entries.push_back(dir);
  const auto one = std::make_shared<const volume_snapshot>(odd);
  CHECK(words(copy.next(one, t0)) == "push ..1 +root +others a");
  copy.finished(done(), t0);
  REQUIRE(copy.skipped().size() == 1);
  CHECK(copy.skipped().front().path == "b");
  // Gone on the host, but the guest still has it.
  CHECK(words(copy.next(host("..2", {"a", "b"}), t0)) == "push ..2");
}

TEST_CASE("leaving removes the whole copy once and reports what stays") {
  auto copy = make();
  settle_at(copy, host("..1"), t0);
  copy.leave();
  CHECK(words(copy.next(host("..2"), t0)) == "remove /g/v;");
  SUBCASE("removed") {
    copy.finished(removed(1), t0);
    CHECK(copy.gone());
    CHECK(copy.pending().empty());
  }
  SUBCASE("not removed") {
    copy.finished(removed(1, removal_result::failed), t0);
    CHECK(copy.gone());
    REQUIRE(copy.pending().size() == 1);
    CHECK(copy.pending().front().path == "/g/v");
  }
}

TEST_CASE("leaving before anything was sent sends nothing") {
  auto copy = make();
  copy.leave();
  CHECK(words(copy.next(host("..1"), t0)) == "nothing");
  CHECK(copy.gone());
}

TEST_SUITE_END();
