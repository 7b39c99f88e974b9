#include "core/destination_table.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace fsshare;
using namespace std::chrono_literals;

// How a failed check shows a list of actions.
template <>
struct doctest::StringMaker<std::vector<std::string>> {
  static String convert(const std::vector<std::string>& lines) {
    std::string all;
    for (const auto& line : lines)
      all += (all.empty() ? "" : "; ") + line;
    return all.c_str();
  }
};

namespace {

using time_point = destination_table::time_point;

constexpr time_point t0{1h};
constexpr const char* volume = "/pods/cm";

volume_snapshot_ptr host(const std::string& name, std::uint64_t digest = 7) {
  volume_snapshot s;
  s.id = {name, digest};
  s.root.mode = 0755;
  s.tree.entries.emplace_back();
  s.links = {"key"};
  return std::make_shared<const volume_snapshot>(std::move(s));
}

order_outcome done() {
  order_outcome o;
  o.complete = true;
  o.flip = flip_state::acknowledged;
  return o;
}

order_outcome broken(flip_state flip, errc code = errc::internal) {
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

order_outcome removed(removal_result result = removal_result::removed) {
  order_outcome o;
  o.removals.assign(4, result);
  o.complete = result == removal_result::removed;
  o.err = {errc::internal, "not removed"};
  return o;
}

// What an action is about, in words.
std::string words(const table_action& action) {
  struct visitor {
    std::string operator()(const ask_volume& a) const {
      const char* names[] = {"watch ", "look ", "look closely ", "read "};
      return names[static_cast<int>(a.request)] + a.volume;
    }
    std::string operator()(const forget_volume& a) const {
      return "forget " + a.volume;
    }
    std::string operator()(const ask_guest& a) const {
      const auto to = std::to_string(a.destination);
      if (const auto* push = std::get_if<push_order>(&a.order))
        return "push " + push->options.attempt_name + " to " + to;
      if (const auto* removal = std::get_if<removal_order>(&a.order))
        return "remove " + removal->steps.front().path + " of " + to;
      return "send " + std::get<steps_order>(a.order).steps.front().path
             + " to " + to;
    }
    std::string operator()(const supersede_push& a) const {
      return "supersede " + std::to_string(a.destination);
    }
    std::string operator()(const first_copy_ended& a) const {
      return "first " + std::to_string(a.destination) + " "
             + (a.outcome ? a.outcome->copied.name
                          : to_string(a.outcome.err().code));
    }
    std::string operator()(const current_reached& a) const {
      return "waiter " + std::to_string(a.waiter) + ": "
             + (a.outcome ? a.outcome->copied.name : a.outcome.err().message);
    }
    std::string operator()(const leave_debt& a) const {
      return "debt of " + std::to_string(a.destination);
    }
    std::string operator()(const destination_left& a) const {
      auto text = "left " + std::to_string(a.destination);
      for (const auto& one : a.pending)
        text += " " + one.path + ": " + one.reason;
      return text;
    }
  };
  return std::visit(visitor{}, action);
}

using lines = std::vector<std::string>;

bool has(const lines& all, const std::string& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

struct table_fixture {
  table_fixture() : table(settings()) {
  }

  static destination_table::settings settings() {
    destination_table::settings s;
    s.leave_timeout = 60s;
    return s;
  }
  destination_id add(const std::string& sandbox = "s1",
                     const std::string& path = volume) {
    ++count;
    return table.add({sandbox, "c", "share-" + std::to_string(count), path,
                      "/g/" + std::to_string(count)},
                     now);
  }
  lines advance() {
    lines out;
    for (const auto& action : table.advance(now))
      out.push_back(words(action));
    return out;
  }
  /// Answers the watch and the read of a new volume.
  lines read(const volume_snapshot_ptr& what,
             const std::string& path = volume) {
    table.read(path, what, now);
    return advance();
  }
  /// Brings one new destination to hold `what`, with nothing left to do.
  destination_id settled(const volume_snapshot_ptr& what,
                         const std::string& sandbox = "s1") {
    const auto id = add(sandbox);
    advance();
    table.watched(volume, unit{}, now);
    advance();
    read(what);
    finish(id, done());
    look(what);
    return id;
  }
  lines finish(destination_id id, const order_outcome& outcome) {
    table.finished(id, outcome, now);
    return advance();
  }
  lines look(const volume_snapshot_ptr& what) {
    table.looked(volume, volume_look{what->id.name, what->id.digest}, now);
    return advance();
  }

  destination_table table;
  time_point now = t0;
  int count = 0;
};

} // namespace

TEST_SUITE_BEGIN("core/destination_table");

TEST_CASE_FIXTURE(table_fixture,
                  "a new volume is watched, then read, then pushed") {
  const auto id = add();
  CHECK(advance() == lines{"watch /pods/cm"});
  CHECK(advance().empty());
  table.watched(volume, unit{}, now);
  CHECK(advance() == lines{"read /pods/cm"});
  CHECK(read(host("..1")) == lines{"push ..1 to 1"});
  // What was published meanwhile needs no event: the volume is looked at.
  CHECK(finish(id, done()) == lines{"look /pods/cm", "first 1 ..1"});
  CHECK(look(host("..1")).empty());
  CHECK(table.volumes() == 1);
  CHECK(table.destinations() == 1);
}

TEST_CASE_FIXTURE(table_fixture,
                  "a watch that cannot be placed is no obstacle: the volume is "
                  "polled") {
  add();
  advance();
  table.watched(volume, error{errc::resource_exhausted, "no watches"}, now);
  CHECK(advance() == lines{"read /pods/cm"});
  read(host("..1"));
  finish(1, done());
  look(host("..1"));
  REQUIRE(table.next_due());
  CHECK(*table.next_due() == t0 + 1s);
  now += 1s;
  CHECK(advance() == lines{"look /pods/cm"});
  look(host("..1"));
  CHECK(*table.next_due() == t0 + 2s);
}

TEST_CASE_FIXTURE(table_fixture,
                  "polled volumes are counted, and why they are stays in the "
                  "status until a sweep gets the watch") {
  settled(host("..1"));
  CHECK(table.polled() == 0);
  table.hint(volume, volume_hint::watch_lost, now);
  advance();
  CHECK(
    table.watched(volume, error{errc::resource_exhausted, "no watches"}, now));
  advance();
  look(host("..1"));
  CHECK(table.polled() == 1);
  auto shown = table.describe("", now).at(0);
  CHECK_FALSE(shown.watched);
  CHECK(shown.reason == "no watches");

  now += 31s;
  CHECK(has(advance(), "watch /pods/cm"));
  CHECK(table.watched(volume, unit{}, now));
  advance();
  look(host("..1"));
  shown = table.describe("", now).at(0);
  CHECK(shown.watched);
  CHECK(shown.reason.empty());
  CHECK(table.polled() == 0);
}

TEST_CASE_FIXTURE(table_fixture,
                  "a first copy of a volume whose directory is gone fails, "
                  "though another has it") {
  const error gone{errc::not_found, "gone"};
  settled(host("..1"));
  table.hint(volume, volume_hint::watch_lost, now);
  advance();
  table.watched(volume, gone, now);
  advance();
  table.looked(volume, gone, now);
  CHECK(advance().empty());
  add("s2");
  CHECK(has(advance(), "watch /pods/cm"));
  table.watched(volume, gone, now);
  advance();
  table.looked(volume, gone, now);
  CHECK(has(advance(), "first 2 NOT_FOUND"));
  CHECK(table.destinations() == 1);
}

TEST_CASE_FIXTURE(table_fixture,
                  "one rotation is read once and pushed to every destination") {
  settled(host("..1"));
  const auto second = add("s2");
  const auto third = add("s3");
  advance();
  read(host("..1"));
  finish(second, done());
  finish(third, done());
  while (!look(host("..1")).empty()) {
  }

  table.hint(volume, volume_hint::flipped, now);
  CHECK(advance() == lines{"read /pods/cm"});
  CHECK(read(host("..2"))
        == lines{"push ..2 to 1", "push ..2 to 2", "push ..2 to 3"});
}

TEST_CASE_FIXTURE(table_fixture,
                  "every hint compares, what is the same costs no request to "
                  "the guest") {
  settled(host("..1"));
  for (const auto hint :
       {volume_hint::generation_removed, volume_hint::watch_lost,
        volume_hint::sweep, volume_hint::deep_sweep}) {
    table.hint(volume, hint, now);
    auto asked = advance();
    if (asked == lines{"watch /pods/cm"}) {
      table.watched(volume, unit{}, now);
      asked = advance();
    }
    CHECK(asked
          == lines{hint == volume_hint::deep_sweep ? "look closely /pods/cm"
                                                   : "look /pods/cm"});
    CHECK(look(host("..1")).empty());
  }
}

TEST_CASE_FIXTURE(table_fixture,
                  "a look that finds another name or other owners reads") {
  settled(host("..1"));
  table.hint(volume, volume_hint::generation_removed, now);
  advance();
  CHECK(look(host("..2")) == lines{"read /pods/cm"});
  CHECK(read(host("..2")) == lines{"push ..2 to 1"});
  finish(1, done());
  look(host("..2"));

  table.hint(volume, volume_hint::attributes, now);
  CHECK(advance().empty());
  now += 20ms;
  CHECK(advance() == lines{"look closely /pods/cm"});
  CHECK(look(host("..2", 8)) == lines{"read /pods/cm"});
  CHECK(read(host("..2", 8)) == lines{"push ..2.1 to 1"});
}

TEST_CASE_FIXTURE(table_fixture, "hints for unknown volumes do nothing") {
  settled(host("..1"));
  table.hint("/pods/other", volume_hint::flipped, now);
  CHECK(advance().empty());
  table.watched("/pods/other", unit{}, now);
  table.read("/pods/other", host("..1"), now);
  table.finished(77, done(), now);
  table.remove(77, now);
  CHECK(advance().empty());
}

TEST_CASE_FIXTURE(table_fixture,
                  "a running push is superseded once by a newer generation") {
  settled(host("..1"));
  table.hint(volume, volume_hint::flipped, now);
  advance();
  read(host("..2"));
  table.hint(volume, volume_hint::flipped, now);
  CHECK(advance() == lines{"read /pods/cm"});
  CHECK(read(host("..3")) == lines{"supersede 1"});
  CHECK(advance().empty());
  CHECK(finish(1, superseded()) == lines{"remove /g/1/..2 of 1"});
  CHECK(finish(1, removed()) == lines{"push ..3 to 1"});
}

TEST_CASE_FIXTURE(table_fixture,
                  "after two superseded pushes in a row the third is left "
                  "alone") {
  settled(host("..1"));
  const char* names[] = {"..2", "..3", "..4", "..5"};
  table.hint(volume, volume_hint::flipped, now);
  advance();
  read(host(names[0]));
  for (int n = 1; n < 3; ++n) {
    table.hint(volume, volume_hint::flipped, now);
    advance();
    REQUIRE(read(host(names[n])) == lines{"supersede 1"});
    finish(1, superseded());
    finish(1, removed());
  }
  table.hint(volume, volume_hint::flipped, now);
  advance();
  CHECK(read(host(names[3])).empty());
  // It is live, then the newest follows from memory.
  CHECK(finish(1, done()) == lines{"look /pods/cm", "push ..5 to 1"});
}

TEST_CASE_FIXTURE(table_fixture,
                  "contents are let go once every destination has them") {
  settled(host("..1"));
  const std::weak_ptr<const volume_snapshot> secret = [this] {
    auto two = host("..2");
    table.hint(volume, volume_hint::flipped, now);
    advance();
    table.read(volume, two, now);
    return two;
  }();
  CHECK_FALSE(secret.expired());
  for (auto& action : table.advance(now))
    CHECK(words(action) == "push ..2 to 1");
  // Only the order that was out held them.
  finish(1, done());
  CHECK(secret.expired());
}

TEST_CASE_FIXTURE(table_fixture,
                  "a failed push is retried with the volume read again, and "
                  "sooner when the guest is up again") {
  settled(host("..1"));
  table.hint(volume, volume_hint::flipped, now);
  advance();
  read(host("..2"));
  CHECK(finish(1, broken(flip_state::not_sent, errc::unavailable)).empty());
  REQUIRE(table.next_due());
  CHECK(*table.next_due() > now);
  CHECK(*table.next_due() <= now + 100ms);

  SUBCASE("after its back-off") {
    now = *table.next_due();
  }
  SUBCASE("after a reconnect") {
    table.guest_up("s2");
    CHECK(advance().empty());
    table.guest_up("s1");
  }
  CHECK(advance() == lines{"read /pods/cm", "remove /g/1/..2 of 1"});
  CHECK(read(host("..2")).empty());
  CHECK(finish(1, removed()) == lines{"push ..2.1 to 1"});
}

TEST_CASE_FIXTURE(table_fixture,
                  "a failed first copy is removed before it is answered, and "
                  "the volume forgotten") {
  add();
  advance();
  table.watched(volume, unit{}, now);
  advance();
  read(host("..1"));
  CHECK(finish(1, broken(flip_state::not_sent, errc::resource_exhausted))
        == lines{"remove /g/1 of 1"});
  CHECK(finish(1, removed())
        == lines{"first 1 RESOURCE_EXHAUSTED", "forget /pods/cm"});
  CHECK(table.destinations() == 0);
  CHECK_FALSE(table.next_due());
}

TEST_CASE_FIXTURE(table_fixture,
                  "what a failed first copy leaves in the guest is a debt "
                  "before it is answered") {
  add();
  advance();
  table.watched(volume, unit{}, now);
  advance();
  read(host("..1"));
  finish(1, broken(flip_state::not_sent));
  CHECK(finish(1, removed(removal_result::failed))
        == lines{"debt of 1", "first 1 INTERNAL", "forget /pods/cm"});
}

TEST_CASE_FIXTURE(table_fixture,
                  "a superseded first push whose removal fails fails nothing, "
                  "and is nobody's wait") {
  add();
  advance();
  table.watched(volume, unit{}, now);
  advance();
  read(host("..1"));
  table.hint(volume, volume_hint::flipped, now);
  advance();
  CHECK(read(host("..2")) == lines{"supersede 1"});
  CHECK(finish(1, superseded()) == lines{"remove /g/1/..1 of 1"});
  for (int tries = 1; tries < 3; ++tries) {
    finish(1, removed(removal_result::failed));
    now += 1s;
    CHECK(has(advance(), "remove /g/1/..1 of 1"));
  }
  finish(1, removed(removal_result::failed));
  now += 1s;
  advance();
  CHECK(has(read(host("..2")), "push ..2 to 1"));
  CHECK(has(finish(1, done()), "first 1 ..2"));
}

TEST_CASE_FIXTURE(table_fixture,
                  "who waits for a copy is answered after the next look") {
  settled(host("..1"));
  table.await_current(1, 7, now);
  CHECK(advance() == lines{"look /pods/cm"});
  CHECK(look(host("..1")) == lines{"waiter 7: ..1"});
}

TEST_CASE_FIXTURE(table_fixture,
                  "a look that was out before is not what a waiter needs") {
  settled(host("..1"));
  table.hint(volume, volume_hint::generation_removed, now);
  CHECK(advance() == lines{"look /pods/cm"});
  table.await_current(1, 7, now);
  CHECK(advance().empty());
  CHECK(look(host("..1")) == lines{"look /pods/cm"});
  CHECK(look(host("..1")) == lines{"waiter 7: ..1"});
}

TEST_CASE_FIXTURE(table_fixture,
                  "who waits gets what the host had then, or newer, even if it "
                  "goes on rotating") {
  settled(host("..1"));
  table.await_current(1, 7, now);
  advance();
  look(host("..2"));
  CHECK(read(host("..2")) == lines{"push ..2 to 1"});
  table.hint(volume, volume_hint::flipped, now);
  advance();
  CHECK(read(host("..3")) == lines{"supersede 1"});
  // Too late: its flip was sent.
  const auto all = finish(1, done());
  CHECK(std::find(all.begin(), all.end(), "waiter 7: ..2") != all.end());
}

TEST_CASE_FIXTURE(table_fixture,
                  "who waits is told of the next push that fails, of a read "
                  "that fails, and of the copy's end") {
  settled(host("..1"));
  table.await_current(1, 7, now);
  advance();
  look(host("..2"));
  read(host("..2"));
  SUBCASE("a push") {
    CHECK(finish(1, broken(flip_state::not_sent)).front()
          == "waiter 7: broken");
  }
  SUBCASE("a read") {
    table.read(volume, error{errc::resource_exhausted, "too large"}, now);
    CHECK(advance().front() == "waiter 7: too large");
  }
  SUBCASE("an end") {
    table.remove(1, now);
    CHECK(advance().front()
          == "waiter 7: copy /pods/cm to /g/1: unshared meanwhile");
    table.await_current(1, 8, now);
    CHECK(advance().front() == "waiter 8: the copy is being taken away");
  }
  SUBCASE("a cleanup") {
    table.forget_sandbox("s1");
    CHECK(advance().front()
          == "waiter 7: copy /pods/cm to /g/1: the sandbox was cleaned up");
    table.await_current(1, 8, now);
    CHECK(advance().front() == "waiter 8: the copy is being taken away");
  }
}

TEST_CASE_FIXTURE(table_fixture,
                  "who waits makes a copy follow that does not") {
  settled(host("..1"));
  table.stop_following("s1");
  table.hint(volume, volume_hint::flipped, now);
  advance();
  CHECK(read(host("..2")).empty());
  table.await_current(1, 7, now);
  advance();
  look(host("..2"));
  CHECK(read(host("..2")) == lines{"push ..2 to 1"});
  auto all = finish(1, done());
  CHECK(std::find(all.begin(), all.end(), "waiter 7: ..2") != all.end());
}

TEST_CASE_FIXTURE(table_fixture,
                  "a volume that cannot be read fails first copies only") {
  settled(host("..1"));
  add("s2");
  CHECK(advance() == lines{"read /pods/cm"});
  table.read(volume, error{errc::internal, "Input/output error"}, now);
  CHECK(advance() == lines{"first 2 INTERNAL"});
  CHECK(table.destinations() == 1);
  // A rotation in between is no failure.
  add("s2");
  advance();
  now += 1h;
  REQUIRE(advance().size() == 1);
  table.watched(volume, unit{}, now);
  CHECK(advance() == lines{"read /pods/cm"});
  table.read(volume, error{errc::aborted, "superseded"}, now);
  CHECK(advance().empty());
  CHECK(table.destinations() == 2);
}

TEST_CASE_FIXTURE(table_fixture,
                  "removing a destination stops its push, answers who waits "
                  "for the copy and cleans the guest") {
  const auto id = add();
  advance();
  table.watched(volume, unit{}, now);
  advance();
  read(host("..1"));
  table.remove(id, now);
  CHECK(advance() == lines{"first 1 ABORTED", "supersede 1"});
  table.remove(id, now);
  CHECK(advance().empty());
  CHECK(finish(id, superseded()) == lines{"remove /g/1 of 1"});
  SUBCASE("removed") {
    CHECK(finish(id, removed()) == lines{"left 1", "forget /pods/cm"});
  }
  SUBCASE("not removed") {
    CHECK(finish(id, removed(removal_result::failed))
          == lines{"debt of 1", "left 1 /g/1: not removed", "forget /pods/cm"});
  }
  SUBCASE("no answer") {
    now += 59s;
    for (const auto& line : advance())
      CHECK_FALSE(line.starts_with("left"));
    now += 1s;
    const auto last = advance();
    CHECK(std::count(last.begin(), last.end(),
                     "left 1 /g/1: the guest did not answer in time")
          == 1);
    // The answer that comes after all is nobody's.
    CHECK(finish(id, removed()).empty());
  }
  CHECK(table.destinations() == 0);
}

TEST_CASE_FIXTURE(table_fixture,
                  "what a failed first copy leaves is told before its end, "
                  "while its destination is known") {
  const auto id = add();
  advance();
  table.watched(volume, unit{}, now);
  advance();
  read(host("..1"));
  CHECK(finish(id, broken(flip_state::not_sent)) == lines{"remove /g/1 of 1"});
  CHECK(finish(id, removed(removal_result::impossible))
        == lines{"debt of 1", "first 1 INTERNAL", "forget /pods/cm"});
}

TEST_CASE_FIXTURE(table_fixture, "removing what was never sent sends nothing") {
  const auto id = add();
  advance();
  table.remove(id, now);
  CHECK(advance() == lines{"first 1 ABORTED", "left 1", "forget /pods/cm"});
}

TEST_CASE_FIXTURE(table_fixture,
                  "forgetting a sandbox answers everybody and sends nothing, "
                  "others stay") {
  settled(host("..1"), "s2");
  const auto waiting = add("s1");
  const auto leaving = add("s1");
  advance();
  read(host("..1"));
  table.finished(leaving, done(), now);
  advance();
  table.remove(leaving, now);
  advance();
  table.forget_sandbox("s1");
  const auto said = advance();
  CHECK(std::count(said.begin(), said.end(),
                   "first " + std::to_string(waiting) + " ABORTED")
        == 1);
  CHECK(std::count(said.begin(), said.end(), "left " + std::to_string(leaving))
        == 1);
  for (const auto& line : said)
    CHECK((line.starts_with("first") || line.starts_with("left")));
  CHECK(table.destinations() == 1);
  CHECK(finish(waiting, done()).empty());
}

TEST_CASE_FIXTURE(table_fixture,
                  "a sandbox that does not follow gets first copies and no "
                  "updates until it follows again") {
  table.stop_following("s1");
  settled(host("..1"));
  table.hint(volume, volume_hint::flipped, now);
  advance();
  CHECK(read(host("..2")).empty());
  CHECK_FALSE(table.describe("s1", now).at(0).destinations.at(0).current);

  table.start_following("s1", now);
  CHECK(advance() == lines{"watch /pods/cm"});
  table.watched(volume, unit{}, now);
  CHECK(advance() == lines{"read /pods/cm"});
  CHECK(read(host("..2")) == lines{"look closely /pods/cm", "push ..2 to 1"});
  // Starting what runs compares nothing.
  finish(1, done());
  advance();
  table.start_following("s1", now);
  for (const auto& line : advance())
    CHECK_FALSE(line.starts_with("watch"));
}

TEST_CASE_FIXTURE(table_fixture,
                  "a flip without an answer is settled, and old secrets go, "
                  "though nobody follows any more") {
  settled(host("..1"));
  table.hint(volume, volume_hint::flipped, now);
  advance();
  read(host("..2"));
  table.stop_following("s1");
  CHECK(finish(1, broken(flip_state::unknown))
        == lines{"send /g/1/..data to 1"});
  CHECK(finish(1, done()) == lines{"look /pods/cm"});
  look(host("..2"));
  REQUIRE(table.next_due());
  CHECK(*table.next_due() == now + 2s);
  now += 2s;
  CHECK(advance() == lines{"remove /g/1/..1 of 1"});
}

TEST_CASE_FIXTURE(table_fixture,
                  "every volume is compared at each sweep, closely at every "
                  "tenth, and never without destinations") {
  CHECK_FALSE(table.next_due());
  settled(host("..1"));
  for (int n = 1; n <= 20; ++n) {
    REQUIRE(table.next_due());
    CHECK(*table.next_due() == t0 + 30s * n);
    now = t0 + 30s * n;
    CHECK(advance() == lines{"watch /pods/cm"});
    table.watched(volume, unit{}, now);
    CHECK(advance()
          == lines{n % 10 == 0 ? "look closely /pods/cm" : "look /pods/cm"});
    look(host("..1"));
  }
}

TEST_CASE_FIXTURE(table_fixture, "lost events compare every volume") {
  settled(host("..1"));
  add("s1", "/pods/other");
  advance();
  table.watched("/pods/other", unit{}, now);
  advance();
  table.read("/pods/other", host("..1"), now);
  advance();
  table.hint_all(volume_hint::deep_sweep, now);
  CHECK(advance() == lines{"watch /pods/cm", "watch /pods/other"});
}

TEST_CASE_FIXTURE(table_fixture,
                  "the status tells lag, staleness and why, of one sandbox or "
                  "of all") {
  settled(host("..1"), "s1");
  table.hint(volume, volume_hint::flipped, now);
  advance();
  now += 5ms;
  read(host("..2"));
  now += 5ms;
  auto shown = table.describe("s1", now).at(0);
  CHECK(shown.path == volume);
  CHECK(shown.watched);
  CHECK(shown.snapshots == 2);
  CHECK(shown.host_generation == "..2");
  CHECK(shown.destinations.at(0).guest_generation == "..1");
  CHECK(shown.destinations.at(0).stale_for == 10ms);
  CHECK_FALSE(shown.destinations.at(0).current);
  now += 5ms;
  finish(1, done());
  shown = table.describe(std::string{}, now).at(0);
  CHECK(shown.destinations.at(0).current);
  CHECK(shown.destinations.at(0).last_lag == 15ms);
  CHECK(shown.destinations.at(0).stale_for == 0ns);
  CHECK(table.describe("s2", now).empty());

  look(host("..2"));
  table.hint(volume, volume_hint::flipped, now);
  advance();
  read(host("..3"));
  finish(1, broken(flip_state::not_sent));
  shown = table.describe("s1", now).at(0);
  CHECK(shown.destinations.at(0).reason == "broken");
  CHECK(shown.destinations.at(0).failures == 1);
}

TEST_SUITE_END();
