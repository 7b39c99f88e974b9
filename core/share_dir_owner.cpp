// SPDX-License-Identifier: Apache-2.0
#include "core/share_dir_owner.hpp"

#include "core/paths.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

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

// Whether what is sent into a directory last has this owner, and is sent after
// the directory itself.
bool ends_with_owner(const copy_plan& plan, const std::string& dir,
                     owner wanted) {
  std::uint32_t dir_stage = 0;
  std::uint32_t last_stage = 0;
  std::vector<std::uint32_t> children;
  for (std::uint32_t i = 0; i < plan.steps.size(); ++i) {
    const auto& step = plan.steps[i];
    if (step.path == dir)
      dir_stage = step.stage;
    if (parent_path(step.path) != dir)
      continue;
    // Steps are by rising stage.
    if (std::exchange(last_stage, step.stage) != step.stage)
      children.clear();
    children.push_back(i);
  }
  if (children.empty() || last_stage < dir_stage)
    return false;
  std::unordered_set<std::uint32_t> after_dir;
  for (const auto& pair : plan.order)
    if (plan.steps[pair.before].path == dir)
      after_dir.insert(pair.after);
  return std::all_of(children.begin(), children.end(), [&](std::uint32_t i) {
    return owner_of(plan.steps[i]) == wanted
           && (last_stage > dir_stage || after_dir.contains(i));
  });
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
  const auto root = *found;
  if (root.type != entry_type::directory) {
    append(plan, owner_step(share_dir, 0, 0));
    return;
  }
  for (auto& step : plan.steps) {
    if (step.path != root.path)
      continue;
    step.uid = 0;
    step.gid = 0;
  }
  if (!ends_with_owner(plan, root.path, owner_of(root)))
    append(plan, owner_step(root.path, root.uid, root.gid));
}

copy_step owner_step(std::string_view dir, std::uint32_t uid,
                     std::uint32_t gid) {
  auto step = removal_step(join(dir, nothing), uid, gid);
  step.is_for_owner = true;
  return step;
}

} // namespace fsshare
