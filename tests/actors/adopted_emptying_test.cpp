// SPDX-License-Identifier: Apache-2.0
#include "core/paths.hpp"
#include "tests/actors/journaled_world.hpp"
#include "tests/actors/shared_copies_fixture.hpp"
#include "tests/actors/world_requests.hpp"
#include "tests/support/node_world.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

// What is emptied of a guest whose agent removes nothing, after the node agent
// was killed: as much as if it had not been.

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

namespace fs = std::filesystem;

namespace {

/// Regular files of the guest that have contents.
std::vector<std::string> contents_of(const journaled_world& w) {
  const auto root = w.dir / "guest-s1";
  std::vector<std::string> out;
  for (const auto& entry : fs::recursive_directory_iterator{root})
    if (entry.is_regular_file() && !entry.is_symlink() && entry.file_size() > 0)
      out.push_back(entry.path().string().substr(root.size() + 1));
  std::sort(out.begin(), out.end());
  return out;
}

/// Names that stand directly in the guest's shared directory and are told.
std::set<std::string> told_names(journaled_world& w) {
  std::set<std::string> told;
  for (const auto& each : w.sandbox().leftovers.listed)
    told.insert(std::string{base_name(each.path)});
  return told;
}

const std::vector<std::string> nothing;

} // namespace

TEST_SUITE_BEGIN("actors/adopted_emptying");

TEST_CASE("where nothing can be removed no byte of what has ended is in the "
          "guest, wherever the node agent was killed") {
  for_each_seed(150, [](chooser& choose) {
    journaled_world w{choose};
    auto& kubelet = w.add_volume("cm");
    kubelet.rotate(numbered(0));
    w.dir.write("single", "of a single file");
    w.add_sandbox("s1", guest::profile::v3_3);
    auto file = tree_request(w, 5);
    const auto tree = file;
    file.mount.source = w.dir / "single";
    file.mount.destination = "/single";
    const auto volume = w.volume_request("s1", "c1", "cm");
    std::vector<std::string> shares;
    for (const auto& request : {volume, tree, file}) {
      w.actors.call<share_file_reply>(w.node, request);
      w.restart_somewhere(150);
      w.pass(std::chrono::milliseconds{choose.pick(3000)});
      shares.push_back(
        w.ask_until_answered<share_file_reply>(request).share_id);
    }
    for (int n = 1; n <= 3; ++n) {
      kubelet.rotate(numbered(n));
      w.restart_somewhere(100);
      w.pass(std::chrono::milliseconds{choose.pick(3000)});
    }
    for (const auto& id : shares) {
      w.actors.call<unshare_file_reply>(w.node, end_of(id));
      w.restart_somewhere(100);
      w.pass(std::chrono::milliseconds{choose.pick(3000)});
      w.ask_until_answered<unshare_file_reply>(end_of(id));
    }
    w.pass(65s);
    CHECK(contents_of(w) == nothing);
    // Each name that stays is told.
    const auto told = told_names(w);
    for (const auto& name : guest_names(w))
      CHECK_MESSAGE(told.contains(name), name);
  });
}

TEST_CASE("where nothing can be removed old generations are emptied after a "
          "restart, and the live one is not") {
  for_each_seed(50, [](chooser& choose) {
    journaled_world w{choose};
    auto& kubelet = w.add_volume("cm");
    kubelet.rotate(numbered(0));
    w.add_sandbox("s1", guest::profile::v3_3);
    const auto id = w.share("s1", "c1", "cm").share_id;
    w.pass(3s);
    for (int n = 1; n <= 3; ++n) {
      kubelet.rotate(numbered(n));
      w.restart_somewhere(100);
      w.pass(std::chrono::milliseconds{choose.pick(3000)});
    }
    w.pass(65s);
    CHECK(w.status_of("cm").destinations.at(0).current);
    CHECK(read_file(w.guest_dir("s1", id) + "/a") == "3");
    const auto live
      = fs::read_symlink(w.guest_dir("s1", id) + "/..data").string();
    for (const auto& path : contents_of(w))
      CHECK_MESSAGE(path.find("/" + live + "/") != std::string::npos, path);
  });
}

TEST_CASE(
  "what a guest that was away has of a share that ended is emptied when "
  "it is back, though the node agent was killed meanwhile") {
  for_each_seed(50, [](chooser& choose) {
    journaled_world w{choose};
    w.add_volume("cm").rotate(numbered(0));
    auto& guest = w.add_sandbox("s1", guest::profile::v3_3);
    const auto id = w.share("s1", "c1", "cm").share_id;
    const auto tree = w.ask_over_time<share_file_reply>(tree_request(w, 3));
    REQUIRE(tree);
    w.pass(3s);
    guest.refuses = true;
    guest.drop();
    unshare(w, id);
    unshare(w, tree->share_id);
    CHECK(contents_of(w) != nothing);
    for (int starts = 0; starts < 2; ++starts)
      w.restart();
    guest.refuses = false;
    w.pass(65s);
    CHECK(contents_of(w) == nothing);
    CHECK(told_names(w).size() == 2);
  });
}

TEST_CASE("what was emptied before a kill is not emptied again after it") {
  for_each_seed(20, [](chooser& choose) {
    journaled_world w{choose};
    auto& kubelet = w.add_volume("cm");
    kubelet.rotate(numbered(0));
    auto& guest = w.add_sandbox("s1", guest::profile::v3_3);
    w.share("s1", "c1", "cm");
    const auto tree = w.ask_over_time<share_file_reply>(tree_request(w, 3));
    REQUIRE(tree);
    kubelet.rotate(numbered(1));
    w.pass(5s);
    unshare(w, tree->share_id);
    w.pass(5s);
    w.restart();
    guest.carried_out.clear();
    w.pass(65s);
    CHECK(w.sent() == nothing);
    CHECK(w.status_of("cm").destinations.at(0).current);
  });
}

TEST_CASE("where the guest agent removes files none is written down") {
  for_each_seed(10, [](chooser& choose) {
    journaled_world w{choose};
    auto& kubelet = w.add_volume("cm");
    kubelet.rotate(numbered(0));
    w.add_sandbox("s1", choose.one_in(2) ? guest::profile::v3_18
                                         : guest::profile::v4_0);
    w.share("s1", "c1", "cm");
    REQUIRE(w.ask_over_time<share_file_reply>(tree_request(w, 3)));
    kubelet.rotate(numbered(1));
    w.pass(3s);
    const auto text = read_file(w.dir / "state/s1.jsonl");
    CHECK(text.find(R"("kind":"files")") != std::string::npos);
    CHECK(text.find(R"("kind":"files")") == text.rfind(R"("kind":"files")"));
    CHECK(text.find(R"("kind":"emptied")") == std::string::npos);
  });
}

TEST_SUITE_END();
