// SPDX-License-Identifier: Apache-2.0
#include "sys/unique_fd.hpp"
#include "tests/rotations/situations.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <filesystem>

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

namespace {

template <class Reply, class Request>
void tell_watcher(node_world& w) {
  Request request;
  request.sandbox_id = "s1";
  REQUIRE(w.ask_over_time<Reply>(request));
}

void stop_watcher(node_world& w) {
  tell_watcher<stop_watcher_reply, stop_watcher_request>(w);
}

void start_watcher(node_world& w) {
  tell_watcher<start_watcher_reply, start_watcher_request>(w);
}

} // namespace

TEST_SUITE_BEGIN("rotations/watching");

TEST_CASE("an old generation that a process keeps open delays nothing") {
  for_each_seed(situation_seeds, [](chooser& choose) {
    node_world w{choose};
    followed_volume v{w, numbered(0)};
    const auto old = w.volume_path("cm") + "/" + v.kubelet.current();
    const unique_fd dir{open(old.c_str(), O_RDONLY | O_DIRECTORY)};
    const unique_fd file{open((old + "/a").c_str(), O_RDONLY)};
    REQUIRE(dir);
    REQUIRE(file);
    v.kubelet.rotate(numbered(1));
    w.settle(); // time does not move
    CHECK(v.content("a") == "1");
    CHECK(w.status_of("cm").destinations.at(0).current);
  });
}

TEST_CASE("a kubelet that dies between any two steps loses nothing, nor when "
          "it starts again") {
  for_each_seed(situation_seeds, [](chooser& choose) {
    node_world w{choose};
    const auto order = all_kubelets[choose.pick(3)];
    followed_volume v{w, numbered(0), guest::profile::v4_0, order};
    v.kubelet.begin(numbered(1));
    for (auto steps = 1 + choose.pick(12); steps > 0; --steps) {
      v.kubelet.step();
      for (auto pause = choose.pick(20); pause > 0; --pause)
        w.step();
    }
    w.pass(2100ms);
    // What was flipped to has arrived, whatever was not done after it.
    const auto current = v.kubelet.current();
    CHECK(v.generations() == std::set{current});
    const auto text = read_file(w.volume_path("cm") + "/..data/a");
    CHECK(v.content("a") == text);
    CHECK(read_file(w.guest_dir("s1", v.share_id) + "/key-" + text) == text);

    rotator restarted{w.volume_path("cm"), order};
    restarted.rotate(numbered(2));
    w.pass(2100ms);
    CHECK(v.is_current());
  });
}

TEST_CASE("after an overflow every volume is compared, modes and owners too") {
  for_each_seed(situation_seeds, [](chooser& choose) {
    node_world w{choose};
    followed_volume v{w, numbered(0)};
    const bool is_flip = choose.one_in(2);
    if (is_flip)
      v.kubelet.rotate(numbered(1));
    else
      std::filesystem::permissions(w.volume_path("cm") + "/..data/a",
                                   std::filesystem::perms{0600});
    w.overflow();
    w.settle();
    w.pass(2100ms);
    w.check_equal("cm", "s1", v.share_id);
    CHECK(v.content("a") == (is_flip ? "1" : "0"));
  });
}

TEST_CASE("modes whose events were lost without a word are found by the tenth "
          "sweep") {
  for_each_seed(50, [](chooser& choose) {
    node_world w{choose};
    followed_volume v{w, numbered(0)};
    std::filesystem::permissions(w.volume_path("cm") + "/..data/a",
                                 std::filesystem::perms{0600});
    w.lose_events();
    for (int n = 0; n < 9; ++n) {
      w.actors.advance(30s);
      w.settle();
    }
    CHECK_FALSE(v.is_current());
    w.actors.advance(30s);
    w.settle();
    w.pass(2100ms);
    CHECK(v.is_current());
  });
}

TEST_CASE("the watcher stops and starts any number of times, and what happened "
          "meanwhile arrives at each start") {
  for_each_seed(situation_seeds, [](chooser& choose) {
    node_world w{choose};
    followed_volume v{w, numbered(0)};
    for (int n = 1; n <= 3; ++n) {
      stop_watcher(w);
      if (choose.one_in(2))
        stop_watcher(w);
      v.kubelet.rotate(numbered(2 * n));
      w.pass(300ms);
      CHECK(v.content("a") == std::to_string(n == 1 ? 0 : 2 * n - 1));
      start_watcher(w);
      if (choose.one_in(2))
        start_watcher(w);
      w.settle();
      CHECK(v.content("a") == std::to_string(2 * n));
      v.kubelet.rotate(numbered(2 * n + 1));
      w.settle();
      CHECK(v.content("a") == std::to_string(2 * n + 1));
    }
    w.pass(2100ms);
    CHECK(v.is_current());
  });
}

