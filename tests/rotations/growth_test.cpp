// SPDX-License-Identifier: Apache-2.0
#include "core/paths.hpp"
#include "tests/rotations/situations.hpp"
#include "tests/support/guest_profiles.hpp"

#include <doctest/doctest.h>
#include <filesystem>

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

namespace {

void unshare(node_world& w, const std::string& share_id) {
  unshare_file_request request;
  request.sandbox_id = "s1";
  request.share_id = share_id;
  const auto reply = w.ask_over_time<unshare_file_reply>(request);
  REQUIRE(reply);
  CHECK(reply->leftovers.empty());
}

} // namespace

TEST_SUITE_BEGIN("rotations/growth");

TEST_CASE("many rotations leave as many names in the guest as the first copy, "
          "and cost as many requests each") {
  for_each_seed(100, [](chooser& choose) {
    node_world w{choose};
    followed_volume v{w, numbered(0)};
    const auto names = v.names().size();
    std::size_t requests = 0;
    for (int n = 1; n <= 20; ++n) {
      const auto before = v.guest.carried_out.size();
      v.kubelet.rotate(numbered(n));
      w.pass(2100ms);
      const auto cost = v.guest.carried_out.size() - before;
      if (n == 1)
        requests = cost;
      CHECK(cost == requests);
      CHECK(v.names().size() == names);
    }
    CHECK(v.is_current());
    const auto d = w.status_of("cm").destinations.at(0);
    CHECK(d.pushes == 21);
    const auto sandbox = w.ask<get_sandbox_reply>(get_sandbox_request{"s1"});
    REQUIRE(sandbox);
    CHECK(sandbox->sandbox.leftovers.listed.empty());
    CHECK(d.not_removable.empty());
    CHECK(w.watch_count() == 1);
  });
}

TEST_CASE("after 200 rotations and the end of all shares the guest's directory "
          "is empty, or holds no byte where nothing can be removed") {
  for (const auto which : all_profiles)
    for_each_seed(2, [which](chooser& choose) {
      node_world w{choose};
      followed_volume v{w, {{"a.tmp", {"secret"}}, {"tls.crt", {"c"}}}, which};
      const auto other = w.share("s1", "c2", "cm").share_id;
      for (int n = 1; n <= 200; ++n) {
        const auto text = std::to_string(n);
        payload files{{"tls.crt", {text}}, {"tls.key", {text}}};
        if (n % 2 == 0)
          files["a.tmp"] = {text};
        if (n % 3 == 0)
          files["deep/" + text] = {text};
        v.kubelet.rotate(files);
        // Some are overtaken, and leave a part.
        for (auto steps = choose.pick(80); steps > 0; --steps)
          w.step();
        if (n % 10 == 0)
          w.pass(2500ms);
      }
      w.pass(5s);
      CHECK(w.status_of("cm").destinations.at(0).current);
      for (const auto& id : {v.share_id, other}) {
        unshare_file_request request;
        request.sandbox_id = "s1";
        request.share_id = id;
        REQUIRE(w.ask_over_time<unshare_file_reply>(request));
      }
      w.pass(40s);
      if (which == guest::profile::v3_3)
        CHECK(bytes_below(w.dir / "guest-s1") == 0);
      else
        CHECK(std::filesystem::is_empty(w.dir / "guest-s1"));
    });
}

TEST_CASE("restarted containers leave no destination behind, and dead ones are "
          "sent nothing") {
  for_each_seed(situation_seeds, [](chooser& choose) {
    node_world w{choose};
    followed_volume v{w, numbered(0)};
    std::set<std::string> dead;
    int to_dead = 0;
    v.guest.on_arrival = [&](const grpc::CopyFileRequest& request) {
      for (const auto& root : dead)
        to_dead += request.path() == root || is_below(request.path(), root);
    };
    int rotation = 0;
    auto id = v.share_id;
    for (int restart = 1; restart <= 5; ++restart) {
      unshare(w, id);
      dead.insert("/run/kata-containers/shared/containers/" + id);
      id = w.share("s1", "c" + std::to_string(restart), "cm").share_id;
      v.kubelet.rotate(numbered(++rotation));
      for (auto pause = choose.pick(40); pause > 0; --pause)
        w.step();
    }
    w.pass(40s);
    CHECK(to_dead == 0);
    CHECK(w.status_of("cm").destinations.size() == 1);
    w.check_equal("cm", "s1", id);
    std::filesystem::remove_all(w.guest_dir("s1", id));
    CHECK(std::filesystem::is_empty(w.dir / "guest-s1"));
  });
}

TEST_CASE("the last unshare of a volume ends its watch and removes its copy") {
  for_each_seed(situation_seeds, [](chooser& choose) {
    node_world w{choose};
    const auto watches = w.watch_count();
    followed_volume v{w, numbered(0)};
    CHECK(w.watch_count() == watches + 1);
    if (choose.one_in(2)) {
      v.kubelet.rotate(numbered(1));
      for (auto pause = choose.pick(60); pause > 0; --pause)
        w.step();
    }
    unshare(w, v.share_id);
    w.settle();
    CHECK(w.watch_count() == watches);
    CHECK_FALSE(w.is_known("cm"));
    CHECK(std::filesystem::is_empty(w.dir / "guest-s1"));
    const auto requests = v.guest.carried_out.size();
    v.kubelet.rotate(numbered(2));
    w.pass(40s);
    CHECK(v.guest.carried_out.size() == requests);
    CHECK(v.guest.waiting() == 0);
  });
}

TEST_CASE(
  "where the guest agent cannot remove, pushes that fail for ever leave a "
  "few parts, are stale with the reason, and arrive when they can") {
  for_each_seed(50, [](chooser& choose) {
    node_world w{choose};
    followed_volume v{w, numbered(0), guest::profile::v3_3};
    w.fail_one_in = 1;
    v.kubelet.rotate(numbered(1));
    for (int n = 0; n < 600; ++n) {
      w.jump(1s);
      w.settle();
      if (choose.one_in(50))
        v.guest.drop();
    }
    CHECK(v.content("a") == "0");
    const auto stale = w.status_of("cm").destinations.at(0);
    CHECK_FALSE(stale.current);
    CHECK_FALSE(stale.reason.empty());
    // The first generation, four until the first wait, and two after each of
    // at most six that end in this time: a part is looked at before the second
    // push after it.
    CHECK(stale.pushes <= 1 + 4 + 2 * 6);
    w.fail_one_in = 0;
    for (int n = 0; n < 301; ++n) {
      w.jump(1s);
      w.settle();
    }
    CHECK(v.content("a") == "1");
    CHECK(w.status_of("cm").destinations.at(0).current);
  });
}

TEST_SUITE_END();
