// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/copy/byte_budget.hpp"
#include "core/copy/byte_lease.hpp"
#include "messages/caf_compat.hpp"
#include "messages/errors.hpp"

#include <cstdint>

namespace fsshare {

struct reserve_bytes {
  std::uint64_t bytes = 0;
  budget_use use = budget_use::first_copy;
  /// See byte_budget::ask().
  std::uint64_t owner = 0;
};
struct bytes_reserved {
  byte_lease_ptr lease;
};

struct memory_status_request {};
struct memory_status {
  std::uint64_t used_bytes = 0;
  std::uint64_t total_bytes = 0;
  std::size_t waiting = 0;
};

struct lease_changed {
  std::uint64_t lease = 0;
  std::uint64_t bytes = 0;
};

} // namespace fsshare

FSSHARE_MESSAGES(memory_budget, 12, reserve_bytes, bytes_reserved,
                 memory_status_request, memory_status, lease_changed)

namespace fsshare {

/// MEMORY BUDGET: shares out the memory of the node that contents take.
using memory_budget_actor = caf::typed_actor<
  // Asks for memory for contents. Answered when it may be used, which may take
  // as long as others hold theirs; fails only with MEMORY BUDGET.
  rpc<reserve_bytes, bytes_reserved>,
  // How much is held? Answered at once.
  rpc<memory_status_request, memory_status>,
  // INTERNAL: a lease holds less, or nothing any more.
  msg<lease_changed>>;

} // namespace fsshare
