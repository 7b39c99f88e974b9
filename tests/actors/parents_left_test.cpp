// SPDX-License-Identifier: Apache-2.0
#include "tests/support/guest_profiles.hpp"
#include "tests/support/node_world.hpp"
#include "tests/support/tree_text.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <unistd.h>

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

namespace fs = std::filesystem;

namespace {

node_config config_that_says(const std::string& release) {
  node_config config;
  config.guest.no_implicit_parents_from = release;
  return config;
}

/// A guest agent of 4.2, which makes no parents and changes no owners, as a
/// node agent sees it whose configuration says from which release on they do.
struct parents_fixture {
  parents_fixture(chooser& choose, const std::string& release)
    : w(choose, config_that_says(release)),
      guest(w.add_sandbox("s1", guest::profile::v4_2)) {
    w.add_volume("cm").rotate({{"a", {"1"}}, {"deep/b", {"1"}}});
    w.dir.write("tree/sub/b", "2");
    own("tree/sub", 7);
    own("tree/sub/b", 8);
  }

  void own(const std::string& path, uid_t owner) {
    REQUIRE(::chown((w.dir / path).c_str(), owner, owner) == 0);
  }
  std::string share_tree() {
    auto request = w.volume_request("s1", "c1", "none");
    request.mount.source = w.dir / "tree";
    request.mount.destination = "/at/tree";
    const auto reply = w.ask_over_time<share_file_reply>(request);
    REQUIRE(reply);
    return reply->share_id;
  }
  void check_tree(const std::string& share_id) const {
    CHECK(describe_tree(w.guest_dir("s1", share_id))
          == describe_tree(w.dir / "tree"));
  }

  node_world w;
  sim_guest& guest;
};

} // namespace

TEST_SUITE_BEGIN("actors/parents_left");

TEST_CASE("guest agents that leave parents as they are have the same copies "
          "whether that is known of them or not, and are sent less if it is") {
  if (::getuid() != 0)
    FAIL("needs root");
  for (const auto& [release, requests] :
       {std::pair{"4.2", 3}, std::pair{"17.0", 5}})
    for_each_seed(4, [release = release, requests = requests](chooser& choose) {
      parents_fixture f{choose, release};
      const auto share_id = f.share_tree();
      f.check_tree(share_id);
      CHECK(f.guest.carried_out.size() == static_cast<std::size_t>(requests));
      const auto volume = f.w.share("s1", "c1", "cm").share_id;
      f.w.check_equal("cm", "s1", volume);
    });
}

TEST_CASE("such a guest that comes back empty gets its volume again, and what "
          "ended meanwhile is no leftover") {
  for (const auto* release : {"4.2", "17.0"})
    for_each_seed(4, [release](chooser& choose) {
      parents_fixture f{choose, release};
      const auto volume = f.w.share("s1", "c1", "cm").share_id;
      const auto other = f.w.share("s1", "c2", "cm").share_id;
      f.guest.refuses = true;
      f.guest.drop();
      for (const auto& entry : fs::directory_iterator{f.w.dir / "guest-s1"})
        fs::remove_all(entry.path());
      unshare_file_request ending;
      ending.sandbox_id = "s1";
      ending.share_id = other;
      REQUIRE(f.w.ask_over_time<unshare_file_reply>(ending));
      f.guest.refuses = false;
      f.w.pass(8s);
      f.w.check_equal("cm", "s1", volume);
      const auto shown = f.w.ask<get_sandbox_reply>(get_sandbox_request{"s1"});
      REQUIRE(shown);
      CHECK(shown->sandbox.leftovers.listed.empty());
    });
}

TEST_SUITE_END();
