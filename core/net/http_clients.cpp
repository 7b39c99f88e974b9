// SPDX-License-Identifier: Apache-2.0
#include "core/net/http_clients.hpp"

#include <algorithm>

namespace fsshare {

std::optional<http_clients::id> http_clients::add(id client, time_point now) {
  std::optional<id> gone;
  if (clients_.size() >= most) {
    gone = oldest(phase::silent);
    if (!gone)
      gone = oldest(phase::reading);
    if (!gone)
      gone = client;
  }
  clients_[client].since = now;
  return gone;
}

void http_clients::asked(id client) {
  if (const auto found = clients_.find(client); found != clients_.end())
    found->second.at = phase::waiting;
}

void http_clients::answered(id client, time_point now) {
  if (const auto found = clients_.find(client); found != clients_.end())
    found->second = {phase::reading, now};
}

void http_clients::remove(id client) {
  clients_.erase(client);
}

std::vector<http_clients::id> http_clients::overdue(time_point now) const {
  std::vector<id> out;
  for (const auto& [client, each] : clients_) {
    const auto limit
      = each.at == phase::silent ? pacing::http_request : pacing::http_answer;
    if (each.at != phase::waiting && now - each.since >= limit)
      out.push_back(client);
  }
  return out;
}

bool http_clients::is_reading(id client) const {
  const auto found = clients_.find(client);
  return found != clients_.end() && found->second.at == phase::reading;
}

bool http_clients::has_pending() const {
  return std::any_of(clients_.begin(), clients_.end(), [](const auto& each) {
    return each.second.at != phase::waiting;
  });
}

std::optional<http_clients::id> http_clients::oldest(phase in) const {
  const std::pair<const id, entry>* found = nullptr;
  for (const auto& each : clients_)
    if (each.second.at == in
        && (found == nullptr || each.second.since < found->second.since))
      found = &each;
  return found == nullptr ? std::nullopt : std::optional{found->first};
}

} // namespace fsshare
