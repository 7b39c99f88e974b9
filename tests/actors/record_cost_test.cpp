// SPDX-License-Identifier: Apache-2.0
#include "tests/actors/world_requests.hpp"
#include "tests/support/node_world.hpp"

#include <algorithm>
#include <doctest/doctest.h>
#include <filesystem>
#include <vector>

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

namespace {

/// A sandbox that has a volume, and what is written down of it.
struct recorded_volume : node_world {
  explicit recorded_volume(chooser& c) : node_world(c, {}, journaling::on) {
    rotate("0");
    add_sandbox("s1");
    share("s1", "c0", "cm");
  }
  void rotate(const std::string& content) {
    kubelet.rotate({{"key", {content}}});
  }
  std::uintmax_t written() const {
    return std::filesystem::file_size(dir / "state/s1.jsonl");
  }

  rotator& kubelet = add_volume("cm");
};

/// Returns how many bytes are written down for a rotation of a volume that a
/// sandbox has beside so many other shares.
std::uintmax_t bytes_of_a_rotation(std::size_t shares) {
  chooser choose{1};
  recorded_volume w{choose};
  auto tree = tree_request(w, 1);
  for (std::size_t n = 1; n < shares; ++n) {
    tree.container_id = "c" + std::to_string(n);
    REQUIRE(w.ask_over_time<share_file_reply>(tree));
  }
  w.pass(5s);
  std::vector<std::uintmax_t> written;
  // Perhaps the file is written anew in one of them.
  for (int n = 1; n <= 5; ++n) {
    const auto before = w.written();
    w.rotate(std::to_string(n));
    w.pass(5s);
    REQUIRE(w.status_of("cm").destinations.at(0).current);
    written.push_back(w.written() - before);
  }
  std::sort(written.begin(), written.end());
  return written[written.size() / 2];
}

/// Returns how many bytes are written down for a rotation with so many others
/// within the time that old generations are kept.
std::uintmax_t bytes_after(int rotations) {
  chooser choose{1};
  recorded_volume w{choose};
  w.pass(5s);
  std::uintmax_t last = 0;
  for (int n = 0; n < rotations; ++n) {
    const auto before = w.written();
    w.rotate({static_cast<char>('a' + n)});
    w.settle();
    last = w.written() - before;
  }
  REQUIRE(w.status_of("cm").destinations.at(0).current);
  return last;
}

} // namespace

TEST_SUITE_BEGIN("actors/record_cost");

TEST_CASE(
  "what is written down for a rotation does not grow with the sandbox") {
  const auto few = bytes_of_a_rotation(10);
  const auto many = bytes_of_a_rotation(1000);
  MESSAGE(few, " bytes with 10 shares, ", many, " with 1,000");
  CHECK(few > 0);
  // Names have no fixed length.
  CHECK(many < few + few / 20);
}

TEST_CASE("nor with the old generations that are kept") {
  const auto few = bytes_after(3);
  const auto many = bytes_after(20);
  MESSAGE(few, " bytes after 3 rotations, ", many, " after 20");
  CHECK(few > 0);
  CHECK(many < few + few / 20);
}

TEST_SUITE_END();
