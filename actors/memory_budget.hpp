// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/copy/byte_budget.hpp"
#include "messages/memory_budget.hpp"
#include "messages/metrics.hpp"
#include "messages/state_actor.hpp"

#include <cstdint>
#include <map>

namespace fsshare {

/// What MEMORY BUDGET owns: who holds how much, and who waits.
class memory_budget_state {
public:
  using handle = measured<memory_budget_actor>;
  static constexpr const char* name = "memory-budget";

  /// @param total as `copy.node_bytes`.
  memory_budget_state(handle::pointer self, std::uint64_t total);
  ~memory_budget_state();
  memory_budget_state(const memory_budget_state&) = delete;
  memory_budget_state& operator=(const memory_budget_state&) = delete;

  handle::behavior_type make_behavior();

private:
  struct pending {
    std::uint64_t bytes = 0;
    reply_promise<bytes_reserved> promise;
  };

  void grant();
  metrics_part measure() const;

  handle::pointer self_;
  byte_budget budget_;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, pending> waiting_;
};

/// Spawn this.
using memory_budget = state_actor<memory_budget_state>;

} // namespace fsshare
