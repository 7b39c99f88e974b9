// SPDX-License-Identifier: Apache-2.0
#include "tests/rotations/situations.hpp"

#include <doctest/doctest.h>

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

namespace {

constexpr std::uint32_t window = 4;

// More than a window holds, always under the same names.
payload many(int n) {
  payload files{{"d/deep", {std::to_string(n)}}};
  for (int i = 0; i < 8; ++i)
    files["f" + std::to_string(i)] = {std::to_string(n)};
  return files;
}

// Rotates, and lets it be noticed before the guest goes on.
void rotate_and_notice(node_world& w, rotator& kubelet, int n) {
  w.hang("s1");
  kubelet.rotate(many(n));
  w.settle();
  w.unhang("s1");
}

} // namespace

TEST_SUITE_BEGIN("rotations/burst");

TEST_CASE(
  "contents of a volume that rotates faster than it copies still move") {
  for_each_seed(situation_seeds, [](chooser& choose) {
    node_world w{choose};
    followed_volume v{w, numbered(0)};
    // As soon as anything of a push arrives the next rotation is there.
    std::size_t seen = v.guest.carried_out.size();
    std::set<std::string> live;
    for (int n = 1; n <= 30; ++n) {
      v.kubelet.rotate(numbered(n));
      for (int steps = 0; steps < 100 && v.guest.carried_out.size() == seen;
           ++steps)
        w.step();
      seen = v.guest.carried_out.size();
      live.insert(v.content("a"));
    }
    CHECK(live.size() > 1);
    w.pass(3s);
    CHECK(v.is_current());
  });
}

TEST_CASE("a burst that ends within the time of one push costs two at most") {
  for_each_seed(situation_seeds, [](chooser& choose) {
    node_world w{choose};
    followed_volume v{w, numbered(0)};
    const auto before = w.status_of("cm").destinations.at(0).pushes;
    v.kubelet.rotate(numbered(1));
    w.run_until([&] {
      return v.guest.waiting() > 0;
    });
    w.hang("s1");
    for (int n = 2; n <= 6; ++n) {
      v.kubelet.rotate(numbered(n));
      w.settle();
    }
    w.unhang("s1");
    w.pass(3s);
    CHECK(v.is_current());
    CHECK(w.status_of("cm").destinations.at(0).pushes - before <= 2);
  });
}

TEST_CASE(
  "whenever the rotations of a burst come that ends within the requests "
  "of one push, it costs those of two and of one window at most") {
  for_each_seed(situation_seeds, [](chooser& choose) {
    node_config config;
    config.copy.window_requests = window;
    node_world w{choose, config};
    followed_volume v{w, many(0)};
    w.pass(3s);
    const auto requests = [&v, from = v.guest.carried_out.size()] {
      return v.guest.carried_out.size() - from;
    };
    v.kubelet.rotate(many(1));
    w.settle(); // time does not move: the old generation stays
    const auto cost = requests();
    w.pass(3s);

    const auto before = requests();
    const auto every = 1 + choose.pick(2 * cost);
    int n = 2;
    rotate_and_notice(w, v.kubelet, n);
    while (requests() - before < cost) {
      if (choose.one_in(every))
        rotate_and_notice(w, v.kubelet, ++n);
      w.step();
    }
    w.settle();

    CHECK(w.status_of("cm").destinations.at(0).current);
    // And the removal of what two superseded pushes left.
    CHECK(requests() - before <= 2 * cost + window + 2);
    w.pass(3s);
    CHECK(v.is_current());
  });
}

TEST_CASE("between two flips an endless burst costs the requests of less than "
          "three pushes") {
  for_each_seed(100, [](chooser& choose) {
    node_config config;
    config.copy.window_requests = window;
    node_world w{choose, config};
    followed_volume v{w, many(0)};
    w.pass(3s);
    const auto from = v.guest.carried_out.size();
    v.kubelet.rotate(many(1));
    w.settle();
    const auto cost = v.guest.carried_out.size() - from;
    w.pass(3s);

    std::size_t since_flip = 0;
    std::size_t worst = 0;
    std::string live = v.content("d/deep");
    v.guest.observer = [&] {
      worst = std::max(worst, ++since_flip);
      if (const auto now = v.content("d/deep"); now != live) {
        live = now;
        since_flip = 0;
      }
    };
    const auto every = 1 + choose.pick(cost);
    for (int n = 2; n < 15; ++n) {
      rotate_and_notice(w, v.kubelet, n);
      for (auto steps = every; steps > 0; --steps)
        w.step();
    }
    w.settle();
    // And the removal of what two superseded pushes left.
    CHECK(worst < 3 * cost + 2);
    w.pass(3s);
    CHECK(v.is_current());
  });
}

TEST_SUITE_END();
