// SPDX-License-Identifier: Apache-2.0
#include "core/copy/copy_rest.hpp"

#include "core/copy/temp_name.hpp"
#include "core/paths.hpp"

#include <optional>

namespace fsshare {

namespace {

// Whether a step may have left a temporary that is in the way of what follows.
// A name that is its own temporary cannot be rid of it, and is sent again at
// the same size.
bool leaves_temporary(const copy_step& step, const guest_profile& guest) {
  const auto name = base_name(step.path);
  return !guest.truncates && step.type == entry_type::file
         && temp_name(name) != name;
}

} // namespace

copy_step spend_step(const copy_step& file, std::uint64_t longest) {
  auto step = file;
  step.is_spending = true;
  step.offset = longest;
  step.size = 1;
  step.hole_bytes = 0;
  step.announced_size = longest + 1;
  step.content = make_secret_blob(bytes(1));
  step.source.clear();
  return step;
}

copy_plan plan_rest(const copy_schedule& done, const guest_profile& guest) {
  const auto& plan = done.plan();
  copy_plan rest;
  rest.skipped = plan.skipped;
  rest.notes = plan.notes;
  rest.links_left_out = plan.links_left_out;
  std::vector<std::optional<std::uint32_t>> moved(plan.steps.size());
  const auto add = [&rest](copy_step step) {
    rest.total_bytes += step.size - step.hole_bytes;
    rest.steps.push_back(std::move(step));
    return static_cast<std::uint32_t>(rest.steps.size() - 1);
  };
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    const auto reach = done.reach(i);
    if (reach == step_reach::done)
      continue;
    auto step = plan.steps[i];
    const bool begun = reach == step_reach::begun;
    if (begun && leaves_temporary(step, guest)) {
      const auto spend = add(spend_step(step, done.announced_size(i)));
      if (step.is_spending) {
        moved[i] = spend;
        continue;
      }
      rest.order.push_back({spend, spend + 1});
    }
    step.may_exist |= begun && step.type == entry_type::symlink
                      && !guest.replaces_dangling_links;
    moved[i] = add(std::move(step));
  }
  for (const auto& pair : plan.order)
    if (moved[pair.before] && moved[pair.after])
      rest.order.push_back({*moved[pair.before], *moved[pair.after]});
  return rest;
}

} // namespace fsshare
