// SPDX-License-Identifier: Apache-2.0
#include "core/volume/guest_copy.hpp"

#include "core/earlier.hpp"
#include "core/paths.hpp"
#include "core/volume/sealed_secret.hpp"

#include <algorithm>
#include <utility>

namespace fsshare {

namespace {

constexpr const char* data_link = "..data";
// Waits after a push whose parts cannot be removed, once there are several.
constexpr auto first_hold = std::chrono::seconds{30};
constexpr auto last_hold = std::chrono::minutes{5};
// How many host names attempt_name() remembers.
constexpr std::size_t max_attempts = 64;
// So many parts are removed before the next push, whose memory they have.
constexpr std::size_t most_parts = 2;
// While something is sent, removals begin only this long after they are due.
constexpr std::chrono::nanoseconds removal_delay = std::chrono::seconds{1};

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

void forget_past(retry_record& tries, guest_copy::time_point now) {
  if (tries.is_due(now))
    tries.retry_now();
}

} // namespace

guest_copy::guest_copy(settings s)
  : settings_(std::move(s)),
    push_tries_(settings_.first_retry, settings_.last_retry, settings_.seed),
    settle_tries_(settings_.first_retry, settings_.last_retry, settings_.seed),
    repair_tries_(settings_.first_retry, settings_.last_retry, settings_.seed),
    hold_times_(first_hold, last_hold, settings_.seed + 2),
    removals_({settings_.first_retry, std::chrono::seconds{30},
               std::chrono::minutes{5}, settings_.seed + 1}),
    sent_(settings_.has_tree) {
}

void guest_copy::host_has(const generation& host, time_point now) {
  is_current_ = acked_ == host;
  if (!is_current_)
    return;
  // There is nothing to push, so nothing that fails, nor a flip to wait for.
  push_tries_.succeeded();
  clear_parts(now);
}

std::optional<guest_order> guest_copy::next(const volume_snapshot_ptr& host,
                                            time_point now) {
  if (leaving_) {
    if (!out_ && !removing_)
      removing_ = remove_all();
    else
      return std::nullopt;
    return removing_ ? std::optional<guest_order>{*removing_} : std::nullopt;
  }
  forget_past(push_tries_, now);
  forget_past(settle_tries_, now);
  forget_past(repair_tries_, now);
  if (hold_ && hold_->until <= now)
    hold_.reset();
  if (host)
    host_has(host->id, now);
  if (needs_room_ || parts().size() >= most_parts)
    clear_parts(now);
  if (!out_) {
    out_ = next_sending(host, now);
    if (out_)
      return out_->order;
  }
  if (!removing_ && !unsettled_)
    if ((removing_ = clear(now)))
      return *removing_;
  return std::nullopt;
}

// The order matters: a live generation is settled before anything else.
std::optional<guest_copy::order_out>
guest_copy::next_sending(const volume_snapshot_ptr& host, time_point now) {
  const auto as = [](purpose why, std::optional<guest_order> order) {
    return order ? std::optional{order_out{why, *std::move(order)}}
                 : std::nullopt;
  };
  if (unsettled_)
    return settle_tries_.is_due(now) ? as(purpose::settle, settle())
                                     : std::nullopt;
  if (host && acked_ != host->id && may_push(now))
    return as(purpose::push, push(host));
  if (repair_tries_.is_due(now))
    if (auto order = as(purpose::repair, repair()))
      return order;
  return as(purpose::confirm, confirm(now));
}

bool guest_copy::may_push(time_point now) const {
  return push_tries_.is_due(now) && !hold_ && !must_clear_first();
}

// Generations in part since the last flip, but for the one being pushed.
std::vector<std::string> guest_copy::parts() const {
  std::vector<std::string> names;
  const bool is_pushing = out_ && out_->why == purpose::push;
  for (const auto& [name, g] : generations_)
    if (g.state == name_state::partial
        && !(is_pushing && name == pushing_.name))
      names.push_back(name);
  return names;
}

void guest_copy::clear_parts(time_point now) {
  for (const auto& name : parts())
    remove_old(name, now);
}

// Parts go first where they are too many or in the way, but a removal that was
// refused once is waited for no more.
bool guest_copy::must_clear_first() const {
  const auto names = parts();
  if (names.size() < most_parts && !needs_room_)
    return false;
  return std::any_of(names.begin(), names.end(), [this](const auto& name) {
    return removals_.is_untried(name);
  });
}

std::optional<guest_order> guest_copy::settle() const {
  const auto& push = unsettled_->push;
  const auto& target = unsettled_->back ? live_name_ : push.name;
  return steps_order{
    {flip_step(settings_.root, target, push.root.uid, push.root.gid)}};
}

// While flips without an answer may happen.
std::optional<guest_order> guest_copy::confirm(time_point now) const {
  const auto due = doubt_.next_due(live_name_);
  if (!acked_ || !due || *due > now)
    return std::nullopt;
  return steps_order{
    {flip_step(settings_.root, live_name_, root_.uid, root_.gid)}};
}

std::optional<guest_order> guest_copy::push(const volume_snapshot_ptr& host) {
  needs_room_ = false;
  pending_push next;
  next.name = attempt_name(host->id.name);
  next.host = host->id;
  next.root = host->root;
  next.links = host->links;
  next.sealed = sealed_files(*host);
  // From now on they are wanted.
  for (const auto& name : next.links)
    if (!removals_.is_out(name))
      removals_.forget(name);
  if (!acked_) {
    // The rest of the root comes with the first copy and is left alone later.
    others_.clear();
    for (const auto& entry : host->others.entries)
      others_.emplace(first_component(entry.path));
  }
  auto options = options_for(*host, next);
  for (const auto& name : next.links)
    if (!options.links_made.contains(name))
      next.sent_links.insert(name);
  root_unsure_ |= options.send_root;
  generations_[next.name].state = name_state::partial;
  pushed_root_ = next.root;
  pushing_ = std::move(next);
  ++pushes_;
  return push_order{host, std::move(options)};
}

push_options guest_copy::options_for(const volume_snapshot& host,
                                     const pending_push& push) const {
  push_options options;
  options.guest_root = settings_.root;
  options.attempt_name = push.name;
  options.send_root = !acked_ || root_unsure_ || root_.mode != host.root.mode
                      || !same_owner(root_, host.root);
  options.send_others = !acked_ && !settings_.has_tree;
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
std::set<std::string> guest_copy::links_made(const pending_push& push) const {
  std::set<std::string> made;
  for (const auto& name : push.links) {
    const auto link = links_.find(name);
    const bool is_there
      = link != links_.end()
        && (link->second.is_unsealed
            || (link->second.acknowledged && link->second.uid == push.root.uid
                && link->second.gid == push.root.gid));
    if (is_there || removals_.is_out(name))
      made.insert(name);
  }
  return made;
}

std::optional<guest_order> guest_copy::repair() {
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
    if (link.acknowledged || removals_.is_out(name))
      continue;
    link.sent = true;
    order.steps.push_back(
      visible_link_step(settings_.root, name, root_.uid, root_.gid));
  }
  if (order.steps.empty())
    return std::nullopt;
  return order;
}

std::optional<removal_order> guest_copy::clear(time_point now) {
  const auto names = removals_.take(out_ ? now - removal_delay : now);
  if (names.empty())
    return std::nullopt;
  return removal(names);
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

std::optional<removal_order> guest_copy::remove_all() {
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
  const auto* push = out_ ? std::get_if<push_order>(&out_->order) : nullptr;
  // Generations have names of their own. The rest of the root has not: what was
  // sent of it could be in the way of what would be sent again, as a directory
  // that bears the temporary name of a file.
  return push != nullptr && left_behind_.empty() && wasted_ < requests_of(*push)
         && !(push->options.send_others
              && !push->snapshot->others.entries.empty());
}

void guest_copy::leave() {
  leaving_ = true;
}

bool guest_copy::gone() const {
  return leaving_ && left_ && !out_ && !removing_;
}

bool guest_copy::needs(const generation& host, time_point now) const {
  return wants(host, now) && !out_ && !unsettled_;
}

bool guest_copy::wants(const generation& host, time_point now) const {
  return !leaving_ && acked_ != host && held(now) == nullptr
         && push_tries_.is_due(now);
}

std::optional<guest_copy::time_point> guest_copy::next_due() const {
  if (leaving_)
    return std::nullopt;
  std::optional<time_point> due;
  if (!out_ && unsettled_) {
    due = settle_tries_.due_at();
  } else if (!out_) {
    due = push_tries_.due_at();
    if (hold_)
      due = due ? std::max(*due, hold_->until) : hold_->until;
    due = earlier(due, repair_tries_.due_at());
    if (acked_)
      due = earlier(due, doubt_.next_due(live_name_));
  }
  if (removing_ || unsettled_)
    return due;
  auto removal = removals_.next_due();
  if (removal && out_)
    *removal += removal_delay;
  return earlier(due, removal);
}

std::string guest_copy::attempt_name(const std::string& host_name) {
  if (attempts_.size() >= max_attempts && !attempts_.contains(host_name))
    // Names sort by time; the oldest was replaced on the host long ago.
    attempts_.erase(attempts_.begin());
  const auto n = attempts_[host_name]++;
  return n == 0 ? host_name : host_name + "." + std::to_string(n);
}

} // namespace fsshare
