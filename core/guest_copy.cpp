// SPDX-License-Identifier: Apache-2.0
#include "core/guest_copy.hpp"

#include "core/paths.hpp"
#include "core/sealed_secret.hpp"

#include <algorithm>

namespace fsshare {

namespace {

constexpr const char* data_link = "..data";
// Waits after a push whose parts cannot be removed, once there are several.
constexpr auto first_hold = std::chrono::seconds{30};
constexpr auto last_hold = std::chrono::minutes{5};
// How many host names attempt_name() remembers.
constexpr std::size_t max_attempts = 64;

bool same_owner(const tree_entry& x, const tree_entry& y) {
  return x.uid == y.uid && x.gid == y.gid;
}

// Requests that a push takes at least: those of its tree, and the flip.
std::uint64_t requests_of(const push_order& push) {
  std::uint64_t count = 1;
  for (const auto& entry : push.snapshot->tree.entries)
    count += 1 + (entry.size == 0 ? 0 : (entry.size - 1) / default_chunk_bytes);
  return count;
}

} // namespace

guest_copy::guest_copy(settings s)
  : settings_(std::move(s)),
    retry_(settings_.first_retry, settings_.last_retry, settings_.seed),
    removal_retry_(settings_.first_retry, settings_.last_retry,
                   settings_.seed + 1),
    hold_times_(first_hold, last_hold, settings_.seed + 2) {
}

std::optional<guest_order> guest_copy::next(const volume_snapshot_ptr& host,
                                            time_point now) {
  if (out_)
    return std::nullopt;
  if (retry_at_ && *retry_at_ <= now)
    retry_at_.reset();
  if (removal_retry_at_ && *removal_retry_at_ <= now)
    removal_retry_at_.reset();
  if (hold_ && hold_->until <= now)
    hold_.reset();
  if (leaving_)
    out_ = remove_all();
  else if (!retry_at_) {
    // The order matters: a live generation is settled before anything else, and
    // a partial one is gone before its successor takes its memory.
    out_ = settle();
    if (!out_)
      out_ = clear_partial();
    if (!out_ && host && !hold_)
      out_ = push(host);
    if (!out_)
      out_ = repair_root();
  }
  if (!out_ && !leaving_ && !unsettled_ && !removal_retry_at_)
    out_ = clear_stale(now);
  return out_;
}

std::optional<guest_order> guest_copy::settle() const {
  if (!unsettled_)
    return std::nullopt;
  const auto& push = unsettled_->push;
  const auto& target = unsettled_->back ? live_name_ : push.name;
  return steps_order{
    {flip_step(settings_.root, target, push.root.uid, push.root.gid)}};
}

std::optional<guest_order> guest_copy::clear_partial() const {
  std::vector<std::string> names;
  for (const auto& entry : generations_)
    if (entry.second.state == name_state::partial)
      names.push_back(entry.first);
  if (names.empty())
    return std::nullopt;
  return removal(names);
}

std::optional<guest_order> guest_copy::push(const volume_snapshot_ptr& host) {
  if (acked_ == host->id)
    return std::nullopt;
  pending_push next;
  next.name = attempt_name(host->id.name);
  next.host = host->id;
  next.root = host->root;
  next.links = wanted_links(*host, next.skipped);
  next.sealed = sealed_files(*host);
  push_options options;
  options.guest_root = settings_.root;
  options.attempt_name = next.name;
  options.send_root = !acked_ || root_unsure_ || root_.mode != host->root.mode
                      || !same_owner(root_, host->root);
  root_unsure_ = options.send_root;
  options.send_others = !acked_;
  options.links = unsent_links(next);
  generations_[next.name].state = name_state::partial;
  for (const auto& name : options.links)
    links_.try_emplace(name);
  pushed_root_ = next.root;
  pushing_ = std::move(next);
  ++pushes_;
  return push_order{host, std::move(options)};
}

std::optional<guest_order> guest_copy::repair_root() {
  if (!acked_)
    return std::nullopt;
  steps_order order;
  if (root_unsure_) {
    copy_step root;
    root.path = settings_.root;
    root.mode = root_.mode;
    root.uid = root_.uid;
    root.gid = root_.gid;
    order.steps.push_back(std::move(root));
  }
  for (const auto& name : wanted_links_) {
    auto& link = links_[name];
    if (link.acknowledged)
      continue;
    link.sent = true;
    order.steps.push_back(link_step(name, join(data_link, name), root_));
  }
  if (order.steps.empty())
    return std::nullopt;
  return order;
}

std::optional<guest_order> guest_copy::clear_stale(time_point now) const {
  auto names = stale_links();
  for (const auto& [name, due] : stale_generations())
    if (due <= now)
      names.push_back(name);
  if (names.empty())
    return std::nullopt;
  return removal(names);
}

std::optional<guest_order> guest_copy::remove_all() {
  if (left_)
    return std::nullopt;
  if (!sent_) {
    left_ = true;
    return std::nullopt;
  }
  if (root_denied_) {
    std::vector<std::string> names{data_link};
    for (const auto& entry : generations_)
      names.push_back(entry.first);
    for (const auto& [name, link] : links_)
      if (link.sent)
        names.push_back(name);
    names.insert(names.end(), others_.begin(), others_.end());
    return removal(names);
  }
  // The shared directory itself belongs to root.
  return removal_order{{removal_step(settings_.root, 0, 0)}};
}

bool guest_copy::overtaken() const {
  const auto* push = out_ ? std::get_if<push_order>(&*out_) : nullptr;
  // Generations have names of their own. The rest of the root has not: what was
  // sent of it could be in the way of what would be sent again, as a directory
  // that bears the temporary name of a file.
  return push != nullptr && left_behind_.empty() && wasted_ < requests_of(*push)
         && !(push->options.send_others
              && !push->snapshot->others.entries.empty());
}

void guest_copy::retry_now() {
  retry_at_.reset();
  removal_retry_at_.reset();
  for (const auto& entry : unremoved_)
    retry_stuck(entry.first);
}

void guest_copy::retry_denied() {
  for (const auto& [name, why] : unremoved_)
    if (why.result == removal_result::denied)
      retry_stuck(name);
}

void guest_copy::retry_stuck(const std::string& name) {
  if (const auto g = generations_.find(name); g != generations_.end()) {
    if (g->second.state == name_state::stuck)
      g->second.state = name_state::old;
  } else if (const auto link = links_.find(name); link != links_.end()) {
    link->second.stuck = false;
  }
}

void guest_copy::leave() {
  leaving_ = true;
}

bool guest_copy::gone() const {
  return leaving_ && left_ && !out_;
}

bool guest_copy::needs(const generation& host, time_point now) const {
  return wants(host, now) && !out_ && !unsettled_;
}

bool guest_copy::wants(const generation& host, time_point now) const {
  return !leaving_ && acked_ != host && held(now) == nullptr
         && (!retry_at_ || *retry_at_ <= now);
}

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
  if (!has_whole_copy() || acked_ != host || !stale_links().empty())
    return false;
  return stale_generations().empty()
         && std::none_of(generations_.begin(), generations_.end(),
                         [](const auto& entry) {
                           return entry.second.state == name_state::partial;
                         });
}

