// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/destination_table_fixture.hpp"

#include <map>
#include <sstream>
#include <string_view>

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

TEST_SUITE_BEGIN("core/volume/destination_table");

TEST_CASE_FIXTURE(table_fixture,
                  "a superseded first push whose removal fails fails nothing, "
                  "and is nobody's wait") {
  add();
  advance();
  table.watched(ticket_of(volume), directory_id{1, 2}, now);
  advance();
  read(host("..1"));
  table.hint(volume, volume_hint::read_now, now);
  advance();
  CHECK(read(host("..2")) == lines{"supersede 1"});
  CHECK(finish(1, superseded()) == lines{"push ..2 to 1"});
  const auto after = finish(1, done());
  CHECK(has(after, "first 1 ..2"));
  CHECK(has(after, "remove /g/1/..1 of 1"));
  finish(1, removed(removal_result::failed));
  now += 1s;
  CHECK(has(advance(), "remove /g/1/..1 of 1"));
  CHECK(table.failures(1) == 0U);
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
  table.hint(volume, volume_hint::look, now);
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
  table.hint(volume, volume_hint::read_now, now);
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
    CHECK(finish(1, broken(flip_state::not_sent, errc::internal)).front()
          == "waiter 7: broken");
  }
  SUBCASE("a read") {
    table.hint(volume, volume_hint::read_now, now);
    advance();
    table.read(ticket_of(volume), error{errc::resource_exhausted, "too large"},
               now);
    CHECK(advance().front() == "waiter 7: too large");
  }
  SUBCASE("an end") {
    table.remove(1, now);
    CHECK(advance().front()
          == "waiter 7: copy /pods/cm to /g/1: unshared meanwhile");
    table.await_current(1, 8, now);
    CHECK(advance().front()
          == "waiter 8: copy /pods/cm to /g/1: unshared meanwhile");
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
  table.hint(volume, volume_hint::read_now, now);
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
  table.read(ticket_of(volume), error{errc::internal, "Input/output error"},
             now);
  CHECK(advance() == lines{"first 2 INTERNAL"});
  CHECK(table.destinations() == 1);
  // A rotation in between is no failure.
  add("s2");
  CHECK(advance() == lines{"watch /pods/cm"});
  table.watched(ticket_of(volume), directory_id{1, 2}, now);
  CHECK(advance() == lines{"read /pods/cm"});
  table.read(ticket_of(volume), error{errc::aborted, "superseded"}, now);
  CHECK(advance().empty());
  CHECK(table.destinations() == 2);
}

TEST_CASE_FIXTURE(table_fixture,
                  "removing a destination stops its push, answers who waits "
                  "for the copy and cleans the guest") {
  const auto id = add();
  advance();
  table.watched(ticket_of(volume), directory_id{1, 2}, now);
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
          == lines{"leftovers of 1", "left 1 /g/1: not removed",
                   "forget /pods/cm"});
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
  table.watched(ticket_of(volume), directory_id{1, 2}, now);
  advance();
  read(host("..1"));
  CHECK(finish(id, broken(flip_state::not_sent, errc::internal))
        == lines{"remove /g/1 of 1"});
  CHECK(finish(id, removed(removal_result::impossible))
        == lines{"leftovers of 1", "first 1 INTERNAL", "forget /pods/cm"});
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
  table.hint(volume, volume_hint::read_now, now);
  advance();
  CHECK(read(host("..2")).empty());
  CHECK_FALSE(described(table, "s1", now).at(0).destinations.at(0).current);

  table.start_following("s1", now);
  CHECK(advance() == lines{"watch /pods/cm"});
  table.watched(ticket_of(volume), directory_id{1, 2}, now);
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
                  "a sandbox follows though a former one of its id did not") {
  settled(host("..1"));
  table.stop_following("s1");
  table.forget_sandbox("s1");
  advance();
  const auto id = settled(host("..1"));
  table.hint(volume, volume_hint::read_now, now);
  advance();
  CHECK(read(host("..2")) == lines{"push ..2 to " + std::to_string(id)});
}

