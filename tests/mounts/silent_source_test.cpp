// SPDX-License-Identifier: Apache-2.0
#include "sys/process/kernel_calls.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/hanging_fuse.hpp"
#include "tests/support/held_calls.hpp"
#include "tests/support/mount_fixture.hpp"

#include <chrono>
#include <fcntl.h>
#include <functional>
#include <future>
#include <map>
#include <string>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <thread>
#include <utility>

#include <doctest/doctest.h>

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

namespace {

using silence = hanging_fuse::silence;

// Far more than what asks nobody takes on a busy machine.
constexpr auto at_once = 10s;

const std::map<std::string, fuse_node> tree{
  {"dir", {fuse_node::kind::directory}},
  {"dir/sub", {fuse_node::kind::directory}},
  {"file", {fuse_node::kind::file, "hello"}}};

// Runs a plan while a filesystem does not answer; fails where it is asked.
result<plan_done> run_in_silence(mount_fixture& fixture, hanging_fuse& fuse,
                                 const mount_plan& plan,
                                 opened_sources sources = {}) {
  fuse.set_silence(silence::all);
  auto running = std::async(std::launch::async, [&] {
    return run(plan, *fixture.kernel, std::move(sources));
  });
  const bool ended = running.wait_for(at_once) == std::future_status::ready;
  CHECK_MESSAGE(ended, "a thread that must not hang asked it");
  fuse.set_silence(silence::none);
  return running.get();
}

void must_run_in_silence(mount_fixture& fixture, hanging_fuse& fuse,
                         const result<mount_plan>& plan) {
  REQUIRE(plan);
  const auto done = run_in_silence(fixture, fuse, *plan, open_sources(*plan));
  REQUIRE_MESSAGE(done, (done ? "" : done.err().message));
  CHECK(check_nothing_left(*done));
  CHECK(fuse.asked_in_silence() == 0);
}

} // namespace

TEST_SUITE_BEGIN("mounts: sources that stop to answer");

TEST_CASE("a source that stops to answer once it is open is mounted and "
          "unmounted all the same") {
  for_each_way([](mount_fixture& fixture) {
    hanging_fuse fuse{fixture.work.make_dir("fuse"), tree};
    fixture.work.mount_tmpfs("fuse/dir/sub");
    fixture.prepare();
    for (const auto flow : {propagation::closed, propagation::slave,
                            propagation::unmounts, propagation::shared})
      for (const auto* name : {"", "/dir", "/file"}) {
        INFO(name, " ", static_cast<int>(flow));
        const auto source = fuse.path() + name;
        must_run_in_silence(
          fixture, fuse,
          plan_share(fixture.layout, "a", source,
                     {access::read_write, submounts::take, flow}));
        CHECK(has_mount(mount_table(), fixture.layout.host_share("a")));
        must_run_in_silence(fixture, fuse, plan_unshare(fixture.layout, "a"));
        CHECK(!has_mount(mount_table(), fixture.layout.host_share("a")));
      }
    fixture.share("a", fuse.path(), read_write);
    must_run_in_silence(fixture, fuse, plan_cleanup(fixture.layout));
  });
}

TEST_CASE("a read-only share of what does not answer is made or fails in time, "
          "and then nothing of it stays") {
  for_each_way([](mount_fixture& fixture) {
    hanging_fuse fuse{fixture.work.make_dir("fuse"), tree};
    fixture.work.mount_tmpfs("fuse/dir/sub");
    fixture.prepare();
    const auto plan
      = checked_plan(plan_share(fixture.layout, "a", fuse.path(), read_only));
    const auto before = mount_table().size();
    const auto done = run_in_silence(fixture, fuse, plan, open_sources(plan));
    // mount(2) changes each mount by itself, and the way to the one below leads
    // through the filesystem.
    const bool needs_answer = fixture.api == mount_api_choice::classic;
    CHECK(static_cast<bool>(done) == !needs_answer);
    if (done)
      return;
    CHECK(done.err().code == errc::deadline_exceeded);
    CHECK(mount_table().size() == before);
    CHECK(!exists(fixture.layout.host_share("a")));
    CHECK(!exists(fixture.layout.staging_dir()));
    // The call that hung ends some time after it is answered.
    CHECK(eventually([&] {
      return static_cast<bool>(fixture.run(plan));
    }));
  });
}

