// SPDX-License-Identifier: Apache-2.0
#include "actors/owners.hpp"

#include "actors/events.hpp"
#include "actors/journal.hpp"
#include "log/log.hpp"
#include "tests/support/actor_fixture.hpp"
#include "tests/support/fake_node.hpp"
#include "tests/support/fake_processes.hpp"
#include "tests/support/journal_samples.hpp"
#include "tests/support/temp_dir.hpp"

#include <chrono>
#include <memory>
#include <string>

#include <doctest/doctest.h>

namespace fsshare::test {

namespace {

using namespace std::chrono_literals;
using state = owner_status::state;

struct fixture : actor_fixture {
  temp_dir dir;
  std::shared_ptr<fake_node_script> script
    = std::make_shared<fake_node_script>();
  std::shared_ptr<fake_processes> processes
    = std::make_shared<fake_processes>();
  journal_actor states = spawn<journal>(state_files{dir / "state"},
                                        journal_options{"boot", "/share"});
  node_actor node = spawn<fake_node>(script);
  events_actor events = spawn<event_keeper>(events_options{});
  owners_actor aut = start(1min);

  fixture() {
    log::set_up({log_level::error, log_format::logfmt});
    processes->runs(7);
  }

  owners_actor start(std::chrono::nanoseconds grace) {
    owner_table::settings settings;
    settings.grace = grace;
    return spawn<state_actor<owners_state>>(settings, processes, node, states,
                                            events);
  }

  result<owner_named> named(const std::string& id, const owner_terms& terms,
                            const named_owner& caller) {
    return ask<owner_named>(aut, name_owner{id, terms, caller});
  }

  /// Does what API SERVER does for a Prepare.
  void prepare(const std::string& id, const named_owner& caller) {
    const auto owner = named(id, {}, caller);
    REQUIRE(owner);
    REQUIRE(ask<state_recorded>(states, record_state{id, prepare_of(id)}));
    REQUIRE(ask<owner_recorded>(aut, sandbox_prepared{id, owner->owner}));
  }

  owner_status shown(const std::string& id) {
    const auto got = ask<owners_described>(aut, describe_owners{{id}});
    REQUIRE(got);
    REQUIRE(got->owners.contains(id));
    return got->owners.at(id);
  }

  /// Of series that have one label.
  double measured(metric which, const std::string& label) {
    const auto got = ask<metrics_part>(caf::actor_cast<metrics_source>(aut),
                                       describe_metrics{});
    REQUIRE(got);
    const auto& all = got->metrics.all();
    const auto found = all.find({which.index(), {label, {}}});
    return found == all.end() ? 0 : std::get<double>(found->second);
  }

  /// What was told since the last time, in words.
  std::vector<std::string> told() {
    watch_events wanted;
    wanted.after = told_;
    const auto got = ask<event_page>(events, wanted);
    REQUIRE(got);
    told_ = got->next;
    std::vector<std::string> out;
    for (const auto& each : got->events)
      out.push_back(std::string{entry_of(each.what.id).name} + " "
                    + each.what.sandbox_id + ": " + sentence(each.what));
    return out;
  }

  std::size_t ends() const {
    return static_cast<std::size_t>(std::count(
      script->calls.begin(), script->calls.end(), "cleanup_request s1"));
  }

