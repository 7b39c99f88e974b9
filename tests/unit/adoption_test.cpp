// SPDX-License-Identifier: Apache-2.0
#include "core/journal/adoption.hpp"

#include <algorithm>
#include <doctest/doctest.h>

using namespace fsshare;

namespace {

constexpr auto intended = recorded_phase::intended;
constexpr auto made = recorded_phase::made;
constexpr auto leaving = recorded_phase::leaving;

/// A sandbox as it was written down, and what there is of it.
struct situation {
  situation() {
    sandbox.prepare.request.sandbox_id = "sb";
    sandbox.prepare.guest_share_dir = "/guest";
    sandbox.phase = made;
    look.bears_mark = true;
    look.has_mounts = true;
  }

  void share(const std::string& id, recorded_phase phase, seen_place seen) {
    auto& added = sandbox.shares[id];
    added.what.share_id = id;
    added.phase = phase;
    look.places[layout().host_share(id)] = seen;
  }
  void rootfs(const std::string& container, rootfs_kind kind,
              recorded_phase phase, seen_place seen) {
    auto& added = sandbox.rootfs[container];
    added.what.container_id = container;
    added.what.kind = kind;
    added.what.host_path = "/share/sb/mounts/" + container;
    added.phase = phase;
    look.places[added.what.host_path] = seen;
  }
  share_layout layout() const {
    return layout_of(sandbox, "/share");
  }
  adoption judged() const {
    return adopt(sandbox, layout(), look);
  }
  adopted_sandbox adopted() const {
    const auto what = judged();
    REQUIRE(std::holds_alternative<adopted_sandbox>(what));
    return std::get<adopted_sandbox>(what);
  }
  bool is_lost() const {
    return std::holds_alternative<lost_sandbox>(judged());
  }
  bool is_unfinished() const {
    const auto what = judged();
    const auto* found = std::get_if<unfinished_sandbox>(&what);
    return found != nullptr && found->phase == sandbox.phase;
  }

  recorded_sandbox sandbox;
  sandbox_look look;
};

} // namespace

TEST_SUITE_BEGIN("core/journal/adoption");

TEST_CASE("a sandbox whose mount namespace cannot be reached is lost, and says "
          "why, and one that was not finished is cleaned up as any other") {
  situation s;
  s.look = {};
  s.look.unreachable = "mount namespace /proc/12/ns/mnt is gone";
  const auto what = s.judged();
  REQUIRE(std::holds_alternative<lost_sandbox>(what));
  CHECK(std::get<lost_sandbox>(what).why == s.look.unreachable);
  for (const auto phase : {intended, leaving}) {
    s.sandbox.phase = phase;
    CHECK(s.is_unfinished());
  }
}

TEST_CASE("a sandbox that was prepared goes on where its mounts are there") {
  situation s;
  CHECK(s.adopted().sandbox == s.sandbox);
  CHECK(s.adopted().lost.empty());
  s.look.has_mounts = false;
  CHECK(s.is_lost());
  s.look.has_mounts = true;
  s.look.bears_mark = false;
  CHECK(s.is_lost());
}

TEST_CASE("a Prepare whose end was not written down counts where all of it is "
          "there") {
  situation s;
  s.sandbox.phase = intended;
  s.sandbox.prepare.request.sandbox_binds = {{"/a/one", false}};
  const auto bind = s.layout().host_sandbox_bind("one");
  CHECK(s.is_unfinished());
  s.look.places[bind] = seen_place::placeholder;
  CHECK(s.is_unfinished());
  s.look.places[bind] = seen_place::mounted;
  CHECK(s.adopted().sandbox.phase == made);
  s.look.has_mounts = false;
  CHECK(s.is_unfinished());
  s.look.has_mounts = true;
  s.look.bears_mark = false;
  CHECK(s.is_unfinished());
  // Of one that was made, a bind that is gone is no reason.
  s = {};
  s.sandbox.prepare.request.sandbox_binds = {{"/a/one", false}};
  CHECK(s.adopted().sandbox.phase == made);
}

TEST_CASE("a Cleanup that began is ended, whatever is there") {
  situation s;
  s.sandbox.phase = leaving;
  CHECK(s.is_unfinished());
  s.look = {};
  CHECK(s.is_unfinished());
}

TEST_CASE("a share is there where it is mounted, or what is left of it goes") {
  struct row {
    recorded_phase was;
    seen_place seen;
    recorded_phase becomes;
    bool is_lost;
  };
  for (const auto& [was, seen, becomes, is_lost] :
       std::vector<row>{{intended, seen_place::nothing, leaving, false},
                        {intended, seen_place::placeholder, leaving, false},
                        {intended, seen_place::mounted, made, false},
                        {made, seen_place::nothing, leaving, true},
                        {made, seen_place::placeholder, leaving, true},
                        {made, seen_place::mounted, made, false},
                        {leaving, seen_place::nothing, leaving, false},
                        {leaving, seen_place::placeholder, leaving, false},
                        {leaving, seen_place::mounted, leaving, false}}) {
    situation s;
    s.share("s1", was, seen);
    s.rootfs("c1", rootfs_kind::bind, was, seen);
    s.rootfs("c2", rootfs_kind::nydus, was, seen);
    const auto out = s.adopted();
    CHECK(out.sandbox.shares.at("s1").phase == becomes);
    CHECK(out.sandbox.rootfs.at("c1").phase == becomes);
    CHECK(out.sandbox.rootfs.at("c2").phase == becomes);
    CHECK(out.lost.size() == (is_lost ? 3 : 0));
  }
}

TEST_CASE("what nothing is mounted for is there with its directory, or in any "
          "case") {
  situation s;
  s.rootfs("c1", rootfs_kind::block_device, intended, seen_place::placeholder);
  s.rootfs("c2", rootfs_kind::block_device, intended, seen_place::nothing);
  s.rootfs("c3", rootfs_kind::layers, intended, seen_place::nothing);
  s.rootfs("c4", rootfs_kind::forced_pull, leaving, seen_place::nothing);
  const auto out = s.adopted();
  CHECK(out.sandbox.rootfs.at("c1").phase == made);
  CHECK(out.sandbox.rootfs.at("c2").phase == leaving);
  CHECK(out.sandbox.rootfs.at("c3").phase == made);
  CHECK(out.sandbox.rootfs.at("c4").phase == leaving);
  CHECK(out.lost.empty());
}

TEST_CASE("all that decides is looked at, and what was staged is noticed") {
  situation s;
  s.sandbox.prepare.request.sandbox_binds = {{"/a/one", false}};
  s.share("s1", made, seen_place::mounted);
  s.rootfs("c1", rootfs_kind::bind, made, seen_place::mounted);
  s.sandbox.rootfs["c2"].what.container_id = "c2";
  const auto places = places_of(s.sandbox, s.layout());
  for (const auto& path :
       {s.layout().host_sandbox_bind("one"), s.layout().host_share("s1"),
        s.layout().staging_dir(), std::string{"/share/sb/mounts/c1"}})
    CHECK(std::count(places.begin(), places.end(), path) == 1);
  CHECK(places.size() == 4);
  CHECK(!s.adopted().is_unsettled);
  s.look.places[s.layout().staging_dir()] = seen_place::placeholder;
  CHECK(s.adopted().is_unsettled);
}

TEST_SUITE_END();