std::optional<guest_copy::time_point> guest_copy::next_due() const {
  if (out_ || left_)
    return std::nullopt;
  auto due = retry_at_;
  if (!leaving_ && hold_)
    due = due ? std::max(*due, hold_->until) : hold_->until;
  if (!leaving_ && !unsettled_) {
    for (const auto& entry : stale_generations()) {
      const auto at = removal_retry_at_
                        ? std::max(entry.second, *removal_retry_at_)
                        : entry.second;
      due = due ? std::min(*due, at) : at;
    }
    if (removal_retry_at_ && !stale_links().empty())
      due = due ? std::min(*due, *removal_retry_at_) : *removal_retry_at_;
  }
  return due;
}

std::string guest_copy::attempt_name(const std::string& host_name) {
  if (attempts_.size() >= max_attempts && !attempts_.contains(host_name))
    // Names sort by time; the oldest was replaced on the host long ago.
    attempts_.erase(attempts_.begin());
  const auto n = attempts_[host_name]++;
  return n == 0 ? host_name : host_name + "." + std::to_string(n);
}

std::vector<std::string> guest_copy::wanted_links(const volume_snapshot& host,
                                                  skipped_list& refused) {
  std::set<std::string> on_host;
  for (const auto& entry : host.others.entries)
    on_host.emplace(first_component(entry.path));
  // The rest of the root comes with the first copy and is left alone later.
  if (!acked_)
    others_ = on_host;
  std::vector<std::string> wanted;
  for (const auto& name : host.links) {
    if (!on_host.contains(name) && !others_.contains(name))
      wanted.push_back(name);
    else
      refused.push_back({name, "is not a link in the volume's root"});
  }
  return wanted;
}

std::vector<std::string>
guest_copy::unsent_links(const pending_push& push) const {
  std::vector<std::string> unsent;
  for (const auto& name : push.links) {
    const auto link = links_.find(name);
    if (link == links_.end()
        || (!link->second.is_unsealed
            && (!link->second.acknowledged || link->second.uid != push.root.uid
                || link->second.gid != push.root.gid)))
      unsent.push_back(name);
  }
  return unsent;
}

std::vector<std::string> guest_copy::stale_links() const {
  std::vector<std::string> names;
  for (const auto& [name, link] : links_)
    if (link.sent && !link.stuck && !wanted_links_.contains(name))
      names.push_back(name);
  return names;
}

std::vector<std::pair<std::string, guest_copy::time_point>>
guest_copy::stale_generations() const {
  std::vector<std::pair<std::string, time_point>> old;
  for (const auto& [name, g] : generations_)
    if (g.state == name_state::old && !g.is_kept)
      old.emplace_back(name, g.old_since + settings_.grace);
  std::sort(old.begin(), old.end(), [](const auto& x, const auto& y) {
    return x.second < y.second;
  });
  const auto kept = std::min(settings_.keep_generations, old.size());
  old.resize(old.size() - kept);
  return old;
}

copy_step guest_copy::link_step(const std::string& name,
                                const std::string& target,
                                const tree_entry& root) const {
  copy_step step;
  step.type = entry_type::symlink;
  step.path = join(settings_.root, name);
  // The owner of the directory, not the link's own: guest agents from 4.0 on
  // give the parent the owner of each request.
  step.uid = root.uid;
  step.gid = root.gid;
  step.mode = 0777;
  step.target = target;
  return step;
}

removal_order guest_copy::removal(const std::vector<std::string>& names) const {
  // Before the first flip the root's owner is the one that is being pushed.
  const auto& root = acked_ ? root_ : pushed_root_;
  removal_order order;
  for (const auto& name : names)
    order.steps.push_back(
      removal_step(join(settings_.root, name), root.uid, root.gid));
  return order;
}

std::vector<std::string> guest_copy::not_removable() const {
  std::vector<std::string> paths;
  for (const auto& [name, g] : generations_)
    if (g.state == name_state::stuck)
      paths.push_back(join(settings_.root, name));
  for (const auto& [name, link] : links_)
    if (link.stuck && !wanted_links_.contains(name))
      paths.push_back(join(settings_.root, name));
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
  for (const auto& [name, why] : unremoved_)
    all.push_back({join(settings_.root, name), why.reason});
  return all;
}

} // namespace fsshare
