// SPDX-License-Identifier: Apache-2.0
#include "actors/guest_proxy.hpp"
#include "core/paths.hpp"
#include "core/text/utf8.hpp"
#include "log/log.hpp"
#include "ttrpc/copy_file.hpp"

#include <algorithm>
#include <utility>

namespace fsshare {

namespace {

// Leaves room for the name that is asked for below it.
constexpr std::size_t max_landmark_name = 200;

} // namespace

// A file in the generation itself, which a push brings for certain.
guest_proxy_state::landmark_of_push
guest_proxy_state::landmark_of(const push_order& push) {
  const auto& root = push.options.guest_root;
  for (const auto& entry : push.snapshot->tree.entries) {
    const bool is_plain = entry.path.find('/') == std::string::npos
                          && entry.path.size() < max_landmark_name
                          && is_utf8(entry.path)
                          && !entry.path.ends_with(".tmp");
    if (entry.type == entry_type::file && is_plain)
      return {root, join(join(root, push.options.attempt_name), entry.path)};
  }
  return {root, {}};
}

void guest_proxy_state::note_landmark(const active_job& ended,
                                      const order_outcome& outcome) {
  const auto& landmark = ended.landmark;
  if (outcome.flip == flip_state::acknowledged && !landmark.guest_root.empty())
    landmarks_.stands(landmark.guest_root, landmark.file);
}

// The guest may have lost all that it had.
void guest_proxy_state::doubt_all() {
  landmarks_.lost();
  if (!landmarks_.has_volumes())
    return;
  if (!lost_at_)
    lost_at_ = now();
  tell(registry_, guest_reached{options_.sandbox_id, guest_news::lost});
}

// Whether the guest is dialed again and again, though nothing is to be sent;
// after that now and then, see idle_dial_due().
bool guest_proxy_state::is_sought() const {
  return lost_at_ && now() < *lost_at_ + options_.dial_timeout;
}

void guest_proxy_state::go_up() {
  has_stragglers_ = false;
  if (!lost_at_ || !landmarks_.has_volumes())
    be_up(guest_news::reached);
  else if (landmarks_.any() != nullptr)
    look();
  else
    // Nothing tells, so that it is sent again.
    be_up(guest_news::empty);
}

// A guest that was started again may have nothing of what it was sent.
void guest_proxy_state::look() {
  link_ = link_state::looking;
  const auto head = ttrpc::copy_file_head(look_step(*landmarks_.any()), 0, 0);
  const auto limit = std::min<std::chrono::nanoseconds>(
    options_.request_timeout, options_.dial_timeout);
  const auto stream
    = session_ ? session_->call(ttrpc::agent_service, ttrpc::copy_file_method,
                                {head, {}}, limit, now())
               : error{errc::unavailable, "the connection has ended"};
  if (!stream) {
    lost(stream.err());
    return;
  }
  look_stream_ = *stream;
  flush();
}

void guest_proxy_state::looked(errc code) {
  look_stream_ = 0;
  switch (look_result_of(code)) {
  case look_result::there:
    landmarks_.found();
    be_up(guest_news::reached);
    return;
  case look_result::unknown: be_up(guest_news::empty); return;
  case look_result::gone:
    log::warning("guest-empty", {{"sandbox", options_.sandbox_id}});
    landmarks_.gone();
    for (auto& active : jobs_)
      active.job.restart();
    be_up(guest_news::empty);
    return;
  }
}

void guest_proxy_state::be_up(guest_news news) {
  lost_at_.reset();
  link_ = link_state::up;
  dial_limit_ = options_.dial_timeout;
  window_ = copy_window{options_.window_requests, options_.window_bytes};
  in_turn_ = 0;
  is_of_use_ = false;
  for (auto& active : jobs_)
    if (!active.job.begun())
      active.job.begin(profile_, inventory_);
  debts_.retry_now();
  pay_debts();
  tell(registry_, guest_reached{options_.sandbox_id, news});
}

} // namespace fsshare
