// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/copy_plan.hpp"
#include "core/copy_progress.hpp"

#include <cstdint>
#include <deque>
#include <limits>
#include <optional>
#include <unordered_map>
#include <vector>

namespace fsshare {

/// One request to the guest agent: a directory, a symlink or a chunk of a file.
struct copy_request {
  /// Unique within a schedule, rising from 1.
  std::uint64_t id = 0;
  /// Index into copy_plan::steps.
  std::uint32_t step = 0;
  /// Position of the chunk in the file; 0 for other types.
  std::uint64_t offset = 0;
  /// Bytes of file contents; 0 for other types and empty files.
  std::uint64_t length = 0;

  friend bool operator==(const copy_request&, const copy_request&) = default;
};

/// How far a step got.
enum class step_reach : std::uint8_t {
  /// No request of it was handed out.
  untouched,
  begun,
  /// All of it was acknowledged.
  done
};

/// Hands out the requests of a plan such that guest agents, which carry out
/// requests in flight in any order and at the same time, end with exactly the
/// planned tree:
///
/// - steps follow copy_plan::order, and stages are barriers;
/// - of a file of several chunks the first goes alone, the middle ones in any
///   order and the last one alone, since the guest agent truncates on offset 0
///   and takes a file for complete as soon as its size is right;
/// - everything else may be in flight together.
///
/// One per copy to one guest, owned by whoever talks to that guest. Passive.
/// Every call but the constructor takes constant time, amortised.
class copy_schedule {
public:
  static constexpr auto any_length = std::numeric_limits<std::uint64_t>::max();

  /// @param chunk_bytes size of chunks, at least 1.
  explicit copy_schedule(copy_plan_ptr plan,
                         std::uint64_t chunk_bytes = default_chunk_bytes);

  /// Returns the next request that may be in flight together with those that
  /// are, which it joins.
  /// @param max_data_bytes most bytes of contents that it may carry.
  /// @returns nothing when an acknowledgement or more room is needed first, or
  ///          nothing is left.
  std::optional<copy_request> next(std::uint64_t max_data_bytes = any_length);

  /// Returns what next() would hand out with room for anything.
  std::optional<copy_request> peek() const;

  /// Notes that the guest agent carried a request out.
  /// @returns false for an id that is not in flight, which changes nothing.
  bool acknowledge(std::uint64_t id);

  /// Hands out nothing more from now on: the copy was superseded or failed.
  /// What is in flight stays to be acknowledged.
  void stop();

  /// Returns whether the guest may already have carried the flip out.
  bool flip_sent() const {
    return flip_sent_;
  }
  /// Returns whether everything has been acknowledged.
  bool done() const {
    return unfinished_ == 0;
  }
  bool stopped() const {
    return stopped_;
  }
  /// Returns how far the step with this index got.
  step_reach reach(std::size_t step) const;

  /// Returns the step of the oldest request without an answer; null if there is
  /// none.
  const copy_step* oldest_in_flight() const;

  /// Returns the files of several chunks of which some have no answer.
  std::vector<const copy_step*> files_in_doubt() const;

  /// Returns the number of requests without an answer.
  std::size_t in_flight() const {
    return in_flight_.size();
  }
  copy_progress progress() const {
    return progress_;
  }
  const copy_plan& plan() const {
    return *plan_;
  }

private:
  struct step_state {
    std::uint64_t chunks = 1;
    std::uint64_t sent = 0;
    std::uint64_t acknowledged = 0;
    /// Steps before this one that are not acknowledged.
    std::uint32_t blockers = 0;
  };

  void open_stage();
  bool may_send(const step_state& state) const;
  copy_request make_request(std::uint32_t index) const;
  void finish(std::uint32_t index);

  copy_plan_ptr plan_;
  std::uint64_t chunk_bytes_;
  std::vector<step_state> states_;
  /// Successors of step i: successors_[begin_[i]] up to begin_[i + 1].
  std::vector<std::uint32_t> begin_;
  std::vector<std::uint32_t> successors_;
  /// Steps of which a request may be sent now.
  std::deque<std::uint32_t> ready_;
  std::unordered_map<std::uint64_t, copy_request> in_flight_;
  std::uint64_t last_id_ = 0;
  /// First step of the stages that have not begun.
  std::uint32_t next_stage_ = 0;
  std::size_t unfinished_in_stage_ = 0;
  std::size_t unfinished_ = 0;
  copy_progress progress_;
  bool flip_sent_ = false;
  bool stopped_ = false;
};

} // namespace fsshare
