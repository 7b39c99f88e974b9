// SPDX-License-Identifier: Apache-2.0
#include "log/line_limiter.hpp"

#include "core/pacing.hpp"

#include <algorithm>

namespace fsshare::log {

namespace {

struct allowance {
  double burst;
  double per_second;
};

allowance allowance_of(log_level level) {
  return level == log_level::info ? allowance{1000, 100} : allowance{20, 1};
}

} // namespace

bool line_limiter::admit(log_level level, std::string_view event,
                         std::string_view sandbox, time_point now) {
  if (level == log_level::debug)
    return true;
  const auto may = allowance_of(level);
  auto& b = bucket_of(event, sandbox, may.burst, now);
  const std::chrono::duration<double> since = now - b.filled;
  b.tokens = std::min(may.burst, b.tokens + since.count() * may.per_second);
  b.filled = now;
  if (b.tokens >= 1) {
    b.tokens -= 1;
    return true;
  }
  if (b.left_out++ == 0) {
    b.told = now;
    ++owing_;
  }
  return false;
}

line_limiter::bucket& line_limiter::bucket_of(std::string_view event,
                                              std::string_view sandbox,
                                              double burst, time_point now) {
  key wanted{event, sandbox};
  if (buckets_.size() >= max_keys && !buckets_.contains(wanted)) {
    forget_idle(now);
    if (buckets_.size() >= max_keys)
      wanted.second.clear();
  }
  return buckets_.try_emplace(std::move(wanted), bucket{burst, now, 0, now})
    .first->second;
}

// Those that owe no count and have had time to fill up again.
void line_limiter::forget_idle(time_point now) {
  std::erase_if(buckets_, [now](const auto& entry) {
    return entry.second.left_out == 0
           && now - entry.second.filled >= pacing::idle_lines;
  });
}

std::vector<line_limiter::left_out>
line_limiter::take_left_out(time_point now) {
  std::vector<left_out> out;
  if (owing_ == 0)
    return out;
  for (auto& [of, b] : buckets_) {
    if (b.left_out == 0 || now - b.told < pacing::lines_left_out)
      continue;
    out.push_back({of.first, of.second, b.left_out});
    b.left_out = 0;
    --owing_;
  }
  return out;
}

line_limiter::time_point line_limiter::next_due() const {
  auto due = time_point::max();
  if (owing_ == 0)
    return due;
  for (const auto& entry : buckets_)
    if (entry.second.left_out > 0)
      due = std::min(due, entry.second.told + pacing::lines_left_out);
  return due;
}

} // namespace fsshare::log
