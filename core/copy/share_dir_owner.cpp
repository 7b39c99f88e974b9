// SPDX-License-Identifier: Apache-2.0
#include "core/copy/share_dir_owner.hpp"

#include "core/paths.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace fsshare {

namespace {

// Kubelets, runtimes and we make nothing of that name.
constexpr std::string_view nothing = "..fsshare-none";

struct owner {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;

  friend bool operator==(const owner&, const owner&) = default;
};

owner owner_of(const copy_step& step) {
  return {step.uid, step.gid};
}

void append(copy_plan& plan, copy_step step) {
  step.stage = plan.steps.back().stage + 1;
  plan.steps.push_back(std::move(step));
}

} // namespace

void keep_share_dir_owner(copy_plan& plan, std::string_view share_dir) {
  const auto is_root = [share_dir](const copy_step& step) {
    return parent_path(step.path) == share_dir && owner_of(step) != owner{};
  };
  const auto found
    = std::find_if(plan.steps.begin(), plan.steps.end(), is_root);
  if (share_dir.empty() || found == plan.steps.end())
    return;
  append(plan, owner_step(share_dir, 0, 0));
}

copy_step owner_step(std::string_view dir, std::uint32_t uid,
                     std::uint32_t gid) {
  auto step = removal_step(join(dir, nothing), uid, gid);
  step.is_for_owner = true;
  return step;
}

} // namespace fsshare
