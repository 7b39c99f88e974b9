// SPDX-License-Identifier: Apache-2.0
#include "core/debt_list.hpp"

#include "core/earlier.hpp"

#include <utility>

namespace fsshare {

debt_list::debt_list(std::chrono::nanoseconds interval) : interval_(interval) {
}

void debt_list::owe(const std::string& path, std::string reason,
                    time_point now) {
  tried(path, removal_result::failed, std::move(reason), now);
}

std::vector<std::string> debt_list::take_due(time_point now) {
  std::vector<std::string> paths;
  for (auto& [path, d] : debts_) {
    if (!d.due || *d.due > now)
      continue;
    d.due.reset();
    d.out = true;
    paths.push_back(path);
  }
  return paths;
}

void debt_list::tried(const std::string& path, removal_result result,
                      std::string reason, time_point now) {
  if (result == removal_result::removed) {
    debts_.erase(path);
    return;
  }
  auto& d = debts_[path];
  d.reason = std::move(reason);
  d.out = false;
  d.due.reset();
  if (result != removal_result::impossible
      && result != removal_result::emptied)
    d.due = now + interval_;
}

void debt_list::retry_now() {
  for (auto& entry : debts_)
    if (!entry.second.out)
      entry.second.due = time_point::min();
}

std::optional<debt_list::time_point> debt_list::next_due() const {
  std::optional<time_point> due;
  for (const auto& entry : debts_)
    due = earlier(due, entry.second.due);
  return due;
}

std::vector<skipped_entry> debt_list::list() const {
  std::vector<skipped_entry> all;
  for (const auto& [path, d] : debts_)
    all.push_back({path, d.reason});
  return all;
}

} // namespace fsshare
