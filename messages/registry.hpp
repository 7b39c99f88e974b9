// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/volume/volume_status.hpp"
#include "messages/guest_proxy.hpp"
#include "messages/volume_events.hpp"

#include <string>
#include <vector>

namespace fsshare {

/// Adds a guest copy that follows a volume. Answered when the guest has the
/// first whole copy.
struct add_destination {
  std::string sandbox_id;
  std::string container_id;
  std::string share_id;
  std::string volume;
  std::string guest_root;
  guest_proxy_actor proxy;
  /// The volume had no generation yet and was copied as it was: answered at
  /// once, and follows it when there is something to follow.
  bool has_tree = false;
};
struct destination_added {
  /// Name of the generation that was copied.
  std::string generation;
  skipped_list skipped;
  /// What the guest has not of the entries that it has; see copy_losses.
  std::vector<std::string> notes;
  /// Nothing is there: requests that may come late would change a copy at the
  /// same guest path, one at another goes well.
  bool needs_other_name = false;
};

/// Waits until a guest copy that was added has what its volume has now, or
/// newer. Fails with the next push or read that fails.
struct await_current {
  std::string sandbox_id;
  std::string share_id;
};

/// Ends a guest copy; idempotent. Answered when nothing more is sent for it.
struct remove_destination {
  std::string sandbox_id;
  std::string share_id;
};
struct destination_removed {
  /// What is still in the guest, and why.
  std::vector<skipped_entry> pending;
};

/// Ends all copies of a sandbox whose guest is gone: nothing is sent.
struct forget_sandbox {
  std::string sandbox_id;
};

/// The proxy of a sandbox has died; this one goes on for it. What the guest has
/// of each volume is still known.
struct replace_proxy {
  std::string sandbox_id;
  guest_proxy_actor proxy;
};

/// Starts or stops following the host for a sandbox; idempotent.
struct follow_sandbox {
  std::string sandbox_id;
  bool follow = true;
};

/// What is new of the guest of a sandbox.
enum class guest_news : std::uint8_t {
  /// It can be reached (again).
  reached,
  /// The same, and it has nothing of what it was sent.
  empty,
  /// Its connection ended: nobody knows what it has.
  lost,
};
struct guest_reached {
  std::string sandbox_id;
  guest_news what = guest_news::reached;
};

/// Asks for the state of volumes; of all sandboxes if the id is empty.
struct describe_volumes {
  std::string sandbox_id;
};
struct volume_list {
  std::vector<volume_status> volumes;
};

/// INTERNAL: something the table wanted to do later is due.
struct registry_tick {
  std::uint64_t turn = 0;
};

/// REGISTRY: the srcDstMap of the node: which volume goes to which guest
/// copies. Compares and converges whenever something may have changed.
using registry_actor
  = caf::typed_actor<rpc<destination_added, add_destination>,
                     rpc<destination_added, await_current>,
                     rpc<destination_removed, remove_destination>,
                     rpc<void, forget_sandbox>, msg<replace_proxy>,
                     rpc<void, follow_sandbox>, msg<guest_reached>,
                     rpc<volume_list, describe_volumes>, msg<volume_changed>,
                     msg<volumes_overflowed>, msg<registry_tick>>;

} // namespace fsshare

FSSHARE_MESSAGE(fsshare::add_destination)
FSSHARE_MESSAGE(fsshare::destination_added)
FSSHARE_MESSAGE(fsshare::await_current)
FSSHARE_MESSAGE(fsshare::remove_destination)
FSSHARE_MESSAGE(fsshare::destination_removed)
FSSHARE_MESSAGE(fsshare::forget_sandbox)
FSSHARE_MESSAGE(fsshare::replace_proxy)
FSSHARE_MESSAGE(fsshare::follow_sandbox)
FSSHARE_MESSAGE(fsshare::guest_reached)
FSSHARE_MESSAGE(fsshare::describe_volumes)
FSSHARE_MESSAGE(fsshare::volume_list)
FSSHARE_MESSAGE(fsshare::registry_tick)

CAF_BEGIN_TYPE_ID_BLOCK(fsshare_registry, fsshare::type_range(3))
  CAF_ADD_TYPE_ID(fsshare_registry, (fsshare::add_destination))
  CAF_ADD_TYPE_ID(fsshare_registry, (fsshare::destination_added))
  CAF_ADD_TYPE_ID(fsshare_registry, (fsshare::await_current))
  CAF_ADD_TYPE_ID(fsshare_registry, (fsshare::remove_destination))
  CAF_ADD_TYPE_ID(fsshare_registry, (fsshare::destination_removed))
  CAF_ADD_TYPE_ID(fsshare_registry, (fsshare::forget_sandbox))
  CAF_ADD_TYPE_ID(fsshare_registry, (fsshare::replace_proxy))
  CAF_ADD_TYPE_ID(fsshare_registry, (fsshare::follow_sandbox))
  CAF_ADD_TYPE_ID(fsshare_registry, (fsshare::guest_reached))
  CAF_ADD_TYPE_ID(fsshare_registry, (fsshare::describe_volumes))
  CAF_ADD_TYPE_ID(fsshare_registry, (fsshare::volume_list))
  CAF_ADD_TYPE_ID(fsshare_registry, (fsshare::registry_tick))
CAF_END_TYPE_ID_BLOCK(fsshare_registry)
