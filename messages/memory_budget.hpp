// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/copy/byte_budget.hpp"
#include "core/copy/byte_lease.hpp"
#include "messages/caf_compat.hpp"
#include "messages/errors.hpp"

#include <cstdint>

namespace fsshare {

/// Asks for memory for contents. Answered when it may be used, which may take
/// as long as others hold theirs.
struct reserve_bytes {
  std::uint64_t bytes = 0;
  budget_use use = budget_use::first_copy;
  /// See byte_budget::ask().
  std::uint64_t owner = 0;
};
struct bytes_reserved {
  byte_lease_ptr lease;
};

/// Asks how much is held.
struct memory_status_request {};
struct memory_status {
  std::uint64_t used_bytes = 0;
  std::uint64_t total_bytes = 0;
  std::size_t waiting = 0;
};

/// INTERNAL: a lease holds less, or nothing any more.
struct lease_changed {
  std::uint64_t lease = 0;
  std::uint64_t bytes = 0;
};

/// MEMORY BUDGET: shares out the memory of the node that contents take.
using memory_budget_actor
  = caf::typed_actor<rpc<bytes_reserved, reserve_bytes>,
                     rpc<memory_status, memory_status_request>,
                     msg<lease_changed>>;

} // namespace fsshare

FSSHARE_MESSAGE(fsshare::reserve_bytes)
FSSHARE_MESSAGE(fsshare::bytes_reserved)
FSSHARE_MESSAGE(fsshare::memory_status_request)
FSSHARE_MESSAGE(fsshare::memory_status)
FSSHARE_MESSAGE(fsshare::lease_changed)

CAF_BEGIN_TYPE_ID_BLOCK(fsshare_memory_budget, fsshare::type_range(12))
  CAF_ADD_TYPE_ID(fsshare_memory_budget, (fsshare::reserve_bytes))
  CAF_ADD_TYPE_ID(fsshare_memory_budget, (fsshare::bytes_reserved))
  CAF_ADD_TYPE_ID(fsshare_memory_budget, (fsshare::memory_status_request))
  CAF_ADD_TYPE_ID(fsshare_memory_budget, (fsshare::memory_status))
  CAF_ADD_TYPE_ID(fsshare_memory_budget, (fsshare::lease_changed))
CAF_END_TYPE_ID_BLOCK(fsshare_memory_budget)
