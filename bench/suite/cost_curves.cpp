// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/cost_curves.hpp"

#include "bench/suite/copying_side.hpp"
#include "bench/suite/node_of_many.hpp"
#include "bench/suite/process_cost.hpp"
#include "bench/suite/rotating_volumes.hpp"
#include "tests/support/resident_memory.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

namespace fsshare::bench {

namespace {

/// What one point of a curve is.
struct cost {
  double milliseconds = 0;
  double peak_mib = 0;
};

cost cost_of(rotating_volumes& volumes, int pid) {
  constexpr int rotations = 5;
  constexpr std::chrono::milliseconds pause{50};
  forget_peak(pid);
  std::vector<double> last;
  for (int n = 0; n < rotations; ++n) {
    const auto lags = volumes.rotate();
    last.push_back(*std::max_element(lags.begin(), lags.end()) * 1e3);
    std::this_thread::sleep_for(pause);
  }
  return {median(last),
          static_cast<double>(test::peak_memory(pid)) / (1 << 20)};
}

cost one_sandbox(const rotation_shape& shape) {
  fsshare_side side{{}};
  rotating_volumes volumes{side.sharer(), shape};
  return cost_of(volumes, side.pid());
}

/// One volume each; they differ, as those of pods do.
cost many_sandboxes(int count) {
  node_of_many node{count, 1, options_of({})};
  int next = 0;
  const auto share = [&](const std::string& source, int) {
    return node.share(source, next++);
  };
  rotating_volumes volumes{share, {count, 1, 10}};
  return cost_of(volumes, node.pid());
}

cost_curve curve(const std::string& of, const std::vector<int>& sizes,
                 cost (*measure)(int)) {
  cost_curve out{of, {}, {}};
  for (const auto size : sizes) {
    const auto got = measure(size);
    out.time.emplace_back(size, got.milliseconds);
    out.memory.emplace_back(size, got.peak_mib);
  }
  return out;
}

} // namespace

std::vector<cost_curve> measure_curves() {
  return {curve("volumes", {1, 3, 10, 30, 100, 300},
                [](int n) {
                  return one_sandbox({n, 1, 10});
                }),
          curve("destinations", {1, 3, 10, 30, 100},
                [](int n) {
                  return one_sandbox({1, n, 10});
                }),
          curve("keys", {1, 3, 10, 30, 100, 300, 1000},
                [](int n) {
                  return one_sandbox({1, 1, n});
                }),
          curve("sandboxes", {1, 3, 10, 30, 100, 300}, many_sandboxes)};
}

} // namespace fsshare::bench
