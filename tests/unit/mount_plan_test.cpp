// SPDX-License-Identifier: Apache-2.0
#include "core/mount/mount_plan.hpp"

#include <doctest/doctest.h>

using namespace fsshare;

namespace {

using lines = std::vector<std::string>;

const share_layout layout{"/r", "box", "/g"};
constexpr bind_options writable{access::read_write, submounts::take,
                                propagation::closed};

lines described(const mount_plan& plan) {
  lines out;
  for (const auto& step : plan.steps)
    out.push_back(describe(step));
  return out;
}

lines undone(const mount_plan& plan) {
  lines out;
  for (const auto& step : plan.steps)
    if (const auto undo = undo_of(step))
      out.insert(out.begin(), describe(*undo));
  return out;
}

errc code_of(const result<mount_plan>& plan) {
  return plan ? errc::none : plan.err().code;
}

} // namespace

TEST_SUITE_BEGIN("core/mount/mount_plan");

TEST_CASE(
  "prepare makes directories, then mounts, then binds for the sandbox") {
  const std::vector<sandbox_bind> binds{{"/a/conf", false}, {"/b", true}};

  const std::string bind_conf
    = "bind /a/conf -> /r/box/mounts/sandbox-mounts/conf (ro,rbind,private)";

  const auto plan = plan_prepare(layout, binds, submounts::take);

  REQUIRE(plan);
  CHECK(plan->on_failure == on_failure::undo);
  CHECK(described(*plan)
        == lines{
          "make sandbox directory /r/box",
          "make directory /r/box/mounts",
          "make directory /r/box/shared",
          "bind /r/box/mounts -> /r/box/mounts (rw,bind,shared)",
          "bind /r/box/mounts -> /r/box/shared (ro,bind,slave)",
          "make directory /r/box/mounts/sandbox-mounts",
          "make mount point /r/box/mounts/sandbox-mounts/conf for /a/conf",
          bind_conf,
          "make mount point /r/box/mounts/sandbox-mounts/b for /b",
          "bind /b -> /r/box/mounts/sandbox-mounts/b (rw,rbind,private)",
        });
}

TEST_CASE("the undo of prepare ends with the sandbox's directory") {
  const auto plan = plan_prepare(layout, {}, submounts::take);

  REQUIRE(plan);
  CHECK(undone(*plan)
        == lines{
          "unmount /r/box/shared",
          "unmount /r/box/mounts",
          "remove directory /r/box/shared",
          "remove directory /r/box/mounts",
          "remove sandbox directory /r/box",
        });
}

TEST_CASE("a sandbox that gets copies has a mark, and nothing below the share "
          "root") {
  const auto mark = copy_mark_path("/m", "box");
  const auto plan = plan_prepare_copy(layout, mark);

  CHECK(described(plan) == lines{"make mark /m/box"});
  CHECK(undone(plan) == lines{"remove mark /m/box"});
  CHECK_FALSE(needs_share_root(plan));
  const auto cleanup = plan_cleanup_copy(layout, mark);
  CHECK(described(cleanup) == lines{"look at /r/box", "remove mark /m/box"});
  CHECK_FALSE(needs_share_root(cleanup));
  CHECK(needs_share_root(plan_cleanup_unknown(layout, mark)));
}

TEST_CASE("two sandbox binds of one name are refused, whatever they hold") {
  const std::vector<sandbox_bind> binds{{"/a/conf", true}, {"/b/conf", true}};

  const auto plan = plan_prepare(layout, binds, submounts::take);

  REQUIRE(!plan);
  CHECK(plan.err().code == errc::invalid_argument);
  CHECK(plan.err().message == "sandbox_binds: two sources named 'conf'");
}

TEST_CASE("sandbox binds without a name or with a bad path are refused") {
  for (const char* source : {"/", "", "a", "/a/../b", "/a/", "/r/other"}) {
    const std::vector<sandbox_bind> binds{{source, true}};
    CHECK_MESSAGE(code_of(plan_prepare(layout, binds, submounts::take))
                    == errc::invalid_argument,
                  source);
  }
}

TEST_CASE("cleanup checks the mark first and removes its directory last") {
  const auto plan = plan_cleanup(layout);

  CHECK(plan.on_failure == on_failure::go_on);
  CHECK(described(plan)
        == lines{
          "check mark /r/box/.fsshare",
          "unmount /r/box/shared",
          "unmount /r/box/mounts",
          "unmount /r/box/private",
          "remove mount points in /r/box/private",
          "remove directory /r/box/private",
          "remove mount points in /r/box/mounts",
          "remove directory /r/box/mounts",
          "remove directory /r/box/shared",
          "remove sandbox directory /r/box",
        });
  CHECK(undone(plan).empty());
}

