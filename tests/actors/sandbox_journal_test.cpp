// SPDX-License-Identifier: Apache-2.0
#include "actors/mounter.hpp"
#include "actors/reader_pool.hpp"
#include "actors/sandbox.hpp"
#include "tests/support/actor_fixture.hpp"
#include "tests/support/fake_mounts.hpp"
#include "tests/support/in_place_runner.hpp"

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

namespace {

const char* to_string(recorded_phase phase) {
  switch (phase) {
  case recorded_phase::intended: return "intended";
  case recorded_phase::made: return "made";
  case recorded_phase::leaving: return "leaving";
  case recorded_phase::gone: break;
  }
  return "gone";
}

struct record_words {
  std::string operator()(const recorded_prepare&) const {
    return "prepare";
  }
  std::string operator()(const recorded_guest& x) const {
    return "guest " + x.address;
  }
  std::string operator()(const recorded_progress& x) const {
    return std::string{"sandbox "} + to_string(x.phase);
  }
  std::string operator()(const recorded_watcher&) const {
    return "watcher";
  }
  std::string operator()(const recorded_share& x) const {
    return "share " + x.mount.destination;
  }
  std::string operator()(const recorded_share_progress& x) const {
    return std::string{"share "} + to_string(x.phase);
  }
  std::string operator()(const recorded_rootfs& x) const {
    return "rootfs " + x.container_id;
  }
  std::string operator()(const recorded_rootfs_progress& x) const {
    return std::string{"rootfs "} + to_string(x.phase);
  }
  std::string operator()(const recorded_copy& x) const {
    return "copy " + x.terms.source;
  }
  std::string operator()(const recorded_tree&) const {
    return "tree";
  }
  std::string operator()(const recorded_part& x) const {
    return "part " + x.part;
  }
  std::string operator()(const recorded_copy_end&) const {
    return "copy end";
  }
  std::string operator()(const recorded_push&) const {
    return "push";
  }
  std::string operator()(const recorded_destination&) const {
    return "destination";
  }
  std::string operator()(const recorded_files& x) const {
    return "files " + x.what.root;
  }
  std::string operator()(const recorded_emptying& x) const {
    return "emptied " + x.path;
  }
  std::string operator()(const recorded_leftover& x) const {
    return "leftover " + x.path;
  }
  std::string operator()(const recorded_copied_share& x) const {
    return "copied share " + x.mount.destination;
  }
  std::string operator()(const recorded_owner&) const {
    return "owner";
  }
};

struct journal_script {
  std::vector<std::string> told;
  bool holds = false;
  std::vector<reply_promise<state_recorded>> held;

  void release() {
    holds = false;
    for (auto& promise : std::exchange(held, {}))
      promise.deliver(state_recorded{});
  }
};

/// A JOURNAL that answers when it is told to.
class slow_journal_state {
public:
  using handle = journal_actor;
  static constexpr const char* name = "slow-journal";

  slow_journal_state(handle::pointer self, std::shared_ptr<journal_script> s)
    : self_(self), script_(std::move(s)) {
  }

  handle::behavior_type make_behavior() {
    return {
      [this](const record_state& msg) {
        return note(std::visit(record_words{}, msg.record));
      },
      [this](const record_states& msg) {
        caf::result<state_recorded> last{state_recorded{}};
        for (const auto& each : msg.records)
          last = note(std::visit(record_words{}, each.record));
        return last;
      },
      [](const state_status_request&) {
        return state_recorded{};
      },
      [this](const forget_state&) {
        return note("forget");
      },
      [](const read_states&) {
        return states_read{};
      },
      [](const collect_asides&) {
        return asides_collected{};
      },
      // Only an actor delivers.
      [this](const journal_tick&) {
        script_->release();
      },
      [](const journal_rewriting_tick&) {},
    };
  }

private:
  caf::result<state_recorded> note(std::string what) {
    script_->told.push_back(std::move(what));
    if (!script_->holds)
      return state_recorded{};
    return script_->held.emplace_back(self_);
  }

  handle::pointer self_;
  std::shared_ptr<journal_script> script_;
};

using lines = std::vector<std::string>;

struct fixture : actor_fixture {
  std::shared_ptr<fake_mounts> mounts = std::make_shared<fake_mounts>();
  std::shared_ptr<in_place_runner> readers
    = std::make_shared<in_place_runner>();
  std::shared_ptr<journal_script> journal = std::make_shared<journal_script>();
  journal_actor slow = spawn<state_actor<slow_journal_state>>(journal);
  sandbox_actor aut = make();

  void release() {
    tell(slow, journal_tick{});
    run();
  }

  sandbox_actor make() {
    sandbox_neighbours with;
    with.mounter = spawn<mounter>(mounts);
    with.reader = spawn<reader_pool>(reader_pool_options{}, readers,
                                     read_queue::settings{});
    with.journal = slow;
    with.nonce = [] {
      return std::uint64_t{1};
    };
    return spawn<state_actor<sandbox_state>>(
      sandbox_options{"box", "/r", "/g", submounts::take}, with);
  }

