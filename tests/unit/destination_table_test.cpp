// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/destination_table_fixture.hpp"
#include <algorithm>

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

TEST_SUITE_BEGIN("core/volume/destination_table");

TEST_CASE_FIXTURE(table_fixture,
                  "a new volume is watched, then read, then pushed") {
  const auto id = add();
  CHECK(advance() == lines{"watch /pods/cm"});
  CHECK(advance().empty());
  table.watched(ticket_of(volume), directory_id{1, 2}, now);
  CHECK(advance() == lines{"read /pods/cm"});
  CHECK(read(host("..1")) == lines{"push ..1 to 1"});
  CHECK(finish(id, done()) == lines{"first 1 ..1"});
  // What was published meanwhile needs no event: the volume is looked at.
  now += pacing::look_after_copies;
  CHECK(advance() == lines{"look /pods/cm"});
  CHECK(look(host("..1")).empty());
  CHECK(table.volumes() == 1);
  CHECK(table.destinations() == 1);
}

TEST_CASE_FIXTURE(table_fixture,
                  "pushes are expected where a generation was begun, of those "
                  "that follow, and not of too many") {
  settled(host("..1"));
  const auto expected = [this](const std::string& path) {
    std::vector<destination_id> ids;
    for (const auto& push : table.expect(path, now)) {
      CHECK(push.record.name == "..2");
      ids.push_back(push.id);
    }
    return ids;
  };
  CHECK(expected(volume).empty());
  table.begun("/pods/other", "..2");
  table.begun(volume, "..2");
  CHECK(expected("/pods/other").empty());
  CHECK(expected(volume) == std::vector<destination_id>{1});
  // One has no first copy yet.
  const auto second = add();
  CHECK(expected(volume) == std::vector<destination_id>{1});
  for (const auto& line : advance())
    CHECK(line.ends_with("read /pods/cm"));
  read(host("..1"));
  finish(second, done());
  CHECK(expected(volume) == std::vector<destination_id>{1, second});
  table.stop_following("s1");
  CHECK(expected(volume).empty());
  table.start_following("s1", now);
  for (std::size_t n = 3; n <= pacing::most_expected_pushes; ++n)
    add();
  CHECK(expected(volume).size() == 2);
  add();
  CHECK(expected(volume).empty());
}

TEST_CASE_FIXTURE(table_fixture,
                  "a watch that cannot be placed is no obstacle: the volume is "
                  "polled") {
  add();
  advance();
  table.watched(ticket_of(volume),
                error{errc::resource_exhausted, "no watches"}, now);
  CHECK(advance() == lines{"read /pods/cm"});
  read(host("..1"));
  finish(1, done());
  look_after_copies(host("..1"));
  REQUIRE(table.next_due());
  CHECK(*table.next_due() == t0 + 1s);
  now = t0 + 1s;
  CHECK(advance() == lines{"look /pods/cm"});
  look(host("..1"));
  CHECK(*table.next_due() == t0 + 2s);
}

TEST_CASE_FIXTURE(table_fixture,
                  "polled volumes are counted, and why they are stays in the "
                  "status until a sweep gets the watch") {
  settled(host("..1"));
  CHECK(table.polled() == 0);
  table.hint(volume, volume_hint::watch_anew, now);
  advance();
  CHECK(table.watched(ticket_of(volume),
                      error{errc::resource_exhausted, "no watches"}, now));
  advance();
  look(host("..1"));
  CHECK(table.polled() == 1);
  auto shown = described(table, "", now).at(0);
  CHECK_FALSE(shown.watched);
  CHECK(shown.reason == "no watches");

  now += 31s;
  CHECK(has(advance(), "watch /pods/cm"));
  CHECK(table.watched(ticket_of(volume), directory_id{1, 2}, now));
  advance();
  look(host("..1"));
  shown = described(table, "", now).at(0);
  CHECK(shown.watched);
  CHECK(shown.reason.empty());
  CHECK(table.polled() == 0);
}

