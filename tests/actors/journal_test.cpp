// SPDX-License-Identifier: Apache-2.0
#include "actors/journal.hpp"

#include "core/journal/journal_line.hpp"
#include "core/pacing.hpp"
#include "tests/support/actor_fixture.hpp"
#include "tests/support/journal_samples.hpp"
#include "tests/support/temp_dir.hpp"
#include "json/journal_json.hpp"

#include <filesystem>

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

namespace fs = std::filesystem;

namespace {

struct fixture {
  journal_actor start(const std::string& boot = "boot",
                      const std::string& root = "/share") {
    return actors.spawn<journal>(state_files{dir / "state"},
                                 journal_options{boot, root});
  }
  std::string record(const journal_actor& to, const std::string& id,
                     journal_record what) {
    const auto got
      = actors.ask<state_recorded>(to, record_state{id, std::move(what)});
    REQUIRE(got);
    return got->failure;
  }
  std::string status(const journal_actor& to, const std::string& id) {
    const auto got = actors.ask<state_recorded>(to, state_status_request{id});
    REQUIRE(got);
    return got->failure;
  }
  std::vector<recorded_sandbox> read(const journal_actor& from) {
    const auto got = actors.ask<states_read>(from, read_states{});
    REQUIRE(got);
    return got->sandboxes;
  }
  std::string text() const {
    return read_file(dir / "state/sb.jsonl");
  }

  temp_dir dir;
  actor_fixture actors;
};

} // namespace

TEST_SUITE_BEGIN("actors/journal");

TEST_CASE("what was recorded is what the next process reads") {
  fixture f;
  recorded_sandbox expected;
  const auto first = f.start();
  for (const auto& what : std::vector<journal_record>{
         prepare_of("sb"), recorded_progress{recorded_phase::made},
         share_of("s1"), recorded_share_progress{"s1", recorded_phase::made},
         share_of("s2"), recorded_share_progress{"s2", recorded_phase::gone}}) {
    expected.apply(what);
    CHECK(f.record(first, "sb", what).empty());
  }
  const auto second = f.start();
  const auto read = f.read(second);
  REQUIRE(read.size() == 1);
  CHECK(read.front() == expected);
  // It goes on in the same file.
  const auto size = f.text().size();
  CHECK(f.record(second, "sb", recorded_watcher{true}).empty());
  CHECK(f.text().size()
        == size + render_journal_record(recorded_watcher{true}).size());
}

TEST_CASE("several records of one request are written in their order, whose "
          "ever they are, and the first failure is the answer") {
  fixture f;
  const auto j = f.start();
  const std::vector<record_state> all{
    {"sb", prepare_of("sb")},
    {"other", prepare_of("other")},
    {"sb", share_of("s1")},
    {"sb", recorded_share_progress{"s1", recorded_phase::made}}};
  const auto done = f.actors.ask<state_recorded>(j, record_states{all});
  REQUIRE(done);
  CHECK(done->failure.empty());
  const auto read = f.read(f.start());
  REQUIRE(read.size() == 2);
  CHECK(read.front().prepare.request.sandbox_id == "other");
  CHECK(read.back().shares.at("s1").phase == recorded_phase::made);
  fs::remove_all(f.dir / "state");
  f.dir.write("state", "in the way");
  const auto failed = f.actors.ask<state_recorded>(
    j, record_states{{{"nobody", share_of("s1")},
                      {"sb", share_of("s2")},
                      {"sb", recorded_watcher{true}}}});
  REQUIRE(failed);
  // The second is that the file cannot be written anew.
  CHECK(failed->failure.starts_with("open "));
  CHECK(f.status(j, "sb").starts_with("make "));
}

TEST_CASE("a record costs its line, and what changes nothing costs nothing") {
  fixture f;
  const auto j = f.start();
  f.record(j, "sb", prepare_of("sb"));
  const auto before = f.text();
  f.record(j, "sb", share_of("s1"));
  CHECK(f.text() == before + render_journal_record(share_of("s1")));
  const auto after = f.text();
  f.record(j, "sb", recorded_watcher{false});
  f.record(j, "sb", recorded_share_progress{"none", recorded_phase::gone});
  CHECK(f.text() == after);
}

