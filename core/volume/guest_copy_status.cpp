// SPDX-License-Identifier: Apache-2.0
#include "core/paths.hpp"
#include "core/volume/guest_copy.hpp"

#include <algorithm>

namespace fsshare {

bool guest_copy::whole() const {
  if (unsettled_ || !acked_)
    return false;
  return std::all_of(wanted_links_.begin(), wanted_links_.end(),
                     [this](const std::string& name) {
                       const auto link = links_.find(name);
                       return link != links_.end() && link->second.acknowledged;
                     });
}

bool guest_copy::has_whole_copy() const {
  return whole() && !out_ && !root_unsure_;
}

bool guest_copy::converged(const generation& host) const {
  if (!has_whole_copy() || acked_ != host || !removals_.is_settled())
    return false;
  std::size_t kept = 0;
  for (const auto& [name, g] : generations_) {
    if (g.state == name_state::partial && !removals_.contains(name))
      return false;
    const bool stays
      = g.state == name_state::old && !g.is_kept && !removals_.contains(name);
    kept += stays ? 1 : 0;
  }
  return kept <= settings_.keep_generations;
}

const error* guest_copy::last_error() const {
  if (unsettled_)
    return &unsettled_->why;
  if (hold_)
    return &hold_->why;
  for (const auto* tries : {&push_tries_, &settle_tries_, &repair_tries_})
    if (tries->why() != nullptr)
      return tries->why();
  return nullptr;
}

unsigned guest_copy::failures() const {
  return push_tries_.failures() + settle_tries_.failures()
         + repair_tries_.failures();
}

std::vector<std::string> guest_copy::not_removable() const {
  auto paths = removals_.not_removable();
  for (auto& path : paths)
    path = join(settings_.root, path);
  return paths;
}

std::vector<std::string> guest_copy::kept() const {
  std::vector<std::string> names;
  for (const auto& [name, g] : generations_)
    if (g.is_kept)
      names.push_back(name);
  return names;
}

std::vector<skipped_entry> guest_copy::pending() const {
  auto all = leftovers_;
  for (auto& one : removals_.unremoved())
    all.push_back({join(settings_.root, one.path), std::move(one.reason)});
  return all;
}

} // namespace fsshare
