// SPDX-License-Identifier: Apache-2.0
#include "tests/gameday/game_day.hpp"
#include "tests/support/hanging_fuse.hpp"
#include "tests/support/left_mounts.hpp"

#include <doctest/doctest.h>
#include <filesystem>
#include <optional>
#include <string>

using namespace fsshare::test;

namespace fs = std::filesystem;

namespace {

const injected_trouble dead_source{"dead source"};
const injected_trouble kubelet_gone{"kubelet gone"};
const injected_trouble share_root_wiped{"share root wiped"};
const injected_trouble state_full{"state directory full"};

constexpr std::uint64_t little = 64U << 10;
constexpr int rotations_of_a_page = 16;

} // namespace

TEST_SUITE_BEGIN("gameday/hosts");

TEST_CASE("a source whose server is dead is named, and is shared when it "
          "answers") {
  if (const auto missing = missing_for_game_day(); !missing.empty()) {
    MESSAGE("skipped: ", missing);
    return;
  }
  game_day day{{.config = R"("sources": {"timeout": "1s"})"}};
  hanging_fuse server{day.work.make_dir("nfs"),
                      {{"dir", {fuse_node::kind::directory}}}};
  const std::vector<std::string> share{
    "share", "add", game_day::sandbox, "c", server.path() + "/dir", "/data"};
  std::optional<child_process> waiting;
  day.check(dead_source, [&] {
    server.set_silence(hanging_fuse::silence::all);
    auto command = share;
    command.insert(command.begin(),
                   {fssharectl_program(), "--endpoint", day.node.socket()});
    waiting.emplace(command);
  });
  server.set_silence(hanging_fuse::silence::none);
  CHECK(waiting->wait() == 1);
  day.check_cured(dead_source);
  day.run(share);
}

TEST_CASE("a kubelet whose volumes are gone is named, and is followed when it "
          "is back") {
  if (const auto missing = missing_for_game_day(); !missing.empty()) {
    MESSAGE("skipped: ", missing);
    return;
  }
  game_day day;
  day.check(kubelet_gone, [&day] {
    fs::remove_all(day.work / "kubelet");
  });
  fs::create_directories(day.volume);
  day.rotate("second");
  day.check_cured(kubelet_gone);
}

TEST_CASE("a share root that somebody wiped is named, and sandboxes are there "
          "when they are prepared anew") {
  if (const auto missing = missing_for_game_day(); !missing.empty()) {
    MESSAGE("skipped: ", missing);
    return;
  }
  game_day day;
  const auto data = day.work.make_dir("data");
  const auto prepare = [&] {
    day.run({"sandbox", "prepare", "bind", "--mode", "shared-filesystem"});
    day.run({"share", "add", "bind", "c", data, "/data"});
  };
  prepare();
  day.check(share_root_wiped, [&day] {
    detach_mounts_below(day.node.share_root());
    fs::remove_all(day.node.share_root() + "/bind");
  });
  day.run({"sandbox", "cleanup", "bind"});
  prepare();
  day.check_cured(share_root_wiped);
}

TEST_CASE("a state directory that is full is named, and all is recorded when "
          "there is room") {
  if (const auto missing = missing_for_game_day(); !missing.empty()) {
    MESSAGE("skipped: ", missing);
    return;
  }
  const private_mounts rooms;
  const auto state = rooms.make_dir("state");
  mount_room(state, little);
  game_day day{{.config = R"("state": {"directory": ")" + state + R"("})"}};
  const auto filler = rooms / "state/filler";
  day.check(state_full, [&] {
    rooms.write("state/filler", std::string(2 * little, 'x'));
    // The last page of the file has room for some.
    for (int n = 0; n < rotations_of_a_page; ++n) {
      day.rotate(std::to_string(n));
      REQUIRE(day.is_followed());
    }
  });
  fs::remove(filler);
  day.check_cured(state_full);
}
