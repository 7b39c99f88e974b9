// SPDX-License-Identifier: Apache-2.0
#include "core/volume/guest_names.hpp"

#include <utility>

namespace fsshare {

guest_record::generation_state
guest_names::recorded_state(const std::string& name, const guest_generation& g,
                            const push_effect* out) const {
  using recorded = guest_record::generation_state;
  const bool is_live = acked_ && name == live_name_;
  if (is_kept(g))
    return recorded::kept;
  if (!is_live
      && (g.state == generation_state::live || flips_.keeps_name(name)
          || (out != nullptr && out->name == name)))
    return recorded::doubtful;
  switch (g.state) {
  case generation_state::partial:
  case generation_state::abandoned: return recorded::partial;
  default: return recorded::whole;
  }
}

guest_record guest_names::record(const push_effect* out) const {
  guest_record r;
  r.may_exist = may_exist() || out != nullptr;
  r.acknowledged = acked_;
  r.live_name = live_name_;
  const auto& root = acked_ ? root_ : pushed_root_;
  r.root = {root.mode, root.uid, root.gid, root_is_known()};
  for (const auto& [name, g] : generations_)
    r.generations[name] = {recorded_state(name, g, out), g.sealed, g.room};
  for (const auto& [name, link] : links_)
    r.links[name]
      = {link.state == link_state::there ? guest_record::link_state::there
         : link.state == link_state::unsealed
           ? guest_record::link_state::unsealed
           : guest_record::link_state::may_exist,
         link.uid, link.gid};
  r.wanted_links = wanted_links_;
  record_removals(r);
  if (out != nullptr)
    for (const auto& name : out->sent_links)
      r.links[name].state = guest_record::link_state::may_exist;
  r.others = others_;
  r.others_room = others_room_;
  for (auto i = attempts_.rbegin();
       i != attempts_.rend() && r.attempts.size() < guest_record::most_attempts;
       ++i)
    r.attempts.insert(*i);
  r.keep_until = keep_until_;
  r.landmarks = landmarks_;
  r.skipped = skipped_;
  return r;
}

// What was removed or emptied once is not forgotten by the next process either
// while it may come back, or its name stays.
void guest_names::record_removals(guest_record& into) const {
  for (auto& name : removals_.all())
    if (name.starts_with(".."))
      into.generations.try_emplace(
        std::move(name), guest_record::known_generation{
                           guest_record::generation_state::whole, {}, 0});
    else if (!removals_.is_emptied(name))
      into.links.try_emplace(std::move(name));
}

std::optional<push_record>
guest_names::push_record_of(const push_effect& out) const {
  if (!acked_)
    return std::nullopt;
  return push_record{out.name,       generations_.at(out.name).room,
                     out.host.name,  attempts_.at(out.host.name),
                     out.sent_links, root_state_ != root_state::known};
}

std::optional<push_record>
guest_names::next_push_record(const std::string& host_name) const {
  const auto live = generations_.find(live_name_);
  if (!acked_ || live == generations_.end())
    return std::nullopt;
  const auto tried = attempts_.find(host_name);
  const auto n = tried == attempts_.end() ? 0 : tried->second;
  return push_record{attempt_name(host_name, n), live->second.room, host_name,
                     n + 1};
}

// Requests that were out when it was written down may have happened, or happen
// yet.
guest_names::guest_names(settings s, const guest_record& from, time_point now)
  : guest_names(std::move(s)) {
  if (from.may_exist)
    was_sent();
  acked_ = from.acknowledged;
  live_name_ = from.live_name;
  root_.mode = from.root.mode;
  root_.uid = from.root.uid;
  root_.gid = from.root.gid;
  pushed_root_ = root_;
  root_state_ = from.root.is_known ? root_state::known : root_state::unsure;
  others_ = from.others;
  others_room_ = from.others_room;
  for (const auto& [name, times] : from.attempts)
    attempts_[name] = static_cast<unsigned>(times);
  wanted_links_ = from.wanted_links;
  keep_until_ = from.keep_until;
  landmarks_ = from.landmarks;
  skipped_ = from.skipped;
  restore_generations(from, now);
  restore_links(from, now);
}

void guest_names::restore_generations(const guest_record& from,
                                      time_point now) {
  using recorded = guest_record::generation_state;
  for (const auto& [name, known] : from.generations) {
    auto& g = generations_[name];
    g.sealed = known.sealed;
    g.room = known.room;
    g.old_since = now;
    const bool is_live = acked_ && name == live_name_;
    switch (known.state) {
    case recorded::partial: g.state = generation_state::partial; break;
    case recorded::doubtful:
      g.state = generation_state::live;
      g.lost_at = now;
      flips_.lost(name, now);
      doubtful_.push_back(name);
      break;
    case recorded::whole:
      g.state = is_live ? generation_state::live : generation_state::old;
      break;
    case recorded::kept:
      g.state
        = is_live ? generation_state::kept_live : generation_state::kept_old;
      break;
    }
  }
  // One of them is settled by a flip to the live one; see guest_copy.
  if (acked_)
    for (std::size_t i = 0; i + 1 < doubtful_.size(); ++i)
      generations_[doubtful_[i]].state = generation_state::abandoned;
  keep_some(now);
}

void guest_names::restore_links(const guest_record& from, time_point now) {
  for (const auto& [name, known] : from.links) {
    auto& link = links_[name];
    link.uid = known.uid;
    link.gid = known.gid;
    // A push that was cut off may have removed what it did not want.
    const bool is_sure = doubtful_.empty() || !acked_;
    if (known.state == guest_record::link_state::unsealed)
      link.state = link_state::unsealed;
    else if (known.state == guest_record::link_state::there && is_sure)
      link.state = link_state::there;
    if (wanted_links_.contains(name))
      continue;
    if (known.state == guest_record::link_state::may_exist)
      link.lost_at = now;
    removed_links_.lost(name, now);
  }
  list_stale_links(now);
}

} // namespace fsshare
