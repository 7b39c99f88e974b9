// SPDX-License-Identifier: Apache-2.0
#include "actors/guest_proxy.hpp"
#include "core/paths.hpp"
#include "log/log.hpp"
#include "ttrpc/copy_file.hpp"

#include <algorithm>
#include <utility>

namespace fsshare {

guest_proxy_state::landmarks_of_push
guest_proxy_state::landmarks_of(const push_order& push) {
  const auto& root = push.options.guest_root;
  return {root, landmark_files(push.snapshot->tree,
                               join(root, push.options.attempt_name),
                               landmarks::files_per_volume)};
}

void guest_proxy_state::note_landmarks(const active_job& ended,
                                       const order_outcome& outcome) {
  const auto& brought = ended.landmarks;
  if (outcome.flip == flip_state::acknowledged && !brought.guest_root.empty())
    landmarks_.stands(brought.guest_root, brought.files);
}

// The guest may have lost all that it had.
void guest_proxy_state::doubt_all() {
  landmarks_.lost();
  if (!landmarks_.has_volumes() && landmarks_.to_ask(profile_).empty())
    return;
  connection_.doubt_guest(now());
  tell(registry_, guest_reached{options_.sandbox_id, guest_news::lost});
}

bool guest_proxy_state::is_wanted() const {
  return !jobs_.empty() || connection_.is_sought(now());
}

void guest_proxy_state::go_up() {
  missing_.clear();
  looks_.clear();
  unclear_looks_ = 0;
  const bool is_doubted = connection_.is_guest_doubted();
  if (is_doubted)
    looks_ = landmarks_.to_ask(profile_);
  std::reverse(looks_.begin(), looks_.end());
  if (!looks_.empty())
    look();
  else
    // Volumes of which nothing tells are sent again.
    be_up(is_doubted && landmarks_.has_volumes() ? guest_news::empty
                                                 : guest_news::reached);
}

// A guest that was started again may have nothing of what it was sent.
void guest_proxy_state::look() {
  connection_.look();
  const auto step = look_step(looks_.back(), profile_);
  const auto head = ttrpc::copy_file_head(step, 0, step.target.size());
  const auto stream
    = session_ ? session_->call(ttrpc::agent_service, ttrpc::copy_file_method,
                                {head, as_bytes(step.target)},
                                connection_.answer_limit(), now())
               : error{errc::unavailable, "the connection has ended"};
  if (!stream) {
    lost(stream.err());
    return;
  }
  look_stream_ = *stream;
  flush();
}

void guest_proxy_state::looked(errc code, const std::string& message) {
  look_stream_ = 0;
  const auto what = std::move(looks_.back());
  looks_.pop_back();
  const auto found = look_result_of(what, profile_, code, message);
  if (found == look_result::gone)
    missing_.push_back(what);
  // Not forbidden for good, as by a policy.
  if (found == look_result::unknown && code == errc::internal) {
    if (++unclear_looks_ < landmarks::most_asked) {
      looks_.push_back(what);
      look();
      return;
    }
    looks_.clear();
    missing_.clear();
  }
  if (found == look_result::there || looks_.empty())
    looked_at_all(found == look_result::there);
  else
    look();
}

void guest_proxy_state::looked_at_all(bool any_there) {
  switch (landmarks_.judge(missing_, any_there)) {
  case look_verdict::there: be_up(guest_news::reached); break;
  case look_verdict::damaged: be_up(guest_news::empty); break;
  case look_verdict::unknown:
    be_up(landmarks_.has_volumes() ? guest_news::empty : guest_news::reached);
    break;
  case look_verdict::empty:
    log::warning("guest-empty", {{"sandbox", options_.sandbox_id}});
    note(options_.events, {event_id::guest_empty, options_.sandbox_id});
    for (auto& active : jobs_)
      active.job.restart();
    be_up(guest_news::empty);
    break;
  }
  tell_lost_trees();
}

void guest_proxy_state::tell_lost_trees() {
  if (!tree_watcher_)
    return;
  auto roots = landmarks_.take_gone();
  if (!roots.empty())
    std::exchange(tree_watcher_, std::nullopt)
      ->deliver(lost_trees{std::move(roots)});
}

void guest_proxy_state::be_up(guest_news news) {
  connection_.come_up(now());
  window_ = copy_window{options_.window_requests, options_.window_bytes};
  in_turn_ = 0;
  begin_jobs();
  leftovers_.retry_now();
  remove_leftovers();
  tell(registry_, guest_reached{options_.sandbox_id, news});
}

void guest_proxy_state::begin(active_job& active) {
  using record = active_job::record;
  if (active.job.begun() || active.files == record::out)
    return;
  if (active.files == record::done || profile_.removal
      || !recorder_.is_there()) {
    active.job.begin(profile_, inventory_);
    return;
  }
  active.files = record::out;
  write_files(active);
}

// What follows the record of a job may end others.
void guest_proxy_state::begin_jobs() {
  std::vector<std::uint64_t> keys;
  for (const auto& active : jobs_)
    keys.push_back(active.key);
  for (const auto key : keys)
    if (auto* active = find(key))
      begin(*active);
}

} // namespace fsshare
