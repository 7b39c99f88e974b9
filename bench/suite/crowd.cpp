// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/crowd.hpp"

#include "bench/must.hpp"
#include "bench/suite/volume_maker.hpp"
#include "core/paths.hpp"
#include "tests/support/rotation_lag.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <thread>

namespace fsshare::bench {

namespace {

using clock = std::chrono::steady_clock;

constexpr int keys = 4;

double seconds_since(clock::time_point begin) {
  return std::chrono::duration<double>(clock::now() - begin).count();
}

} // namespace

crowd::crowd(int guests) {
  for (int n = 0; n < guests; ++n)
    guests_.push_back(std::make_unique<test::guest_process>(
      std::vector<std::string>{"--workers", "2"}));
  node_.emplace(
    dir_.make_dir("share"),
    R"("http": {"listen": ""}, "mounts": {"visibility": "assumed"})");
  node_->start();
  client_.emplace(node_->socket());
}

void crowd::add_sandbox(int number) {
  const auto id = "sb" + std::to_string(number);
  const auto& guest
    = *guests_[static_cast<std::size_t>(number) % guests_.size()];
  must(client_->prepare_copy(id, to_string(guest.address())));
  for (int n = 0; n < volumes_each; ++n) {
    const auto at = static_cast<int>(volumes_.size());
    const auto source = dir_.make_dir(volume_dir(at));
    test::rotator kubelet{source, test::kubelet_order::from_1_27};
    kubelet.rotate(payload_of(keys, rotations_));
    const auto begin = clock::now();
    const auto reply = must(
      client_->share(id, id, source, "/shared/" + std::to_string(n), true));
    sharing_ += seconds_since(begin);
    volumes_.push_back(
      {std::move(kubelet), join(guest.root(), base_name(reply.guest_path()))});
  }
}

double crowd::grow_to(int sandboxes) {
  sharing_ = 0;
  while (sandboxes_ < sandboxes)
    add_sandbox(++sandboxes_);
  return sharing_;
}

bool crowd::all_show(const std::string& generation) const {
  return std::all_of(
    volumes_.begin(), volumes_.end(), [&](const shared_volume& each) {
      std::error_code none;
      const auto shown
        = std::filesystem::read_symlink(join(each.copy, "..data"), none);
      return test::names_generation(shown.string(), generation);
    });
}

double crowd::rotate_all() {
  constexpr std::chrono::seconds patience{120};
  // Less than a rotation of all takes by far.
  constexpr std::chrono::milliseconds look_every{20};
  ++rotations_;
  for (auto& each : volumes_) {
    each.kubelet.begin(payload_of(keys, rotations_));
    each.kubelet.run_until(test::rotation_step::flip);
  }
  const auto begin = clock::now();
  for (auto& each : volumes_)
    each.kubelet.finish();
  // Those of all volumes have the same name.
  while (!all_show(volumes_.back().kubelet.written())) {
    if (clock::now() - begin > patience)
      throw std::runtime_error{"a rotation of all does not arrive everywhere"};
    std::this_thread::sleep_for(look_every);
  }
  return seconds_since(begin);
}

double crowd::start_again() {
  client_.reset();
  node_->kill();
  const auto begin = clock::now();
  node_->start();
  const auto out = seconds_since(begin);
  client_.emplace(node_->socket());
  return out;
}

} // namespace fsshare::bench
