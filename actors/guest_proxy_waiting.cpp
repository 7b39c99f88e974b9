// SPDX-License-Identifier: Apache-2.0
#include "actors/guest_proxy.hpp"
#include "core/earlier.hpp"
#include "log/log.hpp"

#include <algorithm>
#include <utility>

namespace fsshare {

guest_proxy_state::time_point
guest_proxy_state::deadline_of(const active_job& job) const {
  const bool is_end
    = !job.removes.empty() && inventory_.is_root(job.removes.front());
  return connection_.wait_ends(job.waits_since,
                               is_end ? guest_connection::purpose::end_of_share
                                      : guest_connection::purpose::copies);
}

std::optional<guest_proxy_state::time_point>
guest_proxy_state::next_deadline() const {
  std::optional<time_point> next;
  if (connection_.is_connecting())
    for (const auto& active : jobs_)
      next = earlier(next, std::optional{deadline_of(active)});
  return next;
}

// Ends what has waited for a connection as long as it may.
bool guest_proxy_state::fail_waiting(const error& why) {
  const auto t = now();
  bool any = false;
  for (auto& active : jobs_) {
    if (deadline_of(active) > t)
      continue;
    any = true;
    active.job.fail(why.within("connect to the guest agent at "
                               + to_string(options_.address)));
  }
  if (!any)
    return false;
  log::warning("guest-unreachable", {{"sandbox", options_.sandbox_id},
                                     {"address", to_string(options_.address)},
                                     {"error", why.message}});
  node_event unreached{event_id::guest_unreachable, options_.sandbox_id};
  unreached.detail = why.message;
  note(options_.events, std::move(unreached));
  end_jobs();
  return true;
}

// Nobody waits for the connection any more.
void guest_proxy_state::hang_up() {
  if (connection_.is<connection_state::down>())
    return;
  close();
  connection_.hang_up();
}

void guest_proxy_state::tick() {
  armed_.reset();
  const auto t = now();
  if (session_ && !session_->expire(t).empty())
    lost({errc::deadline_exceeded, "the guest agent did not answer in time"});
  look_at_silence();
  if (connection_.is_connecting()) {
    const bool any_failed = fail_waiting(
      {errc::unavailable,
       status_.last_error.empty() ? "no answer in time" : status_.last_error});
    if (any_failed && jobs_.empty())
      hang_up();
  }
  if (connection_.silence_ends(t))
    send_check();
  remove_leftovers();
  if (connection_.redial_wait_ends(t) && is_wanted())
    connect();
  arm();
}

void guest_proxy_state::arm() {
  auto due
    = earlier(connection_.next_due(leftovers_.next_due()), next_deadline());
  if (session_)
    due = earlier(due, session_->next_deadline());
  if (!due || (armed_ && *armed_ <= *due))
    return;
  armed_ = due;
  tell_later(self_, handle{self_},
             std::max(*due - now(), std::chrono::steady_clock::duration{0}),
             proxy_tick{++turn_});
}

} // namespace fsshare