TEST_CASE_FIXTURE(table_fixture,
                  "a first copy of a volume whose directory is gone fails, "
                  "though another has it") {
  const error gone{errc::not_found, "gone"};
  settled(host("..1"));
  table.hint(volume, volume_hint::watch_anew, now);
  advance();
  table.watched(ticket_of(volume), gone, now);
  advance();
  table.looked(ticket_of(volume), gone, now);
  CHECK(advance() == lines{"await /pods/cm"});
  table.awaited(ticket_of(volume), gone);
  CHECK(advance().empty());
  add("s2");
  CHECK(has(advance(), "watch /pods/cm"));
  table.watched(ticket_of(volume), gone, now);
  advance();
  table.looked(ticket_of(volume), gone, now);
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

  table.hint(volume, volume_hint::read_now, now);
  CHECK(advance() == lines{"read /pods/cm"});
  CHECK(read(host("..2"))
        == lines{"push ..2 to 1", "push ..2 to 2", "push ..2 to 3"});
}

TEST_CASE_FIXTURE(table_fixture,
                  "every hint compares, what is the same costs no request to "
                  "the guest") {
  settled(host("..1"));
  for (const auto hint : {volume_hint::look, volume_hint::watch_anew,
                          volume_hint::compare, volume_hint::compare_closely}) {
    table.hint(volume, hint, now);
    auto asked = advance();
    if (asked == lines{"watch /pods/cm"}) {
      table.watched(ticket_of(volume), directory_id{1, 2}, now);
      asked = advance();
    }
    CHECK(asked
          == lines{hint == volume_hint::compare_closely
                     ? "look closely /pods/cm"
                     : "look /pods/cm"});
    CHECK(look(host("..1")).empty());
  }
}

TEST_CASE_FIXTURE(table_fixture,
                  "a look that finds another name or other owners reads") {
  settled(host("..1"));
  table.hint(volume, volume_hint::look, now);
  advance();
  CHECK(look(host("..2")) == lines{"read /pods/cm"});
  CHECK(read(host("..2")) == lines{"push ..2 to 1"});
  finish(1, done());
  look(host("..2"));

  table.hint(volume, volume_hint::look_closely, now);
  CHECK(advance().empty());
  now += 20ms;
  CHECK(advance() == lines{"look closely /pods/cm"});
  CHECK(look(host("..2", 8)) == lines{"read /pods/cm"});
  CHECK(read(host("..2", 8)) == lines{"push ..2.1 to 1"});
}

TEST_CASE_FIXTURE(table_fixture,
                  "what answers a request about a former volume of a path is "
                  "not taken for the present one's") {
  const auto former = add();
  advance();
  table.watched(ticket_of(volume), directory_id{1, 2}, now);
  REQUIRE(advance() == lines{"read /pods/cm"});
  const auto old = ticket_of(volume);
  table.remove(former, now);
  REQUIRE(has(advance(), "forget /pods/cm"));
  add();
  REQUIRE(advance() == lines{"watch /pods/cm"});
  SUBCASE("a read") {
    table.read(old, error{errc::resource_exhausted, "too large"}, now);
  }
  SUBCASE("a look") {
    table.looked(old, error{errc::not_found, "gone"}, now);
  }
  SUBCASE("a watch") {
    CHECK_FALSE(table.watched(old, error{errc::not_found, "gone"}, now));
  }
  SUBCASE("a place above") {
    table.awaited(old, unit{});
  }
  CHECK(advance().empty());
  table.watched(ticket_of(volume), directory_id{1, 2}, now);
  CHECK(advance() == lines{"read /pods/cm"});
  CHECK(read(host("..1")) == lines{"push ..1 to 2"});
}

