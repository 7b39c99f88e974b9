// SPDX-License-Identifier: Apache-2.0
#include "core/paths.hpp"
#include "core/volume/guest_copy.hpp"

#include <algorithm>
#include <utility>

namespace fsshare {

namespace {

// So many parts that cannot be removed may pile up between two flips without a
// long wait.
constexpr std::size_t max_left_behind = 3;

} // namespace

void guest_copy::removal_finished(const removal_order& order,
                                  const order_outcome& outcome,
                                  time_point now) {
  if (leaving_
      && (root_denied_ || order.steps.front().path == settings_.root)) {
    end_removed(order, outcome);
    return;
  }
  for (std::size_t i = 0; i < order.steps.size(); ++i) {
    const auto& step = order.steps[i];
    const std::string name{base_name(step.path)};
    const auto result = i < outcome.removals.size() ? outcome.removals[i]
                                                    : removal_result::failed;
    removals_.tried(name, result, outcome.err.message, now);
    if (generations_.contains(name))
      generation_tried(name, result, outcome.sent, now);
    else
      link_tried(name, result);
    // Guest agents from 4.0 on gave it to the root.
    root_unsure_ |= acked_ && outcome.sent
                    && (step.uid != root_.uid || step.gid != root_.gid);
  }
}

// A policy may forbid to remove the root alone: then all that is in it goes.
void guest_copy::end_removed(const removal_order& order,
                             const order_outcome& outcome) {
  const bool is_denied = !outcome.removals.empty()
                         && outcome.removals.front() == removal_result::denied;
  const bool is_root = order.steps.front().path == settings_.root;
  if (is_root && !outcome.complete)
    leftovers_ = {{settings_.root, outcome.err.message}};
  if (!is_root && outcome.complete)
    leftovers_ = {{settings_.root, "nothing is in it any more; the guest's "
                                   "policy forbids its removal"}};
  left_ = !is_root || !is_denied;
  root_denied_ = is_denied;
}

void guest_copy::generation_tried(const std::string& name,
                                  removal_result result, bool was_sent,
                                  time_point now) {
  const bool is_part = generations_[name].state == name_state::partial;
  const bool is_gone = result == removal_result::removed;
  if (is_gone || result == removal_result::emptied) {
    generations_.erase(name);
  }
  if (is_gone) {
    left_behind_.erase(name);
    if (left_behind_.size() < max_left_behind)
      hold_.reset();
  } else if (is_part && (was_sent || result != removal_result::failed)) {
    left_behind(name, now);
  }
}

void guest_copy::link_tried(const std::string& name, removal_result result) {
  if (result == removal_result::removed)
    links_.erase(name);
  else if (result == removal_result::failed)
    // It may be gone all the same: wanted again, it has to be sent again.
    links_[name].acknowledged = links_[name].is_unsealed;
  // It became wanted while it was being removed.
  if (wanted_links_.contains(name))
    removals_.forget(name);
}

void guest_copy::left_behind(const std::string& name, time_point now) {
  const bool is_new = left_behind_.insert(name).second;
  if (!is_new || left_behind_.size() < max_left_behind)
    return;
  const auto parts = std::to_string(left_behind_.size())
                     + " copies in part cannot be removed from guest path "
                     + settings_.root + ", so the next try waits";
  const auto* why = push_tries_.why();
  hold_ = push_hold{now + hold_times_.next(),
                    why != nullptr ? why->within(parts)
                                   : error{errc::failed_precondition, parts}};
}

// What may still be named by a flip without an answer stays for now.
void guest_copy::remove_old(const std::string& name, time_point now) {
  const auto& g = generations_.at(name);
  if (g.is_kept || doubt_.keeps_name(name))
    return;
  removals_.add(name, g.was_live ? std::max(now, g.old_since + settings_.grace)
                                 : now);
  if (g.lost_at)
    removals_.may_come_back(name, *g.lost_at);
}

// Lets go the old generations beyond those that are kept.
void guest_copy::keep_some(time_point now) {
  std::vector<std::pair<time_point, std::string>> old;
  for (const auto& [name, g] : generations_)
    if (g.state == name_state::old && g.was_live && !g.is_kept
        && !removals_.contains(name))
      old.emplace_back(g.old_since, name);
  std::sort(old.begin(), old.end());
  for (std::size_t i = 0; i + settings_.keep_generations < old.size(); ++i)
    remove_old(old[i].second, now);
}

void guest_copy::keep_sealed(time_point now) {
  keep_until_ = now + container_start;
  keep(live_name_);
}

void guest_copy::keep(const std::string& name) {
  const auto g = generations_.find(name);
  if (g == generations_.end() || g->second.sealed.empty())
    return;
  g->second.is_kept = true;
  for (const auto& file : g->second.sealed)
    if (const auto link = links_.find(file); link != links_.end())
      link->second.is_unsealed |= link->second.acknowledged;
}

void guest_copy::list_stale_links(time_point now) {
  std::erase_if(links_, [](const auto& entry) {
    return !entry.second.sent;
  });
  for (const auto& [name, link] : links_) {
    if (wanted_links_.contains(name) || removals_.contains(name))
      continue;
    removals_.add(name, now);
    if (link.lost_at)
      removals_.may_come_back(name, *link.lost_at);
  }
}

void guest_copy::flip_acknowledged(time_point now) {
  for (const auto& name : doubt_.acknowledged(live_name_, now)) {
    const auto g = generations_.find(name);
    if (g != generations_.end() && g->second.state != name_state::live)
      remove_old(name, now);
  }
}

void guest_copy::send_now() {
  push_tries_.retry_now();
  settle_tries_.retry_now();
  repair_tries_.retry_now();
}

void guest_copy::retry_now(time_point now) {
  send_now();
  removals_.retry_now(now);
}

void guest_copy::guest_is_empty(time_point now) {
  if (out_)
    restarts_ = true;
  start_over(now);
}

// Names stay known: should they be there after all, they are removed.
void guest_copy::start_over(time_point now) {
  acked_.reset();
  unsettled_.reset();
  root_unsure_ = false;
  for (auto& entry : links_) {
    entry.second.acknowledged = false;
    entry.second.is_unsealed = false;
  }
  for (auto& entry : generations_)
    entry.second.is_kept = false;
  retry_now(now);
}

} // namespace fsshare
