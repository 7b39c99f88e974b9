// SPDX-License-Identifier: Apache-2.0
#include "tests/actors/journaled_world.hpp"

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

namespace {

/// A volume that a guest has, and whose next generation is being read.
struct reading_world : journaled_world {
  explicit reading_world(chooser& c) : journaled_world(c) {
    kubelet = &add_volume("cm");
    kubelet->rotate(numbered(0));
    add_sandbox("s1");
    share_id = share("s1", "c1", "cm").share_id;
    pass(5s);
    guest("s1").carried_out.clear();
    readers->hold = true;
    auto next = numbered(0);
    next.at("a").content = "new";
    kubelet->rotate(next);
    settle();
    readers->hold = false;
  }
  bool is_written_down() const {
    return read_file(dir / "state/s1.jsonl").find(kubelet->written())
           != std::string::npos;
  }
  bool is_current() {
    return status_of("cm").destinations.at(0).current;
  }

  rotator* kubelet = nullptr;
  std::string share_id;
};

} // namespace

TEST_SUITE_BEGIN("actors/expected_pushes");

TEST_CASE("who was killed while a volume was read does not know whether it was "
          "sent, and flips to what is live before that") {
  for_each_seed(20, [](chooser& choose) {
    reading_world w{choose};
    CHECK(w.is_written_down());
    w.restart();
    w.pass(40s);
    CHECK(w.is_current());
    const auto sent = w.sent();
    REQUIRE_FALSE(sent.empty());
    CHECK(sent.front().ends_with("/..data"));
    w.check_equal("cm", "s1", w.share_id);
  });
}

TEST_CASE("a push that is written down while its volume is read, and waits, "
          "goes out once") {
  for_each_seed(100, [](chooser& choose) {
    reading_world w{choose};
    w.readers->release();
    w.pass(5s);
    CHECK(w.is_current());
    w.check_equal("cm", "s1", w.share_id);
    const auto sent = w.sent();
    CHECK(std::count_if(sent.begin(), sent.end(),
                        [](const auto& path) {
                          return path.ends_with("/..data");
                        })
          == 1);
  });
}

TEST_CASE("what was written down of a volume that cannot be read is taken "
          "back") {
  for_each_seed(20, [](chooser& choose) {
    reading_world w{choose};
    const auto before = w.sent().size();
    // What the kubelet publishes instead is another one.
    std::filesystem::remove(w.volume_path("cm") + "/..data");
    w.readers->release();
    w.settle();
    w.restart();
    w.pass(40s);
    CHECK(w.sent().size() == before);
  });
}

TEST_SUITE_END();