TEST_CASE_FIXTURE(table_fixture,
                  "a read that fails fails nobody who came after it began") {
  add();
  advance();
  table.watched(ticket_of(volume), directory_id{1, 2}, now);
  REQUIRE(advance() == lines{"read /pods/cm"});
  add("s2");
  advance();
  table.read(ticket_of(volume), error{errc::resource_exhausted, "too large"},
             now);
  auto all = advance();
  CHECK(has(all, "first 1 RESOURCE_EXHAUSTED"));
  CHECK_FALSE(has(all, "first 2 RESOURCE_EXHAUSTED"));
  REQUIRE(has(all, "watch /pods/cm"));
  table.watched(ticket_of(volume), directory_id{1, 2}, now);
  REQUIRE(advance() == lines{"read /pods/cm"});
  // The same of who waits for a copy.
  table.read(ticket_of(volume), host("..1"), now);
  REQUIRE(has(advance(), "watch /pods/cm"));
  table.watched(ticket_of(volume), directory_id{1, 2}, now);
  advance();
  look(host("..1"));
  finish(2, done());
  look(host("..1"));
  table.hint(volume, volume_hint::read_now, now);
  REQUIRE(has(advance(), "read /pods/cm"));
  table.await_current(2, 7, now);
  advance();
  table.read(ticket_of(volume), error{errc::resource_exhausted, "too large"},
             now);
  all = advance();
  CHECK_FALSE(has(all, "waiter 7: too large"));
  REQUIRE(has(all, "watch /pods/cm"));
  table.watched(ticket_of(volume), directory_id{1, 2}, now);
  REQUIRE(advance() == lines{"read /pods/cm"});
  table.read(ticket_of(volume), error{errc::resource_exhausted, "too large"},
             now);
  CHECK(has(advance(), "waiter 7: too large"));
}

TEST_CASE_FIXTURE(table_fixture,
                  "a first copy of what vanishes at every read fails after a "
                  "while with the reason, and the status says so") {
  add();
  advance();
  table.watched(ticket_of(volume), directory_id{1, 2}, now);
  lines all;
  const auto end = now + 10s;
  while (now < end && !has(all, "first 1 FAILED_PRECONDITION")) {
    all = advance();
    if (has(all, "watch /pods/cm"))
      table.watched(ticket_of(volume), directory_id{1, 2}, now);
    else if (has(all, "read /pods/cm"))
      table.read(ticket_of(volume), error{errc::aborted, "vanished"}, now);
    else if (const auto due = table.next_due())
      now = *due;
    if (now - t0 > 1500ms && table.volumes() > 0) {
      const auto shown = described(table, "", now).at(0);
      CHECK(shown.reason.ends_with(": vanished"));
      CHECK(shown.destinations.at(0).reason.ends_with(": vanished"));
      CHECK_FALSE(shown.destinations.at(0).current);
    }
  }
  CHECK(now - t0 >= 3s);
  CHECK(now - t0 <= 5s);
}

TEST_CASE_FIXTURE(table_fixture,
                  "the lag is that of the generation that went live, and tells "
                  "whether the host is ahead") {
  settled(host("..1"));
  now += 10s;
  table.hint(volume, volume_hint::read_now, now);
  advance();
  read(host("..2"));
  now += 1s;
  // Published while that is pushed, whose flip is sent already.
  table.hint(volume, volume_hint::read_now, now);
  advance();
  read(host("..3"));
  now += 1s;
  const auto second = table.finished(1, done(), now);
  REQUIRE(second);
  CHECK(second->name == "..2");
  CHECK(second->lag == 2s);
  CHECK(second->superseded);
  auto shown = described(table, "", now).at(0).destinations.at(0);
  CHECK(shown.last_lag == 2s);
  CHECK_FALSE(shown.current);
  CHECK(shown.stale_for >= 1s);
  REQUIRE(has(advance(), "push ..3 to 1"));
  now += 3s;
  const auto third = table.finished(1, done(), now);
  REQUIRE(third);
  CHECK(third->lag == 4s);
  CHECK_FALSE(third->superseded);
}

TEST_CASE_FIXTURE(table_fixture,
                  "a flip back is no generation that goes live") {
  settled(host("..1"));
  table.hint(volume, volume_hint::read_now, now);
  advance();
  read(host("..2"));
  CHECK_FALSE(
    table.finished(1, broken(flip_state::unknown, errc::internal), now));
  REQUIRE(advance() == lines{"send /g/1/..data to 1"});
  CHECK_FALSE(
    table.finished(1, broken(flip_state::unknown, errc::internal), now));
  REQUIRE(advance() == lines{"send /g/1/..data to 1"});
  CHECK_FALSE(table.finished(1, done(), now));
}

