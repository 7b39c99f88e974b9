// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/copy/copy_progress.hpp"
#include "core/copy/guest_order.hpp"
#include "core/copy/landmarks.hpp"
#include "core/copy/leftover_page.hpp"
#include "core/copy/tree_snapshot.hpp"
#include "core/net/byte_stream.hpp"
#include "messages/caf_compat.hpp"
#include "messages/errors.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace fsshare {

/// Names an order of one requester, so that it can be superseded.
struct order_id {
  std::uint64_t value = 0;
};

struct carry_out {
  order_id id;
  guest_order order;
};

struct stop_order {
  order_id id;
};

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

struct remove_copy {
  std::string guest_root;
};
struct copy_removed {
  /// Empty when nothing is left.
  std::vector<path_reason> leftovers;
};

struct take_leftover {
  std::string guest_root;
  std::string reason;
};

struct await_lost_trees {};
struct lost_trees {
  std::vector<std::string> guest_roots;
};

struct guest_status_request {
  /// Leftovers are listed behind this path, as many as `most`.
  std::string leftovers_after = {};
  std::size_t most_leftovers = 0;
  /// Guest paths of shares of which is asked whether the guest has them.
  std::vector<std::string> guest_paths = {};
  /// Orders of which is asked how far they are.
  std::set<std::uint64_t> orders = {};
};
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
  leftover_page leftovers;
  /// What is doubted of the guest paths that were asked for.
  std::map<std::string, tree_doubt> doubts;
  /// How far those of the orders that were asked for are that run.
  std::map<std::uint64_t, copy_progress> orders;
};

struct guest_dialed {
  /// Tells a late answer from the current one.
  std::uint64_t attempt = 0;
  result<byte_stream_ptr> stream = error{};
};
struct guest_bytes {
  std::uint64_t connection = 0;
  received_bytes arrived;
};
struct guest_closed {
  std::uint64_t connection = 0;
  error why;
};
struct file_retry {
  std::uint64_t job = 0;
  std::uint64_t request = 0;
};
struct proxy_tick {
  std::uint64_t turn = 0;
};

} // namespace fsshare

FSSHARE_MESSAGES(guest_proxy, 2, carry_out, order_outcome, stop_order,
                 copy_tree, tree_copied, remove_copy, copy_removed,
                 take_leftover, await_lost_trees, lost_trees,
                 guest_status_request, guest_status, guest_dialed, guest_bytes,
                 guest_closed, file_retry, proxy_tick)

namespace fsshare {

/// GUEST PROXY: one per sandbox; owns the connection to its guest agent and
/// what may be in flight on it. Connects when there is something to send.
using guest_proxy_actor = caf::typed_actor<
  // Carries out an order of REGISTRY. Answered with an outcome, never with an
  // error, once nothing of it is in flight any more.
  rpc<carry_out, order_outcome>,
  // Stops a push unless its flip has been sent; it then ends ABORTED.
  msg<stop_order>,
  // Copies a tree whose contents are read as they are sent. Answered when the
  // guest has all of it. One that failed is removed again where the guest agent
  // can. Fails with the guest agent's error or that of the reading, UNAVAILABLE
  // or DEADLINE_EXCEEDED where the guest cannot be reached.
  rpc<copy_tree, tree_copied>,
  // Removes a guest copy by best effort. Answered when that has been tried,
  // with what is left and tried again later; fails only with the proxy.
  rpc<remove_copy, copy_removed>,
  // Leaves a guest copy that could not be removed to the proxy, which tries
  // again until it is gone.
  msg<take_leftover>,
  // Which trees that were copied whole was the guest found to have lost?
  // Answered when there are any, each of which is told once; with an error when
  // the proxy ends.
  rpc<await_lost_trees, lost_trees>,
  // What is known of the guest's end? Answered at once; fails only with the
  // proxy.
  rpc<guest_status_request, guest_status>,
  // INTERNAL: a dial ended.
  msg<guest_dialed>,
  // INTERNAL: bytes from the guest; those of an earlier connection are ignored.
  msg<guest_bytes>,
  // INTERNAL: the guest's connection ended by itself.
  msg<guest_closed>,
  // INTERNAL: a file that could not be read for now is to be tried again.
  msg<file_retry>,
  // INTERNAL: some deadline or pause may be over.
  msg<proxy_tick>>;

} // namespace fsshare
