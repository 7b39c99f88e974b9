// SPDX-License-Identifier: Apache-2.0
#include "tests/actors/journaled_world.hpp"

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

namespace {

/// A volume that a guest has, of which another generation was begun.
struct begun_world : journaled_world {
  explicit begun_world(chooser& c) : journaled_world(c) {
    kubelet = &add_volume("cm");
    kubelet->rotate(numbered(0));
    add_sandbox("s1");
    share_id = share("s1", "c1", "cm").share_id;
    pass(5s);
    guest("s1").carried_out.clear();
    auto next = numbered(0);
    next.at("a").content = "new";
    kubelet->begin(next);
    kubelet->run_until(rotation_step::write_files);
    settle();
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

TEST_CASE("who was killed between the begin of a generation and its flip does "
          "not know whether it was sent, and asks nothing else of the guest") {
  for_each_seed(20, [](chooser& choose) {
    begun_world w{choose};
    CHECK(w.is_written_down());
    w.restart();
    w.pass(40s);
    CHECK(w.is_current());
    for (const auto& sent : w.sent()) {
      const bool is_flip = sent.ends_with("/..data");
      CHECK_MESSAGE((is_flip || sent.ends_with(w.kubelet->written())), sent);
    }
    w.kubelet->finish();
    w.pass(5s);
    CHECK(w.is_current());
    w.check_equal("cm", "s1", w.share_id);
  });
}

TEST_CASE("what was begun and never published is taken back when the volume is "
          "looked at") {
  for_each_seed(20, [](chooser& choose) {
    begun_world w{choose};
    w.pass(40s);
    w.restart();
    w.pass(40s);
    CHECK(w.is_current());
    CHECK(w.sent().empty());
  });
}

TEST_CASE("a volume whose generations are begun and never published costs one "
          "record for each look at it") {
  for_each_seed(5, [](chooser& choose) {
    begun_world w{choose};
    const auto before = std::filesystem::file_size(w.dir / "state/s1.jsonl");
    for (int n = 0; n < 100; ++n) {
      w.kubelet->begin({{"a", {std::to_string(n)}}});
      w.kubelet->run_until(rotation_step::write_files);
      w.settle();
    }
    CHECK(std::filesystem::file_size(w.dir / "state/s1.jsonl") == before);
  });
}

TEST_SUITE_END();
