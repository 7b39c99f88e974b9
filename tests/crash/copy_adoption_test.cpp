// SPDX-License-Identifier: Apache-2.0
#include "sys/journal/state_files.hpp"
#include "tests/support/killed_node.hpp"
#include "tests/support/temp_dir.hpp"
#include "json/journal_json.hpp"

#include <chrono>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>

using namespace fsshare;
using namespace fsshare::test;

namespace fs = std::filesystem;

namespace {

constexpr int shares = 5;
constexpr const char* live = "..2026_01_02_03_04_05.000000001";
constexpr const char* config
  = R"("http": {"listen": ""}, "mounts": {"visibility": "assumed"})";

/// Sandboxes as an earlier process has left them, made by hand: their volumes
/// and their state files. Nobody listens where their guests are said to be.
class left_sandboxes {
public:
  left_sandboxes() {
    const auto boot = read_boot_id();
    REQUIRE(boot);
    head_.boot_id = *boot;
    head_.share_root = share_root();
    dir_.make_dir("share");
  }

  std::string share_root() const {
    return dir_ / "share";
  }

  /// Makes so many, each with five volumes.
  void make(int sandboxes, const std::string& state_dir) {
    fs::create_directories(state_dir);
    for (int n = 0; n < sandboxes; ++n) {
      const auto id = "sb" + std::to_string(n);
      recorded_sandbox left;
      recorded_prepare prepare;
      prepare.request.sandbox_id = id;
      prepare.request.mode = sharing_mode::copy;
      prepare.request.guest_address = "unix:///nobody";
      prepare.guest_share_dir = "/run/kata-containers/shared/containers";
      left.apply(prepare);
      left.apply(recorded_watcher{true});
      left.apply(recorded_progress{recorded_phase::made});
      for (int i = 0; i < shares; ++i)
        add_share(left, id, i);
      head_.sandbox_id = id;
      std::ofstream{std::filesystem::path{state_dir} / (id + ".jsonl")}
        << render_journal(head_, left);
    }
  }

private:
  static void make_volume(const std::string& root) {
    fs::create_directories(root + "/" + live);
    std::ofstream{root + "/" + live + "/key"} << "value";
    fs::create_symlink(live, root + "/..data");
    fs::create_symlink("..data/key", root + "/key");
  }

  void add_share(recorded_sandbox& to, const std::string& id, int number) {
    const auto text = std::to_string(number);
    const auto share_id = "c-0123456789abcdef-" + id + "-" + text;
    const auto source = dir_
                        / ("pods/0f6a7c1e-1111-2222-3333-444455556666/volumes/"
                           "kubernetes.io~configmap/"
                           + id + "-" + text);
    make_volume(source);
    recorded_copy copy{share_id, {}};
    copy.terms.kind = source_kind::volume;
    copy.terms.key = share_id;
    copy.terms.source = source;
    copy.terms.guest_path = to.prepare.guest_share_dir + "/" + share_id;
    copy.terms.container_id = "c";
    copy.terms.destination = "/etc/x" + text;
    to.apply(copy);
    recorded_destination at{share_id, {}};
    auto& guest = at.guest;
    guest.may_exist = true;
    guest.acknowledged = generation{live, 0};
    guest.live_name = live;
    guest.root = {0755, 0, 0, true};
    guest.generations[live].state = guest_record::generation_state::whole;
    guest.links["key"].state = guest_record::link_state::there;
    guest.wanted_links = {"key"};
    guest.landmarks = {copy.terms.guest_path + "/" + live + "/key"};
    to.apply(at);
    recorded_copied_share share;
    share.share_id = share_id;
    share.container_id = "c";
    share.mount = {source, "/etc/x" + text, "bind", {}, true};
    share.copy_id = share_id;
    share.is_volume = true;
    share.guest_path = copy.terms.guest_path;
    share.generation = live;
    to.apply(share);
  }

  temp_dir dir_;
  journal_head head_;
};

} // namespace

TEST_SUITE_BEGIN("crash: adoption of copies");

TEST_CASE("a thousand sandboxes in copy mode are adopted at once, their guests "
          "called later") {
  constexpr int sandboxes = 1000;
  left_sandboxes left;
  killed_node node{left.share_root(), config};
  left.make(sandboxes, node.state_dir());
  const auto begin = std::chrono::steady_clock::now();
  node.start();
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
    std::chrono::steady_clock::now() - begin);
  MESSAGE(sandboxes, " sandboxes of ", shares, " copies adopted in ",
          took.count(), " ms");
  auto client = node.connect();
  const auto listed = client.list_sandboxes();
  REQUIRE(listed);
  CHECK(listed->sandboxes_size() == sandboxes);
  for (const auto& sandbox : listed->sandboxes())
    CHECK(sandbox.shares() == shares);
  // Nothing is said to be current of guests that nobody has reached.
  const auto volumes = client.list_volumes();
  REQUIRE(volumes);
  REQUIRE(volumes->volumes_size() > 0);
  for (const auto& volume : volumes->volumes())
    for (const auto& at : volume.destinations())
      CHECK_FALSE(at.current());
  node.kill();
}

TEST_SUITE_END();