TEST_CASE_FIXTURE(table_fixture, "hints for unknown volumes do nothing") {
  settled(host("..1"));
  table.hint("/pods/other", volume_hint::read_now, now);
  CHECK(advance().empty());
  table.watched(ticket_of("/pods/other"), directory_id{1, 2}, now);
  table.read(ticket_of("/pods/other"), host("..1"), now);
  table.finished(77, done(), now);
  table.remove(77, now);
  CHECK(advance().empty());
}

TEST_CASE_FIXTURE(table_fixture,
                  "a running push is superseded once by a newer generation") {
  settled(host("..1"));
  table.hint(volume, volume_hint::read_now, now);
  advance();
  read(host("..2"));
  table.hint(volume, volume_hint::read_now, now);
  CHECK(advance() == lines{"read /pods/cm"});
  CHECK(read(host("..3")) == lines{"supersede 1"});
  CHECK(advance().empty());
  CHECK(finish(1, superseded()) == lines{"push ..3 to 1"});
}

TEST_CASE_FIXTURE(
  table_fixture, "once superseded pushes have cost as much as one, the next is "
                 "left alone") {
  settled(host("..1"));
  const char* names[] = {"..2", "..3", "..4", "..5"};
  table.hint(volume, volume_hint::read_now, now);
  advance();
  read(host(names[0]));
  for (int n = 1; n < 3; ++n) {
    table.hint(volume, volume_hint::read_now, now);
    advance();
    REQUIRE(read(host(names[n])) == lines{"supersede 1"});
    auto one = superseded();
    one.requests = 2;
    finish(1, one);
  }
  finish(1, removed());
  table.hint(volume, volume_hint::read_now, now);
  advance();
  CHECK(read(host(names[3])).empty());
  // It is live, then the newest follows from memory.
  CHECK(finish(1, done()) == lines{"push ..5 to 1"});
}

TEST_CASE_FIXTURE(table_fixture,
                  "contents are let go once every destination has them") {
  settled(host("..1"));
  const std::weak_ptr<const volume_snapshot> secret = [this] {
    auto two = host("..2");
    table.hint(volume, volume_hint::read_now, now);
    advance();
    table.read(ticket_of(volume), two, now);
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
  table.hint(volume, volume_hint::read_now, now);
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
    table.guest_up("s2", now);
    CHECK(advance().empty());
    table.guest_up("s1", now);
  }
  CHECK(advance() == lines{"read /pods/cm"});
  CHECK(read(host("..2")) == lines{"push ..2.1 to 1"});
}

TEST_CASE_FIXTURE(table_fixture,
                  "a failed first copy is removed before it is answered, and "
                  "the volume forgotten") {
  add();
  advance();
  table.watched(ticket_of(volume), directory_id{1, 2}, now);
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
                  "a first copy whose root is in doubt is removed, and its "
                  "caller told that another root would do") {
  add();
  advance();
  table.watched(ticket_of(volume), directory_id{1, 2}, now);
  advance();
  read(host("..1"));
  auto outcome = broken(flip_state::not_sent, errc::unavailable);
  outcome.cause = stop_cause::root_in_doubt;
  CHECK(finish(1, outcome) == lines{"remove /g/1 of 1"});
  table.finished(1, removed(), now);
  const auto actions = table.advance(now);
  REQUIRE(actions.size() == 2);
  const auto* first = std::get_if<first_copy_outcome>(&actions.front());
  REQUIRE(first != nullptr);
  CHECK_FALSE(first->outcome);
  CHECK(first->needs_other_root);
}

TEST_CASE_FIXTURE(table_fixture,
                  "what a failed first copy leaves in the guest is a leftover "
                  "before it is answered") {
  add();
  advance();
  table.watched(ticket_of(volume), directory_id{1, 2}, now);
  advance();
  read(host("..1"));
  finish(1, broken(flip_state::not_sent, errc::internal));
  CHECK(finish(1, removed(removal_result::failed))
        == lines{"leftovers of 1", "first 1 INTERNAL", "forget /pods/cm"});
}

