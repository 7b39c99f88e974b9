// SPDX-License-Identifier: Apache-2.0
#include "core/copy/copy_window.hpp"

#include "core/pacing.hpp"

#include <algorithm>
#include <utility>

namespace fsshare {

namespace {

// A guest agent with two processors was saturated by 2 to 8 requests.
constexpr double first_limit = 8;

constexpr double shrink_factor = 0.7;

// Requests up to this size cost the guest agent about the same.
constexpr std::uint64_t small_bytes = std::uint64_t{64} << 10;

} // namespace

copy_window::copy_window(std::uint32_t max_requests, std::uint64_t max_bytes)
  : max_requests_(std::clamp(max_requests, 1U, most_requests)),
    max_bytes_(max_bytes),
    limit_(std::min(first_limit, static_cast<double>(max_requests_))) {
}

bool copy_window::may_send(std::uint64_t bytes) const {
  return in_flight_ == 0 || (in_flight_ < limit() && bytes <= free_bytes());
}

std::uint64_t copy_window::free_bytes() const {
  if (in_flight_ == 0)
    return std::numeric_limits<std::uint64_t>::max();
  return max_bytes_ - std::min(max_bytes_, bytes_in_flight_);
}

copy_window::flight copy_window::sent(std::uint64_t bytes, time_point now) {
  ++in_flight_;
  bytes_in_flight_ += bytes;
  was_filled_ |= in_flight_ >= limit();
  return {bytes, now, epoch_};
}

void copy_window::answered(const flight& request, time_point now) {
  const auto delay = queueing_delay(request, now);
  lost(request);
  grow(delay);
  // What was sent before the last shrinking met the queue that caused it.
  if (request.epoch == epoch_)
    judge(delay);
}

void copy_window::grow(duration delay) {
  // Growth needs proof that the window was what held us back.
  if (!was_filled_ && !was_filled_before_)
    return;
  // What was sent meanwhile comes on top.
  const auto most
    = probing_ ? pacing::tolerated_delay / 2 : pacing::tolerated_delay;
  if (delay <= most)
    limit_ = std::min(limit_ + (probing_ ? 1.0 : 1.0 / limit_),
                      static_cast<double>(max_requests_));
}

// A late answer may have waited for a processor, here or there. A queue delays
// all that are in flight.
void copy_window::judge(duration delay) {
  least_delay_ = std::min(least_delay_, delay);
  if (++judged_ < limit())
    return;
  if (least_delay_ > pacing::tolerated_delay) {
    probing_ = false;
    const double fewest = std::min(fewest_requests, max_requests_);
    limit_ = std::max(limit_ * shrink_factor, fewest);
    ++epoch_;
  }
  least_delay_ = duration::max();
  judged_ = 0;
  was_filled_before_ = std::exchange(was_filled_, false);
}

void copy_window::lost(const flight& request) {
  in_flight_ -= std::min(in_flight_, 1U);
  bytes_in_flight_ -= std::min(bytes_in_flight_, request.bytes);
}

copy_window::duration copy_window::queueing_delay(const flight& request,
                                                  time_point now) {
  const auto round_trip = now - request.sent_at;
  auto& fastest = fastest_[request.bytes <= small_bytes ? 0 : 1];
  if (now - fastest.since > pacing::believed_round_trip) {
    fastest.past = fastest.present;
    fastest.present = duration::max();
    fastest.since = now;
  }
  fastest.present = std::min(fastest.present, round_trip);
  return round_trip - std::min(fastest.present, fastest.past);
}

} // namespace fsshare
