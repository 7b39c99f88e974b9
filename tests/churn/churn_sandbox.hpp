// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/churn/shim.hpp"
#include "tests/churn/troubled_guest.hpp"

#include <memory>
#include <string>
#include <vector>

namespace fsshare::churn {

/// A sandbox with its guest and its shim, and what it is to have.
struct churn_sandbox {
  churn_sandbox(const std::string& name, const std::string& profile,
                trouble what, bool watcher_stops, const std::string& socket,
                test::data_observer& observer)
    : guest(profile, what),
      front(name, socket, guest.address(), guest.root(), observer),
      stops_watcher(watcher_stops) {
  }

  /// Returns where some copy lies that is there now; empty if there is none.
  std::string a_copy() const {
    for (const auto& copy : front.copies())
      if (!copy.until)
        return copy.dir;
    return {};
  }

  troubled_guest guest;
  shim front;
  /// Whether its file event watcher is stopped and started.
  bool stops_watcher;
  bool watcher_runs = true;
  /// Ids of the containers that it was told to have.
  std::vector<std::string> containers{};
};

using sandbox_list = std::vector<std::unique_ptr<churn_sandbox>>;

} // namespace fsshare::churn
