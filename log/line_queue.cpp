// SPDX-License-Identifier: Apache-2.0
#include "log/line_queue.hpp"

#include <utility>

namespace fsshare::log {

void line_queue::push(queued_line line) {
  {
    const std::lock_guard lock{mutex_};
    // Once one is dropped all are, until the writer says so: the count stands
    // where they are missing.
    if (dropped_ > 0 || lines_.size() >= max_lines
        || line.text.size() > max_bytes - bytes_) {
      ++dropped_;
      return;
    }
    bytes_ += line.text.size();
    lines_.push_back(std::move(line));
  }
  changed_.notify_one();
}

line_queue::next line_queue::wait(std::chrono::steady_clock::time_point until) {
  std::unique_lock lock{mutex_};
  const auto has_news = [this] {
    return !lines_.empty() || dropped_ > 0 || is_over_;
  };
  if (until == std::chrono::steady_clock::time_point::max())
    changed_.wait(lock, has_news);
  else
    changed_.wait_until(lock, until, has_news);
  bytes_ = 0;
  return {std::exchange(lines_, {}), std::exchange(dropped_, 0), is_over_};
}

bool line_queue::end(std::chrono::milliseconds limit) {
  std::unique_lock lock{mutex_};
  is_over_ = true;
  changed_.notify_one();
  return finished_.wait_for(lock, limit, [this] {
    return is_written_;
  });
}

void line_queue::written() {
  const std::lock_guard lock{mutex_};
  is_written_ = true;
  finished_.notify_all();
}

} // namespace fsshare::log
