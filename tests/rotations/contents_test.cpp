// SPDX-License-Identifier: Apache-2.0
#include "core/copy/removal_list.hpp"
#include "tests/rotations/situations.hpp"
#include "tests/support/guest_profiles.hpp"

#include <doctest/doctest.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

namespace fs = std::filesystem;

namespace {

bool is_dangling(const std::string& link) {
  return fs::is_symlink(link) && !fs::exists(link);
}

// A group that is not the caller's own, if it may give files away.
gid_t other_group(gid_t n) {
  return ::geteuid() == 0 ? n : ::getegid();
}

} // namespace

TEST_SUITE_BEGIN("rotations/contents");

TEST_CASE("nested directories are not flattened, and no link dangles") {
  for_each_seed(situation_seeds, [](chooser& choose) {
    node_world w{choose};
    followed_volume v{w, {{"user/name", {"a"}}, {"labels/name", {"b"}}}};
    v.kubelet.rotate(
      {{"user/name", {"c"}}, {"user/deep/name", {"d"}}, {"more/name", {"e"}}});
    w.pass(2100ms);
    CHECK(v.is_current());
    CHECK(v.content("user/name") == "c");
    CHECK(v.content("user/deep/name") == "d");
    CHECK(v.content("more/name") == "e");
    CHECK(
      v.names()
      == std::set<std::string>{"..data", v.kubelet.current(), "more", "user"});
    for (const auto& name : v.names())
      CHECK_FALSE(is_dangling(w.guest_dir("s1", v.share_id) + "/" + name));
  });
}

TEST_CASE("links of deleted keys are removed at once, the old generation after "
          "its grace") {
  for_each_seed(situation_seeds, [](chooser& choose) {
    node_world w{choose};
    const auto which
      = choose.one_in(2) ? guest::profile::v3_18 : guest::profile::v4_0;
    followed_volume v{w, {{"kept", {"1"}}, {"gone", {"secret"}}}, which};
    const auto old = v.kubelet.current();
    v.kubelet.rotate({{"kept", {"2"}}});
    w.settle();
    CHECK(v.names()
          == std::set<std::string>{"..data", v.kubelet.current(), old, "kept"});
    w.pass(2100ms);
    CHECK(v.names()
          == std::set<std::string>{"..data", v.kubelet.current(), "kept"});
    CHECK(w.status_of("cm").destinations.at(0).not_removable.empty());
  });
}

TEST_CASE("what a guest agent up to 3.17 cannot remove is emptied, once, and "
          "listed, and links of deleted keys are gone") {
  for_each_seed(situation_seeds, [](chooser& choose) {
    node_world w{choose};
    followed_volume v{w,
                      {{"kept", {"1"}}, {"gone", {"1"}}, {"a.tmp", {"1"}}},
                      guest::profile::v3_3};
    const auto old = v.kubelet.current();
    v.kubelet.rotate({{"kept", {"2"}}});
    w.pass(2100ms);
    CHECK(v.content("kept") == "2");
    const auto root
      = "/run/kata-containers/shared/containers/" + v.share_id + "/";
    const auto listed = w.status_of("cm").destinations.at(0).not_removable;
    CHECK(listed == std::vector<std::string>{root + old});
    CHECK(v.names()
          == std::set<std::string>{"..data", v.kubelet.current(), old, "kept"});
    CHECK(bytes_below(w.guest_dir("s1", v.share_id) + "/" + old) == 0);
    const auto requests = v.guest.carried_out.size();
    w.pass(40s);
    CHECK(v.guest.carried_out.size() == requests);
  });
}

TEST_CASE("however many generations a guest agent up to 3.17 keeps the names "
          "of, their number is shown, and some of them are remembered") {
  chooser choose{1};
  node_world w{choose};
  followed_volume v{w, {{"a", {"1"}}}, guest::profile::v3_3};
  constexpr std::size_t many = 2 * removal_list::most_emptied + 20;
  for (std::size_t n = 0; n < many; ++n) {
    v.kubelet.rotate({{"a", {std::to_string(n)}}});
    w.settle();
    w.jump(2100ms);
    w.settle();
  }
  const auto dir = w.guest_dir("s1", v.share_id);
  const auto live = "/" + v.kubelet.current();
  CHECK(read_file(dir + "/a") == std::to_string(many - 1));
  CHECK(bytes_below(dir) == bytes_below(dir + live));
  const auto d = w.status_of("cm").destinations.at(0);
  CHECK(d.not_removable.size() + d.not_removable_more == many);
}

