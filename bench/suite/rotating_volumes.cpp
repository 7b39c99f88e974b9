// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/rotating_volumes.hpp"

#include "bench/suite/volume_maker.hpp"
#include "tests/support/rotation_lag.hpp"

#include <algorithm>
#include <chrono>
#include <set>
#include <stdexcept>

namespace fsshare::bench {

namespace {

// One request after the other, to a distant guest, for many copies.
constexpr std::chrono::minutes patience{5};

} // namespace

rotating_volumes::rotating_volumes(const sharer& share,
                                   const rotation_shape& shape)
  : shape_(shape) {
  std::set<std::string> seen;
  for (int n = 0; n < shape.volumes; ++n) {
    const auto dir = dir_.make_dir(volume_dir(n));
    volumes_.push_back(
      {test::rotator{dir, test::kubelet_order::from_1_27}, {}});
    volumes_.back().kubelet.rotate(payload_of(shape.keys, rotations_));
    for (int container = 1; container <= shape.destinations; ++container) {
      const auto copy = share(dir, container);
      // One copy may serve several.
      if (!seen.insert(copy).second)
        continue;
      observer_.add(copy);
      volume_of_.push_back(volumes_.size() - 1);
    }
  }
}

void rotating_volumes::start_rotation() {
  ++rotations_;
  for (auto& volume : volumes_) {
    volume.kubelet.begin(payload_of(shape_.keys, rotations_));
    volume.kubelet.run_until(test::rotation_step::flip);
  }
  for (auto& volume : volumes_) {
    volume.flipped = test::data_observer::clock::now();
    volume.kubelet.finish();
  }
}

std::vector<double> rotating_volumes::await_arrival() {
  // Those of all volumes have the same name.
  const auto wanted = volumes_.front().kubelet.written();
  if (!observer_.wait_for_all(
        [&wanted](const std::string& shown) {
          return test::names_generation(shown, wanted);
        },
        patience))
    throw std::runtime_error{"rotation " + std::to_string(rotations_)
                             + " does not arrive everywhere"};
  std::vector<double> out;
  for (std::size_t copy = 0; copy < volume_of_.size(); ++copy) {
    const auto lag
      = observer_.seen(copy).back().at - volumes_[volume_of_[copy]].flipped;
    out.push_back(std::chrono::duration<double>(lag).count());
  }
  return out;
}

} // namespace fsshare::bench
