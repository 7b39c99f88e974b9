// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <limits>

namespace fsshare {

/// Bounds what is in flight to one guest.
///
/// By Little's law the requests in flight are throughput times the time each
/// spends under way. Up to (time without a queue) / (service time) more of them
/// raise the throughput; past that they only wait in the guest, where they
/// delay everything else that it does. So the window grows while answers take
/// hardly longer than the fastest recent one, and shrinks when all that it held
/// took longer.
///
/// One per connection, owned by whoever sends. Passive; time is an argument.
class copy_window {
public:
  using time_point = std::chrono::steady_clock::time_point;
  using duration = std::chrono::steady_clock::duration;

  static constexpr std::uint32_t most_requests = 64;
  /// To which a window shrinks, unless it may not hold more than one.
  static constexpr std::uint32_t fewest_requests = 2;

  /// A request under way; its answer hands it back.
  struct flight {
    std::uint64_t bytes = 0;
    time_point sent_at;
    /// Value of the count of shrinkings when it was sent.
    std::uint64_t epoch = 0;
  };

  /// @param max_requests cut to 1..most_requests.
  /// @param max_bytes of contents in flight; a single request may have more.
  copy_window(std::uint32_t max_requests, std::uint64_t max_bytes);

  /// Returns whether a request with so many bytes of contents may be sent now.
  /// Always true when nothing is in flight.
  bool may_send(std::uint64_t bytes) const;

  /// Returns the most bytes that the next request may carry.
  std::uint64_t free_bytes() const;

  /// Notes a request sent at `now`.
  flight sent(std::uint64_t bytes, time_point now);

  /// Notes the answer to a request, and adapts.
  void answered(const flight& request, time_point now);

  /// Notes that a request will never be answered.
  void lost(const flight& request);

  /// Returns how many requests may be in flight at present.
  std::uint32_t limit() const {
    return static_cast<std::uint32_t>(limit_);
  }
  std::uint32_t in_flight() const {
    return in_flight_;
  }
  std::uint64_t bytes_in_flight() const {
    return bytes_in_flight_;
  }

private:
  /// Shortest round trip of the present and of the last period.
  struct recent_minimum {
    duration present = duration::max();
    duration past = duration::max();
    time_point since;
  };

  duration queueing_delay(const flight& request, time_point now);
  void grow(duration delay);
  void judge(duration delay);

  std::uint32_t max_requests_;
  std::uint64_t max_bytes_;
  double limit_;
  /// Until the first queue the window doubles per round trip.
  bool probing_ = true;
  std::uint64_t epoch_ = 0;
  /// Of the answers since the window was judged, and how many these are.
  duration least_delay_ = duration::max();
  std::uint32_t judged_ = 0;
  /// Whether it was full since then, and between that and the time before.
  bool was_filled_ = false;
  bool was_filled_before_ = false;
  std::uint32_t in_flight_ = 0;
  std::uint64_t bytes_in_flight_ = 0;
  /// Small requests and chunks take different times even without a queue.
  std::array<recent_minimum, 2> fastest_;
};

} // namespace fsshare
