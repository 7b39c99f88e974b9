// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/copy/copy_progress.hpp"
#include "core/copy/debt_list.hpp"
#include "core/copy/guest_budget.hpp"
#include "core/copy/guest_inventory.hpp"
#include "core/copy/guest_order.hpp"
#include "core/copy/landmarks.hpp"
#include "core/copy/tree_snapshot.hpp"
#include "core/net/byte_stream.hpp"
#include "messages/caf_compat.hpp"
#include "messages/errors.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace fsshare {

/// Names an order of one requester, so that it can be superseded.
struct order_id {
  std::uint64_t value = 0;
};

/// Carries out an order of REGISTRY. Answered with an outcome, never with an
/// error, once nothing of it is in flight any more.
struct carry_out {
  order_id id;
  guest_order order;
};

/// Stops a push unless its flip has been sent; it then ends ABORTED.
struct stop_order {
  order_id id;
};

/// Copies a tree whose contents are read as they are sent. A failed copy is
/// removed again where the guest agent can. Errors are the guest agent's.
struct copy_tree {
  order_id id;
  /// Root of the tree on the host.
  std::string source;
  tree_snapshot_ptr tree;
  std::string guest_root;
  /// Whether a workload may change what is in it.
  bool is_writable = true;
};
struct tree_copied {
  skipped_list skipped;
  /// Nothing is copied: the connection ended with a chunk of a file unanswered.
  /// The name is not to be used again, another one is.
  bool needs_other_name = false;
};

/// Removes a guest copy by best effort.
struct remove_copy {
  std::string guest_root;
};
struct copy_removed {
  /// Empty when nothing is left.
  std::vector<skipped_entry> pending;
};

/// Leaves a guest copy that could not be removed to the proxy, which tries
/// again until it is gone. Fails only with the proxy.
struct owe_removal {
  std::string guest_root;
  std::string reason;
};

/// Asks for trees that were copied whole and that the guest was found to have
/// lost. Answered when there are any, each of which is told once; with an error
/// when the proxy ends.
struct await_lost_trees {};
struct lost_trees {
  std::vector<std::string> guest_roots;
};

/// What is known of the guest's end.
struct guest_status_request {};
struct guest_status {
  bool connected = false;
  /// Of grpc.Health/Version; empty before the first connection.
  std::string agent_version;
  std::string last_error;
  std::uint64_t requests = 0;
  std::uint64_t bytes_sent = 0;
  /// Memory of the guest that copies take, and what they may take.
  std::uint64_t held_bytes = 0;
  std::uint64_t held_limit_bytes = 0;
  /// Guest copies that should be gone and are not.
  std::vector<skipped_entry> debts;
  /// Trees that were copied whole, by guest path.
  std::map<std::string, tree_doubt> trees;
  /// How far the orders that run are.
  std::map<std::uint64_t, copy_progress> orders;
};

/// What a proxy knows of its guest and nobody else does.
struct guest_legacy {
  /// What ended it, if it was an exception.
  std::string cause;
  guest_budget budget{0};
  debt_list debts{std::chrono::nanoseconds{0}};
  guest_inventory inventory{};
  landmarks copies{};
};

/// Comes before anything else, with what the proxy before this one left, of
/// which requests may still happen. Answered when this one ends, whatever the
/// reason, with what it leaves; everything else it owed was answered by then.
struct take_over {
  std::optional<guest_legacy> legacy;
  /// Guest path of the directory that holds all copies of the sandbox.
  std::string share_dir{};
};

/// INTERNAL: a dial ended. `attempt` tells a late answer from the current one.
struct guest_dialed {
  std::uint64_t attempt = 0;
  result<byte_stream_ptr> stream = error{};
};
/// INTERNAL: bytes from the guest.
struct guest_bytes {
  std::uint64_t connection = 0;
  received_bytes arrived;
};
/// INTERNAL: the guest's connection ended by itself.
struct guest_closed {
  std::uint64_t connection = 0;
  error why;
};
/// INTERNAL: a file that could not be read for now is to be tried again.
struct file_retry {
  std::uint64_t job = 0;
  std::uint64_t request = 0;
};
/// INTERNAL: some deadline or pause may be over.
struct proxy_tick {
  std::uint64_t turn = 0;
};

