// SPDX-License-Identifier: Apache-2.0
#include "tests/rotations/situations.hpp"

#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <unistd.h>

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

namespace fs = std::filesystem;

namespace {

// Sets the owner of an entry to what it is: the kernel tells of it.
void touch_owner(const std::string& path) {
  REQUIRE(::lchown(path.c_str(), ::getuid(), ::getgid()) == 0);
}

} // namespace

TEST_SUITE_BEGIN("rotations/returning");

TEST_CASE("a volume that is torn down and made anew is followed at once, "
          "whichever of the directories above it went with it") {
  for_each_seed(situation_seeds, [](chooser& choose) {
    node_world w{choose};
    followed_volume v{w, numbered(0)};
    const fs::path path = w.volume_path("cm");
    auto gone = path;
    for (auto above = choose.pick(3); above > 0; --above)
      gone = gone.parent_path();
    if (gone == path)
      fs::rename(gone, w.dir / "deleting");
    else
      fs::remove_all(gone);
    if (choose.one_in(2))
      w.settle();
    else
      w.jump(10ms);
    // Some kubelets make the directories one after the other, with pauses.
    std::vector<fs::path> missing;
    for (auto at = path; !fs::exists(at); at = at.parent_path())
      missing.insert(missing.begin(), at);
    for (const auto& dir : missing) {
      fs::create_directory(dir);
      if (choose.one_in(2))
        w.settle();
    }
    check_followed_anew(v, [&w] {
      w.settle(); // time does not move
    });
  });
}

TEST_CASE("modes that a slow kubelet sets after a pause are found by the links "
          "that it comes to last") {
  for_each_seed(100, [](chooser& choose) {
    node_world w{choose};
    followed_volume v{w, numbered(0)};
    const auto path = w.volume_path("cm");
    touch_owner(path);
    fs::permissions(path + "/..data/a", fs::perms{0600});
    w.settle();
    w.jump(20ms + std::chrono::milliseconds{choose.pick(80)});
    w.settle();
    fs::permissions(path + "/..data/d/b", fs::perms{0600});
    touch_owner(path + "/a");
    w.settle();
    w.jump(20ms);
    w.settle();
    w.pass(2100ms);
    CHECK(v.is_current());
  });
}

TEST_CASE("modes that are set while they are compared are found without an "
          "event") {
  for_each_seed(100, [](chooser& choose) {
    node_world w{choose};
    followed_volume v{w, numbered(0)};
    const auto path = w.volume_path("cm");
    fs::permissions(path + "/..data/a", fs::perms{0600});
    touch_owner(path);
    w.settle();
    w.jump(20ms);
    w.settle();
    fs::permissions(path + "/..data/d/b", fs::perms{0600});
    w.jump(20ms);
    w.settle();
    w.pass(2100ms);
    CHECK(v.is_current());
  });
}

TEST_CASE("a volume that is shared before it has a generation is copied as it "
          "is, and followed from its first one on") {
  for_each_seed(situation_seeds, [](chooser& choose) {
    node_world w{choose};
    auto& kubelet = w.add_volume("cm");
    w.add_sandbox("s1");
    std::ofstream{w.volume_path("cm") + "/plain"} << "before";
    const auto request = w.volume_request("s1", "c1", "cm");
    auto pending = w.actors.request(w.node, request);
    // The driver may write while it is copied.
    const bool is_early = choose.one_in(2);
    for (auto steps = choose.pick(80); is_early && steps > 0; --steps)
      w.step();
    if (is_early)
      kubelet.rotate(numbered(1));
    const auto made = w.await<share_file_reply>(pending);
    REQUIRE(made);
    const auto share = w.guest_dir("s1", made->share_id);
    CHECK(read_file(share + "/plain") == "before");
    if (!is_early) {
      const auto shown = w.status_of("cm");
      CHECK(shown.watched);
      CHECK(shown.destinations.at(0).stale_for == 0s);
      // What is beside the first generation comes with it.
      std::ofstream{w.volume_path("cm") + "/plain"} << "after";
      std::ofstream{w.volume_path("cm") + "/new"} << "new";
      kubelet.rotate(numbered(1));
    }
    w.settle();
    w.jump(31s); // before it was watched only a try can tell
    w.settle();
    CHECK(read_file(share + "/..data/a") == "1");
    CHECK(read_file(share + "/plain") == (is_early ? "before" : "after"));
    CHECK(fs::exists(share + "/new") != is_early);
    kubelet.rotate(numbered(2));
    w.settle(); // time does not move
    CHECK(read_file(share + "/a") == "2");
    CHECK(w.status_of("cm").destinations.at(0).current);
    unshare_file_request end;
    end.sandbox_id = "s1";
    end.share_id = made->share_id;
    REQUIRE(w.ask_over_time<unshare_file_reply>(end));
    CHECK_FALSE(fs::exists(share));
    CHECK_FALSE(w.is_known("cm"));
    CHECK(w.watch_count() == 0);
  });
}

TEST_CASE("a volume that never gets a generation goes with its share") {
  for_each_seed(50, [](chooser& choose) {
    node_world w{choose};
    w.add_volume("cm");
    w.add_sandbox("s1");
    const auto made = w.share("s1", "c1", "cm");
    w.pass(1s);
    REQUIRE(fs::exists(w.guest_dir("s1", made.share_id)));
    unshare_file_request end;
    end.sandbox_id = "s1";
    end.share_id = made.share_id;
    REQUIRE(w.ask_over_time<unshare_file_reply>(end));
    CHECK_FALSE(fs::exists(w.guest_dir("s1", made.share_id)));
    CHECK(w.watch_count() == 0);
  });
}

TEST_CASE("what `..data` names and is not there is shown, and fails a first "
          "copy") {
  for_each_seed(50, [](chooser& choose) {
    node_world w{choose};
    followed_volume v{w, numbered(0)};
    const bool is_newer = choose.one_in(2);
    if (is_newer) {
      v.kubelet.begin(numbered(1));
      v.kubelet.run_until(rotation_step::remove_old);
    }
    const auto named = w.volume_path("cm") + "/" + v.kubelet.current();
    fs::remove_all(named);
    w.pass(1500ms);
    const auto shown = w.status_of("cm");
    CHECK(shown.reason.find("not") != std::string::npos);
    CHECK_FALSE(shown.destinations.at(0).current);
    CHECK(v.content("a") == "0");
    const auto refused
      = w.ask_over_time<share_file_reply>(w.volume_request("s1", "c2", "cm"));
    REQUIRE_FALSE(refused);
    CHECK(refused.err().code == errc::failed_precondition);
    fs::create_directory(named);
    std::ofstream{named + "/a"} << "again";
    w.jump(31s);
    w.settle();
    w.pass(2100ms);
    CHECK(v.content("a") == "again");
    CHECK(w.status_of("cm").destinations.at(0).current);
  });
}

TEST_SUITE_END();
