// SPDX-License-Identifier: Apache-2.0
#include "core/copy/leftover_list.hpp"

#include "core/paths.hpp"

#include <algorithm>
#include <utility>

namespace fsshare {

namespace {

constexpr unsigned most_doublings = 16;

} // namespace

leftover_list::leftover_list(std::chrono::nanoseconds interval)
  : interval_(interval) {
}

void leftover_list::add(const std::string& path, std::string reason,
                        time_point now) {
  tried(path, removal_result::failed, std::move(reason), now);
}

void leftover_list::set_due(const std::string& path, leftover& d,
                            std::optional<time_point> due) {
  if (d.due)
    by_due_.erase({*d.due, path});
  d.due = due;
  if (due)
    by_due_.emplace(*due, path);
}

std::vector<std::string> leftover_list::take_due(time_point now) {
  std::vector<std::string> paths;
  while (out_ < most_out && !by_due_.empty() && by_due_.begin()->first <= now) {
    auto path = by_due_.begin()->second;
    auto& d = leftovers_.at(path);
    set_due(path, d, std::nullopt);
    d.out = true;
    ++out_;
    paths.push_back(std::move(path));
  }
  return paths;
}

void leftover_list::take_back(leftover& d) {
  if (d.out)
    --out_;
  d.out = false;
}

leftover_list::leftover_map::iterator
leftover_list::erase(leftover_map::iterator at) {
  set_due(at->first, at->second, std::nullopt);
  take_back(at->second);
  listed_.erase(at->first);
  changed_.insert(at->first);
  emptied_.erase(at->first);
  return leftovers_.erase(at);
}

void leftover_list::set_next_doubt(const std::string& path, leftover& d,
                                   time_point now) {
  if (!d.again.empty() && d.again.back() <= now)
    d.again.pop_back();
  set_due(path, d,
          d.again.empty() ? std::nullopt : std::optional{d.again.back()});
}

void leftover_list::wait_for_doubts(leftover_map::iterator at, time_point now) {
  auto& d = at->second;
  set_next_doubt(at->first, d, now);
  if (!d.due) {
    erase(at);
    return;
  }
  d.is_gone = true;
  listed_.erase(at->first);
  d.failures = 0;
}

void leftover_list::tried(const std::string& path, removal_result result,
                          std::string reason, time_point now) {
  const auto known = leftovers_.find(path);
  // Its next removal is set already.
  const bool waits
    = known != leftovers_.end() && known->second.is_gone && !known->second.out;
  if (result == removal_result::removed) {
    if (known != leftovers_.end() && !waits) {
      take_back(known->second);
      wait_for_doubts(known, now);
    }
    return;
  }
  const auto [at, is_new] = leftovers_.try_emplace(path);
  if (is_new)
    changed_.insert(path);
  auto& d = at->second;
  take_back(d);
  d.reason = std::move(reason);
  d.is_gone = false;
  listed_.insert(path);
  const bool is_in_vain
    = result == removal_result::impossible || result == removal_result::emptied;
  emptied_.erase(path);
  if (is_in_vain) {
    if (!waits)
      set_next_doubt(path, d, now);
    if (result == removal_result::emptied && !d.due) {
      emptied_.insert(path);
      drop_some_emptied();
    }
    return;
  }
  const auto doublings = std::min(d.failures++, most_doublings);
  const auto longest = std::max(interval_, pacing::longest_debt);
  const auto wait = interval_ > longest / (1U << doublings)
                      ? longest
                      : interval_ * (1U << doublings);
  set_due(path, d, now + wait);
}

// Those that are tried once more, as when the guest is reached anew, stay.
void leftover_list::drop_some_emptied() {
  while (emptied_.size() > most_emptied) {
    const auto which = std::find_if(emptied_.begin(), emptied_.end(),
                                    [this](const auto& path) {
                                      const auto& d = leftovers_.at(path);
                                      return !d.out && !d.due;
                                    });
    if (which == emptied_.end())
      return;
    more_in_ = parent_path(*which);
    ++more_emptied_;
    listed_.insert(more_in_);
    erase(leftovers_.find(*which));
  }
}

void leftover_list::doubt(const std::string& path, time_point lost_at,
                          time_point now) {
  const auto [at, is_new] = leftovers_.try_emplace(path);
  if (is_new)
    changed_.insert(path);
  auto& doubted_for = at->second.doubted_for;
  if (doubted_for && *doubted_for >= lost_at)
    return;
  doubted_for = lost_at;
  auto& again = at->second.again;
  again.clear();
  for (const auto wait : pacing::doubted_paths)
    again.insert(again.begin(), now + wait);
  if (!at->second.out)
    wait_for_doubts(at, now);
}

void leftover_list::forget_below(const std::string& path) {
  const auto below = path + "/";
  for (auto i = leftovers_.lower_bound(below);
       i != leftovers_.end() && i->first.starts_with(below);)
    i = erase(i);
}

bool leftover_list::yield(const std::string& path) {
  const auto known = leftovers_.find(path);
  if (known == leftovers_.end())
    return true;
  const auto& d = known->second;
  if (d.out || d.due || !d.again.empty())
    return false;
  erase(known);
  return true;
}

void leftover_list::retry_now() {
  for (auto& [path, d] : leftovers_)
    if (!d.out && !d.is_gone)
      // In the past, and no time from which nothing can be taken away.
      set_due(path, d, time_point{});
}

std::optional<leftover_list::time_point> leftover_list::next_due() const {
  if (by_due_.empty() || out_ == most_out)
    return std::nullopt;
  return by_due_.begin()->first;
}

std::map<std::string, std::optional<std::string>>
leftover_list::take_changes() {
  std::map<std::string, std::optional<std::string>> out;
  for (const auto& path : std::exchange(changed_, {})) {
    const auto known = leftovers_.find(path);
    out.emplace(path, known == leftovers_.end()
                        ? std::nullopt
                        : std::optional{known->second.reason});
  }
  return out;
}

leftover_page leftover_list::page(const std::string& after,
                                  std::size_t most) const {
  return listed_.page(after, most, [this](const std::string& path) {
    const auto known = leftovers_.find(path);
    if (known != leftovers_.end())
      return known->second.reason;
    return std::to_string(more_emptied_)
           + " more names in it have no contents any more, and stay";
  });
}

} // namespace fsshare