/// GUEST PROXY: one per sandbox; owns the connection to its guest agent and
/// what may be in flight on it. Connects when there is something to send.
using guest_proxy_actor = caf::typed_actor<
  rpc<order_outcome, carry_out>, msg<stop_order>, rpc<tree_copied, copy_tree>,
  rpc<copy_removed, remove_copy>, rpc<void, owe_removal>,
  rpc<lost_trees, await_lost_trees>, rpc<guest_status, guest_status_request>,
  rpc<guest_legacy, take_over>, msg<guest_dialed>, msg<guest_bytes>,
  msg<guest_closed>, msg<file_retry>, msg<proxy_tick>>;

} // namespace fsshare

FSSHARE_MESSAGE(fsshare::carry_out)
FSSHARE_MESSAGE(fsshare::order_outcome)
FSSHARE_MESSAGE(fsshare::stop_order)
FSSHARE_MESSAGE(fsshare::copy_tree)
FSSHARE_MESSAGE(fsshare::tree_copied)
FSSHARE_MESSAGE(fsshare::remove_copy)
FSSHARE_MESSAGE(fsshare::copy_removed)
FSSHARE_MESSAGE(fsshare::owe_removal)
FSSHARE_MESSAGE(fsshare::await_lost_trees)
FSSHARE_MESSAGE(fsshare::lost_trees)
FSSHARE_MESSAGE(fsshare::guest_status_request)
FSSHARE_MESSAGE(fsshare::guest_status)
FSSHARE_MESSAGE(fsshare::take_over)
FSSHARE_MESSAGE(fsshare::guest_legacy)
FSSHARE_MESSAGE(fsshare::guest_dialed)
FSSHARE_MESSAGE(fsshare::guest_bytes)
FSSHARE_MESSAGE(fsshare::guest_closed)
FSSHARE_MESSAGE(fsshare::file_retry)
FSSHARE_MESSAGE(fsshare::proxy_tick)

CAF_BEGIN_TYPE_ID_BLOCK(fsshare_guest_proxy, fsshare::type_range(2))
  CAF_ADD_TYPE_ID(fsshare_guest_proxy, (fsshare::carry_out))
  CAF_ADD_TYPE_ID(fsshare_guest_proxy, (fsshare::order_outcome))
  CAF_ADD_TYPE_ID(fsshare_guest_proxy, (fsshare::stop_order))
  CAF_ADD_TYPE_ID(fsshare_guest_proxy, (fsshare::copy_tree))
  CAF_ADD_TYPE_ID(fsshare_guest_proxy, (fsshare::tree_copied))
  CAF_ADD_TYPE_ID(fsshare_guest_proxy, (fsshare::remove_copy))
  CAF_ADD_TYPE_ID(fsshare_guest_proxy, (fsshare::copy_removed))
  CAF_ADD_TYPE_ID(fsshare_guest_proxy, (fsshare::owe_removal))
  CAF_ADD_TYPE_ID(fsshare_guest_proxy, (fsshare::await_lost_trees))
  CAF_ADD_TYPE_ID(fsshare_guest_proxy, (fsshare::lost_trees))
  CAF_ADD_TYPE_ID(fsshare_guest_proxy, (fsshare::guest_status_request))
  CAF_ADD_TYPE_ID(fsshare_guest_proxy, (fsshare::guest_status))
  CAF_ADD_TYPE_ID(fsshare_guest_proxy, (fsshare::take_over))
  CAF_ADD_TYPE_ID(fsshare_guest_proxy, (fsshare::guest_legacy))
  CAF_ADD_TYPE_ID(fsshare_guest_proxy, (fsshare::guest_dialed))
  CAF_ADD_TYPE_ID(fsshare_guest_proxy, (fsshare::guest_bytes))
  CAF_ADD_TYPE_ID(fsshare_guest_proxy, (fsshare::guest_closed))
  CAF_ADD_TYPE_ID(fsshare_guest_proxy, (fsshare::file_retry))
  CAF_ADD_TYPE_ID(fsshare_guest_proxy, (fsshare::proxy_tick))
CAF_END_TYPE_ID_BLOCK(fsshare_guest_proxy)
