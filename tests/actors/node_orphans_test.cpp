// SPDX-License-Identifier: Apache-2.0
#include "actors/mounter.hpp"
#include "actors/node.hpp"
#include "actors/sandbox.hpp"
#include "tests/support/actor_fixture.hpp"
#include "tests/support/fake_mounts.hpp"

#include <algorithm>
#include <string>
#include <vector>

using namespace fsshare;
using namespace fsshare::test;

namespace {

using owner = entry_owner;

struct fixture : actor_fixture {
  std::shared_ptr<fake_mounts> mounts = std::make_shared<fake_mounts>();
  mounter_actor mounter_of_all = spawn<mounter>(mounts);
  node_actor node = spawn<state_actor<node_state>>(
    [this](const std::string& id, const std::optional<sandbox_remains>&) {
      sandbox_options options{id, "/r", "/g/containers", submounts::take};
      options.mark_dir = "/m";
      sandbox_neighbours with;
      with.mounter = mounter_of_all;
      return spawn<state_actor<sandbox_state>>(options, with);
    },
    registry_actor{}, mark_places{mounter_of_all, "/r", "/m"});

  fixture() {
    mounts->marks = marked_entries{{{"shim", owner::foreign, {}},
                                    {"lost", owner::ours, {}},
                                    {"box", owner::ours, {}}},
                                   {"copied"}};
  }

  static prepare_request preparing(const std::string& id) {
    prepare_request request;
    request.sandbox_id = id;
    request.mode = sharing_mode::shared_filesystem;
    return request;
  }
  result<collect_orphans_reply> collect(bool remove) {
    return ask<collect_orphans_reply>(node,
                                      collect_orphans_request{{}, {}, remove});
  }
  bool has_tried(const std::string& part) const {
    return std::any_of(mounts->tried.begin(), mounts->tried.end(),
                       [&part](const std::string& step) {
                         return step.find(part) != std::string::npos;
                       });
  }
};

std::vector<std::string> ids(const collect_orphans_reply& reply) {
  std::vector<std::string> out;
  for (const auto& each : reply.orphans)
    out.push_back(each.sandbox_id);
  return out;
}

} // namespace

TEST_SUITE_BEGIN("actors/node: orphans");

TEST_CASE_FIXTURE(fixture, "orphans are listed without anything being tried, "
                           "what is known or foreign is none") {
  REQUIRE(ask<prepare_reply>(node, preparing("box")));
  mounts->tried.clear();
  const auto listed = collect(false);
  REQUIRE(listed);
  CHECK(mounts->marks_asked_in == "/m");
  CHECK(ids(*listed) == std::vector<std::string>{"copied", "lost"});
  for (const auto& each : listed->orphans)
    CHECK(!each.removed);
  REQUIRE(listed->foreign.size() == 1);
  CHECK(listed->foreign[0].path == "/r/shim");
  CHECK(mounts->tried.empty());
  mounts->marks = error{errc::failed_precondition, "the share root is covered"};
  const auto failed = collect(true);
  REQUIRE(!failed);
  CHECK(failed.err().message == "the share root is covered");
  CHECK(mounts->tried.empty());
}

TEST_CASE_FIXTURE(fixture, "each orphan is taken away as one that was "
                           "abandoned, and one that stays keeps none of the "
                           "others") {
  mounts->answers.emplace(
    describe(require_unused{"/r/lost"}),
    error{errc::failed_precondition, "process 7 (x) has it open"});
  const auto done = collect(true);
  REQUIRE(done);
  REQUIRE(ids(*done) == std::vector<std::string>{"box", "copied", "lost"});
  CHECK(done->orphans[0].removed);
  CHECK(done->orphans[0].reason.empty());
  CHECK(done->orphans[1].removed);
  CHECK(!done->orphans[2].removed);
  CHECK(done->orphans[2].reason.find("process 7") != std::string::npos);
  CHECK(has_tried("/r/box/mounts"));
  CHECK(has_tried("/m/copied"));
  CHECK(!has_tried("/r/lost/mounts"));
  CHECK(!has_tried("shim"));
  // Nothing of them is known afterwards.
  const auto all = ask<list_sandboxes_reply>(node, list_sandboxes_request{});
  REQUIRE(all);
  CHECK(all->sandboxes.empty());
}

TEST_CASE("what a Prepare has made is not taken away as an orphan, whatever "
          "comes first") {
  std::size_t prepared_ones = 0;
  std::size_t removed_ones = 0;
  for_each_seed(300, [&](chooser& choose) {
    fixture f;
    const auto ask_for_both = [&](bool prepare_first) {
      const auto collect = [&f] {
        return f.call<collect_orphans_reply>(
          f.node, collect_orphans_request{{}, {}, true});
      };
      const auto prepare = [&f] {
        return f.call<prepare_reply>(f.node, fixture::preparing("box"));
      };
      const auto wait = [&] {
        for (auto steps = choose.pick(12); steps > 0; --steps)
          f.step(choose.pick(f.ready()));
      };
      if (prepare_first) {
        auto prepared = prepare();
        wait();
        return std::pair{prepared, collect()};
      }
      auto collected = collect();
      wait();
      return std::pair{prepare(), collected};
    };
    const auto answers = ask_for_both(choose.one_in(2));
    f.run(choose);
    const auto& prepared = answers.first;
    const auto& collected = answers.second;
    REQUIRE(*prepared);
    REQUIRE(*collected);
    REQUIRE(**collected);
    for (const auto& each : (***collected).orphans)
      removed_ones += each.sandbox_id == "box" && each.removed ? 1 : 0;
    if (!**prepared)
      return;
    ++prepared_ones;
    const auto& tried = f.mounts->tried;
    const auto discards = describe(require_unused{"/r/box"});
    const auto made
      = std::find_if(tried.begin(), tried.end(), [](const std::string& step) {
          return step.starts_with("make directory /r/box");
        });
    REQUIRE(made != tried.end());
    CHECK(std::find(made, tried.end(), discards) == tried.end());
  });
  // Each has come first.
  CHECK(prepared_ones > 30);
  CHECK(removed_ones > 30);
}

TEST_CASE("the end of the node agent answers who collects") {
  fixture f;
  const auto collected = f.call<collect_orphans_reply>(
    f.node, collect_orphans_request{{}, {}, true});
  for (int i = 0; i < 4; ++i)
    f.step();
  caf::anon_send_exit(f.node, caf::exit_reason::user_shutdown);
  f.run();
  REQUIRE(*collected);
  if (**collected)
    for (const auto& each : (***collected).orphans)
      CHECK((each.removed || !each.reason.empty()));
}

TEST_SUITE_END();