TEST_CASE(
  "what somebody bound in a share that does not answer stays whole, and "
  "costs Cleanup a limited time") {
  for_each_way([](mount_fixture& fixture) {
    hanging_fuse fuse{fixture.work.make_dir("fuse"), tree};
    fixture.prepare();
    fixture.share("a", fuse.path(), read_write);
    const auto original = fixture.work.mount_tmpfs("original");
    make_shared_by_hand(original);
    fixture.work.mount_tmpfs("original/below");
    bind_by_hand(original, fixture.layout.host_share("a") + "/dir", MS_REC);
    const auto plan = plan_cleanup(fixture.layout);
    const auto done = run_in_silence(fixture, fuse, plan);
    REQUIRE(done);
    CHECK(!check_nothing_left(*done));
    CHECK(has_mount(mount_table(), original + "/below"));
    CHECK(eventually([&] {
      const auto again = fixture.run(plan);
      return again && check_nothing_left(*again);
    }));
    CHECK(has_mount(mount_table(), original + "/below"));
  });
}

TEST_CASE("a call that hangs on the root of a source holds nobody up for long, "
          "and what it mounts late goes again") {
  // As 9p and NFS do, which ask their servers of roots.
  for (const auto number : {SYS_open_tree, SYS_mount_setattr, SYS_move_mount}) {
    INFO(number);
    held_calls::run(static_cast<int>(number), [](held_calls& calls) {
      mount_fixture fixture{{mount_api_choice::new_api}};
      if (!fixture.work.unavailable().empty()) {
        MESSAGE("skipped: ", fixture.work.unavailable());
        return;
      }
      fixture.prepare();
      const auto other = fixture.work.mount_tmpfs("other");
      const auto before = mount_table().size();
      const auto plan
        = plan_share(fixture.layout, "a", fixture.work / "source", read_only);
      calls.hold_next();
      const auto done = fixture.run(plan);
      REQUIRE(calls.await_held());
      REQUIRE(!done);
      CHECK(done.err().code == errc::deadline_exceeded);
      CHECK(mount_table().size() == before);
      CHECK(!exists(fixture.layout.host_share("a")));
      const auto again = fixture.run(plan);
      REQUIRE(!again);
      CHECK(again.err().code == errc::resource_exhausted);
      fixture.share("b", other, read_only);
      calls.release();
      CHECK(eventually([&] {
        return static_cast<bool>(fixture.run(plan));
      }));
      // Each share is seen in two places.
      CHECK(mount_table().size() == before + 4);
    });
  }
}

TEST_CASE("a mount that comes late, where its place is still there, is taken "
          "away again") {
  held_calls::run(SYS_move_mount, [](held_calls& calls) {
    const private_mounts work;
    if (!work.unavailable().empty()) {
      MESSAGE("skipped: ", work.unavailable());
      return;
    }
    // Which calls there are is found out by calling them.
    REQUIRE(available_calls().lacking_mount_call.empty());
    const auto target = work.make_dir("share/box/place");
    const unique_fd source{
      ::open(work.write("source/key", "value").c_str(), O_PATH | O_CLOEXEC)};
    auto root = held_root::open(work / "share");
    REQUIRE(root);
    bounded_calls bounded{{1s, 1}};
    const share_tree shares{
      *root, {work / "share", "box", "/guest"}, std::nullopt, bounded};
    const unique_fd dir{::open((work / "source").c_str(), O_PATH | O_CLOEXEC)};
    const auto api = make_new_mount_api();
    const attach_request request{dir.get(), target, work / "share/box/staging",
                                 read_only};
    calls.hold_next();
    const auto made = api->attach(shares, request);
    REQUIRE(calls.await_held());
    REQUIRE(!made);
    CHECK(made.err().code == errc::deadline_exceeded);
    calls.release();
    CHECK(eventually([&] {
      return static_cast<bool>(api->attach(shares, request));
    }));
    // One mount, not two.
    unmount_by_hand(target);
    CHECK(!has_mount(mount_table(), target));
  });
}

TEST_CASE("what does not answer and covers a directory of ours is refused or "
          "taken away without asking it") {
  for_each_way([](mount_fixture& fixture) {
    hanging_fuse fuse{fixture.work.make_dir("fuse"), tree};
    fixture.prepare();
    for (const auto& place :
         {fixture.layout.share_root(), fixture.layout.mounts_dir()}) {
      INFO(place);
      bind_by_hand(fuse.path(), place);
      const auto plan = checked_plan(
        plan_share(fixture.layout, "a", fixture.work / "source", read_write));
      const auto done = run_in_silence(fixture, fuse, plan, open_sources(plan));
      CHECK(!done);
      unmount_by_hand(place);
    }
    fixture.share("a", fixture.work / "source", read_write);
    for (const auto* name : {"", "/dir"}) {
      bind_by_hand(fuse.path() + name, fixture.layout.host_share("a"));
      bind_by_hand(fuse.path(), fixture.layout.shared_dir());
    }
    must_run_in_silence(fixture, fuse, plan_cleanup(fixture.layout));
    CHECK(!exists(fixture.layout.sandbox_dir()));
  });
}

TEST_SUITE_END();
