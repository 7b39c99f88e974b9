// SPDX-License-Identifier: Apache-2.0
#include "tests/support/guest_profiles.hpp"
#include "tests/support/node_world.hpp"

#include <doctest/doctest.h>

#include <filesystem>

#include <sys/stat.h>

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

namespace fs = std::filesystem;

namespace {

/// A sandbox with a copy of a volume.
struct copy_fixture {
  explicit copy_fixture(chooser& choose,
                        guest::profile which = guest::profile::v4_0,
                        journaling keeps = journaling::off)
    : w(choose, {}, keeps), guest(w.add_sandbox("s1", which)) {
    kubelet.rotate({{"a", {"1"}}, {"deep/b", {"1"}}});
    share_id = w.share("s1", "c1", "cm").share_id;
    w.pass(3s);
  }

  destination_status status() {
    return w.status_of("cm").destinations.at(0);
  }
  // The guest's machine is started again.
  void empty() {
    fs::remove_all(w.guest_dir("s1", share_id));
  }

  node_world w;
  rotator& kubelet = w.add_volume("cm");
  sim_guest& guest;
  std::string share_id;
};

} // namespace

TEST_SUITE_BEGIN("actors/empty_guest");

TEST_CASE("a guest that comes back empty gets everything again, the volume's "
          "directory with its own mode, and is not current until then") {
  for (const auto which : all_profiles)
    for_each_seed(4, [which](chooser& choose) {
      copy_fixture f{choose, which};
      REQUIRE(f.status().current);
      f.guest.refuses = true;
      f.guest.drop();
      f.empty();
      f.w.pass(500ms);
      CHECK_FALSE(f.status().current);
      CHECK_FALSE(f.status().reason.empty());
      f.guest.refuses = false;
      f.w.pass(8s);
      CHECK(f.status().current);
      CHECK(f.status().reason.empty());
      struct stat root = {};
      REQUIRE(::stat(f.w.guest_dir("s1", f.share_id).c_str(), &root) == 0);
      struct stat on_host = {};
      REQUIRE(::stat(f.w.volume_path("cm").c_str(), &on_host) == 0);
      CHECK(root.st_mode == on_host.st_mode);
      CHECK(read_file(f.w.guest_dir("s1", f.share_id) + "/a") == "1");
      CHECK(read_file(f.w.guest_dir("s1", f.share_id) + "/deep/b") == "1");
      if (which != guest::profile::v3_3)
        f.w.check_equal("cm", "s1", f.share_id);
      f.kubelet.rotate({{"a", {"2"}}, {"deep/b", {"2"}}});
      f.w.pass(3s);
      CHECK(read_file(f.w.guest_dir("s1", f.share_id) + "/a") == "2");
    });
}

TEST_CASE("a guest agent that was only started again is asked once, and keeps "
          "what it has") {
  for_each_seed(4, [](chooser& choose) {
    copy_fixture f{choose};
    const auto pushes = f.status().pushes;
    const auto requests = f.guest.carried_out.size();
    f.guest.drop();
    f.w.pass(3s);
    CHECK(f.status().current);
    CHECK(f.status().pushes == pushes);
    CHECK(f.guest.carried_out.size() == requests + 1);
    f.w.check_equal("cm", "s1", f.share_id);
  });
}

TEST_CASE("a guest that stays away is looked for, seldom, and found when it "
          "comes back empty") {
  for_each_seed(4, [](chooser& choose) {
    copy_fixture f{choose};
    f.guest.refuses = true;
    f.guest.drop();
    f.empty();
    f.w.pass(200s);
    CHECK_FALSE(f.status().current);
    f.guest.refuses = false;
    f.w.pass(40s);
    CHECK(f.status().current);
    f.w.check_equal("cm", "s1", f.share_id);
  });
}

TEST_CASE("a guest that loses all when an actor dies gets everything again") {
  for_each_seed(4, [](chooser& choose) {
    copy_fixture f{choose, guest::profile::v4_0, journaling::on};
    f.guest.throws_after = 0;
    f.kubelet.rotate({{"a", {"2"}}});
    f.w.pass(100ms);
    REQUIRE(f.w.deaths().size() == 1);
    f.empty();
    f.w.pass(8s);
    CHECK(f.status().current);
    f.w.check_equal("cm", "s1", f.share_id);
  });
}

TEST_CASE("the state of a tree says that the guest may have lost it, or has, "
          "and nothing if it has it") {
  for (const bool is_emptied : {false, true})
    for_each_seed(4, [is_emptied](chooser& choose) {
      copy_fixture f{choose};
      auto request = f.w.volume_request("s1", "c2", "cm");
      request.mount.source = f.w.dir.make_dir("tree");
      request.mount.destination = "/tree";
      f.w.dir.write("tree/file", "text");
      const auto tree = f.w.ask_over_time<share_file_reply>(request);
      REQUIRE(tree);
      const auto shown = [&] {
        const auto got = f.w.ask<get_sandbox_reply>(get_sandbox_request{"s1"});
        for (const auto& share : got->shares.listed) {
          if (share.share_id == tree->share_id)
            return share;
          CHECK(share.ready);
        }
        return share_status{};
      };
      CHECK(shown().ready);
      CHECK(shown().reason.empty());
      f.guest.refuses = true;
      f.guest.drop();
      if (is_emptied) {
        f.empty();
        fs::remove_all(f.w.guest_dir("s1", tree->share_id));
      }
      f.w.pass(500ms);
      CHECK_FALSE(shown().ready);
      CHECK(shown().reason.find("is not known") != std::string::npos);
      f.guest.refuses = false;
      f.w.pass(8s);
      CHECK(shown().ready != is_emptied);
      CHECK((shown().reason.find("came back without it") != std::string::npos)
            == is_emptied);
      CHECK(fs::exists(f.w.guest_dir("s1", tree->share_id)) != is_emptied);
    });
}

TEST_SUITE_END();