TEST_CASE("nothing is written of a sandbox that nobody prepares, or that is "
          "gone") {
  fixture f;
  const auto j = f.start();
  CHECK(f.record(j, "sb", share_of("s1")).empty());
  CHECK(!fs::exists(f.dir / "state/sb.jsonl"));
  f.record(j, "sb", prepare_of("sb"));
  CHECK(f.actors.ask<state_recorded>(j, forget_state{"sb"}));
  CHECK(!fs::exists(f.dir / "state/sb.jsonl"));
  f.record(j, "sb", recorded_share_progress{"s1", recorded_phase::made});
  CHECK(!fs::exists(f.dir / "state/sb.jsonl"));
}

TEST_CASE("a file that has outgrown itself is written anew") {
  fixture f;
  const auto j = f.start();
  f.record(j, "sb", prepare_of("sb"));
  std::size_t largest = 0;
  for (int i = 0; i < 4000; ++i) {
    f.record(j, "sb", recorded_watcher{i % 2 == 0});
    largest = std::max(largest, f.text().size());
  }
  CHECK(largest < 70'000);
  CHECK(largest > 60'000);
  CHECK(f.read(f.start()).front().watcher_runs == false);
}

TEST_CASE("a large file is written anew piece by piece, and what is recorded "
          "meanwhile is neither late nor lost") {
  fixture f;
  const auto j = f.start();
  f.record(j, "sb", prepare_of("sb"));
  const auto begun = f.text().size();
  constexpr std::size_t many = 10 * pacing::lines_at_once;
  for (std::size_t i = 0; i < many; ++i)
    f.record(j, "sb", share_of("s" + std::to_string(i)));
  bool runs = false;
  const auto next = [&runs] {
    runs = !runs;
    return recorded_watcher{runs};
  };
  // Up to what it may have appended.
  const auto most = begun + 65536;
  while (f.text().size() + 60 < most)
    f.record(j, "sb", next());
  // Others come in between the pieces.
  std::size_t size = 0;
  for (int i = 0; i < 4; ++i) {
    size = f.text().size();
    const auto got
      = f.actors.call<state_recorded>(j, record_state{"sb", next()});
    // First come, first served, as by a thread each.
    for (int steps = 0; steps < 6 && !*got; ++steps)
      f.actors.step(steps % 2 == 0 ? 0 : f.actors.ready() - 1);
    REQUIRE(*got);
    CHECK((**got)->failure.empty());
    CHECK(f.text().size() > size);
  }
  CHECK(f.text().size() > most);
  SUBCASE("it ends") {
    f.actors.run();
    CHECK(f.text().size() < most);
  }
  SUBCASE("it is killed") {
  }
  SUBCASE("the sandbox ends") {
    CHECK(f.actors.ask<state_recorded>(j, forget_state{"sb"}));
    f.actors.run();
    CHECK(!fs::exists(f.dir / "state/sb.jsonl"));
    return;
  }
  const auto read = f.read(f.start());
  REQUIRE(read.size() == 1);
  CHECK(read.front().shares.size() == many);
  CHECK(read.front().watcher_runs == runs);
}

TEST_CASE("a directory that cannot be written to is told, tried again every "
          "second, and catches up") {
  fixture f;
  f.dir.write("state", "in the way");
  const auto j = f.start();
  const auto failure = f.record(j, "sb", prepare_of("sb"));
  CHECK(failure.find(f.dir / "state") != std::string::npos);
  CHECK(!f.record(j, "sb", share_of("s1")).empty());
  CHECK(f.status(j, "sb") == failure);
  CHECK(f.status(j, "other").empty());
  f.actors.advance(1s);
  f.actors.run();
  CHECK(!f.status(j, "sb").empty());
  fs::remove(f.dir / "state");
  f.actors.advance(1s);
  f.actors.run();
  CHECK(f.status(j, "sb").empty());
  const auto read = f.read(f.start());
  REQUIRE(read.size() == 1);
  CHECK(read.front().shares.size() == 1);
}

TEST_CASE("a file that somebody has removed comes back whole") {
  fixture f;
  const auto j = f.start();
  f.record(j, "sb", prepare_of("sb"));
  f.record(j, "sb", share_of("s1"));
  fs::remove_all(f.dir / "state");
  CHECK(!f.record(j, "sb", share_of("s2")).empty());
  f.actors.advance(1s);
  f.actors.run();
  CHECK(f.read(f.start()).front().shares.size() == 2);
}

TEST_CASE("nothing is appended to a line that was cut off") {
  fixture f;
  f.record(f.start(), "sb", prepare_of("sb"));
  f.dir.write("state/sb.jsonl", f.text() + "{\"crc\":\"0");
  const auto j = f.start();
  REQUIRE(f.read(j).size() == 1);
  f.record(j, "sb", share_of("s1"));
  const auto read = f.read(f.start());
  REQUIRE(read.size() == 1);
  CHECK(read.front().shares.size() == 1);
}

TEST_CASE("what cannot be taken for true is set aside, and the others count") {
  fixture f;
  for (const std::string id : {"good", "damaged", "renamed"})
    f.record(f.start(), id, prepare_of(id));
  f.record(f.start("other boot"), "boot", prepare_of("boot"));
  f.record(f.start("boot", "/other"), "root", prepare_of("root"));
  f.dir.write("state/damaged.jsonl",
              read_file(f.dir / "state/damaged.jsonl") + "{}\n");
  fs::rename(f.dir / "state/renamed.jsonl", f.dir / "state/another.jsonl");
  f.dir.write("state/later.jsonl",
              journal_line(R"({"kind":"head","format":2})"));
  const auto next = f.start();
  const auto read = f.read(next);
  REQUIRE(read.size() == 1);
  const auto measured = f.actors.ask<metrics_part>(
    caf::actor_cast<metrics_source>(next), describe_metrics{});
  REQUIRE(measured);
  const metric adopted{"kata_fsshare_adopted_sandboxes_total"};
  CHECK(std::get<double>(
          measured->metrics.all().at({adopted.index(), {"set_aside", {}}}))
        == 5);
  CHECK(read.front().prepare.request.sandbox_id == "good");
  for (const std::string id : {"damaged", "another", "boot", "root", "later"}) {
    CHECK(!fs::exists(f.dir / ("state/" + id + ".jsonl")));
    CHECK(fs::exists(f.dir / ("state/" + id + ".jsonl.aside")));
  }
  // Another Prepare of that id is none the worse for it.
  CHECK(f.record(f.start(), "damaged", prepare_of("damaged")).empty());
  CHECK(f.read(f.start()).size() == 2);
}

TEST_CASE("what was set aside is removed once nobody needs it, at the start "
          "only what was there before") {
  using which = collect_asides::which;
  fixture f;
  const auto damage = [&f](const std::string& id) {
    f.record(f.start(), id, prepare_of(id));
    f.dir.write("state/" + id + ".jsonl",
                read_file(f.dir / ("state/" + id + ".jsonl")) + "{}\n");
  };
  const auto collect = [&f](const journal_actor& from, which removed) {
    const auto got
      = f.actors.ask<asides_collected>(from, collect_asides{{"lost"}, removed});
    REQUIRE(got);
    std::string out;
    for (const auto& each : got->asides)
      out += each.sandbox_id + (each.removed ? " removed" : "")
             + (each.reason.empty() ? "" : " stays") + ";";
    return out;
  };
  for (const std::string id : {"again", "gone", "lost"})
    damage(id);
  const auto first = f.start();
  f.read(first);
  CHECK(collect(first, which::of_before) == "again;gone;lost stays;");
  damage("again");
  damage("fresh");
  const auto second = f.start();
  f.read(second);
  CHECK(collect(second, which::none) == "again;fresh;gone;lost stays;");
  CHECK(collect(second, which::of_before)
        == "again;fresh;gone removed;lost stays;");
  CHECK(collect(second, which::all)
        == "again removed;fresh removed;lost stays;");
  CHECK(collect(second, which::all) == "lost stays;");
}

TEST_CASE("nothing is done to a file before others have what they wait for") {
  fixture f;
  std::vector<bool> there;
  const journal_actor to = f.actors.spawn<journal>(
    state_files{f.dir / "state"},
    journal_options{"boot", "/share", [&] {
                      there.push_back(fs::exists(f.dir / "state/sb.jsonl"));
                    }});
  CHECK(f.read(to).empty());
  CHECK_FALSE(there.empty());
  there.clear();
  f.record(to, "sb", prepare_of("sb"));
  REQUIRE(there.size() == 1);
  CHECK_FALSE(there.front());
  CHECK(fs::exists(f.dir / "state/sb.jsonl"));
}

TEST_SUITE_END();
