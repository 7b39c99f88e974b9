// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/copy/guest_order.hpp"
#include "core/copy/skipped_list.hpp"
#include "core/copy/tree_snapshot.hpp"
#include "core/result.hpp"
#include "core/volume/destination_agenda.hpp"
#include "core/volume/host_volume.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace fsshare {

/// What came of a first copy.
struct first_copy_done {
  generation copied;
  skipped_list skipped;
  /// What the guest has not of the entries that it has; see copy_losses.
  std::vector<std::string> notes;
};

/// Names one request about a volume. What answers another is ignored: it may be
/// about a former volume of that path.
struct volume_ticket {
  std::string volume;
  std::uint64_t number = 0;
};

/// A generation that went live in a guest.
struct generation_live {
  /// Its directory in the guest.
  std::string name;
  /// Since the first hint of it on the host.
  std::chrono::nanoseconds lag{0};
  /// Whether the host is known to have a newer one.
  bool superseded = false;
  /// Of the volume.
  std::string volume = {};
  /// Whether the guest had none before.
  bool is_first = false;
};

/// What the owner of the table has to do.
struct ask_volume {
  volume_ticket ticket;
  volume_request request = volume_request::look;
  /// For reads: how much memory the contents took last, 0 if they were not read
  /// yet.
  std::uint64_t memory_bytes = 0;
  /// For reads: how many guest copies there are.
  std::size_t copies = 0;
};
/// A sweep: which of these are not as they are known to be? Not empty.
struct check_volumes {
  std::vector<known_volume> volumes;
};
struct forget_volume {
  std::string volume;
};
struct ask_guest {
  destination_id destination = 0;
  guest_order order;
};
struct supersede_push {
  destination_id destination = 0;
};
/// Answers add(): the guest has the first whole copy, or never will.
struct first_copy_outcome {
  destination_id destination = 0;
  result<first_copy_done> outcome;
  /// What may be sent late of it would change another try at the same guest
  /// path: it can go on at another one.
  bool needs_other_root = false;
};
/// Answers await_current(): the copy has what the host had then, or newer.
struct current_reached {
  std::uint64_t waiter = 0;
  result<first_copy_done> outcome;
};
/// Answers remove(): nothing more is sent for it. What is still in the guest is
/// listed.
struct destination_left {
  destination_id destination = 0;
  std::vector<path_reason> leftovers;
};

/// What is left of a destination that ends is a leftover of its sandbox.
struct leave_leftovers {
  destination_id destination = 0;
  std::vector<path_reason> paths;
};

using table_action
  = std::variant<ask_volume, check_volumes, forget_volume, ask_guest,
                 supersede_push, first_copy_outcome, current_reached,
                 leave_leftovers, destination_left>;

} // namespace fsshare
