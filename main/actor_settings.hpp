// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "main/work_keeping.hpp"
#include "messages/caf_compat.hpp"

#include <cstddef>
#include <utility>

#include <caf/scheduler/coordinator.hpp>

namespace fsshare {

/// Settings of the process's actor system: workers that sleep when idle, and no
/// actor that keeps one for itself.
struct actor_settings : supervised_settings {
  /// Where JOURNAL, which writes files on one of them, stands still, the other
  /// does for all.
  static constexpr std::size_t workers = 2;

  explicit actor_settings(death_handler died)
    : supervised_settings(std::move(died)) {
    module_factories.emplace_back(
      [](caf::actor_system& of) -> caf::actor_system::module* {
        // It is the actor system's.
        return new caf::scheduler::coordinator<work_keeping>(of);
      });
    set("scheduler.max-threads", workers);
    set("scheduler.max-throughput", std::size_t{100});
  }
};

} // namespace fsshare
