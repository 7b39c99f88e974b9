// SPDX-License-Identifier: Apache-2.0
#include "core/metrics/scrape_round.hpp"

#include <utility>

namespace fsshare {

void scrape_round::add(id who, std::string actor) {
  members_.insert_or_assign(who, member{std::move(actor)});
}

void scrape_round::remove(id who) {
  members_.erase(who);
  missing_.erase(who);
}

std::vector<scrape_round::id> scrape_round::begin() {
  std::vector<id> asked;
  for (auto& [who, each] : members_) {
    missing_.insert(missing_.end(), who);
    if (!std::exchange(each.owes, true))
      asked.push_back(who);
  }
  return asked;
}

void scrape_round::answered(id who) {
  const auto found = members_.find(who);
  if (found == members_.end())
    return;
  found->second.owes = false;
  missing_.erase(who);
}

std::map<std::string, bool> scrape_round::actors() const {
  std::map<std::string, bool> out;
  for (const auto& [who, each] : members_) {
    const auto at = out.try_emplace(each.actor, true).first;
    at->second = at->second && !missing_.contains(who);
  }
  return out;
}

} // namespace fsshare