TEST_CASE_FIXTURE(table_fixture,
                  "volumes of a sandbox are told from those of others, also "
                  "when it ends and comes back") {
  const auto volumes_of = [this](const std::string& sandbox) {
    lines out;
    for (const auto& one : described(table, sandbox, now))
      out.push_back(one.path + " " + std::to_string(one.destinations.size()));
    return out;
  };
  settled(host("..1"), "s1");
  add("s1", "/pods/other");
  add("s2", "/pods/other");
  add("s2", "/pods/other");
  advance();
  CHECK(volumes_of("s1") == lines{"/pods/cm 1", "/pods/other 1"});
  CHECK(volumes_of("s2") == lines{"/pods/other 2"});
  CHECK(volumes_of("") == lines{"/pods/cm 1", "/pods/other 3"});
  CHECK(volumes_of("s3").empty());

  table.forget_sandbox("s1");
  CHECK(advance() == lines{"first 2 ABORTED", "forget /pods/cm"});
  CHECK(volumes_of("s1").empty());
  CHECK(volumes_of("s2") == lines{"/pods/other 2"});
  table.guest_up("s1", now);
  table.stop_following("s1");
  table.start_following("s1", now);
  CHECK(advance().empty());

  add("s1", "/pods/new");
  CHECK(volumes_of("s1") == lines{"/pods/new 1"});
}

TEST_CASE_FIXTURE(table_fixture,
                  "a copy whose guest was lost is not current until the guest "
                  "is reached, and sent again if it is empty") {
  settled(host("..1"));
  const auto shown = [&] {
    return described(table, std::string{}, now).at(0).destinations.at(0);
  };
  table.guest_lost("s2");
  CHECK(shown().current);
  table.guest_lost("s1");
  CHECK_FALSE(shown().current);
  CHECK(shown().reason.find("is not known") != std::string::npos);
  SUBCASE("it has it") {
    table.guest_up("s1", now);
    CHECK(shown().current);
    CHECK(shown().reason.empty());
    CHECK(advance().empty());
  }
  SUBCASE("it has not") {
    table.guest_empty("s1", now);
    CHECK_FALSE(shown().current);
    CHECK(advance() == lines{"read /pods/cm"});
    CHECK(read(host("..1")) == lines{"push ..1.1 to 1"});
    finish(1, done());
    CHECK(shown().current);
  }
}

TEST_CASE_FIXTURE(table_fixture,
                  "a volume that does not answer is not shown as current, soon "
                  "and for as long as that lasts") {
  settled(host("..1"));
  const auto shown = [&] {
    return described(table, std::string{}, now).at(0);
  };
  CHECK(shown().destinations[0].current);
  table.hint(volume, volume_hint::compare, now);
  CHECK(advance() == lines{"watch /pods/cm"});
  now += 1s;
  CHECK(shown().destinations[0].current);
  now += 2s;
  CHECK_FALSE(shown().destinations[0].current);
  CHECK(shown().destinations[0].stale_for == 3s);
  CHECK(shown().destinations[0].reason == "look at /pods/cm: no answer for 3s");
  CHECK(shown().reason == "look at /pods/cm: no answer for 3s");
  now += 7s;
  const error silent{errc::deadline_exceeded,
                     "watch /pods/cm: no answer within 10s"};
  table.watched(ticket_of(volume), silent, now);
  CHECK_FALSE(shown().destinations[0].current);
  CHECK(shown().destinations[0].reason == silent.message);
  CHECK(advance() == lines{"look /pods/cm"});
  now += 500ms;
  CHECK_FALSE(shown().destinations[0].current);
  look(host("..1"));
  CHECK(shown().destinations[0].current);
}

TEST_CASE_FIXTURE(table_fixture,
                  "a first copy fails when its volume does not answer") {
  add();
  advance();
  const error silent{errc::deadline_exceeded,
                     "watch /pods/cm: no answer within 10s"};
  table.watched(ticket_of(volume), silent, now);
  const auto said = advance();
  CHECK(std::find(said.begin(), said.end(), "first 1 DEADLINE_EXCEEDED")
        != said.end());
}

TEST_SUITE_END();