TEST_CASE("cleanup of what nobody prepared only looks") {
  const auto plan = plan_cleanup_unknown(layout, "/m/box");

  CHECK(plan.on_failure == on_failure::go_on);
  CHECK(described(plan)
        == lines{"check that there is no mark /m/box",
                 "check that nothing at /r/box bears our mark"});
}

TEST_CASE("a share is one mount point and one bind") {
  const auto plan
    = plan_share(layout, "c-1-k", "/v/k",
                 {access::read_only, submounts::take, propagation::slave});

  REQUIRE(plan);
  CHECK(described(*plan)
        == lines{"make mount point /r/box/mounts/c-1-k for /v/k",
                 "bind /v/k -> /r/box/mounts/c-1-k (ro,rbind,slave)"});
  CHECK(undone(*plan)
        == lines{"unmount /r/box/mounts/c-1-k",
                 "remove mount point /r/box/mounts/c-1-k"});
  CHECK(described(plan_unshare(layout, "c-1-k")) == undone(*plan));
}

TEST_CASE("what lies in the share root is not shared with a guest") {
  for (const char* source : {"/r", "/r/box/mounts", "v", "/v/.."})
    CHECK_MESSAGE(code_of(plan_share(layout, "n", source, writable))
                    == errc::invalid_argument,
                  source);
  CHECK(plan_share(layout, "n", "/rest", writable));
}

TEST_CASE("a root file system is bound as rootfs of its container") {
  const auto plan = plan_rootfs(layout, "c", "/bundle/rootfs", writable);
  const auto unshare = plan_unshare_rootfs(layout, "c");

  REQUIRE(plan);
  REQUIRE(unshare);
  CHECK(described(*plan)
        == lines{
          "make directory /r/box/mounts/c",
          "make mount point /r/box/mounts/c/rootfs for /bundle/rootfs",
          "bind /bundle/rootfs -> /r/box/mounts/c/rootfs (rw,rbind,private)"});
  CHECK(undone(*plan) == described(*unshare));
}

TEST_CASE("a container cannot take the name of a sandbox directory") {
  for (const char* id : {"sandbox-mounts", "watchable", "..", "a/b", ""}) {
    CHECK_MESSAGE(code_of(plan_rootfs(layout, id, "/b", writable))
                    == errc::invalid_argument,
                  id);
    CHECK_MESSAGE(
      code_of(plan_unshare_rootfs(layout, id)) == errc::invalid_argument, id);
  }
}

TEST_CASE("plans that take away can be joined") {
  auto plan = plan_unshare(layout, "a");
  append(plan, plan_unshare(layout, "b"));

  CHECK(
    described(plan)
    == lines{"unmount /r/box/mounts/a", "remove mount point /r/box/mounts/a",
             "unmount /r/box/mounts/b", "remove mount point /r/box/mounts/b"});
}

TEST_CASE("every leftover is named with its reason") {
  CHECK(check_nothing_left({3, {}, {}}));
  CHECK(check_nothing_of_ours_left({3, {}, {{"/theirs", "not ours"}}}));
  CHECK(!check_nothing_left({3, {}, {{"/theirs", "not ours"}}}));
  CHECK(!check_nothing_of_ours_left({3, {{"/ours", "busy"}}, {}}));
  const auto says = [](const std::vector<path_reason>& left) {
    const auto checked = check_nothing_left({3, left, {}});
    REQUIRE(!checked);
    CHECK(checked.err().code == errc::failed_precondition);
    return checked.err().message;
  };
  CHECK(says({{"/a", "busy"}}) == "left behind: /a (busy)");
  CHECK(says({{"/a", "busy"}, {"/b", "full"}})
        == "left behind 2: /a (busy), /b (full)");
  // It is sent as a sentence of 1,024 bytes at most.
  const auto many
    = says(std::vector<path_reason>(200, {"/" + std::string(90, 'a'), "busy"}));
  CHECK(many.size() < 800);
  CHECK(many.starts_with("left behind 200: /aaa"));
  CHECK(many.ends_with(", and 194 more"));
}

TEST_SUITE_END();