TEST_CASE_FIXTURE(table_fixture,
                  "a flip without an answer is settled, and old secrets go, "
                  "though nobody follows any more") {
  settled(host("..1"));
  table.hint(volume, volume_hint::read_now, now);
  advance();
  read(host("..2"));
  table.stop_following("s1");
  CHECK(finish(1, broken(flip_state::unknown, errc::internal))
        == lines{"send /g/1/..data to 1"});
  CHECK(finish(1, done()).empty());
  const auto live_at = now;
  look_after_copies(host("..2"));
  REQUIRE(table.next_due());
  CHECK(*table.next_due() == live_at + 2s);
  now = live_at + 2s;
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
    if (n % 10 != 0) {
      CHECK(advance() == lines{"check /pods/cm"});
      continue;
    }
    CHECK(advance() == lines{"watch /pods/cm"});
    table.watched(ticket_of(volume), directory_id{1, 2}, now);
    CHECK(advance() == lines{"look closely /pods/cm"});
    look(host("..1"));
  }
}

TEST_CASE_FIXTURE(table_fixture,
                  "a sweep asks once for volumes that are as they were, and "
                  "for each that is not") {
  settled(host("..1"));
  add("s1", "/pods/a");
  add("s1", "/pods/b");
  advance();
  for (const std::string path : {"/pods/a", "/pods/b"}) {
    table.watched(ticket_of(path), directory_id{1, 3}, now);
    advance();
    read(host("..7"), path);
  }
  const auto swept = [&](const std::string& with) {
    return "check " + with;
  };
  now = t0 + 30s;
  SUBCASE("with what each is known to be") {
    const auto actions = table.advance(now);
    REQUIRE(actions.size() == 1);
    const auto& asked = std::get<check_volumes>(actions.front()).volumes;
    REQUIRE(asked.size() == 3);
    CHECK(asked[0].path == "/pods/a");
    CHECK(asked[0].root == directory_id{1, 3});
    CHECK(asked[0].generation == "..7");
    CHECK(asked[2].path == volume);
    CHECK(asked[2].root == directory_id{1, 2});
    CHECK(asked[2].generation == "..1");
  }
  SUBCASE("one that is not watched") {
    table.hint("/pods/b", volume_hint::watch_anew, now);
    CHECK(advance() == lines{swept("/pods/a /pods/cm"), "watch /pods/b"});
  }
  SUBCASE("one that a request is out for") {
    table.hint("/pods/b", volume_hint::look, now);
    CHECK(advance() == lines{swept("/pods/a /pods/cm"), "watch /pods/b"});
  }
  SUBCASE("one that could not be read") {
    now = t0;
    table.hint("/pods/b", volume_hint::read_now, now);
    advance();
    table.read(ticket_of("/pods/b"),
               error{errc::resource_exhausted, "too large"}, now);
    advance();
    now = t0 + 30s;
    CHECK(advance() == lines{swept("/pods/a /pods/cm"), "watch /pods/b"});
  }
}

TEST_CASE_FIXTURE(table_fixture,
                  "a sweep of many volumes comes a slice at a time, to each "
                  "once, and rotations go between") {
  constexpr std::size_t many = 10 * destination_table::sweep_slice;
  std::vector<std::string> paths;
  for (std::size_t n = 0; n < many; ++n)
    paths.push_back("/pods/v" + std::to_string(n));
  for (const auto& path : paths) {
    const auto id = add("s1", path);
    advance();
    table.watched(ticket_of(path), directory_id{1, 2}, now);
    advance();
    read(host("..1"), path);
    finish(id, done());
    table.looked(ticket_of(path), volume_look{"..1", {}}, now);
    advance();
  }
  std::map<std::string, int> compared;
  // Answers what is asked; returns how many volumes the sweep came to.
  const auto answer = [&](const lines& asked) {
    std::size_t begun = 0;
    for (const auto& one : asked) {
      std::istringstream words{one.substr(one.find('/'))};
      for (std::string path; words >> path;)
        if (one.starts_with("watch ") || one.starts_with("check ")) {
          ++compared[path];
          ++begun;
          if (one.starts_with("watch "))
            table.watched(ticket_of(path), directory_id{1, 2}, now);
        } else {
          table.looked(ticket_of(path), volume_look{"..1", 7}, now);
        }
    }
    return begun;
  };
  now = t0 + 30s;
  CHECK(answer(advance()) == destination_table::sweep_slice);
  table.hint(paths.back(), volume_hint::read_now, now);
  auto asked = advance();
  CHECK(has(asked, "read " + paths.back()));
  std::erase(asked, "read " + paths.back());
  table.read(ticket_of(paths.back()), host("..1"), now);
  answer(asked);
  for (int n = 0; n < 1000 && now < t0 + 50s; ++n) {
    REQUIRE(table.next_due());
    now = std::min(*table.next_due(), t0 + 50s);
    CHECK(answer(advance()) <= destination_table::sweep_slice);
  }
  CHECK(compared.size() == many);
  for (const auto& each : compared)
    CHECK_MESSAGE(each.second == 1, each.first);
  // However often events are lost meanwhile, every volume is come to.
  compared.clear();
  for (int n = 0; n < 100; ++n) {
    table.hint_all(volume_hint::compare_closely, now);
    now += 5ms;
    CHECK(answer(advance()) <= destination_table::sweep_slice);
  }
  CHECK(compared.size() == many);
}

