// SPDX-License-Identifier: Apache-2.0
#include "core/paths.hpp"
#include "core/text/utf8.hpp"
#include "core/volume/guest_names.hpp"

#include <algorithm>
#include <utility>

namespace fsshare {

namespace {

// So many parts are removed before the next push, whose memory they have.
constexpr std::size_t most_parts = 2;

} // namespace

// Generations in part since the last flip, but for the one being pushed.
std::vector<std::string> guest_names::parts(const push_effect* out) const {
  std::vector<std::string> names;
  for (const auto& [name, g] : generations_)
    if (g.state == generation_state::partial
        && (out == nullptr || name != out->name))
      names.push_back(name);
  return names;
}

void guest_names::clear_parts(const push_effect* out, time_point now) {
  for (const auto& name : parts(out))
    remove_old(name, now);
}

void guest_names::clear_too_many_parts(const push_effect* out, time_point now) {
  if (room_ == room::short_of || parts(out).size() >= most_parts)
    clear_parts(out, now);
}

// Parts go first where they are too many or in the way, but a removal that was
// refused once is waited for no more.
bool guest_names::must_clear_first() const {
  const auto names = parts(nullptr);
  if (names.size() < most_parts && room_ == room::enough)
    return false;
  return std::any_of(names.begin(), names.end(), [this](const auto& name) {
    return removals_.is_untried(name);
  });
}

std::vector<copy_step> guest_names::begin_removals(time_point now) {
  std::vector<copy_step> steps;
  for (const auto& name : removals_.take(now))
    steps.push_back(removal_of(name));
  if (!steps.empty()) {
    removal_owner_ = tree_entry{};
    removal_owner_->uid = steps.front().uid;
    removal_owner_->gid = steps.front().gid;
  }
  return steps;
}

copy_step guest_names::removal_of(const std::string& name) const {
  // Before the first flip the root's owner is the one that is being pushed.
  const auto& root = acked_ ? root_ : pushed_root_;
  return removal_step(join(settings_.root, name), root.uid, root.gid);
}

copy_step guest_names::root_removal() const {
  // The shared directory itself belongs to root.
  return removal_step(settings_.root, 0, 0);
}

std::vector<copy_step> guest_names::all_removals() const {
  std::vector<copy_step> steps{removal_of(data_link)};
  for (const auto& entry : generations_)
    steps.push_back(removal_of(entry.first));
  for (const auto& entry : links_)
    steps.push_back(removal_of(entry.first));
  for (const auto& name : others_)
    steps.push_back(removal_of(name));
  return steps;
}

removed_parts guest_names::removals_tried(const removal_order& order,
                                          const order_outcome& outcome,
                                          time_point now) {
  removed_parts parts;
  removal_owner_.reset();
  for (std::size_t i = 0; i < order.steps.size(); ++i) {
    const auto& step = order.steps[i];
    const std::string name{base_name(step.path)};
    const auto result = i < outcome.removals.size() ? outcome.removals[i]
                                                    : removal_result::failed;
    removals_.tried(name, result, outcome.err.message, now);
    // What empties the files of a generation makes some, and may do so late.
    if (result == removal_result::failed && lost_answers(outcome)
        && !links_.contains(name))
      removals_.may_come_back(name, now);
    if (generations_.contains(name)) {
      generation_tried(name, result, outcome.sent, parts);
    } else {
      if (result == removal_result::failed && lost_answers(outcome))
        removed_links_.lost(name, now);
      link_tried(name, result);
    }
    // Guest agents from 4.0 on gave it to the root.
    if (acked_ && outcome.sent
        && (step.uid != root_.uid || step.gid != root_.gid))
      root_state_ = root_state::unsure;
  }
  return parts;
}

void guest_names::generation_tried(const std::string& name,
                                   removal_result result, bool was_sent,
                                   removed_parts& parts) {
  const bool is_part = generations_[name].state == generation_state::partial;
  const bool is_gone = result == removal_result::removed;
  if (is_gone || result == removal_result::emptied)
    generations_.erase(name);
  if (is_gone)
    parts.gone.push_back(name);
  else if (is_part && (was_sent || result != removal_result::failed))
    parts.left.push_back(name);
}

void guest_names::link_tried(const std::string& name, removal_result result) {
  const auto i = links_.find(name);
  // What is listed as emptied need not be listed as stale.
  if (result == removal_result::removed || result == removal_result::emptied)
    links_.erase(name);
  else if (result == removal_result::failed && i != links_.end()
           && i->second.state == link_state::there)
    // It may be gone all the same: wanted again, it has to be sent again.
    i->second.state = link_state::may_exist;
  // It became wanted while it was being removed.
  if (wanted_links_.contains(name))
    link_stays(name);
}

// Its removal is wanted no more. What may make it late is still known.
void guest_names::link_stays(const std::string& name) {
  if (const auto lost_at = removals_.lost_at(name)) {
    auto& link = links_[name];
    link.lost_at = std::max(link.lost_at, lost_at);
  }
  removals_.forget(name);
}

// What may still be named by a flip without an answer stays for now.
void guest_names::remove_old(const std::string& name, time_point now) {
  const auto& g = generations_.at(name);
  if (is_kept(g) || flips_.keeps_name(name))
    return;
  removals_.add(name, g.state == generation_state::old
                        ? std::max(now, g.old_since + settings_.grace)
                        : now);
  if (g.lost_at)
    removals_.may_come_back(name, *g.lost_at);
}

// Lets go the old generations beyond those that are kept.
void guest_names::keep_some(time_point now) {
  std::vector<std::pair<time_point, std::string>> old;
  for (const auto& [name, g] : generations_)
    if (g.state == generation_state::old && !removals_.contains(name))
      old.emplace_back(g.old_since, name);
  std::sort(old.begin(), old.end());
  for (std::size_t i = 0; i + settings_.keep_generations < old.size(); ++i)
    remove_old(old[i].second, now);
}

void guest_names::list_stale_links(time_point now) {
  for (const auto& [name, link] : links_) {
    if (wanted_links_.contains(name) || removals_.contains(name))
      continue;
    removals_.add(name, now);
    if (link.lost_at)
      removals_.may_come_back(name, *link.lost_at);
  }
}

void guest_names::flip_acknowledged(time_point now) {
  for (const auto& name : flips_.acknowledged(live_name_, now)) {
    const auto g = generations_.find(name);
    if (g != generations_.end() && g->second.state != generation_state::live)
      remove_old(name, now);
  }
}

bool guest_names::is_clean() const {
  if (!removals_.is_settled())
    return false;
  std::size_t stay = 0;
  for (const auto& [name, g] : generations_) {
    if (removals_.contains(name))
      continue;
    if (g.state == generation_state::partial)
      return false;
    stay += g.state == generation_state::old
                || g.state == generation_state::abandoned
              ? 1
              : 0;
  }
  return stay <= settings_.keep_generations;
}

counted_names guest_names::not_removable(std::size_t most) const {
  counted_names out;
  const auto& all = removals_.not_removable();
  for (auto i = all.begin(); i != all.end() && out.listed.size() < most; ++i)
    out.listed.push_back(join(settings_.root, *i));
  out.more = all.size() - out.listed.size() + removals_.more_emptied();
  return out;
}

leftover_page guest_names::leftovers(const std::string& after,
                                     std::size_t most) const {
  const auto inside = valid_utf8(settings_.root) + "/";
  leftover_page page;
  if (after < inside)
    page = removals_.leftovers({}, most);
  else if (after.starts_with(inside))
    page = removals_.leftovers(after.substr(inside.size()), most);
  for (auto& one : page.listed)
    one.path.insert(0, inside);
  return page;
}

counted_names guest_names::kept(std::size_t most) const {
  counted_names out;
  for (const auto& [name, g] : generations_) {
    if (!is_kept(g))
      continue;
    if (out.listed.size() < most)
      out.listed.push_back(name);
    else
      ++out.more;
  }
  return out;
}

} // namespace fsshare