TEST_CASE("links that exist, and links that dangle, are no obstacle to a "
          "rotation on any guest agent") {
  for_each_seed(situation_seeds, [](chooser& choose) {
    const auto which = any_profile(choose);
    node_world w{choose};
    followed_volume v{w, {{"a", {"1"}}, {"b", {"1"}}}, which};
    // The link of `b` dangles where it cannot be removed, then is wanted again.
    v.kubelet.rotate({{"a", {"2"}}});
    w.pass(choose.one_in(2) ? 2100ms : 0ms);
    w.settle();
    v.kubelet.rotate({{"a", {"3"}}, {"b", {"3"}}});
    w.pass(2100ms);
    CHECK(v.content("a") == "3");
    CHECK(v.content("b") == "3");
    CHECK(read_file(w.guest_dir("s1", v.share_id) + "/b") == "3");
    const auto d = w.status_of("cm").destinations.at(0);
    CHECK(d.current);
    CHECK(d.failures == 0);
    if (which != guest::profile::v3_3)
      CHECK(v.is_current());
  });
}

TEST_CASE("owners and modes that the kubelet changes after the flip reach the "
          "guest, and a sync that changes nothing costs no request") {
  for_each_seed(situation_seeds, [](chooser& choose) {
    node_world w{choose};
    auto& kubelet = w.add_volume("cm",
                                 choose.one_in(2) ? kubelet_order::to_1_22
                                                  : kubelet_order::from_1_23,
                                 other_group(2000));
    kubelet.rotate({{"a", {"1"}}, {"d/b", {"1", 0600}}});
    auto& guest = w.add_sandbox("s1");
    const auto id = w.share("s1", "c1", "cm").share_id;
    w.pass(2100ms);
    kubelet.begin({{"a", {"2"}}, {"d/b", {"2", 0600}}});
    kubelet.run_until(rotation_step::own_volume);
    for (auto pause = choose.pick(200); pause > 0; --pause)
      w.step();
    kubelet.finish();
    w.pass(2500ms);
    w.check_equal("cm", "s1", id);
    // Owners of links are those of the volume's root.
    for (const char* link : {"/..data", "/a", "/d"}) {
      struct stat st = {};
      REQUIRE(::lstat((w.guest_dir("s1", id) + link).c_str(), &st) == 0);
      CHECK(st.st_gid == other_group(2000));
    }
    const auto requests = guest.carried_out.size();
    kubelet.rotate({{"a", {"2"}}, {"d/b", {"2", 0600}}});
    w.pass(500ms);
    CHECK(guest.carried_out.size() == requests);
  });
}

TEST_CASE("a subPath mount of a volume is copied once and not followed") {
  for_each_seed(50, [](chooser& choose) {
    node_world w{choose};
    auto& guest = w.add_sandbox("s1");
    auto request = w.volume_request("s1", "c1", "cm");
    request.mount.source
      = w.dir.make_dir("pods/0f6a7c1e-1111-2222-3333-444455556666/"
                       "volume-subpaths/cm/c1/0");
    rotator kubelet{request.mount.source, kubelet_order::from_1_27};
    kubelet.rotate({{"a", {"1"}}});
    const auto shared = w.ask_over_time<share_file_reply>(request);
    REQUIRE(shared);
    CHECK(shared->generation.empty());
    const auto requests = guest.carried_out.size();
    kubelet.rotate({{"a", {"2"}}});
    w.pass(40s);
    CHECK(guest.carried_out.size() == requests);
    CHECK(read_file(w.guest_dir("s1", shared->share_id) + "/..data/a") == "1");
  });
}

TEST_SUITE_END();