  static prepare_request preparation() {
    prepare_request request;
    request.sandbox_id = "box";
    request.mode = sharing_mode::shared_filesystem;
    return request;
  }
  static share_file_request sharing() {
    share_file_request request;
    request.sandbox_id = "box";
    request.container_id = "c1";
    request.mount = {"/src", "/etc/x", "bind", {}, false};
    return request;
  }
  static share_rootfs_request root_sharing() {
    share_rootfs_request request;
    request.sandbox_id = "box";
    request.container_id = "c2";
    request.rootfs.target = "/root";
    return request;
  }

  void prepare() {
    REQUIRE(ask<prepare_reply>(aut, preparation()));
    mounts->tried.clear();
    journal->told.clear();
  }

  /// Nothing is done before what comes first was written down.
  template <class Reply, class Request>
  void must_wait(const Request& request, const std::string& written) {
    INFO(written);
    journal->told.clear();
    mounts->tried.clear();
    journal->holds = true;
    const auto answer = call<Reply>(aut, request);
    run();
    CHECK(journal->told == lines{written});
    CHECK(mounts->tried.empty());
    release();
    CHECK(!mounts->tried.empty());
    REQUIRE(*answer);
    CHECK(**answer);
  }
};

} // namespace

TEST_SUITE_BEGIN("actors/sandbox_journal");

TEST_CASE_FIXTURE(fixture, "nothing is made or taken away before that was "
                           "written down") {
  must_wait<prepare_reply>(preparation(), "prepare");
  must_wait<share_file_reply>(sharing(), "share /etc/x");
  must_wait<share_rootfs_reply>(root_sharing(), "rootfs c2");
  must_wait<unshare_file_reply>(unshare_file_request{"box", "c1", "/etc/x", {}},
                                "share leaving");
  must_wait<unshare_rootfs_reply>(unshare_rootfs_request{"box", "c2"},
                                  "rootfs leaving");
  must_wait<cleanup_reply>(cleanup_request{"box"}, "sandbox leaving");
}

TEST_CASE_FIXTURE(fixture, "what was done is written down after it") {
  prepare();
  REQUIRE(ask<share_file_reply>(aut, sharing()));
  CHECK(journal->told == lines{"share /etc/x", "share made"});
  journal->told.clear();
  REQUIRE(ask<unshare_file_reply>(
    aut, unshare_file_request{"box", "c1", "/etc/x", {}}));
  CHECK(journal->told == lines{"share leaving", "share gone"});
  journal->told.clear();
  mounts->answers.emplace("bind /src -> /r/box/mounts/"
                          "c1-0000000000000001-x (rw,rbind,private)",
                          error{errc::unavailable, "no"});
  REQUIRE(!ask<share_file_reply>(aut, sharing()));
  CHECK(journal->told == lines{"share /etc/x", "share gone"});
  journal->told.clear();
  REQUIRE(ask<cleanup_reply>(aut, cleanup_request{"box"}));
  CHECK(journal->told == lines{"sandbox leaving", "forget"});
}

TEST_CASE_FIXTURE(fixture, "a Prepare that fails leaves nothing written down") {
  mounts->answers.emplace("make directory /r/box/mounts",
                          error{errc::unavailable, "no"});
  REQUIRE(!ask<prepare_reply>(aut, preparation()));
  CHECK(journal->told == lines{"prepare", "forget"});
}

TEST_CASE_FIXTURE(fixture, "a state directory that does not answer delays a "
                           "sandbox once, and counts again when it does") {
  prepare();
  journal->holds = true;
  const auto first = call<share_file_reply>(aut, sharing());
  run();
  CHECK(!*first);
  advance(1s);
  run();
  REQUIRE(*first);
  CHECK(**first);
  // From here on without waiting.
  REQUIRE(ask<unshare_file_reply>(
    aut, unshare_file_request{"box", "c1", "/etc/x", {}}));
  release();
  must_wait<share_file_reply>(sharing(), "share /etc/x");
}

TEST_CASE_FIXTURE(fixture, "what is cleaned up while it waits to be written "
                           "down is not made") {
  prepare();
  journal->holds = true;
  const auto shared = call<share_file_reply>(aut, sharing());
  const auto rootfs = call<share_rootfs_reply>(aut, root_sharing());
  run();
  const auto cleaned = call<cleanup_reply>(aut, cleanup_request{"box"});
  run();
  release();
  for (const auto& code : {(*shared)->err().code, (*rootfs)->err().code})
    CHECK(code == errc::aborted);
  REQUIRE(*cleaned);
  CHECK(**cleaned);
  for (const auto& step : mounts->tried)
    CHECK_MESSAGE(step.find("bind ") != 0, step);
}

TEST_CASE_FIXTURE(fixture, "a Prepare in copy mode is written down first, too, "
                           "and one that fails leaves nothing written down") {
  auto request = preparation();
  request.mode = sharing_mode::copy;
  request.guest_address = "unix:///nobody";
  for (const auto* step : {"make mark /box", "make mark box"})
    mounts->answers.emplace(step, error{errc::unavailable, "no"});
  REQUIRE(!ask<prepare_reply>(aut, request));
  CHECK(journal->told == lines{"prepare", "forget"});
}

TEST_SUITE_END();
