// SPDX-License-Identifier: Apache-2.0
#include "tests/churn/kubelet.hpp"

#include "core/paths.hpp"
#include "sys/process/identity.hpp"

#include <array>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <utility>

namespace fsshare::churn {

namespace {

using test::kubelet_order;
using test::rotation_step;

std::string volume_dir(const std::string& root, std::uint64_t number) {
  constexpr std::array kinds{"configmap", "secret", "projected",
                             "downward-api"};
  char uid[48] = {};
  std::snprintf(uid, sizeof uid, "5f0c6c5e-6f3b-4c0e-9d55-%012llx",
                static_cast<unsigned long long>(number));
  return root + "/pods/" + uid + "/volumes/kubernetes.io~"
         + kinds.at(number % kinds.size()) + "/settings";
}

} // namespace

kubelet::kubelet(const std::string& root, std::uint64_t volumes,
                 std::uint64_t seed) {
  volumes_.reserve(volumes);
  for (std::uint64_t number = 0; number < volumes; ++number)
    volumes_.push_back(make_volume(root, number, seed));
}

kubelet::one_volume kubelet::make_volume(const std::string& root,
                                         std::uint64_t number,
                                         std::uint64_t seed) {
  constexpr std::array orders{kubelet_order::to_1_22, kubelet_order::from_1_23,
                              kubelet_order::from_1_27};
  // Only root can give files away.
  const bool is_root = effective_uid() == 0;
  const bool has_group = is_root && number % 5 == 1;
  const payload_rules rules{is_root && number % 7 == 2, number % 20 == 3,
                            !has_group && number % 3 == 0};
  const auto dir = volume_dir(root, number);
  std::filesystem::create_directories(dir);
  random_source random{seed + number};
  test::rotator steps{dir, orders.at(number % orders.size()),
                      has_group ? std::optional<gid_t>{2000} : std::nullopt};
  auto files = first_payload(random, rules);
  steps.rotate(files);
  return {dir, rules, random, std::move(steps), std::move(files)};
}

void kubelet::rotate(std::size_t volume) {
  auto& v = volumes_.at(volume);
  if (once_in(v.random, 10) && !v.has_died) {
    v.steps.rotate(v.wanted);
    return;
  }
  change_payload(v.wanted, v.random, v.rules);
  write(v);
}

void kubelet::write(one_volume& v) {
  std::optional<rotation_step> dies_before;
  if (once_in(v.random, 15))
    dies_before = static_cast<rotation_step>(
      pick(v.random, static_cast<std::uint64_t>(rotation_step::own_volume))
      + 1);
  auto made = test::make_rotation(v.steps, v.wanted, {}, dies_before);
  v.has_died = v.steps.next().has_value();
  died_ += v.has_died ? 1U : 0U;
  if (!made.generation.empty())
    v.made.push_back(std::move(made));
}

void kubelet::settle() {
  for (auto& v : volumes_) {
    if (!std::exchange(v.has_died, false))
      continue;
    auto made = test::make_rotation(v.steps, v.wanted, {});
    if (!made.generation.empty())
      v.made.push_back(std::move(made));
  }
}

std::size_t kubelet::rotations() const {
  std::size_t sum = 0;
  for (const auto& v : volumes_)
    sum += v.made.size();
  return sum;
}

} // namespace fsshare::churn
