// SPDX-License-Identifier: Apache-2.0
#include "tests/rotations/situations.hpp"

#include <doctest/doctest.h>
#include <filesystem>

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

namespace {

// Shares the volume, lets time pass until that is answered, and a grace.
void check_first_copy(
  node_world& w,
  const std::shared_ptr<const std::optional<result<share_file_reply>>>&
    shared) {
  for (int n = 0; n < 100 && !*shared; ++n)
    w.pass(100ms);
  REQUIRE(*shared);
  REQUIRE_MESSAGE(**shared, (**shared ? "" : (**shared).err().message));
  w.pass(3s);
  w.check_equal("cm", "s1", (**shared)->share_id);
}

} // namespace

TEST_SUITE_BEGIN("rotations/first_copy");

TEST_CASE("a rotation while the first copy is read, the old generation gone, "
          "is read again") {
  for_each_seed(situation_seeds, [](chooser& choose) {
    node_world w{choose};
    auto& kubelet = w.add_volume("cm");
    kubelet.rotate(numbered(0));
    w.add_sandbox("s1");
    auto reads_left = choose.pick(40);
    int rotations = 0;
    w.between_reads = [&] {
      if (reads_left-- == 0 && rotations < 3) {
        kubelet.rotate(numbered(++rotations));
        reads_left = choose.pick(20);
      }
    };
    const auto shared = w.actors.call<share_file_reply>(
      w.node, w.volume_request("s1", "c1", "cm"));
    w.settle();
    w.between_reads = nullptr;
    check_first_copy(w, shared);
    CHECK(w.status_of("cm").destinations.at(0).failures == 0);
  });
}

TEST_CASE("a rotation after the files of the first copy and before its flip "
          "arrives") {
  for_each_seed(situation_seeds, [](chooser& choose) {
    node_world w{choose};
    auto& kubelet = w.add_volume("cm");
    kubelet.rotate(numbered(0));
    auto& guest = w.add_sandbox("s1");
    const auto shared = w.actors.call<share_file_reply>(
      w.node, w.volume_request("s1", "c1", "cm"));
    w.run_until([&guest] {
      return has_waiting_flip(guest);
    });
    kubelet.rotate(numbered(1));
    if (choose.one_in(2))
      w.lose_events();
    check_first_copy(w, shared);
  });
}

TEST_CASE("rotations while the first copy runs end at the last one, with the "
          "volume watched") {
  for_each_seed(situation_seeds, [](chooser& choose) {
    node_world w{choose};
    auto& kubelet = w.add_volume("cm", all_kubelets[choose.pick(3)]);
    kubelet.rotate(numbered(0));
    auto& guest = w.add_sandbox("s1");
    const auto shared = w.actors.call<share_file_reply>(
      w.node, w.volume_request("s1", "c1", "cm"));
    w.run_until([&guest] {
      return guest.waiting_copy(0) != nullptr;
    });
    const auto rotations = 2 + static_cast<int>(choose.pick(2));
    for (int n = 1; n <= rotations; ++n) {
      kubelet.rotate(numbered(n));
      for (auto pause = choose.pick(15); pause > 0; --pause)
        w.step();
    }
    check_first_copy(w, shared);
    CHECK(w.status_of("cm").watched);
    kubelet.rotate(numbered(9));
    w.pass(2100ms);
    w.check_equal("cm", "s1", (**shared)->share_id);
  });
}

TEST_CASE("a first copy that fails leaves nothing in the guest and nothing "
          "watched") {
  for_each_seed(situation_seeds, [](chooser& choose) {
    node_world w{choose};
    w.add_volume("cm").rotate(numbered(0));
    auto& guest = w.add_sandbox("s1");
    const auto watches = w.watch_count();
    const auto shared = w.actors.call<share_file_reply>(
      w.node, w.volume_request("s1", "c1", "cm"));
    const auto before = 1 + choose.pick(5);
    w.run_until([&] {
      return guest.carried_out.size() >= before
             && guest.waiting_copy(0) != nullptr;
    });
    guest.fail(0);
    for (int n = 0; n < 100 && !*shared; ++n)
      w.pass(100ms);
    REQUIRE(*shared);
    // A link that failed after the flip is a failure too.
    CHECK_FALSE(**shared);
    w.pass(1s);
    CHECK(std::filesystem::is_empty(w.dir / "guest-s1"));
    CHECK_FALSE(w.is_known("cm"));
    CHECK(w.watch_count() == watches);
  });
}

TEST_SUITE_END();
