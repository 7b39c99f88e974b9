// SPDX-License-Identifier: Apache-2.0
#include "sys/mount/share_visibility.hpp"
#include "tests/support/mount_fixture.hpp"
#include "tests/support/temp_dir.hpp"

#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace fsshare;
using namespace fsshare::test;

namespace {

mounted_entry mount_in_group(std::uint64_t peer_group) {
  mounted_entry mount;
  mount.mount_point = "/run";
  mount.peer_group = peer_group;
  return mount;
}

std::string why_refused(const visibility_facts& facts) {
  const auto judged = judge_visibility(facts);
  REQUIRE(!judged);
  CHECK(judged.err().code == errc::failed_precondition);
  return judged.err().message;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

} // namespace

TEST_SUITE_BEGIN("sys/mount/share_visibility");

TEST_CASE("in the host's own namespace a private mount will do") {
  const auto judged
    = judge_visibility({"/run/s", mount_in_group(0), true, std::nullopt});
  REQUIRE(judged);
  CHECK(*judged == share_visibility::proven);
}

TEST_CASE("elsewhere the peer group must be one of the host's") {
  const std::vector<mounted_entry> host{mount_in_group(7), mount_in_group(0)};
  const auto peer
    = judge_visibility({"/run/s", mount_in_group(7), false, host});
  REQUIRE(peer);
  CHECK(*peer == share_visibility::proven);
  CHECK(contains(why_refused({"/run/s", mount_in_group(8), false, host}),
                 "/run, is shared, but not with the host"));
  CHECK(contains(why_refused({"/run/s", mount_in_group(0), false, host}),
                 "/run, is private"));
}

TEST_CASE("where the host cannot be read, a peer group is a good sign") {
  const auto shared
    = judge_visibility({"/run/s", mount_in_group(7), false, std::nullopt});
  REQUIRE(shared);
  CHECK(*shared == share_visibility::likely);
  auto slave = mount_in_group(0);
  slave.master = 7;
  CHECK(contains(why_refused({"/run/s", slave, false, std::nullopt}),
                 "/run, is a slave"));
}

TEST_CASE("the refusal has the cure for both sides") {
  const auto why
    = why_refused({"/run/s", mount_in_group(0), false, std::nullopt});
  for (const auto* part :
       {"share.root /run/s", "mount --bind /run/s /run/s",
        "mount --make-rshared /run/s", "mountPropagation: Bidirectional",
        "-v /run/s:/run/s:rshared", "mounts.visibility to assumed"})
    CHECK_MESSAGE(contains(why, part), part, " in: ", why);
}

TEST_CASE("a namespace of our own is noticed, whatever it shares with itself") {
  for (const auto parent : {parent_mount::closed, parent_mount::shared}) {
    const private_mounts work{parent};
    if (!work.unavailable().empty()) {
      MESSAGE("skipped: ", work.unavailable());
      return;
    }
    const auto root = work.make_dir("deep/share");
    const auto seen = check_share_visible(root);
    // The host's mount table may be hidden from a test in a container.
    if (seen) {
      CHECK(parent == parent_mount::shared);
      CHECK(*seen == share_visibility::likely);
    } else {
      CHECK_MESSAGE(contains(seen.err().message, work.path() + ", is "),
                    seen.err().message);
    }
    CHECK(!check_share_visible(root + "/missing"));
  }
}

TEST_CASE("what a node agent mounts in its container reaches the host") {
  for (const auto api :
       {mount_api_choice::new_api, mount_api_choice::classic}) {
    mount_fixture f{{api, parent_mount::shared}};
    if (!f.work.unavailable().empty()) {
      MESSAGE("skipped: ", f.work.unavailable());
      return;
    }
    const auto before = mount_table();
    const auto container = ::fork();
    REQUIRE(container >= 0);
    if (container == 0) {
      // A new namespace is a peer of the old one.
      bool made = ::unshare(CLONE_NEWNS) == 0;
      f.start();
      made
        = made && f.run(plan_prepare(f.layout, {}, submounts::take))
          && f.run(plan_share(f.layout, "ro", f.work / "source", read_only))
          && f.run(plan_share(f.layout, "rw", f.work / "source", read_write));
      ::_exit(made ? 0 : 1);
    }
    int outcome = -1;
    REQUIRE(::waitpid(container, &outcome, 0) == container);
    CHECK(outcome == 0);
    CHECK(read_file(f.shared("ro/key")) == "value");
    CHECK(write_failure(f.shared("ro/key")) == EROFS);
    CHECK(write_failure(f.layout.host_share("ro") + "/key") == EROFS);
    CHECK(write_failure(f.shared("rw/key")) == 0);
    // The container is gone; the mounts stay and can be cleaned up from here.
    f.cleanup();
    CHECK(mount_table() == before);
  }
}

TEST_SUITE_END();