TEST_CASE("a volume whose directory is replaced is watched anew at the next "
          "sweep") {
  for_each_seed(100, [](chooser& choose) {
    node_world w{choose};
    followed_volume v{w, numbered(0)};
    std::filesystem::rename(w.volume_path("cm"), w.dir / "elsewhere");
    std::filesystem::create_directory(w.volume_path("cm"));
    check_followed_anew(v, [&w] {
      w.lose_events();
      w.actors.advance(30s);
      w.settle();
    });
  });
}

TEST_CASE("a sweep asks once for all volumes, and for each where that is not "
          "answered") {
  for_each_seed(50, [](chooser& choose) {
    node_world w{choose};
    followed_volume v{w, numbered(0)};
    auto& kubelet = w.add_volume("other");
    kubelet.rotate(numbered(0));
    const auto other = w.share("s1", "c1", "other").share_id;
    w.pass(3s);
    v.kubelet.rotate(numbered(1));
    kubelet.rotate(numbered(1));
    w.lose_events();
    w.readers->hold = true;
    w.actors.advance(30s);
    w.settle();
    REQUIRE(w.readers->held.size() == 1);
    CHECK(v.content("a") == "0");
    w.readers->hold = false;
    w.pass(11s);
    CHECK(v.content("a") == "1");
    w.readers->release();
    w.pass(2100ms);
    CHECK(v.is_current());
    w.check_equal("other", "s1", other);
  });
}

TEST_CASE("updates run in every sandbox in copy mode that was not told "
          "otherwise") {
  for_each_seed(50, [](chooser& choose) {
    node_world w{choose};
    followed_volume v{w, numbered(0)};
    w.add_sandbox("s2");
    const auto other = w.share("s2", "c1", "cm").share_id;
    stop_watcher(w);
    v.kubelet.rotate(numbered(1));
    w.pass(3s);
    CHECK(v.content("a") == "0");
    w.check_equal("cm", "s2", other);
    start_watcher(w);
    w.pass(3s);
    CHECK(v.is_current());
  });
}

TEST_CASE(
  "a volume whose directory vanishes is sent nothing and tried quietly, "
  "and is followed again when it is back") {
  for_each_seed(100, [](chooser& choose) {
    node_world w{choose};
    followed_volume v{w, numbered(0)};
    w.pass(3s);
    const auto requests = v.guest.carried_out.size();
    const auto reads = w.status_of("cm").snapshots;
    std::filesystem::rename(w.volume_path("cm"), w.dir / "elsewhere");
    for (int n = 0; n < 3; ++n) {
      w.jump(31s);
      w.settle();
    }
    const auto gone = w.status_of("cm");
    CHECK_FALSE(gone.watched);
    CHECK_FALSE(gone.reason.empty());
    CHECK(gone.snapshots == reads);
    CHECK(v.guest.carried_out.size() == requests);
    CHECK(v.content("a") == "0");

    std::filesystem::rename(w.dir / "elsewhere", w.volume_path("cm"));
    v.kubelet.rotate(numbered(1));
    w.jump(31s);
    w.settle();
    CHECK(w.status_of("cm").watched);
    CHECK(v.content("a") == "1");
    v.kubelet.rotate(numbered(2));
    w.settle();
    CHECK(v.content("a") == "2");
    w.pass(3s);
    CHECK(v.is_current());
  });
}

TEST_CASE("a watcher that is started late, after several rotations, catches up "
          "with the last one at once") {
  for_each_seed(100, [](chooser& choose) {
    node_world w{choose};
    followed_volume v{w, numbered(0)};
    stop_watcher(w);
    const auto last = 2 + static_cast<int>(choose.pick(5));
    for (int n = 1; n <= last; ++n) {
      v.kubelet.rotate(numbered(n));
      w.pass(300ms);
    }
    CHECK(w.status_of("cm").destinations.at(0).pushes == 1);
    start_watcher(w);
    w.settle(); // time does not move
    CHECK(v.content("a") == std::to_string(last));
    CHECK(w.status_of("cm").destinations.at(0).pushes == 2);
    w.pass(3s);
    CHECK(v.is_current());
  });
}

TEST_SUITE_END();
