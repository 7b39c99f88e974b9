// SPDX-License-Identifier: Apache-2.0
#include "core/volume/guest_names.hpp"

#include "core/copy/guest_budget.hpp"
#include "core/copy/landmarks.hpp"
#include "core/earlier.hpp"
#include "core/paths.hpp"
#include "core/volume/sealed_secret.hpp"

#include <algorithm>
#include <utility>

namespace fsshare {

namespace {

// How many host names attempt_name() remembers.
constexpr std::size_t max_attempts = 64;

bool same_owner(const tree_entry& x, const tree_entry& y) {
  return x.uid == y.uid && x.gid == y.gid;
}

} // namespace

guest_names::guest_names(settings s)
  : settings_(std::move(s)), removals_(settings_.seed + 1) {
  if (settings_.has_tree)
    was_sent();
}

std::string guest_names::attempt_name(const std::string& host_name,
                                      unsigned n) {
  return n == 0 ? host_name : host_name + "." + std::to_string(n);
}

std::string guest_names::new_attempt(const std::string& host_name) {
  if (attempts_.size() >= max_attempts && !attempts_.contains(host_name))
    // Names sort by time; the oldest was replaced on the host long ago.
    attempts_.erase(attempts_.begin());
  return attempt_name(host_name, attempts_[host_name]++);
}

planned_push guest_names::begin_push(const volume_snapshot& host) {
  room_ = room::enough;
  push_effect effect;
  effect.name = new_attempt(host.id.name);
  effect.host = host.id;
  effect.root = host.root;
  effect.links = host.links;
  effect.sealed = sealed_files(host);
  effect.landmarks = landmark_files(
    host.tree, join(settings_.root, effect.name), landmarks::files_per_volume);
  // From now on they are wanted.
  for (const auto& name : effect.links)
    if (!removals_.is_out(name))
      link_stays(name);
  if (!acked_) {
    // The rest of the root comes with the first copy and is left alone later.
    others_.clear();
    others_room_ = guest_memory_of(host.others);
    for (const auto& entry : host.others.entries)
      others_.emplace(first_component(entry.path));
    if (without_others_)
      for (const auto& name : others_)
        effect.skipped.push_back(
          {name, "is as it was shared: " + without_others_->message});
  }
  auto options = options_for(host, effect);
  for (const auto& name : effect.links)
    if (!options.links_made.contains(name))
      effect.sent_links.insert(name);
  if (options.send_root)
    root_state_ = root_state::unsure;
  auto& begun = generations_[effect.name];
  begun.state = generation_state::partial;
  begun.room = guest_memory_of(host.tree);
  pushed_root_ = effect.root;
  return {std::move(effect), std::move(options)};
}

push_options guest_names::options_for(const volume_snapshot& host,
                                      const push_effect& push) const {
  push_options options;
  options.guest_root = settings_.root;
  options.attempt_name = push.name;
  options.send_root = !acked_ || !root_is_known()
                      || root_.mode != host.root.mode
                      || !same_owner(root_, host.root);
  options.send_others = !acked_ && !without_others_;
  options.links = push.links;
  options.links_made = links_made(push);
  if (acked_)
    options.taken = others_;
  const std::set<std::string> wanted{push.links.begin(), push.links.end()};
  for (const auto& name : wanted_links_)
    if (!wanted.contains(name))
      options.links_to_remove.push_back(name);
  return options;
}

// Those that a push need not send, or must not while they are being removed;
// what it leaves out is judged all the same.
std::set<std::string> guest_names::links_made(const push_effect& push) const {
  std::set<std::string> made;
  for (const auto& name : push.links) {
    const auto found = links_.find(name);
    const auto* link = found == links_.end() ? nullptr : &found->second;
    const bool stays
      = link != nullptr
        && (link->state == link_state::unsealed
            || (link->state == link_state::there && link->uid == push.root.uid
                && link->gid == push.root.gid));
    if (stays || removals_.is_out(name))
      made.insert(name);
  }
  return made;
}

void guest_names::flip_unknown(const push_effect& push) {
  auto& g = generations_[push.name];
  if (!is_kept(g))
    g.state = generation_state::live;
}

void guest_names::flip_lost(const std::string& name, time_point now) {
  flips_.lost(name, now);
}

void guest_names::went_live(push_effect push, time_point now) {
  others_are_old(push.name, now);
  auto& live = generations_[push.name];
  live.state = generation_state::live;
  live.sealed = std::move(push.sealed);
  live_name_ = push.name;
  acked_ = push.host;
  root_ = push.root;
  // A removal that is out hands another owner on to the root.
  root_state_ = removal_owner_ && !same_owner(*removal_owner_, root_)
                  ? root_state::unsure
                  : root_state::known;
  links_went_live(push, now);
  landmarks_ = std::move(push.landmarks);
  skipped_ = std::move(push.skipped);
  flip_acknowledged(now);
  if (keep_until_ && now < *keep_until_)
    keep(live_name_);
  keep_some(now);
}

void guest_names::others_are_old(const std::string& live, time_point now) {
  for (auto& [name, g] : generations_) {
    if (name == live)
      continue;
    switch (g.state) {
    case generation_state::live:
      g.state = generation_state::old;
      g.old_since = now;
      break;
    case generation_state::kept_live:
      g.state = generation_state::kept_old;
      g.old_since = now;
      break;
    case generation_state::partial:
      g.state = generation_state::abandoned;
      g.old_since = now;
      remove_old(name, now);
      break;
    case generation_state::abandoned:
    case generation_state::old:
    case generation_state::kept_old: break;
    }
  }
}

void guest_names::links_went_live(const push_effect& push, time_point now) {
  for (const auto& name : push.unlinked) {
    link_stays(name);
    const auto link = links_.find(name);
    if (link == links_.end())
      continue;
    if (link->second.lost_at)
      link->second.state = link_state::may_exist;
    else
      links_.erase(link);
  }
  wanted_links_ = {push.links.begin(), push.links.end()};
  for (const auto& name : wanted_links_) {
    const auto i = links_.find(name);
    // One that was there before may have the owner of another generation.
    if (i != links_.end() && i->second.state == link_state::there
        && (i->second.uid != root_.uid || i->second.gid != root_.gid
            || removals_.is_out(name)))
      i->second.state = link_state::may_exist;
    if (!removals_.is_out(name))
      link_stays(name);
  }
  list_stale_links(now);
}

void guest_names::links_sent(const std::set<std::string>& names,
                             const order_outcome& outcome, time_point now) {
  for (const auto& name : names) {
    auto& link = links_[name];
    link.state = outcome.complete ? link_state::there : link_state::may_exist;
    link.uid = root_.uid;
    link.gid = root_.gid;
    if (lost_answers(outcome))
      link.lost_at = now;
    if (outcome.complete)
      removed_links_.made(name, now);
  }
  const auto live = generations_.find(live_name_);
  if (live != generations_.end() && is_kept(live->second))
    keep(live_name_);
}

void guest_names::never_went_live(const push_effect& push,
                                  const order_outcome& outcome,
                                  time_point now) {
  if (!acked_ && settings_.has_tree && !others_.empty())
    others_failed(outcome);
  if (outcome.sent) {
    auto& g = generations_[push.name];
    g.state = generation_state::partial;
    if (outcome.flip == flip_state::not_sent && lost_answers(outcome))
      g.lost_at = now;
  } else {
    generations_.erase(push.name);
  }
  // They were removed for its sake.
  for (const auto& name : push.unlinked) {
    if (const auto i = links_.find(name); i != links_.end())
      i->second.state = link_state::may_exist;
    if (lost_answers(outcome))
      removed_links_.lost(name, now);
  }
  list_stale_links(now);
}

// Tries with them and without take turns: either may be what fails.
void guest_names::others_failed(const order_outcome& outcome) {
  if (outcome.cause != stop_cause::failed
      || outcome.flip != flip_state::not_sent)
    return;
  if (without_others_)
    without_others_.reset();
  else
    without_others_ = outcome.err;
}

planned_repair guest_names::begin_repair(time_point now) {
  planned_repair repair;
  if (!acked_)
    return repair;
  if (!root_is_known()) {
    copy_step root;
    root.path = settings_.root;
    root.mode = root_.mode;
    root.uid = root_.uid;
    root.gid = root_.gid;
    repair.steps.push_back(std::move(root));
    root_state_ = root_state::sent;
  }
  for (const auto& name : wanted_links_) {
    const auto& link = links_[name];
    const auto due = removed_links_.due_at(name);
    const bool is_made_again
      = link.state == link_state::there && due && *due <= now;
    if ((is_there(link) && !is_made_again) || removals_.is_out(name))
      continue;
    repair.links.insert(name);
    repair.steps.push_back(
      visible_link_step(settings_.root, name, root_.uid, root_.gid));
  }
  return repair;
}

void guest_names::repaired() {
  // A removal may have handed another owner on meanwhile.
  if (root_state_ == root_state::sent)
    root_state_ = root_state::known;
}

bool guest_names::is_repaired() const {
  return root_is_known() && links_are_there();
}

bool guest_names::links_are_there() const {
  return std::all_of(wanted_links_.begin(), wanted_links_.end(),
                     [this](const std::string& name) {
                       const auto link = links_.find(name);
                       return link != links_.end() && is_there(link->second);
                     });
}

std::optional<guest_names::time_point> guest_names::links_due() const {
  std::optional<time_point> due;
  if (!acked_)
    return due;
  for (const auto& name : wanted_links_) {
    const auto link = links_.find(name);
    if (link != links_.end() && link->second.state == link_state::there
        && !removals_.is_out(name))
      due = earlier(due, removed_links_.due_at(name));
  }
  return due;
}

std::optional<guest_names::time_point> guest_names::flip_due() const {
  return acked_ ? flips_.next_due(live_name_) : std::nullopt;
}

std::vector<copy_step> guest_names::flip_to_live() const {
  return {flip_step(settings_.root, live_name_, root_.uid, root_.gid)};
}

std::vector<copy_step> guest_names::flip_to(const push_effect& push) const {
  return {flip_step(settings_.root, push.name, push.root.uid, push.root.gid)};
}

push_effect guest_names::live() const {
  push_effect live;
  live.name = live_name_;
  live.host = acked_.value_or(generation{});
  live.root = root_;
  live.links = {wanted_links_.begin(), wanted_links_.end()};
  live.skipped = skipped_;
  return live;
}

void guest_names::keep_sealed(time_point now) {
  keep_until_ = now + container_start;
  keep(live_name_);
}

void guest_names::keep(const std::string& name) {
  const auto g = generations_.find(name);
  if (g == generations_.end() || g->second.sealed.empty())
    return;
  if (g->second.state == generation_state::live)
    g->second.state = generation_state::kept_live;
  for (const auto& file : g->second.sealed)
    if (const auto link = links_.find(file);
        link != links_.end() && link->second.state == link_state::there)
      link->second.state = link_state::unsealed;
}

void guest_names::guest_is_empty() {
  without_others_.reset();
  acked_.reset();
  root_state_ = root_state::known;
  for (auto& entry : links_)
    entry.second.state = link_state::may_exist;
  for (auto& entry : generations_) {
    auto& state = entry.second.state;
    if (state == generation_state::kept_live)
      state = generation_state::live;
    else if (state == generation_state::kept_old)
      state = generation_state::old;
  }
}

} // namespace fsshare
