// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/copy/copy_plan.hpp"
#include "core/copy/empty_contents.hpp"
#include "core/copy/tree_snapshot.hpp"
#include "core/result.hpp"

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace fsshare {

/// How far the request that makes `..data` name a new generation got.
enum class flip_state : std::uint8_t {
  not_sent,
  /// Answered PERMISSION_DENIED: the guest's policy kept it from happening.
  refused,
  /// Sent, and not answered or answered with another error: it may have
  /// happened, may still happen, or may have removed `..data`.
  unknown,
  acknowledged,
};

/// Copy one generation and make it live.
struct push_order {
  volume_snapshot_ptr snapshot;
  push_options options;
};

/// Send these steps, stage by stage: a flip alone, or links alone.
struct steps_order {
  std::vector<copy_step> steps;
};

/// Remove these paths; the steps are removal requests.
struct removal_order {
  std::vector<copy_step> steps;
  /// What stands there, for guest agents that cannot remove it but free its
  /// contents. For each step, or for none; an empty one is not known.
  std::vector<guest_contents> contents = {};
};

using guest_order = std::variant<push_order, steps_order, removal_order>;

/// What ended an order that is not complete.
enum class stop_cause : std::uint8_t {
  /// The guest agent refused something, or could not be reached in time.
  failed,
  /// The connection ended in the middle.
  interrupted,
  /// The same of a first copy with a chunk of a file unanswered, which may come
  /// late: the copy can go on under another name.
  doubtful,
  /// The same of a file beside a volume's generations, which has no name but
  /// its
  /// own: the copy can go on in another root.
  root_in_doubt,
  /// It was told to stop.
  superseded,
};

/// What became of an order.
struct order_outcome {
  /// Every request of it was acknowledged.
  bool complete = false;
  /// Whether any request was sent: without, the guest is as before.
  bool sent = true;
  /// Number of requests of a push that were sent.
  std::uint64_t requests = 0;
  /// Why it is not complete.
  error err;
  stop_cause cause = stop_cause::failed;
  flip_state flip = flip_state::not_sent;
  /// One per step of a removal_order.
  std::vector<removal_result> removals;
  /// Entries that could not be copied.
  skipped_list skipped;
  /// Visible links of a push that were not sent, nor are to be there.
  std::vector<std::string> left_out;
  /// Links of deleted keys whose removal was sent before the flip.
  std::vector<std::string> unlinked;
};

/// Returns whether requests of an order may still happen, though nobody answers
/// them any more.
inline bool lost_answers(const order_outcome& outcome) {
  return outcome.sent
         && (outcome.cause == stop_cause::interrupted
             || outcome.cause == stop_cause::doubtful
             || outcome.cause == stop_cause::root_in_doubt);
}

} // namespace fsshare
