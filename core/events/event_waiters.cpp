// SPDX-License-Identifier: Apache-2.0
#include "core/events/event_waiters.hpp"

#include <algorithm>

namespace fsshare {

std::optional<std::string> event_waiters::add(id waiter, std::uint64_t client,
                                              event_filter wanted,
                                              time_point until) {
  const auto of_client = each_.find(client);
  if (of_client != each_.end() && of_client->second >= most_.each)
    return "this connection waits for events " + std::to_string(most_.each)
           + " times already";
  if (waiting_.size() >= most_.all)
    return std::to_string(most_.all) + " callers wait for events already";
  waiting_.emplace(waiter, entry{client, std::move(wanted), until});
  idle_.insert(waiter);
  due_.emplace(until, waiter);
  ++each_[client];
  return std::nullopt;
}

void event_waiters::happened(const node_event& what, time_point now) {
  for (auto i = idle_.begin(); i != idle_.end();) {
    auto& of = waiting_.at(*i);
    if (!of.wanted.takes(what)) {
      ++i;
      continue;
    }
    due_.erase({of.until, *i});
    of.until = std::min(of.until, now + most_.gather);
    due_.emplace(of.until, *i);
    i = idle_.erase(i);
  }
}

std::vector<event_waiters::id> event_waiters::due(time_point now) {
  std::vector<id> out;
  while (!due_.empty() && due_.begin()->first <= now) {
    out.push_back(due_.begin()->second);
    erase(waiting_.find(out.back()));
  }
  return out;
}

std::vector<event_waiters::id> event_waiters::gone(std::uint64_t client) {
  std::vector<id> out;
  if (!each_.contains(client))
    return out;
  for (const auto& [waiter, of] : waiting_)
    if (of.client == client)
      out.push_back(waiter);
  for (const auto each : out)
    erase(waiting_.find(each));
  return out;
}

std::optional<event_waiters::time_point> event_waiters::next_due() const {
  if (due_.empty())
    return std::nullopt;
  return due_.begin()->first;
}

void event_waiters::erase(waiters::iterator which) {
  due_.erase({which->second.until, which->first});
  idle_.erase(which->first);
  const auto of_client = each_.find(which->second.client);
  if (--of_client->second == 0)
    each_.erase(of_client);
  waiting_.erase(which);
}

} // namespace fsshare
