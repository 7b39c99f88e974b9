// SPDX-License-Identifier: Apache-2.0
#include "actors/guest_proxy.hpp"
#include "core/earlier.hpp"
#include "log/log.hpp"

#include <algorithm>
#include <utility>

namespace fsshare {

namespace {

// How long what is to be removed waits for a guest that refuses to be dialed,
// as one whose VM is gone.
constexpr auto refused_removal_wait = std::chrono::milliseconds{500};

} // namespace

// A guest that is gone keeps no end of a share up: what is to be removed there
// is a debt then, or ends with the guest.
guest_proxy_state::time_point
guest_proxy_state::deadline_of(const active_job& job) const {
  const bool is_end
    = !job.removes.empty() && inventory_.is_root(job.removes.front());
  const std::chrono::nanoseconds limit = !is_end       ? dial_limit_
                                         : is_refused_ ? refused_removal_wait
                                                       : options_.end_timeout;
  return job.waits_since + std::min(limit, dial_limit_);
}

std::optional<guest_proxy_state::time_point>
guest_proxy_state::next_deadline() const {
  std::optional<time_point> next;
  if (is_connecting())
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
  end_jobs();
  return true;
}

// The silence has limits of its own, but a guest that answers before it and not
// after it is not reached either.
bool guest_proxy_state::is_connecting() const {
  return link_ == link_state::down || link_ == link_state::dialing
         || link_ == link_state::greeting;
}

// Nobody waits for the connection any more.
void guest_proxy_state::hang_up() {
  if (link_ == link_state::down)
    return;
  if (stream_)
    stream_->close();
  stream_.reset();
  session_.reset();
  ++connection_;
  link_ = link_state::down;
}

void guest_proxy_state::tick() {
  armed_.reset();
  const auto t = now();
  if (session_ && !session_->expire(t).empty())
    lost({errc::deadline_exceeded, "the guest agent did not answer in time"});
  look_at_silence();
  if (is_connecting()) {
    const bool any_failed = fail_waiting(
      {errc::unavailable,
       status_.last_error.empty() ? "no answer in time" : status_.last_error});
    if (any_failed && jobs_.empty())
      hang_up();
  }
  if (quiet_until_ && *quiet_until_ <= t)
    quiet_ended();
  pay_debts();
  if (redial_at_ && *redial_at_ <= t) {
    redial_at_.reset();
    if (!jobs_.empty() || is_sought())
      connect();
  }
  arm();
}

void guest_proxy_state::arm() {
  auto due = earlier(quiet_until_, redial_at_);
  if (link_ == link_state::up)
    due = earlier(due, debts_.next_due());
  else if (link_ == link_state::down)
    due = earlier(due, idle_dial_due());
  due = earlier(due, next_deadline());
  due = earlier(due, patience_.due());
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
