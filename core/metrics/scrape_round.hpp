// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace fsshare {

/// Whom a scrape asks, and who has not answered. Who owes an answer from before
/// is not asked again, so that one who hangs is not asked without end; what it
/// answers late counts for the scrape that waits then.
class scrape_round {
public:
  using id = std::uint64_t;

  void add(id who, std::string actor);
  void remove(id who);

  /// Begins a scrape.
  /// @returns whom to ask.
  std::vector<id> begin();

  /// Notes an answer, or that none will come.
  void answered(id who);

  /// Whether all have answered since the scrape began.
  bool is_complete() const {
    return missing_.empty();
  }

  /// Returns the names of all actors, with whether all of that name have
  /// answered since then.
  std::map<std::string, bool> actors() const;

private:
  struct member {
    std::string actor;
    bool owes = false;
  };

  std::map<id, member> members_;
  std::set<id> missing_;
};

} // namespace fsshare
