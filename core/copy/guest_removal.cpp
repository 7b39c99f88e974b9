// SPDX-License-Identifier: Apache-2.0
#include "core/copy/guest_removal.hpp"

#include "core/copy/temp_name.hpp"
#include "core/paths.hpp"

#include <algorithm>
#include <utility>

namespace fsshare {

guest_removal::guest_removal(removal_order order)
  : contents_(std::move(order.contents)) {
  for (auto& step : order.steps)
    paths_.push_back({std::move(step)});
  contents_.resize(paths_.size());
}

copy_plan guest_removal::begin(const guest_profile& guest,
                               const guest_inventory& there) {
  guest_ = guest;
  for (auto& path : paths_)
    path.is_root = there.is_root(path.wanted.path);
  if (!guest.removal)
    return begin_emptying(there);
  copy_plan plan;
  for (std::uint32_t i = 0; i < paths_.size(); ++i) {
    const auto& step = paths_[i].wanted;
    const auto temporary
      = join(parent_path(step.path), temp_name(base_name(step.path)));
    if (there.is_single_file(step.path) && temporary != step.path)
      add(plan, removal_step(temporary, step.uid, step.gid), i);
    add(plan, step, i);
  }
  return plan;
}

void guest_removal::add(copy_plan& plan, copy_step step, std::uint32_t path) {
  plan.steps.push_back(std::move(step));
  path_of_step_.push_back(path);
  ++paths_[path].unanswered;
}

copy_plan guest_removal::begin_emptying(const guest_inventory& there) {
  way_ = way::emptying;
  for (std::size_t i = 0; i < paths_.size(); ++i)
    if (contents_[i].empty())
      contents_[i] = there.contents(paths_[i].wanted.path);
  auto emptying = plan_emptying(contents_);
  path_of_step_ = std::move(emptying.path_of_step);
  for (const auto path : path_of_step_)
    ++paths_[path].unanswered;
  for (std::size_t i = 0; i < paths_.size(); ++i) {
    auto& path = paths_[i];
    path.so_far = removal_result::emptied;
    if (!emptying.why_not[i].empty()) {
      path.so_far = removal_result::impossible;
      note(path.wanted.path, "cannot be emptied: " + emptying.why_not[i]);
    } else if (there.is_left_before(path.wanted.path)) {
      path.so_far = removal_result::impossible;
      note(path.wanted.path, "cannot be emptied: what is in it was copied "
                             "before the node agent was started again");
    } else if (contents_[i].empty() && !there.has(path.wanted.path)) {
      // Of what lies in the shared directory all is known that was ever sent.
      const bool is_there
        = !path.is_root || there.lost_at(path.wanted.path).has_value();
      path.so_far
        = is_there ? removal_result::impossible : removal_result::removed;
    }
    if (path.unanswered == 0 || path.so_far == removal_result::impossible)
      path.result = path.so_far;
  }
  contents_.clear();
  return std::move(emptying.plan);
}

void guest_removal::note(const std::string& path, const std::string& message) {
  if (!first_error_)
    first_error_
      = error{errc::internal, "remove guest path " + path + ": " + message};
}

void guest_removal::answered(std::uint32_t step, const copy_step& what,
                             errc code, const std::string& message) {
  auto& path = paths_[path_of_step_[step]];
  const bool is_link = what.type == entry_type::symlink;
  const bool is_done
    = !is_link ? code == errc::none
      : way_ == way::by_link
        ? guest_.classify_removal(code, message) == removal_result::removed
        : code == errc::none || guest_profile::unlinked(code, message);
  if (!is_done) {
    path.so_far = code == errc::permission_denied ? removal_result::denied
                                                  : removal_result::failed;
    note(what.path, message);
  }
  if (--path.unanswered > 0 || path.result == removal_result::impossible)
    return;
  if (way_ != way::by_file)
    path.result = path.so_far;
  else if (is_done)
    path.result = removal_result::emptied;
  else if (is_lost(what.path, code, message))
    path.result = removal_result::removed;
}

// Guest agents that lose a file which is its own temporary lose it here, too.
bool guest_removal::is_lost(const std::string& path, errc code,
                            const std::string& message) const {
  const auto name = base_name(path);
  return !guest_.tmp_names && temp_name(name) == name && code == errc::internal
         && message.find("No such file or directory") != std::string::npos;
}

std::optional<copy_plan> guest_removal::next() {
  if (way_ != way::by_link)
    return std::nullopt;
  way_ = way::by_file;
  path_of_step_.clear();
  copy_plan plan;
  for (std::uint32_t i = 0; i < paths_.size(); ++i)
    if (paths_[i].is_root && paths_[i].result == removal_result::denied)
      add(plan, empty_file_step(paths_[i].wanted.path), i);
  if (plan.steps.empty())
    return std::nullopt;
  return plan;
}

std::vector<removal_result> guest_removal::results() const {
  std::vector<removal_result> all;
  for (const auto& path : paths_)
    all.push_back(path.result);
  return all;
}

error guest_removal::why() const {
  const auto is = [this](removal_result wanted) {
    return std::any_of(paths_.begin(), paths_.end(),
                       [wanted](const auto& path) {
                         return path.result == wanted;
                       });
  };
  const bool is_worse
    = is(removal_result::failed) || is(removal_result::denied);
  if (first_error_ && (is_worse || !is(removal_result::emptied)))
    return *first_error_;
  if (is(removal_result::emptied))
    return {errc::unimplemented,
            guest_.removal ? "its contents are freed, and an empty file stays, "
                             "whose removal the guest's policy forbids"
                           : "its contents are freed, and empty names stay, "
                             "which this guest agent cannot remove"};
  return {errc::unimplemented, "not removable by this guest agent"};
}

} // namespace fsshare