TEST_CASE_FIXTURE(table_fixture, "lost events compare every volume") {
  settled(host("..1"));
  add("s1", "/pods/other");
  advance();
  table.watched(ticket_of("/pods/other"), directory_id{1, 2}, now);
  advance();
  table.read(ticket_of("/pods/other"), host("..1"), now);
  advance();
  table.hint_all(volume_hint::compare_closely, now);
  CHECK(advance() == lines{"watch /pods/cm", "watch /pods/other"});
}

TEST_CASE_FIXTURE(table_fixture,
                  "the status tells lag, staleness and why, of one sandbox or "
                  "of all") {
  settled(host("..1"), "s1");
  table.hint(volume, volume_hint::read_now, now);
  advance();
  now += 5ms;
  read(host("..2"));
  now += 5ms;
  auto shown = described(table, "s1", now).at(0);
  CHECK(shown.path == volume);
  CHECK(shown.watched);
  CHECK(shown.snapshots == 2);
  CHECK(shown.host_generation == "..2");
  CHECK(shown.destinations.at(0).guest_generation == "..1");
  CHECK(shown.destinations.at(0).stale_for == 10ms);
  CHECK_FALSE(shown.destinations.at(0).current);
  now += 5ms;
  finish(1, done());
  shown = described(table, std::string{}, now).at(0);
  CHECK(shown.destinations.at(0).current);
  CHECK(shown.destinations.at(0).last_lag == 15ms);
  CHECK(shown.destinations.at(0).stale_for == 0ns);
  CHECK(described(table, "s2", now).empty());

  look(host("..2"));
  table.hint(volume, volume_hint::read_now, now);
  advance();
  read(host("..3"));
  finish(1, broken(flip_state::not_sent, errc::internal));
  shown = described(table, "s1", now).at(0);
  CHECK(shown.destinations.at(0).reason == "broken");
  CHECK(shown.destinations.at(0).failures == 1);
}

TEST_CASE_FIXTURE(table_fixture,
                  "who joins a copy whose pushes are held is told why, also "
                  "after its root was repaired") {
  const auto id = settled(host("..1"));
  auto changed = *host("..2");
  changed.root.gid = 1000;
  const auto two = std::make_shared<const volume_snapshot>(changed);
  table.hint(volume, volume_hint::read_now, now);
  // Each push fails and leaves a part, until they are held; then the root,
  // whose owner they may have changed, is put right.
  bool is_repaired = false;
  const auto is_held = [&] {
    const auto all = described(table, std::string{}, now);
    return all.at(0).destinations.at(0).reason.find("cannot be removed")
           != std::string::npos;
  };
  for (int i = 0; i < 200 && !is_held(); ++i) {
    auto begun = advance();
    for (std::size_t k = 0; k < begun.size(); ++k) {
      const auto one = begun[k];
      lines more;
      if (one.starts_with("read"))
        more = read(two);
      else if (one.starts_with("look"))
        more = look(two);
      else if (one.starts_with("push"))
        more = finish(id, broken(flip_state::not_sent, errc::internal));
      else if (one.starts_with("remove"))
        more = finish(id, removed(removal_result::denied));
      else if (one.starts_with("send")) {
        is_repaired = true;
        more = finish(id, done());
      }
      begun.insert(begun.end(), more.begin(), more.end());
    }
    now += 100ms;
  }
  REQUIRE(is_repaired);
  table.await_current(id, 9, now);
  const auto told = advance();
  REQUIRE_FALSE(told.empty());
  CHECK(told.front().starts_with("waiter 9: "));
  CHECK(told.front().find("cannot be removed") != std::string::npos);
}

TEST_SUITE_END();
