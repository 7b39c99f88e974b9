// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/rotating_side.hpp"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

namespace fsshare::bench {

std::string words_of(const rotation_work& work) {
  auto out = "rotation (" + std::to_string(work.shape.volumes) + ", "
             + std::to_string(work.shape.destinations) + ", "
             + std::to_string(work.shape.keys) + "), round trip "
             + work.guest.round_trip;
  if (work.guest.service_time != "0ms")
    out += ", " + work.guest.service_time + " of guest CPU a request";
  if (work.load == machine_load::busy)
    out += ", busy";
  return out;
}

sample rotating_side::run(int rotations, const taking& how) {
  // Longer than what comes after the flip.
  constexpr std::chrono::milliseconds pause{15};
  std::vector<double> all;
  std::vector<double> last;
  auto out = how(*by_, [&] {
    for (int n = 0; n < rotations; ++n) {
      const auto lags = volumes_.rotate();
      all.insert(all.end(), lags.begin(), lags.end());
      last.push_back(*std::max_element(lags.begin(), lags.end()));
      std::this_thread::sleep_for(pause);
    }
  });
  out.seconds = median(last);
  out.p99_seconds = quantile(all, 0.99);
  out.cpu_seconds /= rotations;
  out.guest_cpu_seconds /= rotations;
  out.system_calls /= rotations;
  return out;
}

side rotating(std::string name, std::unique_ptr<copying_side> by,
              const rotation_work& work) {
  const auto rotates
    = std::make_shared<rotating_side>(std::move(by), work.shape);
  return {std::move(name), [rotates, work] {
            return rotates->run(work.rotations, take_under(work.load));
          }};
}

} // namespace fsshare::bench