  std::optional<recorded_owner_state> recorded(const std::string& id) {
    stop(states);
    run();
    states = spawn<journal>(state_files{dir / "state"},
                            journal_options{"boot", "/share"});
    const auto read = ask<states_read>(states, read_states{});
    REQUIRE(read);
    for (const auto& each : read->sandboxes)
      if (each.prepare.request.sandbox_id == id)
        return each.owner;
    return std::nullopt;
  }

private:
  event_cursor told_;
};

} // namespace

TEST_SUITE_BEGIN("actors/owners");

TEST_CASE_FIXTURE(fixture, "a sandbox whose owner is gone is ended after the "
                           "grace, as one that nobody may use any more") {
  prepare("s1", processes->at(7));
  CHECK(shown("s1").is == state::alive);
  CHECK(recorded("s1") == recorded_owner_state{processes->at(7)});
  advance(24h);
  run();
  CHECK(ends() == 0);
  processes->ends(7);
  run();
  CHECK(shown("s1").is == state::gone);
  advance(59s);
  run();
  CHECK(ends() == 0);
  CHECK(shown("s1").ends_in == 1s);
  advance(1s);
  run();
  CHECK(ends() == 1);
  CHECK(script->asked<cleanup_request>().orphaned);
  CHECK_FALSE(script->asked<cleanup_request>().abandoned);
  CHECK(ask<owners_described>(aut, describe_owners{{"s1"}})->owners.empty());
  advance(24h);
  run();
  CHECK(ends() == 1);
}

TEST_CASE_FIXTURE(fixture, "one that is in use is kept, with the reason, and "
                           "tried again until it is not") {
  prepare("s1", processes->at(7));
  processes->ends(7);
  run();
  script->failure = {errc::failed_precondition, "process 1 has it open"};
  advance(1min);
  run();
  CHECK(ends() == 1);
  CHECK(shown("s1").is == state::gone);
  CHECK(shown("s1").reason == "process 1 has it open");
  advance(pacing::orphan_ends.first / 2 - 1ns);
  run();
  CHECK(ends() == 1);
  advance(pacing::orphan_ends.first / 2 + 1ns);
  run();
  CHECK(ends() == 2);
  // Ever more rarely.
  for (int i = 0; i < 1000; ++i) {
    advance(10s);
    run();
  }
  CHECK(ends() > 15);
  CHECK(ends() < 50);
  script->failure = {errc::none, {}};
  advance(pacing::orphan_ends.last);
  run();
  CHECK(ask<owners_described>(aut, describe_owners{{"s1"}})->owners.empty());
}

TEST_CASE_FIXTURE(fixture, "owners, and the ends of what has lost its own, are "
                           "counted") {
  prepare("s1", processes->at(7));
  CHECK(measured("kata_fsshare_owners", "alive") == 1);
  CHECK(measured("kata_fsshare_owners", "gone") == 0);
  script->failure = {errc::failed_precondition, "in use"};
  processes->ends(7);
  run();
  advance(1min);
  run();
  CHECK(measured("kata_fsshare_owners", "alive") == 0);
  CHECK(measured("kata_fsshare_owners", "gone") == 1);
  CHECK(measured("kata_fsshare_orphan_ends_total", "kept") == 1);
  script->failure = {errc::none, {}};
  advance(pacing::orphan_ends.last);
  run();
  CHECK(measured("kata_fsshare_owners", "gone") == 0);
  CHECK(measured("kata_fsshare_orphan_ends_total", "ended") == 1);
  CHECK(measured("kata_fsshare_orphan_ends_total", "kept") == 1);
}

TEST_CASE_FIXTURE(fixture, "who owns a sandbox from now on is told, and what "
                           "becomes of one without an owner") {
  using words = std::vector<std::string>;
  processes->runs(8);
  prepare("s1", processes->at(7));
  // Who prepares it is in the event of that.
  CHECK(told().empty());
  prepare("s1", processes->at(8));
  CHECK(told() == words{"owner-changed s1: the owner is now process 8"});
  prepare("s1", processes->at(8));
  CHECK(told().empty());
  prepare("s1", no_owner{});
  CHECK(told() == words{"owner-changed s1: the owner is now nobody"});
  prepare("s1", processes->at(7));
  CHECK(told() == words{"owner-changed s1: the owner is now process 7"});
  processes->ends(7);
  run();
  CHECK(told()
        == words{"owner-gone s1: the owner has ended without Cleanup: "
                 "process 7"});
  script->failure = {errc::failed_precondition, "process 1 has it open"};
  advance(1min);
  run();
  CHECK(told()
        == words{"orphan-kept s1: the sandbox without its owner is kept: "
                 "process 1 has it open"});
  // For the same reason once.
  advance(pacing::orphan_ends.first);
  run();
  CHECK(told().empty());
  script->failure = {errc::none, {}};
  advance(pacing::orphan_ends.last);
  run();
  CHECK(told()
        == words{"orphan-ended s1: the sandbox was ended without its owner"});
}

TEST_CASE_FIXTURE(fixture, "who takes a lost sandbox over is told as its "
                           "owner") {
  processes->runs(8);
  prepare("s1", processes->at(7));
  processes->ends(7);
  run();
  tell(aut, sandbox_used{"s1", processes->at(8)});
  run();
  const auto all = told();
  REQUIRE(all.size() == 2);
  CHECK(all.back() == "owner-changed s1: the owner is now process 8");
}

TEST_CASE_FIXTURE(fixture, "without a grace nothing is ended") {
  aut = start(0s);
  prepare("s1", processes->at(7));
  processes->ends(7);
  run();
  advance(10000h);
  run();
  CHECK(ends() == 0);
  CHECK(shown("s1").is == state::gone);
  CHECK(std::holds_alternative<gone_owner>(recorded("s1").value()));
}

TEST_CASE_FIXTURE(fixture, "who asks for something takes a lost sandbox over") {
  processes->runs(8);
  prepare("s1", processes->at(7));
  processes->ends(7);
  run();
  advance(59s);
  run();
  SUBCASE("by a request about a container") {
    tell(aut, sandbox_used{"s1", processes->at(8)});
  }
  SUBCASE("by a Prepare, before it has succeeded") {
    REQUIRE(named("s1", {}, processes->at(8)));
  }
  run();
  CHECK(shown("s1").pid == 8);
  advance(1h);
  run();
  CHECK(ends() == 0);
}

TEST_CASE_FIXTURE(fixture, "a sandbox that is cleaned up has no owner") {
  prepare("s1", processes->at(7));
  tell(aut, sandbox_removed{"s1"});
  run();
  CHECK_FALSE(processes->is_watched(7));
  processes->ends(7);
  advance(1h);
  run();
  CHECK(ends() == 0);
}

TEST_CASE_FIXTURE(fixture, "Prepare names the owner, or nobody") {
  processes->runs(9);
  const auto other = named("s1", {9, false}, processes->at(7));
  REQUIRE(other);
  CHECK(other->owner == named_owner{processes->at(9)});
  const auto nobody = named("s1", {0, true}, processes->at(7));
  REQUIRE(nobody);
  CHECK(nobody->owner == named_owner{no_owner{}});
  const auto none = named("s1", {10, false}, processes->at(7));
  REQUIRE_FALSE(none);
  CHECK(none.err().code == errc::invalid_argument);
  CHECK(none.err().message.find("owner_pid 10: ") == 0);
  // Its numbers mean others here.
  for (const named_owner& far :
       {named_owner{processes->far(7)}, named_owner{unknown_owner{"why"}}}) {
    const auto refused = named("s1", {9, false}, far);
    REQUIRE_FALSE(refused);
    CHECK(refused.err().code == errc::failed_precondition);
  }
  const auto unknown = named("s1", {}, unknown_owner{"why"});
  REQUIRE(unknown);
  CHECK(unknown->owner == named_owner{unknown_owner{"why"}});
}

TEST_CASE_FIXTURE(fixture, "owners of before are gone on with") {
  processes->runs(8);
  const auto now = this->now();
  tell(aut, restore_owners{{{"alive", processes->at(8)},
                            {"reused", process_identity{8, 1, "here"}},
                            {"far", processes->far(3)},
                            {"gone", gone_owner{processes->at(7), now - 50s}},
                            {"s1", gone_owner{processes->at(7), now - 2min}},
                            {"nobody", no_owner{}}}});
  run();
  CHECK(shown("alive").is == state::alive);
  CHECK(shown("reused").is == state::gone);
  CHECK(shown("far").is == state::unknown);
  CHECK(shown("gone").ends_in == 10s);
  CHECK(shown("nobody").is == state::nobody);
  advance(1ms);
  run();
  CHECK(ends() == 1);
  CHECK(script->calls.size() == 1);
}

TEST_CASE_FIXTURE(fixture, "as long as the state directory does not answer, "
                           "nobody waits for it twice") {
  stop(states);
  run();
  processes->runs(8);
  for (const auto pid : {7, 8})
    CHECK(ask<owner_recorded>(aut, sandbox_prepared{"s1", processes->at(pid)}));
}

TEST_CASE_FIXTURE(fixture, "its end answers whom it owes an answer") {
  run();
  const auto owed
    = call<owner_recorded>(aut, sandbox_prepared{"s1", processes->at(7)});
  // It asks JOURNAL, which is not asked before it ends.
  REQUIRE(step());
  REQUIRE_FALSE(*owed);
  caf::anon_send_exit(aut, caf::exit_reason::user_shutdown);
  REQUIRE(step(ready() - 1));
  run();
  REQUIRE(*owed);
  REQUIRE_FALSE(**owed);
  CHECK((**owed).err().code == errc::aborted);
  CHECK((**owed).err().message == "the node agent is shutting down");
}

TEST_SUITE_END();

} // namespace fsshare::test
