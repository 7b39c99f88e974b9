// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/api/owner_types.hpp"
#include "messages/caf_compat.hpp"
#include "messages/errors.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace fsshare {

struct name_owner {
  std::string sandbox_id;
  owner_terms terms;
  /// Who asks.
  named_owner caller;
};
struct owner_named {
  named_owner owner;
};

struct sandbox_prepared {
  std::string sandbox_id;
  named_owner owner;
};
struct owner_recorded {};

struct sandbox_used {
  std::string sandbox_id;
  named_owner caller;
};

struct sandbox_removed {
  std::string sandbox_id;
};

/// By sandbox.
struct restore_owners {
  std::map<std::string, recorded_owner_state> owners;
};

struct describe_owners {
  std::vector<std::string> sandboxes;
};
struct owners_described {
  std::map<std::string, owner_status> owners;
};

struct process_ended {
  process_identity process;
};

struct owners_tick {
  /// Only the last one counts.
  std::uint64_t which = 0;
};

} // namespace fsshare

FSSHARE_MESSAGES(owners, 17, name_owner, owner_named, sandbox_prepared,
                 owner_recorded, sandbox_used, sandbox_removed, restore_owners,
                 describe_owners, owners_described, process_ended, owners_tick)

namespace fsshare {

/// OWNERS: one per process; knows which process each sandbox lives and dies
/// with, and ends sandboxes that are left.
using owners_actor = caf::typed_actor<
  // Who owns the sandbox that is about to be prepared? Asked before NODE is:
  // one that is there and has lost its owner is not ended meanwhile. Fails
  // INVALID_ARGUMENT where the terms name no process, FAILED_PRECONDITION where
  // they name one that cannot be told from here.
  rpc<name_owner, owner_named>,
  // Prepare has succeeded. Answered when the owner is written down, or cannot
  // be. Fails only with OWNERS.
  rpc<sandbox_prepared, owner_recorded>,
  // A process asks something of a sandbox, other than how it is. Comes before
  // NODE is asked.
  msg<sandbox_used>,
  // Cleanup has succeeded.
  msg<sandbox_removed>,
  // Goes on with sandboxes of earlier processes; comes before any request.
  msg<restore_owners>,
  // How are the owners of these sandboxes? What is not known is left out. Fails
  // only with OWNERS.
  rpc<describe_owners, owners_described>,
  // INTERNAL: an owner has ended.
  msg<process_ended>,
  // INTERNAL: sandboxes may be due.
  msg<owners_tick>>;

} // namespace fsshare
